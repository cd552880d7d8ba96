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

EnergyTable gated(const EnergyTable& table, Gating gating, double ifmap_density) {
  if (!(ifmap_density >= 0 && ifmap_density <= 1)) {
    throw InvalidInput("the ifmap density must lie between 0 and 1, got " +
                       std::to_string(ifmap_density));
  }
  EnergyTable silent = table;
  if (gating == Gating::None) return silent;
  auto& rf = silent.cost[index(Level::Rf)];
  rf[index(Operand::Filter)].read *= ifmap_density;
  rf[index(Operand::Psum)].read *= ifmap_density;
  rf[index(Operand::Psum)].write *= ifmap_density;
  silent.mac *= ifmap_density;
  return silent;
}

}  // namespace energysim
