// What one access costs.
#pragma once

#include "access_counts.h"

namespace energysim {

// Cost of moving one word of the reference width at each level, per operand and per kind of access,
// and of one MAC. Relative (one 16-bit MAC = 1) or in picojoules: the table's owner says which.
struct EnergyTable {
  Accesses<double> cost[kLevels][kOperands];
  double mac = 1;

  // Throws InvalidInput unless every cost is finite and not negative.
  void validate() const;
  bool operator==(const EnergyTable&) const = default;
};

// Energy of some counts: the one place where counts become energy.
template <class Real>
double energy(const AccessCounts<Real>& counts, const EnergyTable& table);

// Energy of one level or operand alone.
template <class Real>
double energy_at(const AccessCounts<Real>& counts, const EnergyTable& table, Level level,
                 Operand operand) {
  const auto& n = counts.at[index(level)][index(operand)];
  const auto& cost = table.cost[index(level)][index(operand)];
  return to_double(n.read) * cost.read + to_double(n.write) * cost.write +
         to_double(n.fill) * cost.fill;
}

template <class Real>
double energy(const AccessCounts<Real>& counts, const EnergyTable& table) {
  double sum = to_double(counts.macs) * table.mac;
  for (Level level : kAllLevels) {
    for (Operand operand : kAllOperands) sum += energy_at(counts, table, level, operand);
  }
  return sum;
}

}  // namespace energysim
