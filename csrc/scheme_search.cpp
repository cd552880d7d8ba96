// The tree of a scheme: which values of which letter are tried, and which are cut.
#include "scheme_search.h"

#include <algorithm>
#include <cmath>

#include "footprint.h"

namespace energysim {
namespace {

using At = Variable::At;

double real(Count value) { return static_cast<double>(value); }

}  // namespace

double SchemeSearch::bound_of_part(std::size_t part) {
  if (blocks_.empty()) return bound(0);
  return bound_of_case(0, parts_[part]);
}

void SchemeSearch::run(std::size_t part, double bound) {
  if (blocks_.empty()) {
    evaluate();
  } else {
    enter_case(0, parts_[part], bound);
  }
}

double SchemeSearch::bound_of_case(std::size_t block, GlbCase which) {
  const Block& b = blocks_[block];
  const GlbCase before = case_[index(b.dim)];
  case_[index(b.dim)] = b.any_glb ? which : before;
  case_open_[index(b.dim)] = false;
  set(b.dim, Choice{});
  const bool room = possible(partial(b.dim, case_[index(b.dim)]), nest_[b.dim]);
  const double least = room && space_.fits(nest_) ? bound(block) : kNothing;
  case_[index(b.dim)] = before;
  case_open_[index(b.dim)] = b.any_glb;
  set(b.dim, Choice{});
  return least;
}

void SchemeSearch::enter_case(std::size_t block, GlbCase which, double bound) {
  const Block& b = blocks_[block];
  const GlbCase before = case_[index(b.dim)];
  case_[index(b.dim)] = b.any_glb ? which : before;
  case_open_[index(b.dim)] = false;
  set(b.dim, Choice{});
  const bool turned = which == GlbCase::Between && better_turned(block, bound);
  if (turned) rotate_letters(b, b.begin + 1);
  decide(block, b.begin, bound);
  if (turned) rotate_letters(b, b.end - 1);
  case_[index(b.dim)] = before;
  case_open_[index(b.dim)] = b.any_glb;
  set(b.dim, Choice{});
}

// Of a GLB tile and a pass tile inside it, is the latter better decided first? Where the GLB has
// room for much, its tile says little about energy. What says more raises the bound of both halves
// of its range.
bool SchemeSearch::better_turned(std::size_t block, double bound) {
  const Block& b = blocks_[block];
  if (b.end - b.begin < 2 || letters_[b.begin].variable->at != At::Glb) return false;
  constexpr double kClearly = 0.1;  // of all that there is to gain
  const double more = bound_halved(block, letters_[b.begin]) + kClearly * (best_.energy - bound);
  return bound_halved(block, letters_[b.begin + 1], more) > more;
}

// The lesser bound of the two halves of a letter's range; not known exactly if it is no more than
// `enough`.
double SchemeSearch::bound_halved(std::size_t block, Letter& letter, double enough) {
  const Variable& v = *letter.variable;
  const bool glb = v.at == At::Glb;
  const Range range{0, glb ? nest_[v.dim].pass + 1 : 1, greatest_value(v)};
  if (range.most <= range.least) return kNothing;
  const Count middle = glb ? split_tiles(nest_[v.dim].layer, range) : halved(range);
  const double lower = bound_range(block, letter, range.least, middle);
  if (lower <= enough) return lower;
  return std::min(lower, bound_range(block, letter, middle + 1, range.most));
}

// Of a block's letters, number k is the first then.
void SchemeSearch::rotate_letters(const Block& b, std::size_t k) {
  const auto at = [&](std::size_t i) { return letters_.begin() + static_cast<std::ptrdiff_t>(i); };
  std::rotate(at(b.begin), at(k), at(b.end));
  for (std::size_t i = b.begin; i < b.end; ++i) {
    letter_[index(b.dim)][static_cast<std::size_t>(letters_[i].variable->at)] = i;
  }
}

// All that is open from a block on, the most promising relation of its GLB tile first.
void SchemeSearch::decide_block(std::size_t block, double bound) {
  if (block == blocks_.size()) {
    evaluate();
    return;
  }
  look_around(block);
  if (!blocks_[block].any_glb) {
    decide(block, blocks_[block].begin, bound);
    return;
  }
  constexpr GlbCase kCases[] = {GlbCase::Same, GlbCase::Whole, GlbCase::Between};
  double bounds[3];
  int order[3] = {0, 1, 2};
  for (int i : order) bounds[i] = bound_of_case(block, kCases[i]);
  std::stable_sort(std::begin(order), std::end(order),
                   [&](int a, int b) { return bounds[a] < bounds[b]; });
  for (int i : order) {
    if (bounds[i] < best_.energy) {
      enter_case(block, kCases[i], bounds[i]);
    } else if (bounds[i] < kNothing) {
      best_.cut(bounds[i]);
    } else {
      ++best_.proof.cut_by_capacity;
    }
  }
}

void SchemeSearch::decide(std::size_t block, std::size_t k, double bound) {
  const Block& b = blocks_[block];
  if (k < b.end && letters_[k].variable->at == At::Glb && case_[index(b.dim)] != GlbCase::Between) {
    ++k;
  }
  if (k == b.end) {
    refresh(b.dim);
    if (b.dim != Dim::M) form_->decide(b.stage);
    if (time_) decide_time(block);
    decide_block(block + 1, bound);
    return;
  }
  Letter& letter = letters_[k];
  const Saved before = saved(b.dim);
  const Count most = greatest_value(*letter.variable);
  const bool last = k + 1 == b.end && block + 1 == blocks_.size();
  if (letter.variable->at == At::Glb && last && !time_) {
    decide_last_glb(block, k, most, bound);
  } else {
    decide_size(block, k, most, bound);
  }
  letter.decided = false;
  restore(before);
}

// Halves the range of values, the half of the least bound first, down to single values.
void SchemeSearch::decide_size(std::size_t block, std::size_t k, Count most, double bound) {
  Letter& letter = letters_[k];
  const Variable& v = *letter.variable;
  const Saved before = saved(v.dim);
  const Tiles tiles = nest_[v.dim];
  const Count all = v.at == At::Glb    ? tiles.layer - 1
                    : v.at == At::Pass ? ceil_div(tiles.layer, tiles.pe)
                                       : tiles.layer;
  if (most < all) ++best_.proof.cut_by_capacity;
  const Count least = v.at == At::Glb ? tiles.pass + 1 : 1;
  const std::size_t none = pending_.size();  // the least bound last
  const auto consider = [&](Count from, Count to, bool known) {
    const Count smallest = smallest_alike(v, to);
    best_.proof.cut_as_equal += to - std::max(from - 1, smallest);
    if (smallest < from) return;
    const double b = known && from < smallest ? bound : bound_range(block, letter, from, smallest);
    if (!(b < best_.energy)) {
      best_.cut(b);
      return;
    }
    const auto worse = [](const Range& range, double than) { return range.bound > than; };
    const auto first = pending_.begin() + static_cast<std::ptrdiff_t>(none);
    pending_.insert(std::lower_bound(first, pending_.end(), b, worse), {b, from, smallest});
  };
  consider(least, most, true);
  for (bool fresh = true; pending_.size() > none;) {
    const Range range = pending_.back();
    pending_.pop_back();
    if (!(range.bound < best_.energy)) {
      best_.cut(range.bound);
    } else if (range.least == range.most) {
      letter.decided = true;
      set(v.dim, with(v, range.least));
      decide(block, k + 1, range.bound);
      letter.decided = false;
      restore(before);
    } else {
      const Count middle =
          v.at == At::Glb ? split_tiles(tiles.layer, range) : split(block, v, range, fresh);
      fresh = false;
      consider(middle + 1, range.most, false);
      consider(range.least, middle, false);
    }
  }
}

Count SchemeSearch::halved(const Range& range) {
  const auto middle = static_cast<Count>(std::sqrt(real(range.least) * real(range.most)));
  return std::clamp(middle, range.least, range.most - 1);
}

// Where to divide a range of which nothing was tried yet (`fresh`), or what is left of it: in
// halves; except along windows, the greatest value is tried apart at first, and of few values
// always, since great tiles are often the best (of PEs side by side, if they take all at once); of
// the last dimension, mostly.
Count SchemeSearch::split(std::size_t block, const Variable& v, const Range& range,
                          bool fresh) const {
  constexpr Count kFew = 4;
  const Tiles& t = nest_[v.dim];
  const bool great = v.at != At::Pass || range.most >= ceil_div(t.layer, t.pe);
  const bool apart = (fresh && great) || range.most - range.least < kFew;
  const bool last = block + 1 == blocks_.size();
  return ((apart && window_of(v.dim) < 0) || last) && !time_ ? range.most - 1 : halved(range);
}

// Where to divide a range of GLB tiles: between those that make more tiles and those that make
// fewer. Of all that make as many, the smallest leaves the most room: it is tried apart.
Count SchemeSearch::split_tiles(Count size, const Range& range) {
  const Count tiles = ceil_div(size, halved(range));
  const Count smallest = ceil_div(size, tiles);
  if (smallest > range.least) return smallest - 1;
  const Count greatest = tiles > 1 ? ceil_div(size, tiles - 1) - 1 : size;
  return greatest < range.most ? greatest : range.least;
}

// The last letter of all: tiles that make the same number of GLB tiles, from the largest down.
void SchemeSearch::decide_last_glb(std::size_t block, std::size_t k, Count most, double bound) {
  Letter& letter = letters_[k];
  const Variable& v = *letter.variable;
  const Dim d = v.dim;
  const Saved before = saved(d);
  const Count size = nest_[d].layer, pass = nest_[d].pass;
  if (most < size) ++best_.proof.cut_by_capacity;
  while (most > pass) {
    if (!(bound < best_.energy)) {
      best_.cut(bound);
      return;
    }
    const Count least = std::max(pass + 1, ceil_div(size, ceil_div(size, most)));
    for (Count glb = least; glb <= most; ++glb) {
      const Count next = next_glb_tile(d, glb, least);
      best_.proof.cut_as_equal += std::min(next, most + 1) - glb;
      if (next > most) break;
      glb = next;
      letter.decided = true;
      set(d, with(v, glb));
      decide(block, k + 1, bound);
      letter.decided = false;
      restore(before);
    }
    most = least - 1;
    if (most <= pass) break;
    bound = bound_range(block, letter, pass + 1, most);
  }
}

// The smallest value of a letter that gives the same counts, or better ones, and needs no more
// storage: where only the number of tiles matters, the smallest that makes as few.
Count SchemeSearch::smallest_alike(const Variable& v, Count value) const {
  if (v.at == At::Glb || time_) return value;
  if (case_[index(v.dim)] == GlbCase::Between) return smallest_alike_between(v, value);
  const DimRule& rule = space_.rule(v.dim);
  const Count size = space_.layer().size(v.dim);
  if (const int w = window_of(v.dim); w >= 0) {
    if (!only_strips_matter(w) || window_slides_in_pes(w)) return value;
  }
  if (v.at == At::Pe) {
    const bool counts_only = rule.pass == Tile::Free && rule.rf == Tile::Same;
    return counts_only ? ceil_div(size, ceil_div(size, value)) : value;
  }
  // Fewer PEs side by side deliver fewer words; that is better only where deliveries cost.
  if (!prices_.monotone()) return value;
  if (v.dim == Dim::M && folded_) return value;
  const Count shares = ceil_div(size, nest_[v.dim].pe);
  return ceil_div(shares, ceil_div(shares, value));
}

// The same where a GLB tile of given size holds several passes: full tiles and the last one must
// both take as many passes.
Count SchemeSearch::smallest_alike_between(const Variable& v, Count value) const {
  const Count glb = choice_[index(v.dim)].glb;
  const int w = window_of(v.dim);
  const bool only_passes = w >= 0 && only_strips_matter(w) && !window_slides_in_pes(w);
  if (v.at != At::Pass || glb == 0 || !only_passes || !prices_.monotone()) return value;
  const Tiles& t = nest_[v.dim];
  const Count last = t.layer - (ceil_div(t.layer, glb) - 1) * glb;
  const auto smallest = [&](Count tile) { return ceil_div(tile, ceil_div(tile, value)); };
  return std::max(smallest(glb), smallest(last));
}

// Does the number of tiles alone decide how many positions of a window move? Not with a dilated
// window, nor where the filter's rows take turns on the array and may find the rows of the turn
// before.
bool SchemeSearch::only_strips_matter(int w) const {
  const Tiles& tap = nest_[axes_[w].tap];
  return axes_[w].axis.dilation == 1 && tap.pass == tap.layer;
}

// May a PE's window overlap the one before? Then fewer words move the smaller its steps are.
bool SchemeSearch::window_slides_in_pes(int w) const {
  return nest_.ways.ifmap.rf && nest_[axes_[w].tap].pe > 1;
}

// Among GLB tiles that make the same number of tiles, the smallest multiple of the pass makes the
// fewest passes. Larger ones are no better, unless their last tile takes a single pass and so stays
// in the array. The first tile from `glb` on that may be better.
Count SchemeSearch::next_glb_tile(Dim d, Count glb, Count least) const {
  if (const int w = window_of(d); w >= 0) {
    if (!only_strips_matter(w) || window_slides_in_pes(w)) return glb;
  }
  if (!prices_.monotone() || folded_) return glb;
  const Count pass = nest_[d].pass, size = nest_[d].layer;
  if (glb <= ceil_div(least, pass) * pass) return glb;
  return std::max(glb, ceil_div(size - pass, ceil_div(size, glb) - 1));
}

// A mapping. Where it is better than the best, or its terms are bounds, it is counted.
void SchemeSearch::evaluate() {
  best_.ask_after(++best_.proof.evaluated);
  form_->weigh(form_->stages());
  const double bound = form_->bound(factors(options_[0].terms));
  if (time_) return evaluate_timed(bound);
  if (!(bound < best_.energy)) return;
  const double energy = prices_.energy(flows(terms_, nest_.order, nest_.ways));
  if (energy < best_.energy) {
    best_.energy = energy;
    best_.scheme = &space_.scheme();
    best_.nest = nest_;
  }
}

}  // namespace energysim
