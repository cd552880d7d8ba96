#include "architecture.h"

#include <cmath>
#include <string_view>

#include "errors.h"

namespace energysim {
namespace {

// Keeps every product of capacities and tile sizes far inside 64 bits.
constexpr Count kLargestStorage = Count{1} << 40;
constexpr Count kLargestArrayEdge = 1 << 16;
constexpr Count kWidestWord = 64;

// `who` is the operand whose size or rate it is, if it is one's own. Every search asks: no text is
// made unless something is wrong.
[[noreturn]] void refuse(const std::string& arch, std::string_view who, std::string_view what,
                         const std::string& rule) {
  throw InvalidInput("architecture '" + arch + "': " + std::string(who) + (who.empty() ? "" : " ") +
                     std::string(what) + " must " + rule);
}

void require_size(const std::string& arch, std::string_view who, std::string_view what, Count value,
                  Count most) {
  if (value >= 1 && value <= most) return;
  refuse(arch, who, what,
         "lie between 1 and " + std::to_string(most) + ", got " + std::to_string(value));
}

// Some dataflows leave PEs without scratch pads.
void require_words(const std::string& arch, std::string_view who, std::string_view what,
                   Count value) {
  if (value != 0) require_size(arch, who, what, value, kLargestStorage);
}

void require_rate(const std::string& arch, std::string_view who, std::string_view what,
                  double value) {
  if (std::isfinite(value) && value >= 0) return;
  refuse(arch, who, what, "be a finite number of at least 0, got " + std::to_string(value));
}

}  // namespace

void Architecture::validate() const {
  if (seen) return;  // prices of single accesses may be below zero there, sums are not
  require_size(name, "", "array rows", rows, kLargestArrayEdge);
  require_size(name, "", "array columns", columns, kLargestArrayEdge);
  require_size(name, "", "word_bits", word_bits, kWidestWord);
  require_size(name, "", "glb_words", glb_words, kLargestStorage);
  if (rf.pooled) require_words(name, "", "pooled RF words", rf.pool);
  for (Operand operand : kAllOperands) {
    const int o = index(operand);
    const std::string_view who = kOperandNames[static_cast<std::size_t>(o)];
    if (!rf.pooled) require_words(name, who, "RF words", rf.words[o]);
    require_rate(name, who, "bus words per cycle", buses.words_per_cycle[o]);
  }
  require_rate(name, "", "pass_overhead_cycles", buses.pass_overhead_cycles);
  require_rate(name, "", "the DRAM link's words per cycle", dram_link.words_per_cycle);
  sparsity.validate();
  table.validate();
}

}  // namespace energysim
