// The filters' scratch pads.
#pragma once

#include "trace/accumulate.h"
#include "trace/bus.h"
#include "trace/glb.h"
#include "trace/stations.h"

namespace energysim::trace {

class FilterPads {
 public:
  FilterPads(const NestWalk& walk, Floor& floor);

  // As of the ifmap's pads.
  void load_first(const Glb& glb, Ledger& ledger) { load(glb, ledger, true); }
  void load_next(const Glb& glb, Ledger& ledger) { load(glb, ledger, false); }
  void recall(const Glb& glb);

  // Filters of a station: [c][r][s][lanes].
  const Word* pad(std::size_t station) const { return pads_[station].data(); }

 private:
  void load(const Glb& glb, Ledger& ledger, bool first);
  // PEs of a station that lack the tile it is to hold.
  Count lacking(const Station& station, const Box& wanted, bool first);
  Count fetch(std::size_t s, const Box& wanted, const Glb& glb);

  Floor& floor_;
  std::vector<std::vector<Word>> pads_;
  Bus bus_;
  const bool from_glb_;
};

}  // namespace energysim::trace
