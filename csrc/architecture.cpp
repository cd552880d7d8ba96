#include "architecture.h"

#include <cmath>

#include "errors.h"

namespace energysim {
namespace {

// Keeps every product of capacities and tile sizes far inside 64 bits.
constexpr Count kLargestStorage = Count{1} << 40;
constexpr Count kLargestArrayEdge = 1 << 16;

void require_size(const std::string& arch, const std::string& what, Count value, Count most) {
  if (value >= 1 && value <= most) return;
  throw InvalidInput("architecture '" + arch + "': " + what + " must lie between 1 and " +
                     std::to_string(most) + ", got " + std::to_string(value));
}

void require_rate(const std::string& arch, const std::string& what, double value) {
  if (std::isfinite(value) && value >= 0) return;
  throw InvalidInput("architecture '" + arch + "': " + what +
                     " must be a finite number of at least 0, got " + std::to_string(value));
}

}  // namespace

void Architecture::validate() const {
  require_size(name, "array rows", rows, kLargestArrayEdge);
  require_size(name, "array columns", columns, kLargestArrayEdge);
  require_size(name, "glb_words", glb_words, kLargestStorage);
  if (rf.pooled) require_size(name, "pooled RF words", rf.pool, kLargestStorage);
  for (Operand operand : kAllOperands) {
    const std::string who(kOperandNames[index(operand)]);
    if (!rf.pooled)
      require_size(name, who + " RF words", rf.words[index(operand)], kLargestStorage);
    require_rate(name, who + " bus words per cycle", buses.words_per_cycle[index(operand)]);
  }
  require_rate(name, "pass_overhead_cycles", buses.pass_overhead_cycles);
  table.validate();
}

}  // namespace energysim
