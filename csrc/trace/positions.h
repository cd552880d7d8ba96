// Ifmap rows, or columns, of a tile: a set that is made by listing it.
#pragma once

#include <cstdint>
#include <vector>

#include "trace/nest_walk.h"

namespace energysim::trace {

// Ofmap coordinate x and filter coordinate y of an axis meet at x * stride + y * dilation.
struct WindowSteps {
  Count stride = 1, dilation = 1;
};

class Positions {
 public:
  // The positions of ofmap coordinates `out` and filter coordinates `tap`.
  void list(const WindowSteps& steps, const Span& out, const Span& tap);
  bool is_of(const Span& out, const Span& tap) const { return out == out_ && tap == tap_; }

  const std::vector<std::int32_t>& all() const { return all_; }
  // Of each position of this set, whether it is in `other` too. Both are ascending.
  void mark_common(const Positions& other, std::vector<std::uint8_t>& common) const;

 private:
  Span out_, tap_;
  std::vector<std::int32_t> all_;  // ascending
  std::vector<std::uint8_t> marks_;
};

// Where a storage keeps the words of an axis. It has room for `room` positions next to each other,
// as a circular buffer: whatever tile it holds, no two of its words fall together.
std::vector<Count> circular_slots(Count positions, Count room, Count words_per_slot);

// Positions from the first to the last that a tile of that size needs.
inline Count reach(const WindowSteps& steps, Count outs, Count taps) {
  return (outs - 1) * steps.stride + (taps - 1) * steps.dilation + 1;
}

}  // namespace energysim::trace
