#include "window.h"

#include <algorithm>
#include <array>

namespace energysim {
namespace {

Count first(const Axis& axis, const Box& box) {
  return box.out.begin * axis.stride + box.tap.begin * axis.dilation;
}

Count last(const Axis& axis, const Box& box) {
  return (box.out.end - 1) * axis.stride + (box.tap.end - 1) * axis.dilation;
}

// Of coordinates that may be negative.
struct Quotient {
  Count floor, rest;

  Quotient(Count a, Count b) : floor(a / b), rest(a % b) {
    if (rest < 0) --floor, rest += b;
  }
};

// `teeth` intervals of `tooth` integers, each beginning `pitch` after the one before and ending
// before the next begins.
struct Comb {
  Count first, teeth, tooth, pitch;

  // How many of its integers lie below `end`.
  Count below(Count end) const {
    if (end <= first) return 0;
    if (teeth == 1) return std::min(tooth, end - first);
    const Count whole = (end - first) / pitch;
    return whole >= teeth ? teeth * tooth
                          : whole * tooth + std::min(tooth, (end - first) - whole * pitch);
  }
  Count end() const { return first + (teeth - 1) * pitch + tooth; }
};

// Integers that two combs of one pitch share.
Count common(const Comb& a, const Comb& b) {
  if (a.teeth < 1 || b.teeth < 1) return 0;
  if (a.teeth == 1) return b.below(a.first + a.tooth) - b.below(a.first);
  if (b.teeth == 1) return common(b, a);
  if (a.end() <= b.first || b.end() <= a.first) return 0;
  // Tooth i of b begins `shift` after tooth i + ahead of a, and may reach into the one after it.
  const auto [ahead, shift] = Quotient(b.first - a.first, a.pitch);
  const auto pairs = [&](Count offset) {
    return std::max<Count>(0, std::min(a.teeth, b.teeth + offset) - std::max<Count>(0, offset));
  };
  const Count here = std::max<Count>(0, std::min(a.tooth - shift, b.tooth));
  const Count next = std::max<Count>(0, std::min(shift + b.tooth - a.pitch, a.tooth));
  return pairs(ahead) * here + pairs(ahead + 1) * next;
}

// Positions of a box among those of one class. All pairs (e, r) that meet at a position differ by
// multiples of (period, -pitch) = (dilation, -stride) / gcd: they have the same e mod period and
// the same r + floor(e / period) pitch, and these two tell the position. In the class of one
// e mod period, a row of ofmap coordinates makes a comb of the second.
struct Classes {
  const Box& box;
  Count period, pitch;
  Quotient begin{box.out.begin, period}, end{box.out.end, period};

  Comb operator[](Count rest) const {
    const Count from = begin.floor + (rest < begin.rest ? 1 : 0);
    const Count to = end.floor + (rest < end.rest ? 1 : 0);
    const Count taps = box.tap.size();
    const Count start = from < to ? box.tap.begin + from * pitch : 0;
    if (taps < pitch || to - from < 2) return {start, to - from, taps, pitch};
    return {start, 1, (to - from - 1) * pitch + taps, pitch};
  }
};

}  // namespace

bool contiguous(const Axis& axis, Count outs, Count taps) {
  if (axis.dilation == 1) return outs == 1 || taps >= axis.stride;
  return taps == 1 && (outs == 1 || axis.stride == 1);
}

Count common_words(const Axis& axis, const Box& a, const Box& b) {
  if (a.empty() || b.empty()) return 0;
  if (a == b) return window_words(axis, a.out.size(), a.tap.size());
  if (contiguous(axis, a.out.size(), a.tap.size()) &&
      contiguous(axis, b.out.size(), b.tap.size())) {
    const Count from = std::max(first(axis, a), first(axis, b));
    const Count to = std::min(last(axis, a), last(axis, b));
    return to < from ? 0 : to - from + 1;
  }
  // Classes between two of these borders are alike.
  const Count g = std::gcd(axis.stride, axis.dilation), period = axis.dilation / g;
  const Classes of_a{a, period, axis.stride / g}, of_b{b, period, axis.stride / g};
  std::array<Count, 5> borders{of_a.begin.rest, of_a.end.rest, of_b.begin.rest, of_b.end.rest,
                               period};
  std::sort(borders.begin(), borders.end());
  Count words = 0, from = 0;
  for (const Count to : borders) {
    if (to > from) words += (to - from) * common(of_a[from], of_b[from]);
    from = to;
  }
  return words;
}

}  // namespace energysim
