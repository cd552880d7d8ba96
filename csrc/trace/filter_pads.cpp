#include "trace/filter_pads.h"

#include <algorithm>

#include "compression/rlc.h"

namespace energysim::trace {
namespace {

std::size_t at(Dim d) { return static_cast<std::size_t>(index(d)); }
constexpr std::size_t kFilter = index(Operand::Filter);

Count weights(const Sizes& size) { return size[at(Dim::C)] * size[at(Dim::R)] * size[at(Dim::S)]; }

}  // namespace

FilterPads::FilterPads(const NestWalk& walk, Floor& floor)
    : floor_(floor), from_glb_(walk.glb_holds(Operand::Filter)) {
  const Sizes &pe = walk.pe_sizes(), &step = walk.step_sizes();
  const Count room = weights(pe) * lanes_for(pe[at(Dim::M)]);
  pads_.assign(floor.stations(Operand::Filter).size(),
               std::vector<Word>(static_cast<std::size_t>(room)));
  bus_.make_room(weights(step) * step[at(Dim::M)]);
  if (!from_glb_) bus_.record_words();
}

Count FilterPads::lacking(const Station& station, const Box& wanted, bool first) {
  if (!first) return same_or_apart(Operand::Filter, station.tile, wanted) ? 0 : station.working;
  Count lacking = 0;
  for (const std::size_t member : station.members) {
    const Pe& pe = floor_.pes()[member];
    if (!pe.works) continue;
    lacking += !(pe.has[kFilter] && same_or_apart(Operand::Filter, pe.held, wanted));
  }
  return lacking;
}

void FilterPads::load(const Glb& glb, Ledger& ledger, bool first) {
  if (!first && !floor_.moves(Operand::Filter)) return;
  bus_.begin_step();
  std::vector<Station>& stations = floor_.stations(Operand::Filter);
  Count deliveries = 0;
  for (std::size_t s = 0; s < stations.size(); ++s) {
    if (stations[s].working == 0) continue;
    const Box& wanted = stations[s].wanted;
    const Count lack = lacking(stations[s], wanted, first);
    if (lack > 0) deliveries += lack * fetch(s, wanted, glb);
    stations[s].tile = wanted;
  }
  ledger.at(Level::Noc, Operand::Filter).read += deliveries;
  ledger.at(Level::Rf, Operand::Filter).fill += deliveries;
  if (from_glb_) {
    ledger.at(Level::Glb, Operand::Filter).read += bus_.reads();
  } else if (bus_.reads() > 0) {
    ledger.at(Level::Dram, Operand::Filter).read += bus_.reads();
    ledger.filters += {bus_.reads(), rlc::bits(bus_.words())};
  }
}

// Brings a whole tile; returns its words.
Count FilterPads::fetch(std::size_t s, const Box& wanted, const Glb& glb) {
  const Span &m = wanted[Dim::M], &c = wanted[Dim::C], &r = wanted[Dim::R], &t = wanted[Dim::S];
  const Box& step = floor_.step();
  const Count lanes = lanes_for(m.size());
  Word* to = pads_[s].data();
  for (Count ci = c.low; ci < c.high; ++ci) {
    for (Count ri = r.low; ri < r.high; ++ri) {
      for (Count si = t.low; si < t.high; ++si) {
        const Word* lane = glb.filter_lane(ci, ri, si) + m.low - glb.first_filter();
        const Count weight = ((ci - step[Dim::C].low) * step.size(Dim::R) + ri - step[Dim::R].low) *
                                 step.size(Dim::S) +
                             si - step[Dim::S].low;
        const Count bus = weight * step.size(Dim::M) + m.low - step[Dim::M].low;
        for (Count i = 0; i < m.size(); ++i) {
          to[i] = lane[i];
          bus_.take(bus + i, lane[i]);
        }
        std::fill(to + m.size(), to + lanes, Word{0});
        to += lanes;
      }
    }
  }
  return m.size() * c.size() * r.size() * t.size();
}

void FilterPads::recall(const Glb& glb) {
  bus_.begin_step();
  std::vector<Station>& stations = floor_.stations(Operand::Filter);
  for (std::size_t s = 0; s < stations.size(); ++s) {
    if (stations[s].working == 0) continue;
    stations[s].tile = stations[s].wanted;
    fetch(s, stations[s].tile, glb);
  }
}

}  // namespace energysim::trace
