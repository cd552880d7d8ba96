// The MACs of one PE in one step.
#pragma once

#include <cstdint>

#include "trace/dram.h"

namespace energysim::trace {

// Filters that are multiplied side by side: room for them is a multiple of this.
inline constexpr Count kLanes = 8;
// With fewer filters than this in a PE, no room is added.
inline constexpr Count kFewFilters = 5;

inline Count lanes_for(Count filters) {
  return filters < kFewFilters ? filters : (filters + kLanes - 1) / kLanes * kLanes;
}

// A step of a PE: for each of `outs` places of the ofmap, `terms` ifmap values, each of which meets
// one word of every filter.
//   psums    [outs][lanes]
//   values   [outs][terms]
//   filters  [terms][lanes]
struct Work {
  Count outs = 0, terms = 0, lanes = 0;
  const Word* values = nullptr;
  const Word* filters = nullptr;
};

// Adds without looking: only where no partial sum can leave `Sum`.
template <class Sum>
void accumulate(const Work& work, Sum* psums);

// The first sum that leaves -limit - 1 .. limit, if there is one.
struct Excess {
  bool found = false;
  Count out = 0, lane = 0;
  std::int64_t sum = 0;
};
Excess accumulate_checked(const Work& work, Count used_lanes, std::int64_t limit,
                          std::int64_t* psums);

}  // namespace energysim::trace
