// How values are coded where they are stored or moved, and how many bits that takes on average.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "dims.h"

namespace energysim {

enum class Format : std::uint8_t {
  Raw,
  Rlc,              // run lengths of zeros, as on the Eyeriss chip
  SignificanceMap,  // one flag per value, then the values that are not zero
  Csc,              // compressed sparse columns
};
inline constexpr int kFormats = 4;
inline constexpr std::string_view kFormatNames[kFormats] = {"raw", "rlc", "significance_map",
                                                            "csc"};

// Bits per value, on average over long random data in which each value is not zero with
// probability `density`, independently of all others.
double expected_bits(Format format, double density, Count bits);
// The same for bits that need not be whole; `Real` is double, or Dual for slopes.
template <class Real>
Real expected_bits_of(Format format, const Real& density, const Real& bits);

// Exact bits of some values, of which is known which are not zero; columns of CSC follow each
// other. Not for RLC, whose codec tells it.
Count coded_bits(Format format, std::span<const std::uint8_t> nonzero, Count bits);

// The greatest density at which the format takes no more room than raw values do; 0 if it always
// takes more.
double break_even_density(Format format, Count bits);

}  // namespace energysim
