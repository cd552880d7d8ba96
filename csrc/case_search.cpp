// The tree of a case: which values of which letter are tried, and which are cut.
#include "case_search.h"

#include <algorithm>
#include <cmath>

#include "footprint.h"

namespace energysim {
namespace {

using At = Variable::At;

double real(Count value) { return static_cast<double>(value); }

}  // namespace

void CaseSearch::run() {
  const double whole = root_bound();
  if (whole < best_.energy) {
    decide(0, whole);
  } else {
    cut(whole);
  }
}

void CaseSearch::decide(std::size_t k, double bound) {
  if (k == letters_) {
    evaluate();
    return;
  }
  Letter& letter = letter_[k];
  const Dim d = letter.variable->dim;
  const Choice before = choice_[index(d)];
  save(letter);
  const Count most = greatest_value(*letter.variable);
  letter.decided = true;
  --undecided_[index(d)];
  if (letter.variable->at == At::Glb && k + 1 == letters_) {
    decide_glb(k, most, bound);
  } else {
    decide_size(k, most, bound);
  }
  ++undecided_[index(d)];
  letter.decided = false;
  set(d, before);
  restore(letter);
}

// Halves the range of values, the half of the least bound first, down to single values.
void CaseSearch::decide_size(std::size_t k, Count most, double bound) {
  Letter& letter = letter_[k];
  const Variable& v = *letter.variable;
  const Choice before = choice_[index(v.dim)];
  const Tiles& tiles = nest_[v.dim];
  const Count all = v.at == At::Glb    ? tiles.layer - 1
                    : v.at == At::Pass ? ceil_div(tiles.layer, tiles.pe)
                                       : tiles.layer;
  if (most < all) ++best_.proof.cut_by_capacity;
  const Count least = v.at == At::Glb ? tiles.pass + 1 : 1;
  std::vector<Range>& pending = letter.frame->pending;  // the least bound last
  pending.clear();
  const auto consider = [&](Count from, Count to, bool known) {
    const Count smallest = smallest_alike(v, to);
    best_.proof.cut_as_equal += to - std::max(from - 1, smallest);
    if (smallest < from) return;
    const double b = known && from < smallest ? bound : bound_range(letter, from, smallest);
    set(v.dim, before);
    restore(letter);
    if (!(b < best_.energy)) {
      cut(b);
      return;
    }
    const auto worse = [](const Range& range, double than) { return range.bound > than; };
    pending.insert(std::lower_bound(pending.begin(), pending.end(), b, worse), {b, from, smallest});
  };
  consider(least, most, true);
  while (!pending.empty()) {
    const Range range = pending.back();
    pending.pop_back();
    if (!(range.bound < best_.energy)) {
      cut(range.bound);
    } else if (range.least == range.most) {
      enter(letter, range.least);
      decide(k + 1, range.bound);
      set(v.dim, before);
      restore(letter);
    } else {
      const Count middle =
          std::clamp(static_cast<Count>(std::sqrt(real(range.least) * real(range.most))),
                     range.least, range.most - 1);
      consider(middle + 1, range.most, false);
      consider(range.least, middle, false);
    }
  }
}

void CaseSearch::decide_glb(std::size_t k, Count most, double bound) {
  Letter& letter = letter_[k];
  const Variable& v = *letter.variable;
  const Dim d = v.dim;
  const Choice before = choice_[index(d)];
  const Count size = nest_[d].layer, pass = nest_[d].pass;
  if (most < size) ++best_.proof.cut_by_capacity;
  // Tiles that make the same number of GLB tiles, from the largest down.
  while (most > pass) {
    if (!(bound < best_.energy)) {
      cut(bound);
      return;
    }
    const Count least = std::max(pass + 1, ceil_div(size, ceil_div(size, most)));
    for (Count glb = least; glb <= most; ++glb) {
      if (glb_tile_is_dominated(d, glb, least)) {
        ask_after(++best_.proof.cut_as_equal);
        continue;
      }
      restore(letter);
      enter(letter, glb);
      const bool leaf = k + 1 == letters_;
      const double b = leaf ? bound : this->bound();
      if (b < best_.energy) {
        decide(k + 1, b);
      } else {
        cut(b);
      }
      set(d, before);
    }
    most = least - 1;
    if (most <= pass) break;
    restore(letter);
    bound = bound_range(letter, pass + 1, most);
    set(d, before);
  }
}

// Gives a letter a value and brings the terms up to date.
void CaseSearch::enter(const Letter& letter, Count value) {
  const Dim d = letter.variable->dim;
  set(d, with(*letter.variable, value));
  refresh(d);
  refresh_open(d);
  if (d == row_dim()) refresh_rows();
}

// The smallest value of a letter that gives the same counts, or better ones, and needs no more
// storage: where only the number of tiles matters, the smallest that makes as few.
Count CaseSearch::smallest_alike(const Variable& v, Count value) const {
  if (v.at == At::Glb) return value;
  if (glb_case(v.dim) == GlbCase::Between) return smallest_alike_between(v, value);
  const DimRule& rule = space_.rule(v.dim);
  const Count size = space_.layer().size(v.dim);
  if (v.at == At::Pe) {
    const bool counts_only = rule.pass == Tile::Free && rule.rf == Tile::Same;
    return counts_only ? ceil_div(size, ceil_div(size, value)) : value;
  }
  // Fewer PEs side by side deliver fewer words; that is better only where deliveries cost.
  if (!prices_.monotone()) return value;
  if (v.dim == row_dim() && !only_strips_matter()) return value;
  if (v.dim == Dim::M && folded()) return value;
  const Count shares = ceil_div(size, nest_[v.dim].pe);
  return ceil_div(shares, ceil_div(shares, value));
}

// The same where a GLB tile of given size holds several passes: full tiles and the last one must
// both take as many passes.
Count CaseSearch::smallest_alike_between(const Variable& v, Count value) const {
  const Count glb = choice_[index(v.dim)].glb;
  const bool only_passes = v.dim == row_dim() && only_strips_matter();
  if (v.at != At::Pass || glb == 0 || !only_passes || !prices_.monotone()) return value;
  const Tiles& t = nest_[v.dim];
  const Count last = t.layer - (ceil_div(t.layer, glb) - 1) * glb;
  const auto smallest = [&](Count tile) { return ceil_div(tile, ceil_div(tile, value)); };
  return std::max(smallest(glb), smallest(last));
}

// Does the number of strips alone decide how many rows move? Not with a dilated window, nor where
// the filter's rows take turns on the array and may find the rows of the turn before.
bool CaseSearch::only_strips_matter() const {
  const Tiles& tap = nest_[row_axis(space_.layer()).tap];
  return space_.layer().shape().dilation_v == 1 && tap.pass == tap.layer;
}

// Do parts of the filter or of an ofmap row take turns on the array? Then an ifmap window may slide
// onto what it held, and a visit more of some tile may cost less than nothing.
bool CaseSearch::folded() const {
  for (Dim d : {Dim::R, Dim::S, Dim::F}) {
    if (nest_[d].pass < nest_[d].layer) return true;
  }
  return false;
}

// Among GLB tiles that make the same number of tiles, the smallest multiple of the pass makes the
// fewest passes. Larger ones are no better, unless their last tile takes a single pass and so stays
// in the array.
bool CaseSearch::glb_tile_is_dominated(Dim d, Count glb, Count least) const {
  if (d == row_dim() && !only_strips_matter()) return false;
  if (!prices_.monotone() || folded()) return false;
  const Count pass = nest_[d].pass, size = nest_[d].layer;
  const Count whole_passes = ceil_div(least, pass) * pass;
  const Count last = size - (ceil_div(size, glb) - 1) * glb;
  return glb > whole_passes && last > pass;
}

void CaseSearch::evaluate() {
  ask_after(++best_.proof.evaluated);
  const double energy = prices_.energy(flows(terms_, order_));
  if (energy < best_.energy) {
    best_.energy = energy;
    best_.scheme = &space_.scheme();
    best_.nest = nest_;
  }
}

void CaseSearch::cut(double bound) {
  ++best_.proof.cut_by_bound;
  best_.least_cut = std::min(best_.least_cut, bound);
}

}  // namespace energysim
