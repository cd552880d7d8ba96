// Mappings of which none is both cheaper and faster than another: the Pareto front of energy
// against cycles.
#pragma once

#include <vector>

#include "dataflow.h"

namespace energysim {

// Times that differ by less, as a ratio, are the same: they were rounded in another order. Cycles
// that do differ are never so close.
inline constexpr double kAsFast = 1 + 1e-12;

struct FrontPoint {
  double energy = 0, cycles = 0;
  const Scheme* scheme = nullptr;
  Nest nest;
};

class Front {
 public:
  // Is there a mapping that costs no more and takes no longer?
  bool beats(double energy, double cycles) const;
  // Takes a mapping in unless another beats it, and drops those that it beats.
  void add(const FrontPoint& point);

  // The fastest first, the cheapest last.
  const std::vector<FrontPoint>& points() const { return points_; }

 private:
  std::vector<FrontPoint> points_;
};

}  // namespace energysim
