// What is written down while words move. Each entry is one event, or a run of equal ones; nothing
// is computed from sizes.
#pragma once

#include <vector>

#include "access_counts.h"
#include "trace/nest_walk.h"

namespace energysim::trace {

// Bits that an operand takes on its way to or from DRAM. Words that move together, in one step of
// the DRAM loops or, past the GLB, of the array, are one RLC stream.
struct DramBits {
  Count words = 0;     // that were encoded
  Count rlc_bits = 0;  // of their streams

  DramBits& operator+=(const DramBits& other) {
    words += other.words;
    rlc_bits += other.rlc_bits;
    return *this;
  }
  bool operator==(const DramBits&) const = default;
};

struct Ledger {
  AccessCounts<Count> moved;
  // Of `moved`, what meets an ifmap value of zero where the chip gates it: the MAC, the filter's RF
  // read, the psum's RF read and write.
  AccessCounts<Count> idle;
  DramBits ifmap, filters;
  // The tiles that finished psums left the GLB in, in their order.
  std::vector<Box> finished;

  Accesses<Count>& at(Level level, Operand operand) { return moved(level, operand); }
  void add(const Ledger& other);
};

void add(AccessCounts<Count>& to, const AccessCounts<Count>& counts);

}  // namespace energysim::trace
