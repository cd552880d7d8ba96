// The array: all PEs, step by step.
#pragma once

#include "trace/filter_pads.h"
#include "trace/ifmap_pads.h"
#include "trace/psum_pads.h"

namespace energysim::trace {

template <class Sum, bool kChecked>
class PeArray {
 public:
  PeArray(const NestWalk& walk, const Dram& dram, Glb& glb, std::int64_t psum_limit)
      : walk_(walk),
        glb_(glb),
        floor_(walk),
        ifmap_(walk, dram, floor_),
        filters_(walk, floor_),
        psums_(walk, floor_, glb, psum_limit) {}

  void run_pass(const Box& pass, Ledger& ledger) {
    Box step = walk_.first_step(pass);
    floor_.begin_pass(pass, step);
    psums_.begin_pass(ledger);
    ifmap_.load_first(glb_, ledger);
    filters_.load_first(glb_, ledger);
    multiply(ledger);
    while (walk_.next_step(pass, step)) {
      floor_.next_step(pass, step);
      ifmap_.load_next(glb_, ledger);
      filters_.load_next(glb_, ledger);
      multiply(ledger);
    }
    floor_.end_pass();
  }

  // Notes what PEs hold after a pass that another run does.
  void skip_pass(const Box& pass) {
    floor_.begin_pass(pass, walk_.last_step(pass));
    floor_.end_pass();
  }
  // Fills the pads with what they hold after the passes skipped.
  void recall() {
    ifmap_.recall(glb_);
    filters_.recall(glb_);
  }

  void give_back_psums(Ledger& ledger) { psums_.give_back_all(ledger); }

 private:
  void multiply(Ledger& ledger) {
    psums_.begin_step(ledger);
    const std::vector<Pe>& pes = floor_.pes();
    for (std::size_t p = 0; p < pes.size(); ++p) {
      if (!pes[p].works) continue;
      psums_.work(p, ifmap_.values(pes[p].station[index(Operand::Ifmap)]),
                  filters_.pad(pes[p].station[index(Operand::Filter)]), ledger);
    }
  }

  const NestWalk& walk_;
  Glb& glb_;
  Floor floor_;
  IfmapPads ifmap_;
  FilterPads filters_;
  PsumPads<Sum, kChecked> psums_;
};

}  // namespace energysim::trace
