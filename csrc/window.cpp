#include "window.h"

#include <algorithm>
#include <vector>

namespace energysim {
namespace {

Count first(const Axis& axis, const Box& box) {
  return box.out.begin * axis.stride + box.tap.begin * axis.dilation;
}

Count last(const Axis& axis, const Box& box) {
  return (box.out.end - 1) * axis.stride + (box.tap.end - 1) * axis.dilation;
}

// Any shape of set, by marking positions: for dilated and gapped windows only.
Count common_by_marking(const Axis& axis, const Box& a, const Box& b) {
  const Count base = std::max(first(axis, a), first(axis, b));
  const Count end = std::min(last(axis, a), last(axis, b)) + 1;
  if (end <= base) return 0;
  std::vector<unsigned char> marks(static_cast<std::size_t>(end - base), 0);
  const auto mark = [&](const Box& box, unsigned char bit) {
    for (Count e = box.out.begin; e < box.out.end; ++e) {
      for (Count r = box.tap.begin; r < box.tap.end; ++r) {
        const Count at = e * axis.stride + r * axis.dilation - base;
        if (at >= 0 && at < end - base) marks[static_cast<std::size_t>(at)] |= bit;
      }
    }
  };
  mark(a, 1);
  mark(b, 2);
  return std::count(marks.begin(), marks.end(), 3);
}

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
    return std::max<Count>(0, to - from + 1);
  }
  if (a.tap == b.tap && a.tap.size() == 1) {
    return Interval{std::max(a.out.begin, b.out.begin), std::min(a.out.end, b.out.end)}.size();
  }
  return common_by_marking(axis, a, b);
}

}  // namespace energysim
