#include "compression/format.h"

#include <algorithm>
#include <cmath>

#include "compression/csc.h"
#include "dual.h"
#include "errors.h"

namespace energysim {
namespace {

// RLC (JSSC 2017, Section V-D): words of 64 bits hold three pairs of a run of up to 31 zeros (5
// bits) and the 16-bit value after it, and one flag. A longer run takes pairs of 31 zeros and the
// value zero. Narrower values make narrower words.
constexpr Count kRlcRunBits = 5, kRlcLongestRun = 31, kRlcPairs = 3, kRlcFlagBits = 1;

double real(Count value) { return static_cast<double>(value); }

// Pairs of a run and a value, per value. A pair ends at the first value that is not zero, or after
// the longest run and a zero: with q the share of zeros it takes 1 + q + ... + q^longest values on
// average, and pairs are independent of each other.
template <class Real>
Real pairs_per_value(const Real& density, Count longest_run) {
  Real taken(0), all_zero(1);
  for (Count k = 0; k <= longest_run; ++k) {
    taken = taken + all_zero;
    all_zero = all_zero * (Real(1) - density);
  }
  return Real(1) / taken;
}

// Pairs of one column, which starts a new run and leaves out the zeros at its end: one per value
// that is not zero, and one per full run of 16 zeros before it.
template <class Real>
Real pairs_per_column(const Real& density) {
  using std::pow;  // beside that of Dual
  const Count step = csc::kLongestRun + 1;
  Real pairs(0);
  for (Count row = 0; row < csc::kColumn; ++row) {
    Real all_zero(1);
    for (Count zeros = 0; zeros <= row; zeros += step) {
      pairs = pairs + density * all_zero;
      all_zero = all_zero * pow(Real(1) - density, real(step));
    }
  }
  return pairs;
}

// The pairs of one column: zeros at its end take none.
Count csc_pairs(std::span<const std::uint8_t> column) {
  Count pairs = 0, run = 0;
  for (std::uint8_t value : column) {
    ++run;
    if (value == 0) continue;
    pairs += ceil_div(run, csc::kLongestRun + 1);
    run = 0;
  }
  return pairs;
}

}  // namespace

template <class Real>
Real expected_bits_of(Format format, const Real& density, const Real& bits) {
  switch (format) {
    case Format::Raw:
      return bits;
    case Format::Rlc:
      return pairs_per_value(density, kRlcLongestRun) *
             (Real(real(kRlcPairs)) * (Real(real(kRlcRunBits)) + bits) + Real(real(kRlcFlagBits))) /
             Real(real(kRlcPairs));
    case Format::SignificanceMap:
      return Real(1) + density * bits;
    case Format::Csc:
      return (pairs_per_column(density) * (Real(real(csc::kRunBits)) + bits) +
              Real(real(csc::kPointerBits))) /
             Real(real(csc::kColumn));
  }
  return Real(0);
}

template double expected_bits_of(Format, const double&, const double&);
template Dual expected_bits_of(Format, const Dual&, const Dual&);

double expected_bits(Format format, double density, Count bits) {
  return expected_bits_of<double>(format, density, real(bits));
}

Count coded_bits(Format format, std::span<const std::uint8_t> nonzero, Count bits) {
  const Count values = static_cast<Count>(nonzero.size());
  const auto kept = [](std::span<const std::uint8_t> part) {
    return std::count_if(part.begin(), part.end(), [](std::uint8_t value) { return value != 0; });
  };
  switch (format) {
    case Format::Raw:
      return values * bits;
    case Format::SignificanceMap:
      return values + kept(nonzero) * bits;
    case Format::Rlc:
      throw InvalidInput("the size of RLC depends on its stream: encode the values");
    case Format::Csc: {
      Count size = 0;
      for (Count start = 0; start < values; start += csc::kColumn) {
        const auto column =
            nonzero.subspan(static_cast<std::size_t>(start))
                .first(static_cast<std::size_t>(std::min(csc::kColumn, values - start)));
        size += csc_pairs(column) * (csc::kRunBits + bits) + csc::kPointerBits;
      }
      return size;
    }
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
