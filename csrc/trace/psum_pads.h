// The psums' scratch pads, and the chains of PEs that add them up.
#pragma once

#include "trace/accumulate.h"
#include "trace/glb.h"
#include "trace/ifmap_pads.h"
#include "trace/stations.h"

namespace energysim::trace {

// Sum is as wide as any partial sum needs; with kChecked each addition is held against a limit.
template <class Sum, bool kChecked>
class PsumPads {
 public:
  // Psums are to stay within -limit - 1 .. limit.
  PsumPads(const NestWalk& walk, Floor& floor, Glb& glb, std::int64_t limit);

  // Has psums leave that the step does not continue, and enter that it begins.
  void begin_step(Ledger& ledger);
  // One PE's MACs of the step.
  void work(std::size_t pe, const IfmapPads::Values& values, const Word* filters, Ledger& ledger);
  // Psums of PEs that have no part in the pass leave.
  void begin_pass(Ledger& ledger);
  void give_back_all(Ledger& ledger);

 private:
  // What PEs with different channels or filter rows and columns add to the same psums.
  struct Chain {
    Box tile;
    std::vector<std::size_t> pes;  // those that have a part in the sums; none: holds nothing
    Count outs = 0, filters = 0;   // places of the ofmap, filters
    Count products = 0;            // that all PEs together added to each psum
  };
  struct Pad {
    std::vector<Sum> sums;  // [n][e][f][lanes]
    bool begins = false;    // with the next MAC
    Count last_zeros = 0;   // psums whose latest ifmap value was zero
  };

  void enter(std::size_t s, const Box& wanted, Ledger& ledger);
  void leave(Chain& chain, Ledger& ledger);
  void add_up(const Chain& chain, Count out, Glb::Lane lane);
  template <class Visit>
  void visit_places(const Box& tile, Visit visit);
  void check(std::int64_t sum, const Box& tile, Count out, Count lane) const;

  Floor& floor_;
  Glb& glb_;
  const std::int64_t limit_;
  std::vector<Chain> chains_;
  std::vector<Pad> pads_;
};

}  // namespace energysim::trace
