// The tensor simulator: runs real tensors through DRAM, GLB, NoC, scratch pads and PEs under a
// mapping.
//
// It is the third view of the counts. It shares the words of the nest with the closed forms and
// the walker, but no formula: words are copied from storage to storage, each storage knows which
// words it holds, and what is counted are the copies.
#pragma once

#include <functional>
#include <optional>

#include "access_counts.h"
#include "architecture.h"
#include "trace/dram.h"
#include "trace/ledger.h"

namespace energysim::trace {

// What becomes of psums.
struct Output {
  int psum_bits = 48;  // of a partial sum, 2 to 62; one that does not fit is an error
  int word_bits = 16;  // of an ofmap word in DRAM, 2 to 16
  bool relu = true;    // negative ofmap values are stored as zero
  // Bits by which an ofmap value is shifted right, rounding to nearest, before it is stored, and
  // clipped to word_bits; if not given, the fewest with which no value is clipped.
  std::optional<int> shift;
};

struct Traced {
  std::vector<std::int64_t> ofmap;  // [N][G M][E][F], all bits, before ReLU and shift
  AccessCounts<Count> counts;
  // Of `counts`, what meets an ifmap value of zero: MACs, filter RF reads, psum RF reads and
  // writes. A chip that gates zeros does not do them.
  AccessCounts<Count> idle;
  DramBits ifmap, filters, stored_ofmap;
  Count spilled_psums = 0;  // words of unfinished psums to and from DRAM, never compressed
  int shift = 0;            // that was taken
  bool checked = false;     // whether each addition had to be checked for overflow
};

// Called now and then with the MACs done; false ends the run with Interrupted.
using Progress = std::function<bool(Count macs)>;

// Runs a nest that `check_nest` accepts. `threads` = 0 takes all cores; the answer is the same for
// any number. Throws InvalidInput for tensors or output of the wrong size, PsumOverflow for the
// first partial sum that leaves psum_bits.
Traced run(const Layer& layer, const Architecture& arch, const Nest& nest, const Tensors& tensors,
           const Output& output, int threads, const Progress& progress = {});

}  // namespace energysim::trace
