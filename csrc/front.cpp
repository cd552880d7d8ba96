#include "front.h"

#include <algorithm>

namespace energysim {
namespace {

bool faster(double cycles, const FrontPoint& point) { return cycles < point.cycles; }

}  // namespace

// Of all that take no longer, the slowest is the cheapest.
bool Front::beats(double energy, double cycles) const {
  const auto slower = std::upper_bound(points_.begin(), points_.end(), cycles * kAsFast, faster);
  return slower != points_.begin() && std::prev(slower)->energy <= energy;
}

void Front::add(const FrontPoint& point) {
  if (beats(point.energy, point.cycles)) return;
  const auto first = std::lower_bound(
      points_.begin(), points_.end(), point.cycles / kAsFast,
      [](const FrontPoint& other, double cycles) { return other.cycles < cycles; });
  const auto last = std::find_if(
      first, points_.end(), [&](const FrontPoint& other) { return other.energy < point.energy; });
  const auto at = points_.erase(first, last);
  points_.insert(at, point);
}

}  // namespace energysim
