#include "trace/psum_pads.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "errors.h"

namespace energysim::trace {
namespace {

std::size_t at(Count i) { return static_cast<std::size_t>(i); }
std::size_t at(Dim d) { return static_cast<std::size_t>(index(d)); }

}  // namespace

template <class Sum, bool kChecked>
PsumPads<Sum, kChecked>::PsumPads(const NestWalk& walk, Floor& floor, Glb& glb, std::int64_t limit)
    : floor_(floor), glb_(glb), limit_(limit) {
  const Sizes& pe = walk.pe_sizes();
  const Count outs = pe[at(Dim::N)] * pe[at(Dim::E)] * pe[at(Dim::F)];
  chains_.resize(floor.stations(Operand::Psum).size());
  pads_.resize(floor.pes().size());
  for (Pad& pad : pads_) pad.sums.resize(at(outs * lanes_for(pe[at(Dim::M)])));
}

template <class Sum, bool kChecked>
void PsumPads<Sum, kChecked>::begin_pass(Ledger& ledger) {
  for (std::size_t s = 0; s < chains_.size(); ++s) {
    if (floor_.stations(Operand::Psum)[s].working == 0) leave(chains_[s], ledger);
  }
}

template <class Sum, bool kChecked>
void PsumPads<Sum, kChecked>::give_back_all(Ledger& ledger) {
  for (Chain& chain : chains_) leave(chain, ledger);
}

template <class Sum, bool kChecked>
void PsumPads<Sum, kChecked>::begin_step(Ledger& ledger) {
  if (!floor_.moves(Operand::Psum)) return;
  const std::vector<Station>& stations = floor_.stations(Operand::Psum);
  for (std::size_t s = 0; s < stations.size(); ++s) {
    if (stations[s].working == 0) continue;
    Chain& chain = chains_[s];
    const Box& wanted = stations[s].wanted;
    if (chain.pes.empty() || !same_or_apart(Operand::Psum, chain.tile, wanted)) {
      leave(chain, ledger);
      enter(s, wanted, ledger);
    } else if (at(stations[s].working) > chain.pes.size()) {
      // Loops over what a psum does not depend on begin with a full tile, so that all come first.
      throw std::logic_error("tensor simulator: a PE joins a chain of psums late");
    }
  }
}

// Calls `visit` with the number of each place of the ofmap in a tile, and the GLB's psums there.
template <class Sum, bool kChecked>
template <class Visit>
void PsumPads<Sum, kChecked>::visit_places(const Box& tile, Visit visit) {
  Count out = 0;
  const Count first = tile[Dim::M].low - glb_.first_psum();
  for (Count n = tile[Dim::N].low; n < tile[Dim::N].high; ++n) {
    for (Count e = tile[Dim::E].low; e < tile[Dim::E].high; ++e) {
      for (Count f = tile[Dim::F].low; f < tile[Dim::F].high; ++f) {
        const Glb::Lane lane = glb_.psum_lane(n, e, f);
        visit(out++, Glb::Lane{lane.sums + first, lane.products + first, lane.stayed + first});
      }
    }
  }
}

template <class Sum, bool kChecked>
void PsumPads<Sum, kChecked>::enter(std::size_t s, const Box& wanted, Ledger& ledger) {
  Chain& chain = chains_[s];
  chain.tile = wanted;
  chain.outs = wanted.size(Dim::N) * wanted.size(Dim::E) * wanted.size(Dim::F);
  chain.filters = wanted.size(Dim::M);
  chain.products = 0;
  const Count lanes = lanes_for(chain.filters);
  for (const std::size_t member : floor_.stations(Operand::Psum)[s].members) {
    if (!floor_.pes()[member].works) continue;
    chain.pes.push_back(member);
    Pad& pad = pads_[member];
    std::fill_n(pad.sums.begin(), chain.outs * lanes, Sum{0});
    pad.begins = true;
  }
  // What was summed up before comes back to the head of the chain.
  Sum* head = pads_[chain.pes.front()].sums.data();
  Count back = 0, from_glb = 0;
  visit_places(wanted, [&](Count out, const Glb::Lane& lane) {
    for (Count i = 0; i < chain.filters; ++i) {
      head[out * lanes + i] = static_cast<Sum>(lane.sums[i]);
      back += lane.products[i] > 0;
      from_glb += lane.stayed[i];
    }
  });
  ledger.at(Level::Rf, Operand::Psum).fill += back;
  if (glb_.psums_drain_through()) {
    ledger.at(Level::Glb, Operand::Psum).read += back;
  } else {
    // Only now is it known that these did not go on to DRAM.
    ledger.at(Level::Glb, Operand::Psum).write += from_glb;
    ledger.at(Level::Glb, Operand::Psum).read += from_glb;
  }
}

template <class Sum, bool kChecked>
void PsumPads<Sum, kChecked>::check(std::int64_t sum, const Box& tile, Count out,
                                    Count lane) const {
  if (!kChecked || (sum <= limit_ && sum >= -limit_ - 1)) return;
  const Count F = tile.size(Dim::F), E = tile.size(Dim::E);
  throw PsumOverflow("a partial sum of " + std::to_string(sum) + " leaves the psum's range " +
                     std::to_string(-limit_ - 1) + ".." + std::to_string(limit_) + ", at image " +
                     std::to_string(tile[Dim::N].low + out / (E * F)) + ", filter " +
                     std::to_string(tile[Dim::M].low + lane) + " of its group, row " +
                     std::to_string(tile[Dim::E].low + out / F % E) + ", column " +
                     std::to_string(tile[Dim::F].low + out % F) +
                     ": give psums more bits, or values and filters fewer");
}

// The partial sums of a place go from PE to PE and are added up.
template <class Sum, bool kChecked>
void PsumPads<Sum, kChecked>::add_up(const Chain& chain, Count out, Glb::Lane lane) {
  const Count lanes = lanes_for(chain.filters);
  for (std::size_t p = 0; p < chain.pes.size(); ++p) {
    const Sum* sums = pads_[chain.pes[p]].sums.data() + out * lanes;
    for (Count i = 0; i < chain.filters; ++i) {
      lane.sums[i] = p == 0 ? sums[i] : lane.sums[i] + sums[i];
      if constexpr (kChecked) check(lane.sums[i], chain.tile, out, i);
    }
  }
}

template <class Sum, bool kChecked>
void PsumPads<Sum, kChecked>::leave(Chain& chain, Ledger& ledger) {
  if (chain.pes.empty()) return;
  visit_places(chain.tile, [&](Count out, const Glb::Lane& lane) {
    add_up(chain, out, lane);
    for (Count i = 0; i < chain.filters; ++i) {
      lane.products[i] += static_cast<std::uint32_t>(chain.products);
      lane.stayed[i] = 1;
    }
  });
  const Count words = chain.outs * chain.filters;
  const auto pes = static_cast<Count>(chain.pes.size());
  ledger.at(Level::Noc, Operand::Psum).read += (pes - 1) * words;
  // What each PE added last was not written to its pad, but left.
  ledger.at(Level::Rf, Operand::Psum).write -= pes * words;
  for (const std::size_t pe : chain.pes) {
    ledger.idle(Level::Rf, Operand::Psum).write -= pads_[pe].last_zeros;
  }
  if (glb_.psums_drain_through()) ledger.at(Level::Glb, Operand::Psum).write += words;
  chain.pes.clear();
}

template <class Sum, bool kChecked>
void PsumPads<Sum, kChecked>::work(std::size_t p, const IfmapPads::Values& values,
                                   const Word* filters, Ledger& ledger) {
  const std::size_t s = floor_.pes()[p].station[at(Count{index(Operand::Psum)})];
  Chain& chain = chains_[s];
  Pad& pad = pads_[p];
  const Work work{values.outs, values.terms, lanes_for(chain.filters), values.words.data(),
                  filters};
  if constexpr (kChecked) {
    const Excess excess = accumulate_checked(work, chain.filters, limit_, pad.sums.data());
    if (excess.found) check(excess.sum, chain.tile, excess.out, excess.lane);
  } else {
    accumulate(work, pad.sums.data());
  }
  const Count macs = values.outs * values.terms * chain.filters;
  const Count zeros = values.zeros * chain.filters;
  Accesses<Count>& psum = ledger.at(Level::Rf, Operand::Psum);
  Accesses<Count>& idle = ledger.idle(Level::Rf, Operand::Psum);
  ledger.moved.macs += macs;
  ledger.at(Level::Rf, Operand::Ifmap).read += macs;
  ledger.at(Level::Rf, Operand::Filter).read += macs;
  ledger.idle.macs += zeros;
  ledger.idle(Level::Rf, Operand::Filter).read += zeros;
  psum.read += macs;
  psum.write += macs;
  idle.read += zeros;
  idle.write += zeros;
  pad.last_zeros = values.last_zeros * chain.filters;
  // The first product of a sum has nothing to be added to.
  if (pad.begins) {
    psum.read -= values.outs * chain.filters;
    idle.read -= values.first_zeros * chain.filters;
  }
  pad.begins = false;
  chain.products += values.terms;
}

template class PsumPads<std::int32_t, false>;
template class PsumPads<std::int64_t, false>;
template class PsumPads<std::int64_t, true>;

}  // namespace energysim::trace
