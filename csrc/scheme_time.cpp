// What of a scheme that is being searched takes how long.
#include "passes.h"
#include "scheme_search.h"

namespace energysim {

void SchemeSearch::decide_time(std::size_t block) {
  time_->decide(block, nest_[blocks_[block].dim]);
  if (blocks_[block].dim != Dim::M) time_->decide_stage(blocks_[block].stage);
}

// Describes what is decided and what is open from a block on.
void SchemeSearch::ask_time(std::size_t block) {
  time_->ask(block);
  for (std::size_t b = block; b < blocks_.size(); ++b) {
    const Dim d = blocks_[b].dim;
    const Tiles& t = nest_[d];
    if (!open(d)) {
      time_->close(d, t);
      continue;
    }
    OpenDim what;
    what.streams = space_.rule(d).pass == Tile::Same;
    what.least_pe = t.pe;
    what.least_chunks = what.most_chunks = t.chunks();
    if (space_.rule(d).pass == Tile::Free) {
      what.most_chunks =
          open_most(d, Variable::At::Pass, what.least_chunks, room_[index(d)].chunks);
    }
    time_->open(d, what);
  }
}

void SchemeSearch::weigh_time(std::size_t first_stage) {
  time_->weigh(first_stage, nest_);
  for (const Block& block : blocks_) time_->passes(block.dim, terms_[block.dim].states[2]);
}

double SchemeSearch::cycles_bound(const Option& option, double shared_passes) {
  time_->passes(Dim::M, option.terms.states[2]);
  return time_->cycles(factors(option.terms), shared_passes);
}

// A mapping, if its bound does not exclude it.
void SchemeSearch::evaluate_timed(double cost_bound) {
  ask_time(blocks_.size());
  weigh_time(form_->stages());
  if (!(best_.value(cost_bound, cycles_bound(options_[0], 0)) < best_.energy)) return;
  Flows<double> moved = flows(terms_, nest_.order, nest_.ways);
  const Layer& layer = space_.layer();
  const double groups = to_double(layer.size(Dim::G));
  for (auto* reach : {moved.glb, moved.array, moved.pes}) {
    for (int o = 0; o < kOperands; ++o) reach[o] *= groups;
  }
  const Architecture& arch = space_.arch();
  const auto counts =
      accesses<double>(moved, to_double(layer.macs()), to_double(layer.ofmap_words()), nest_.ways,
                       arch.ofmap_path, arch.psum_pad);
  const double cost = energy(counts, goal_.costs());
  best_.take(space_.scheme(), nest_, cost, goal_.total_cycles(layer, arch, nest_, counts));
}

}  // namespace energysim
