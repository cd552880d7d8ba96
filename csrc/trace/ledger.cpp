#include "trace/ledger.h"

namespace energysim::trace {

void add(AccessCounts<Count>& to, const AccessCounts<Count>& counts) {
  to.macs += counts.macs;
  for (Level level : kAllLevels) {
    for (Operand operand : kAllOperands) {
      Accesses<Count>& cell = to(level, operand);
      const Accesses<Count>& more = counts(level, operand);
      cell.read += more.read;
      cell.write += more.write;
      cell.fill += more.fill;
    }
  }
}

void Ledger::add(const Ledger& other) {
  trace::add(moved, other.moved);
  trace::add(idle, other.idle);
  ifmap += other.ifmap;
  filters += other.filters;
  finished.insert(finished.end(), other.finished.begin(), other.finished.end());
}

}  // namespace energysim::trace
