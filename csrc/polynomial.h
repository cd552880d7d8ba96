// Polynomials in the terms of a nest's dimensions: numbers on which the counting engine can be run
// before any tile is known.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "dims.h"

namespace energysim {

// What can be decided apart: each dimension, and the two windows, of which each takes two
// dimensions.
inline constexpr int kRows = kDims, kColumns = kDims + 1, kAxes = kDims + 2;

// A number times one term of each axis at most. Places count from 1; 0 stands for no term.
struct Monomial {
  double factor = 1;
  std::array<std::uint8_t, kAxes> place{};
};

class Polynomial {
 public:
  Polynomial(double number = 0) {  // NOLINT: numbers convert freely
    if (number != 0) sum_.push_back({number, {}});
  }
  static Polynomial term(int axis, int place) {
    Polynomial p(1);
    p.sum_[0].place[static_cast<std::size_t>(axis)] = static_cast<std::uint8_t>(place);
    return p;
  }

  const std::vector<Monomial>& sum() const { return sum_; }

  friend Polynomial operator+(const Polynomial& a, const Polynomial& b);
  friend Polynomial operator-(const Polynomial& a, const Polynomial& b);
  // Throws std::logic_error for two terms of one axis: the law of residence multiplies none.
  friend Polynomial operator*(const Polynomial& a, const Polynomial& b);

 private:
  void add(const Monomial& monomial);

  std::vector<Monomial> sum_;
};

}  // namespace energysim
