#include "estimator/answer.h"

namespace energysim {

Shares::Shares(const AccessCounts<Checked>& counts, const EnergyTable& costs)
    : mac(to_double(counts.macs) * costs.mac) {
  for (Level level : kAllLevels) {
    for (Operand operand : kAllOperands) {
      moved[index(level)][index(operand)] = energy_at(counts, costs, level, operand);
    }
  }
}

}  // namespace energysim
