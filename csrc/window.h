// Sliding windows: which ifmap rows (or columns) a tile of ofmap and filter coordinates needs, and
// how many of them two tiles share.
#pragma once

#include <algorithm>
#include <numeric>

#include "dims.h"

namespace energysim {

struct Interval {
  Count begin = 0, end = 0;

  Count size() const { return end > begin ? end - begin : 0; }
  bool operator==(const Interval&) const = default;
};

// One axis of the convolution: ofmap coordinate e and filter coordinate r meet at ifmap position
// e * stride + r * dilation.
struct Axis {
  Count stride = 1, dilation = 1;
};

// Ofmap coordinates times filter coordinates.
struct Box {
  Interval out, tap;

  bool empty() const { return out.size() == 0 || tap.size() == 0; }
  bool operator==(const Box&) const = default;
};

// Distinct positions that `outs` ofmap and `taps` filter coordinates need, wherever they lie.
//
// Two pairs meet at one position exactly if they differ by a multiple of (dilation/g, -stride/g),
// g = gcd(stride, dilation); each position is counted at its first pair.
inline Count window_words(const Axis& axis, Count outs, Count taps) {
  if (outs <= 0 || taps <= 0) return 0;
  if (axis.dilation == 1) {
    return taps >= axis.stride ? (outs - 1) * axis.stride + taps : outs * taps;
  }
  const Count g = std::gcd(axis.stride, axis.dilation);
  const Count repeated_outs = std::max<Count>(0, outs - axis.dilation / g);
  const Count repeated_taps = std::max<Count>(0, taps - axis.stride / g);
  return outs * taps - repeated_outs * repeated_taps;
}

// Positions that both boxes need.
Count common_words(const Axis& axis, const Box& a, const Box& b);

// Are the positions of any such box a gapless interval?
bool contiguous(const Axis& axis, Count outs, Count taps);

}  // namespace energysim
