// A 64-bit integer whose arithmetic refuses to overflow.
#pragma once

#include "dims.h"
#include "errors.h"

namespace energysim {

class Checked {
 public:
  constexpr Checked() = default;
  constexpr Checked(Count value) : value_(value) {}  // NOLINT: counts convert freely

  constexpr Count value() const { return value_; }

  friend Checked operator+(Checked a, Checked b) {
    Count sum;
    if (__builtin_add_overflow(a.value_, b.value_, &sum)) refuse();
    return sum;
  }
  friend Checked operator-(Checked a, Checked b) {
    Count difference;
    if (__builtin_sub_overflow(a.value_, b.value_, &difference)) refuse();
    return difference;
  }
  friend Checked operator*(Checked a, Checked b) {
    Count product;
    if (__builtin_mul_overflow(a.value_, b.value_, &product)) refuse();
    return product;
  }
  Checked& operator+=(Checked other) { return *this = *this + other; }
  Checked& operator-=(Checked other) { return *this = *this - other; }
  Checked& operator*=(Checked other) { return *this = *this * other; }
  friend constexpr bool operator==(Checked, Checked) = default;

 private:
  [[noreturn]] static void refuse() {
    throw CountOverflow(
        "a count does not fit 64 bits (limit 9223372036854775807): make the layer or the batch "
        "smaller, or simulate it in parts");
  }

  Count value_ = 0;
};

}  // namespace energysim
