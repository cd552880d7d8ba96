#include "estimator/exact_sum.h"

#include <array>
#include <cmath>
#include <utility>

namespace energysim {
namespace {

// Parts of a sum that do not overlap, the smallest first. Doubles have room for 40 of them.
class Parts {
 public:
  void add(double x) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      double y = parts_[i];
      if (std::fabs(x) < std::fabs(y)) std::swap(x, y);
      const double high = x + y, low = y - (high - x);
      if (low != 0) parts_[kept++] = low;
      x = high;
    }
    parts_[kept] = x;
    size_ = kept + 1;
  }

  double rounded() const {
    if (size_ == 0) return 0;
    std::size_t left = size_ - 1;
    double high = parts_[left], low = 0;
    while (left > 0 && low == 0) {
      const double x = high, y = parts_[--left];
      high = x + y;
      low = y - (high - x);
    }
    // Halfway between two doubles, what is left over decides.
    if (left > 0 && low != 0 && (low < 0) == (parts_[left - 1] < 0)) {
      const double twice = low * 2, other = high + twice;
      if (twice == other - high) high = other;
    }
    return high;
  }

 private:
  std::array<double, 48> parts_{};
  std::size_t size_ = 0;
};

}  // namespace

double exact_sum(std::span<const double> terms) {
  Parts parts;
  for (double term : terms) parts.add(term);
  return parts.rounded();
}

}  // namespace energysim
