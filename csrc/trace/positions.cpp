#include "trace/positions.h"

#include <algorithm>

namespace energysim::trace {

void Positions::list(const WindowSteps& steps, const Span& out, const Span& tap) {
  out_ = out;
  tap_ = tap;
  all_.clear();
  if (out.size() == 0 || tap.size() == 0) return;
  const Count first = out.low * steps.stride + tap.low * steps.dilation;
  if (out.size() == 1) {  // as in most steps: no two fall together, and they ascend
    for (Count y = 0; y < tap.size(); ++y) {
      all_.push_back(static_cast<std::int32_t>(first + y * steps.dilation));
    }
    return;
  }
  marks_.assign(static_cast<std::size_t>(reach(steps, out.size(), tap.size())), 0);
  for (Count x = 0; x < out.size(); ++x) {
    for (Count y = 0; y < tap.size(); ++y) {
      marks_[static_cast<std::size_t>(x * steps.stride + y * steps.dilation)] = 1;
    }
  }
  for (std::size_t i = 0; i < marks_.size(); ++i) {
    if (marks_[i]) all_.push_back(static_cast<std::int32_t>(first + static_cast<Count>(i)));
  }
}

void Positions::mark_common(const Positions& other, std::vector<std::uint8_t>& common) const {
  common.resize(all_.size());
  auto at = other.all_.begin();
  for (std::size_t i = 0; i < all_.size(); ++i) {
    while (at != other.all_.end() && *at < all_[i]) ++at;
    common[i] = at != other.all_.end() && *at == all_[i];
  }
}

std::vector<Count> circular_slots(Count positions, Count room, Count words_per_slot) {
  std::vector<Count> slots(static_cast<std::size_t>(positions));
  for (Count i = 0; i < positions; ++i) {
    slots[static_cast<std::size_t>(i)] = i % room * words_per_slot;
  }
  return slots;
}

}  // namespace energysim::trace
