#include "energy_table.h"

#include <cmath>
#include <string>

#include "errors.h"

namespace energysim {
namespace {

bool is_cost(double cost) { return std::isfinite(cost) && cost >= 0; }

void require_cost(double cost, const std::string& what) {
  if (is_cost(cost)) return;
  throw InvalidInput("energy table: the cost of " + what +
                     " must be a finite number of at least 0, got " + std::to_string(cost));
}

}  // namespace

void EnergyTable::validate() const {
  for (Level level : kAllLevels) {
    for (Operand operand : kAllOperands) {
      const Accesses<double>& c = cost[index(level)][index(operand)];
      if (is_cost(c.read) && is_cost(c.write) && is_cost(c.fill)) continue;
      const std::string where =
          std::string(kLevelNames[index(level)]) + " " + std::string(kOperandNames[index(operand)]);
      require_cost(c.read, where + " read");
      require_cost(c.write, where + " write");
      require_cost(c.fill, where + " fill");
    }
  }
  require_cost(mac, "a MAC");
}

}  // namespace energysim
