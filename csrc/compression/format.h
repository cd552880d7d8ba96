// How values are coded where they are stored or moved, and how many bits that takes on average.
#pragma once

#include <cstdint>
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

// RLC (JSSC 2017, Section V-D): words of 64 bits hold three pairs of a run of up to 31 zeros (5
// bits) and the 16-bit value after it, and one flag. A longer run takes pairs of 31 zeros and the
// value zero. Narrower values make narrower words.
namespace rlc {
inline constexpr Count kRunBits = 5, kPairsPerWord = 3, kFlagBits = 1;
inline constexpr Count kLongestRun = (1 << kRunBits) - 1;
inline constexpr Count word_bits(Count bits) {
  return kPairsPerWord * (kRunBits + bits) + kFlagBits;
}
}  // namespace rlc

// CSC as in Eyeriss v2 (Chen et al., JETCAS 2019, Section IV-A): each column is a list of values
// that are not zero, each behind the number of zeros before it in the column (4 bits; a longer run
// takes a zero value behind 15 zeros), and a pointer to where its list starts. A column is the 32
// weights of one input, the most that a PE of that chip takes; 7 bits point into its scratch pad.
namespace csc {
inline constexpr Count kRunBits = 4, kPointerBits = 7, kColumn = 32;
inline constexpr Count kLongestRun = (1 << kRunBits) - 1;
}  // namespace csc

// Bits per value, on average over long random data in which each value is not zero with
// probability `density`, independently of all others.
double expected_bits(Format format, double density, Count bits);

// The greatest density at which the format takes no more room than raw values do; 0 if it always
// takes more.
double break_even_density(Format format, Count bits);

}  // namespace energysim
