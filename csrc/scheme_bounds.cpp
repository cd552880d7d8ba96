// Lower bounds of what is open of a scheme that is being searched.
#include <algorithm>
#include <cmath>

#include "scheme_search.h"

namespace energysim {
namespace {

double real(Count value) { return static_cast<double>(value); }

constexpr double kLess = 1 - 1e-9;  // keeps a bound from exceeding what it bounds by rounding

// Terms that one pass more adds to.
const DimTerms<double>& one_pass_more(GlbCase glb_case) {
  static constexpr DimTerms<double> kSame{{0, 1, 1, 1}, {}, {}, 0, 0};
  static constexpr DimTerms<double> kInside{{0, 0, 1, 1}, {}, {}, 0, 0};
  return glb_case == GlbCase::Same ? kSame : kInside;
}

bool one_pass(const DimTerms<double>& terms) { return terms.states[2] <= 1; }

}  // namespace

// A bound of all that is open, where the dimensions of earlier blocks are decided.
double SchemeSearch::bound(std::size_t block) {
  best_.ask_after(++best_.proof.bounded);
  find_sets();
  for (std::size_t b = block; b < blocks_.size(); ++b) {
    // What other dimensions leave for the block's own does not change while it is decided.
    if (b > block) find_room(b);
    refresh(blocks_[b].dim);
  }
  const std::size_t first = block < blocks_.size() ? blocks_[block].stage : form_->stages();
  if (time_) ask_time(block);
  if (open(Dim::C) && open(Dim::M) && !case_open_[index(Dim::C)]) return bound_of_sharing(first);
  form_->weigh(first);
  if (time_) weigh_time(first);
  return bound_of_options([](const Option&) { return true; }, [](const Option&) { return 0.0; });
}

// The least bound of M's options of a kind, under the present weights; `cost(option)` is what is
// known beyond what each dimension's terms add up to.
template <class Kind, class Cost>
double SchemeSearch::bound_of_options(Kind kind, Cost cost, double shared_passes) {
  double least = kNothing;
  for (int i = 0; i < options_.size; ++i) {
    const Option& option = options_.of[i];
    if (!kind(option)) continue;
    double bound = form_->bound(factors(option.terms));
    if (time_) {
      const double cycles = cycles_bound(option, shared_passes);
      bound = best_.value(bound + cost(option), cycles);
    } else if (bound < std::min(best_.energy, least)) {
      bound += cost(option);  // What is cut anyway need not be known better.
    }
    least = std::min(least, bound);
  }
  return least;
}

// Channels and filters share the scratch pads, the PE sets and the GLB.
//
// Few passes of one mean many passes of the other: passes of channels times passes of filters are
// at least some number. If that is more than one, one of them takes several, which keeps less. And
// where the GLB holds all filters' psums, there is less room for channels. The ways to share are
// bounded apart.
double SchemeSearch::bound_of_sharing(std::size_t first_stage) {
  const Partial channels = partial(Dim::C, case_[index(Dim::C)]);
  const DimTerms<double> any = terms_[Dim::C];
  const Count together = most_channels_times_filters();
  const Count filters = nest_[Dim::M].layer;
  const double passes = together > 0 ? real(channels.layer) * real(filters) / real(together) : 0;
  const OnePass one = one_pass_of_either(channels);
  double least = kNothing;
  Count weighed = 0;  // most channels of a pass for which weights are known
  const auto weigh = [&](Count most_channels) {
    const Count most = std::clamp<Count>(most_channels, 1, channels.most_pass);
    if (most == weighed) return;
    terms_[Dim::C] = any;
    if (most < channels.most_pass) {
      Partial p = channels;
      p.most_pass = most;
      optimistic_terms(p, terms_[Dim::C]);
    }
    if (weighed == 0) {
      form_->weigh(first_stage);
    } else {
      form_->weigh_again(stage_of_c_);
    }
    if (time_) weigh_time(first_stage);
    weighed = most;
  };
  const auto way = [&](Count most_channels, auto kind, auto cost) {
    if (std::none_of(options_.of, options_.of + options_.size, kind)) return;
    weigh(most_channels);
    least = std::min(least, bound_of_options(kind, cost, passes));
  };
  const auto sharing = [&](const Option& option) { return cost_of_sharing(option, passes); };
  const auto several_passes = [&](Count most_channels, auto kind) {
    most_channels = std::min(most_channels, channels.most_pass);
    if (passes > 1 && most_channels >= channels.layer) {
      way(channels.layer, kind, [&](const Option& option) {
        return cost_of_more_filter_passes(option, std::max(passes, one.filter_passes));
      });
      most_channels = channels.layer - 1;
    }
    way(most_channels, kind, sharing);
  };

  const Count beside_all = channels_beside_all_filters();
  const auto at_once = [](const Option& option) { return one_pass(option.terms); };
  const auto whole = [&](const Option& option) {
    return !at_once(option) && option.glb_case == GlbCase::Whole;
  };
  const auto cut = [&](const Option& option) { return !at_once(option) && !whole(option); };
  if (beside_all < channels.most_pass) {
    several_passes(beside_all, whole);
    several_passes(channels.layer, cut);
  } else {
    several_passes(channels.layer, [&](const Option& option) { return !at_once(option); });
  }
  const Count beside_pass = passes > 1 ? floor_div(together, filters) : channels.layer;
  way(std::min({beside_all, beside_pass, one.channels_beside_filters}), at_once,
      [](const Option&) { return 0.0; });
  terms_[Dim::C] = any;
  return least;
}

// Channels that the GLB has room for if it holds the psums of all filters.
Count SchemeSearch::channels_beside_all_filters() {
  if (case_[index(Dim::C)] != GlbCase::Same) return nest_[Dim::C].layer;
  Count& filters = nest_[Dim::M].glb;
  const Count before = filters;
  filters = nest_[Dim::M].layer;
  const Count channels = glb_room(space_, nest_, Dim::C);
  filters = before;
  return channels;
}

double SchemeSearch::cost_of_more_filter_passes(const Option& option, double passes) {
  const double more = form_->growth(factors(one_pass_more(option.glb_case)));
  return std::max(0.0, more * (passes - option.terms.states[2]) * kLess);
}

// With x and y passes at least x0 and y0, and x y at least some product, energy is at least
//
//   bound(x0, y0) + a (x - x0) + b (y - y0),
//
// a and b being what one pass more of either adds (the bound is linear in each, and their joint
// term only adds to it). The least of that lies where a x = b y, or at an end.
double SchemeSearch::cost_of_sharing(const Option& option, double passes) {
  const double x0 = terms_[Dim::C].states[2], y0 = option.terms.states[2];
  if (passes <= x0 * y0) return 0;
  const DimTerms<double>& more_c = one_pass_more(case_[index(Dim::C)]);
  const double a = form_->growth(stage_of_c_, factors(more_c), factors(option.terms));
  const double b = form_->growth(factors(one_pass_more(option.glb_case)));
  if (!(a > 0) || !(b > 0)) return 0;
  const double x = std::clamp(std::sqrt(passes * b / a), x0, passes / y0);
  return std::max(0.0, (a * (x - x0) + b * (passes / x - y0)) * kLess);
}

// Channels times filters of a pass, at most: those of which all scratch pads can hold filters at
// once; nothing where that is no limit.
Count SchemeSearch::most_channels_times_filters() const {
  const DimRule &c = space_.rule(Dim::C), &m = space_.rule(Dim::M);
  if (c.rf != Tile::Same || m.rf != Tile::Same || c.pass != Tile::Free || m.pass != Tile::Free) {
    return 0;
  }
  const Scratchpads& rf = space_.arch().rf;
  const Count words = rf.pooled ? rf.pool : rf.words[index(Operand::Filter)];
  const Count each = space_.arch().value_words[index(Operand::Filter)];
  const auto most = [&](Dim d) {
    return open_most(d, Variable::At::Pe, nest_[d].pe, room_[index(d)].rf);
  };
  Count per_pe = saturating_product(most(Dim::C), most(Dim::M));
  if (nest_.ways.filter.rf) {
    per_pe = std::min(
        per_pe, floor_div(words, each) / saturating_product(nest_[Dim::R].rf, nest_[Dim::S].rf));
  }
  const Architecture& arch = space_.arch();
  const ArrayRule& array = space_.dataflow().array;
  const bool sides = array.spans(Dim::C) || array.spans(Dim::M);
  return saturating_product(per_pe, sides ? arch.pes() : sets_.there);
}

// What PE sets leave for filters if they take all channels in one pass, and the other way round.
SchemeSearch::OnePass SchemeSearch::one_pass_of_either(const Partial& channels) const {
  OnePass one{1, kUnlimited};
  const Dataflow& dataflow = space_.dataflow();
  for (Dim d : {Dim::C, Dim::M}) {
    if (dataflow.array.spans(d) || space_.rule(d).pass != Tile::Free) return one;
  }
  const Tiles &c = nest_[Dim::C], &m = nest_[Dim::M];
  const Count there = floor_div(sets_.there, floor_div(sets_.need, c.chunks() * m.chunks()));
  const Count filters_in_pe = open_most(Dim::M, Variable::At::Pe, m.pe, room_[index(Dim::M)].rf);
  const Count for_channels = ceil_div(c.layer, channels.most_pe);
  const Count for_filters = ceil_div(m.layer, filters_in_pe);
  if (for_channels <= there) {
    one.filter_passes = real(ceil_div(for_filters, floor_div(there, for_channels)));
  }
  if (for_filters <= there) {
    one.channels_beside_filters =
        saturating_product(channels.most_pe, floor_div(there, for_filters));
  }
  return one;
}

// A bound of all values of a letter from `least` to `most`: its own terms are those of the
// greatest, room for the others is what the smallest leaves.
double SchemeSearch::bound_range(std::size_t block, Letter& letter, Count least, Count most) {
  const Saved before = saved(letter.variable->dim);
  letter.decided = least == most;
  letter.most = most;
  set(letter.variable->dim, with(*letter.variable, least));
  const double b = bound(block);
  letter.decided = false;
  letter.most = kUnlimited;
  restore(before);
  return b;
}

}  // namespace energysim
