// Lower bounds where both channels and filters are open: they share the scratch pads, the PE sets
// and the GLB.
//
// Few passes of one mean many passes of the other: passes of channels times passes of filters are
// at least some number. If that is more than one, one of them takes several, which keeps less. And
// the fewer GLB tiles there are of filters, the less room is left for channels. The ways to share
// are bounded apart.
#include <algorithm>
#include <cmath>

#include "scheme_search.h"

namespace energysim {
namespace {

double real(Count value) { return static_cast<double>(value); }

// Terms that one pass more adds to.
const DimTerms<double>& one_pass_more(GlbCase glb_case) {
  static constexpr DimTerms<double> kSame{{0, 1, 1, 1}, {}, {}, 0, 0};
  static constexpr DimTerms<double> kInside{{0, 0, 1, 1}, {}, {}, 0, 0};
  return glb_case == GlbCase::Same ? kSame : kInside;
}

bool one_pass(const DimTerms<double>& terms) { return terms.states[2] <= 1; }

// The smallest GLB tile that makes as few tiles as it can be.
Count smallest_glb_tile(const Partial& p) { return ceil_div(p.layer, least_glb_tiles(p)); }

}  // namespace

double SchemeSearch::bound_of_sharing(std::size_t first_stage) {
  const Partial& channels = channels_;
  const Count filters = nest_[Dim::M].layer;
  const Count together = most_channels_times_filters();
  const double passes = together > 0 ? real(channels.layer) * real(filters) / real(together) : 0;
  const OnePass one = one_pass_of_either(channels);
  form_->weigh(first_stage);
  if (time_) weigh_time(first_stage);
  sharing_ = {first_stage, channels.most_pass, passes, kNothing};

  // Filters take several passes; so may channels, or all of them one.
  const bool all_channels = passes > 1 && channels.most_pass >= channels.layer;
  if (all_channels) {
    const double filter_passes = std::max(passes, one.filter_passes);
    for (const Option& option : options_) {
      if (!one_pass(option.terms)) take(bound_beside_all_channels(option, filter_passes));
    }
  }
  const Count some_channels = all_channels ? channels.layer - 1 : channels.most_pass;
  limited_.clear();
  for (const Option& option : options_) {
    if (!one_pass(option.terms)) take(bound_beside(some_channels, option));
  }
  // Filters take one pass.
  const Count beside_pass = passes > 1 ? floor_div(together, filters) : channels.layer;
  for (const Option& option : options_) {
    if (!one_pass(option.terms)) continue;
    const Count room = std::min({channel_room(filters), beside_pass, one.channels_beside_filters});
    take(bound_of_way(room, option, [] { return 0.0; }));
  }
  // At last what has less room, since weights are known of one number of channels at a time.
  for (const Limited& limited : limited_) {
    take(bound_of_way(limited.channels, limited.option,
                      [&] { return cost_of_sharing(limited.option); }));
  }
  return sharing_.least;
}

void SchemeSearch::take(double bound) { sharing_.least = std::min(sharing_.least, bound); }

// Need a bound be known better? Not that of what is cut, or exceeds another one.
bool SchemeSearch::matters(double bound) const {
  return bound < std::min(best_.energy, sharing_.least);
}

// A bound of an option of M beside so many channels of a pass at most; `cost()` is what is known
// beyond what each dimension's terms add up to.
template <class Cost>
double SchemeSearch::bound_of_way(Count most_channels, const Option& option, Cost cost) {
  const auto plain = [&] { return form_->bound(factors(option.terms)); };
  const Count most = std::clamp<Count>(most_channels, 1, channels_.most_pass);
  if (most < sharing_.weighed && !time_) {
    // Fewer channels only raise the bound: it may be known well enough.
    if (const double bound = plain(); !matters(bound)) return bound;
  }
  if (most != sharing_.weighed) weigh_channels(most);
  const double bound = plain();
  if (time_) return best_.value(bound + cost(), cycles_bound(option, sharing_.passes));
  return matters(bound) ? bound + cost() : bound;
}

// Weights where a pass takes so many channels at most.
void SchemeSearch::weigh_channels(Count most) {
  Partial fewer = channels_;
  fewer.most_pass = most;
  optimistic_terms(fewer, terms_[Dim::C]);
  form_->weigh_again(stage_of_c_);
  if (time_) weigh_time(sharing_.stage);
  sharing_.weighed = most;
}

// All channels at once leave room for so many filters only, whose passes are many.
double SchemeSearch::bound_beside_all_channels(const Option& option, double filter_passes) {
  const auto bound = [&](const Option& filters) {
    return bound_of_way(channels_.layer, filters,
                        [&] { return cost_of_more_filter_passes(filters, filter_passes); });
  };
  const Count room = filter_room(channels_.layer);
  if (smallest_glb_tile(option.partial) <= room) return bound(option);
  Option fewer = option;
  if (!leave_room(fewer.partial, room)) return kNothing;
  optimistic_terms(fewer.partial, fewer.terms);
  return bound(fewer);
}

// Few GLB tiles of filters have less room beside them for channels than many: as few as there can
// be are told apart, and then as few as that leaves.
double SchemeSearch::bound_beside(Count most_channels, const Option& option, int apart) {
  constexpr int kMostApart = 2;
  const double bound = bound_of_way(most_channels, option, [&] { return cost_of_sharing(option); });
  if (apart == kMostApart || !matters(bound)) return bound;
  const Count tile = smallest_glb_tile(option.partial);
  const Count room = channel_room(tile);
  if (room >= most_channels) return bound;
  limited_.push_back({room, option});
  Option more = option;
  if (!leave_room(more.partial, tile - 1)) return kNothing;
  optimistic_terms(more.partial, more.terms);
  return bound_beside(most_channels, more, apart + 1);
}

// Channels that the GLB has room for beside so many filters, and the other way round.
Count SchemeSearch::channel_room(Count filters) const {
  return channels_.glb_case == GlbCase::Same ? shared_.glb_room(Dim::C, filters) : kUnlimited;
}
Count SchemeSearch::filter_room(Count channels) const {
  return channels_.glb_case == GlbCase::Same ? shared_.glb_room(Dim::M, channels) : kUnlimited;
}

// Has a GLB tile of filters be no larger than some; false if it cannot.
bool SchemeSearch::leave_room(Partial& filters, Count most) const {
  if (filters.glb_case == GlbCase::Whole) return most >= filters.layer;
  if (filters.glb_case == GlbCase::Between) {
    filters.most_glb = std::min(filters.most_glb, most);
    filters.most_pass = std::min(filters.most_pass, filters.most_glb - 1);
    return possible(filters, nest_[Dim::M]);
  }
  filters.most_pass = std::min(filters.most_pass, most);
  return nest_[Dim::M].pass <= filters.most_pass;
}

double SchemeSearch::cost_of_more_filter_passes(const Option& option, double passes) {
  const double more = form_->growth(factors(one_pass_more(option.partial.glb_case)));
  return std::max(0.0, more * (passes - option.terms.states[2]) * kLess);
}

// With x and y passes at least x0 and y0, and x y at least some product, energy is at least
//
//   bound(x0, y0) + a (x - x0) + b (y - y0),
//
// a and b being what one pass more of either adds (the bound is linear in each, and their joint
// term only adds to it). The least of that lies where a x = b y, or at an end.
double SchemeSearch::cost_of_sharing(const Option& option) {
  const double passes = sharing_.passes;
  const double x0 = terms_[Dim::C].states[2], y0 = option.terms.states[2];
  if (passes <= x0 * y0) return 0;
  const DimTerms<double>& more_c = one_pass_more(channels_.glb_case);
  const double a = form_->growth(stage_of_c_, factors(more_c), factors(option.terms));
  const double b = form_->growth(factors(one_pass_more(option.partial.glb_case)));
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

}  // namespace energysim
