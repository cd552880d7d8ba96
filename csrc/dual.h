// A number with its slope: derivatives that are exact but for rounding (forward mode).
#pragma once

#include <cmath>

namespace energysim {

struct Dual {
  double value = 0, slope = 0;

  Dual() = default;
  explicit Dual(double constant, double its_slope = 0) : value(constant), slope(its_slope) {}

  friend Dual operator+(const Dual& a, const Dual& b) {
    return Dual(a.value + b.value, a.slope + b.slope);
  }
  friend Dual operator-(const Dual& a, const Dual& b) {
    return Dual(a.value - b.value, a.slope - b.slope);
  }
  friend Dual operator*(const Dual& a, const Dual& b) {
    return Dual(a.value * b.value, a.slope * b.value + a.value * b.slope);
  }
  friend Dual operator/(const Dual& a, const Dual& b) {
    const double quotient = a.value / b.value;
    return Dual(quotient, (a.slope - quotient * b.slope) / b.value);
  }
  friend bool operator<(const Dual& a, const Dual& b) { return a.value < b.value; }
};

// For exponents of at least 1.
inline Dual pow(const Dual& base, double exponent) {
  return Dual(std::pow(base.value, exponent),
              exponent * std::pow(base.value, exponent - 1) * base.slope);
}

}  // namespace energysim
