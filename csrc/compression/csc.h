// CSC as in Eyeriss v2 (Chen et al., JETCAS 2019, Section IV-A): each column is a list of values
// that are not zero, each behind the number of zeros before it in the column (4 bits; a longer run
// takes a zero value behind 15 zeros), and a pointer to where its list starts. A column is the 32
// weights of one input, the most that a PE of that chip takes; 7 bits point into its scratch pad.
#pragma once

#include "dims.h"

namespace energysim::csc {

inline constexpr Count kRunBits = 4, kPointerBits = 7, kColumn = 32;
inline constexpr Count kLongestRun = (1 << kRunBits) - 1;

}  // namespace energysim::csc
