#include "compression/format.h"

#include <cmath>

namespace energysim {
namespace {

double real(Count value) { return static_cast<double>(value); }

// Pairs of a run and a value, per value. A pair ends at the first value that is not zero, or after
// the longest run and a zero: with q the share of zeros it takes 1 + q + ... + q^longest values on
// average, and pairs are independent of each other.
double pairs_per_value(double density, Count longest_run) {
  double taken = 0, all_zero = 1;
  for (Count k = 0; k <= longest_run; ++k) {
    taken += all_zero;
    all_zero *= 1 - density;
  }
  return 1 / taken;
}

// Pairs of one column, which starts a new run and leaves out the zeros at its end: one per value
// that is not zero, and one per full run of 16 zeros before it.
double pairs_per_column(double density) {
  const Count step = csc::kLongestRun + 1;
  double pairs = 0;
  for (Count row = 0; row < csc::kColumn; ++row) {
    double all_zero = 1;
    for (Count zeros = 0; zeros <= row; zeros += step) {
      pairs += density * all_zero;
      all_zero *= std::pow(1 - density, real(step));
    }
  }
  return pairs;
}

}  // namespace

double expected_bits(Format format, double density, Count bits) {
  switch (format) {
    case Format::Raw:
      return real(bits);
    case Format::Rlc:
      return pairs_per_value(density, rlc::kLongestRun) * real(rlc::word_bits(bits)) /
             real(rlc::kPairsPerWord);
    case Format::SignificanceMap:
      return 1 + density * real(bits);
    case Format::Csc:
      return (pairs_per_column(density) * real(csc::kRunBits + bits) + real(csc::kPointerBits)) /
             real(csc::kColumn);
  }
  return 0;
}

double break_even_density(Format format, Count bits) {
  const auto worthwhile = [&](double density) {
    return expected_bits(format, density, bits) <= real(bits);
  };
  if (worthwhile(1)) return 1;
  if (!worthwhile(0)) return 0;
  double good = 0, bad = 1;  // sizes grow with the density
  for (int halving = 0; halving < 60; ++halving) {
    const double middle = (good + bad) / 2;
    (worthwhile(middle) ? good : bad) = middle;
  }
  return good;
}

}  // namespace energysim
