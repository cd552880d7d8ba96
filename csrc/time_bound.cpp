#include "time_bound.h"

#include <algorithm>
#include <cmath>

#include "bound.h"

namespace energysim {
namespace {

double real(Count value) { return static_cast<double>(value); }

}  // namespace

TimeBound::TimeBound(const Space& space, const Goal& goal, const Nest& nest,
                     std::vector<Dim> blocks, std::span<const Stage> stages,
                     const AxisFactors& factors)
    : space_(space), goal_(goal), blocks_(std::move(blocks)), decided_(blocks_.size() + 1) {
  const Scheme& scheme = space.scheme();
  const auto add_up = [&](const EnergyTable& costs, std::optional<EnergyForm>& form) {
    const Prices prices(space.layer(), space.arch(), costs, scheme.ways);
    form.emplace(scheme.order, scheme.ways, prices, stages, factors);
  };
  if (!goal.link().keeps_up()) {
    add_up(goal.link().waiting_bits, waiting_bits_);
    // Of cycles, they are the costs that the search adds up itself.
    if (goal.objective() != Objective::Cycles) add_up(goal.link().bits, bits_);
  }
  asked_ = {PassKind{}};
  for (Dim d : kAllDims) {
    if (std::find(blocks_.begin(), blocks_.end(), d) == blocks_.end()) close(d, nest[d]);
  }
  decided_[0] = asked_;
}

void TimeBound::decide(std::size_t block, const Tiles& tiles) {
  decided_[block + 1].clear();
  split_passes(decided_[block], blocks_[block], tiles, decided_[block + 1]);
}

void TimeBound::decide_stage(std::size_t stage) {
  if (bits_) bits_->decide(stage);
  if (waiting_bits_) waiting_bits_->decide(stage);
}

void TimeBound::ask(std::size_t block) {
  asked_ = decided_[block];
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    sums_[index(blocks_[b])] = {real(space_.layer().size(blocks_[b])), 1, b >= block};
  }
}

void TimeBound::close(Dim dim, const Tiles& tiles) {
  split_.clear();
  split_passes(asked_, dim, tiles, split_);
  asked_.swap(split_);
  sums_[index(dim)] = {};
}

void TimeBound::weigh(std::size_t first, const Nest& nest) {
  if (bits_) bits_->weigh(first);
  if (waiting_bits_) waiting_bits_->weigh(first);
  const ArrayRule& array = space_.dataflow().array;
  Count beside = 1, closed = 1;
  bool sides_open = false;
  for (Dim d : kAllDims) {
    const bool is_open = sums_[index(d)].open;
    sides_open = sides_open || (is_open && array.spans(d));
    if (is_open) continue;
    closed = saturating_product(closed, nest[d].chunks());
    if (!array.spans(d)) beside = saturating_product(beside, nest[d].chunks());
  }
  const Architecture& arch = space_.arch();
  most_chunks_ = sides_open ? floor_div(arch.pes(), closed)
                            : floor_div(sets_there(array, arch.rows, arch.columns, nest), beside);
}

// Steps of the busiest PE over all passes of what is open, at least: of each dimension apart, and
// of all others together with as many PEs side by side as it leaves.
double TimeBound::busiest_pe() const {
  double in_space = 1, streamed = 1, product = 1;
  double alone[kDims];
  for (Dim d : blocks_) {
    const PassSums& sums = sums_[index(d)];
    if (!sums.open) continue;
    const OpenDim& dim = open_[index(d)];
    if (dim.streams) {
      streamed *= sums.size;
      continue;
    }
    in_space *= sums.size;
    alone[index(d)] = std::max(std::ceil(sums.size / real(dim.most_chunks)),
                               real(dim.least_pe) + sums.passes - 1);
    product *= alone[index(d)];
  }
  double most = product;
  for (Dim d : blocks_) {
    if (!sums_[index(d)].open || open_[index(d)].streams) continue;
    const Count left = std::max<Count>(1, floor_div(most_chunks_, open_[index(d)].least_chunks));
    most =
        std::max(most, alone[index(d)] * std::ceil(in_space / sums_[index(d)].size / real(left)));
  }
  return most * streamed;
}

double TimeBound::cycles(Factors m, double shared_passes) {
  const double busiest = busiest_pe();
  const double apart = sums_[index(Dim::C)].passes * sums_[index(Dim::M)].passes;
  const double more = std::max(1.0, shared_passes / apart * kLess);
  double processing = 0;
  for (const PassKind& kind : asked_) {
    PassWork work = work_of(space_.layer(), kind, sums_, busiest);
    work.passes *= more;
    processing += pass_cycles(space_.arch(), work);
  }
  const LinkTime& link = goal_.link();
  return link.total_cycles(processing, bits_ ? bits_->bound(m) : 0,
                           waiting_bits_ ? waiting_bits_->bound(m) : 0);
}

}  // namespace energysim
