// Costs: from counts to energy, and tables and architectures that are refused.

#include <limits>

#include "architecture.h"
#include "check.h"
#include "energy_table.h"
#include "errors.h"

namespace energysim {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kBadCosts[] = {-1, -0.001, kNan, kInfinity, -kInfinity};

template <class Numbers, class Visit>
void each_kind(Numbers& numbers, Visit visit) {
  visit(numbers.read);
  visit(numbers.write);
  visit(numbers.fill);
}

// Counts of 1, 2, 3, ... one place after another.
AccessCounts<double> counts_of(double mac_count) {
  AccessCounts<double> counts;
  double next = 1;
  for (Level level : kAllLevels) {
    for (Operand operand : kAllOperands) {
      each_kind(counts(level, operand), [&](double& n) { n = next++; });
    }
  }
  counts.macs = mac_count;
  return counts;
}

EnergyTable table_of_ones() {
  EnergyTable table;
  for (auto& level : table.cost) {
    for (auto& cost : level) each_kind(cost, [](double& c) { c = 1; });
  }
  return table;
}

Architecture small() {
  Architecture arch;
  arch.name = "small";
  arch.rows = arch.columns = 1;
  arch.glb_words = 1;
  for (Count& words : arch.rf.words) words = 1;
  return arch;
}

TEST(energy_is_the_sum_of_counts_times_costs) {
  // Each place alone: its count times its cost and nothing else.
  const AccessCounts<double> counts = counts_of(0);
  double next = 1;
  for (Level level : kAllLevels) {
    for (Operand operand : kAllOperands) {
      for (auto kind :
           {&Accesses<double>::read, &Accesses<double>::write, &Accesses<double>::fill}) {
        EnergyTable table;
        table.cost[index(level)][index(operand)].*kind = 7;
        CHECK_EQ(energy(counts, table), 7 * next);
        CHECK_EQ(energy_at(counts, table, level, operand), 7 * next);
        ++next;
      }
    }
  }
}

TEST(energy_of_everything_at_once) {
  EnergyTable table = table_of_ones();
  table.mac = 5;
  CHECK_EQ(energy(counts_of(100), table), 36.0 * 37 / 2 + 500);
  CHECK_EQ(energy_at(counts_of(100), table, Level::Dram, Operand::Filter), 4.0 + 5 + 6);
}

TEST(counts_of_all_kinds_of_number_have_the_same_energy) {
  AccessCounts<Checked> counts;
  counts(Level::Glb, Operand::Psum).write = 12;
  counts.macs = 30;
  EnergyTable table;
  table.cost[index(Level::Glb)][index(Operand::Psum)].write = 0.5;
  CHECK_EQ(energy(counts, table), 36.0);
  CHECK_EQ(energy(AccessCounts<Checked>{}, table), 0.0);
}

TEST(costs_that_are_no_costs_are_refused) {
  table_of_ones().validate();
  EnergyTable{}.validate();
  for (double bad : kBadCosts) {
    EnergyTable table = table_of_ones();
    table.mac = bad;
    CHECK_THROWS(table.validate(), InvalidInput);
    for (Level level : kAllLevels) {
      for (Operand operand : kAllOperands) {
        table = table_of_ones();
        each_kind(table.cost[index(level)][index(operand)], [&](double& cost) {
          cost = bad;
          CHECK_THROWS(table.validate(), InvalidInput);
          cost = 1;
        });
        table.validate();
      }
    }
  }
}

TEST(architectures_of_no_size_are_refused) {
  small().validate();
  for (auto member : {&Architecture::rows, &Architecture::columns, &Architecture::glb_words}) {
    for (Count bad : {Count{0}, Count{-1}, std::numeric_limits<Count>::max()}) {
      Architecture arch = small();
      arch.*member = bad;
      CHECK_THROWS(arch.validate(), InvalidInput);
    }
  }
}

TEST(scratch_pads_may_be_none_but_not_less) {
  for (Operand operand : kAllOperands) {
    Architecture arch = small();
    arch.rf.words[index(operand)] = 0;
    arch.validate();
    arch.rf.words[index(operand)] = -1;
    CHECK_THROWS(arch.validate(), InvalidInput);
    arch.rf.pooled = true;
    arch.validate();
    arch.rf.pool = -1;
    CHECK_THROWS(arch.validate(), InvalidInput);
  }
}

TEST(rates_and_tables_of_an_architecture_are_checked) {
  for (double bad : kBadCosts) {
    Architecture slow = small();
    slow.buses.pass_overhead_cycles = bad;
    CHECK_THROWS(slow.validate(), InvalidInput);
    Architecture costly = small();
    costly.table.mac = bad;
    CHECK_THROWS(costly.validate(), InvalidInput);
    for (Operand operand : kAllOperands) {
      Architecture arch = small();
      arch.buses.words_per_cycle[index(operand)] = bad;
      CHECK_THROWS(arch.validate(), InvalidInput);
    }
  }
}

}  // namespace
}  // namespace energysim
