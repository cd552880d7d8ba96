// What each flow of words costs: energy as a linear function of flows, for the search.
#pragma once

#include "count.h"

namespace energysim {

// energy = base + sum over flows of price * words, for all groups of a layer.
//
// The prices are read off `accesses` and `energy` by asking for the energy of one word of each
// flow, so that the search has no formula of its own.
class Prices {
 public:
  Prices(const Layer& layer, const Architecture& arch, const EnergyTable& table, const Ways& ways);

  double energy(const Flows<double>& flows) const;
  // For lower bounds: energy >= least_base + sum over flows of least_price * words, where words may
  // be lower bounds too. A flow that earns money (a psum that moves on rather than being
  // accumulated again) is taken at its upper limit, one word per MAC.
  double least_base() const { return discounted_base_; }
  double least_price(int reach, int operand) const {
    const double (*of_reach[])[kOperands] = {&floor_.glb, &floor_.array, &floor_.pes};
    return (*of_reach[reach])[operand];
  }
  // Does less movement always cost less?
  bool monotone() const { return monotone_; }

 private:
  double base_ = 0, discounted_base_ = 0;
  Flows<double> price_, floor_;
  bool monotone_ = true;
};

}  // namespace energysim
