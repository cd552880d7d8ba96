// The tiles of a case that is being searched, and the terms and bounds that follow from them.
#include <algorithm>
#include <cmath>

#include "bisect.h"
#include "capacity.h"
#include "case_search.h"
#include "errors.h"
#include "footprint.h"

namespace energysim {
namespace {

constexpr double kNothing = std::numeric_limits<double>::infinity();
constexpr Count kUnlimited = std::numeric_limits<Count>::max();

using At = Variable::At;

double real(Count value) { return static_cast<double>(value); }

void assign(WindowTerms<double>& to, const WindowTerms<Count>& from, int loops) {
  for (int reach = 0; reach < kReaches; ++reach) {
    to.gross[reach] = real(from.gross[reach]);
    for (int j = 0; j < loops; ++j) to.kept[reach][j] = real(from.kept[reach][j]);
  }
}

}  // namespace

CaseSearch::CaseSearch(const Space& space, const Prices& prices, const WindowTerms<Count>& columns,
                       const GlbCases& cases, Workspace& workspace, Best& best)
    : space_(space), prices_(prices), cases_(cases), best_(best), nest_(space.smallest()) {
  for (const Variable& v : space.dataflow().variables) {
    if (is_open(v)) {
      letter_[letters_].variable = &v;
      letter_[letters_].frame = &workspace[letters_];
      ++letters_;
      ++undecided_[index(v.dim)];
    }
  }
  for (Dim d : kAllDims) {
    if (d != Dim::G) set(d, Choice{});
  }
  for (int j = 0; j < nest_.order.size(); ++j) {
    if (!can_turn(nest_.order[j])) continue;
    for (int reach = 0; reach < kReaches; ++reach) {
      terms_.columns.kept[reach][order_.size()] = real(columns.kept[reach][j]);
    }
    order_.push(nest_.order[j]);
  }
  for (int reach = 0; reach < kReaches; ++reach) {
    terms_.columns.gross[reach] = real(columns.gross[reach]);
  }
}

bool CaseSearch::is_open(const Variable& v) const {
  const DimRule& rule = space_.rule(v.dim);
  if (space_.layer().size(v.dim) == 1) return false;
  switch (v.at) {
    case At::Pe:
      return rule.pe == Tile::Free;
    case At::Pass:
      return rule.pass == Tile::Free;
    case At::Glb:
      return glb_case(v.dim) == GlbCase::Between;
  }
  return false;
}

bool CaseSearch::can_turn(const Loop& loop) const {
  const Tiles& t = nest_[loop.dim];
  const bool moves = open(loop.dim);
  switch (loop.storey) {
    case Storey::Dram:
      return t.glb < t.layer;
    case Storey::Glb:
      return t.pass < t.glb || (moves && glb_case(loop.dim) != GlbCase::Same);
    case Storey::Pe:
      return t.rf < t.pe || (moves && space_.rule(loop.dim).rf == Tile::One &&
                             space_.rule(loop.dim).pe == Tile::Free);
  }
  return true;
}

double CaseSearch::root_bound() {
  for (Dim d : kAllDims) {
    // Between one and all there must be room.
    if (glb_case(d) == GlbCase::Between && space_.layer().size(d) < 3) return kNothing;
  }
  if (!space_.fits(nest_)) return kNothing;
  for (Dim d : kAllDims) {
    if (d != Dim::G) refresh(d);
  }
  refresh_rows();
  return bound();
}

// ---- tiles ----------------------------------------------------------------------------------

// An open GLB tile that is to be larger than the pass tile is as small as it can be.
void CaseSearch::set(Dim d, const Choice& choice) {
  choice_[index(d)] = choice;
  nest_[d] = space_.tiles(d, choice);
  Tiles& t = nest_[d];
  if (glb_case(d) == GlbCase::Whole) t.glb = t.layer;
  if (glb_case(d) == GlbCase::Between) {
    t.glb = choice.glb > 0 ? choice.glb : std::min(t.layer, t.pass + 1);
  }
}

Choice CaseSearch::with(const Variable& v, Count value) const {
  Choice choice = choice_[index(v.dim)];
  (v.at == At::Pe ? choice.pe : v.at == At::Pass ? choice.chunks : choice.glb) = value;
  return choice;
}

// The greatest value of an open letter with which the nest still fits, everything open after it at
// its smallest.
Count CaseSearch::greatest_value(const Variable& v) {
  const Dim d = v.dim;
  if (d == row_dim() && (v.at == At::Pass || !only_strips_matter())) return greatest_by_trial(v);
  const Partial p = partial(d);
  if (v.at == At::Pe) return p.most_pe;
  if (v.at == At::Glb) return p.most_glb;
  return p.most_pass >= p.layer ? ceil_div(p.layer, p.most_pe) : floor_div(p.most_pass, p.most_pe);
}

// The same where storage does not grow in proportion.
Count CaseSearch::greatest_by_trial(const Variable& v) {
  const Dim d = v.dim;
  const Choice saved = choice_[index(d)];
  const Count least = v.at == At::Glb ? nest_[d].pass + 1 : 1;
  const Count value = greatest_that(space_.layer().size(d), [&](Count x) {
    set(d, with(v, std::max(x, least)));
    const Tiles& t = nest_[d];
    const bool inside = glb_case(d) != GlbCase::Between || (t.pass < t.glb && t.glb < t.layer);
    return inside && space_.fits(nest_);
  });
  set(d, saved);
  return value;
}

// ---- terms ----------------------------------------------------------------------------------

// The greatest value that the letter at a place of a dimension may still take.
Count CaseSearch::open_most(Dim d, At at, Count decided, Count fits) const {
  for (const Letter& letter : letters()) {
    if (letter.variable->dim == d && letter.variable->at == at && !letter.decided) {
      return std::max<Count>(1, std::min(letter.most, fits));
    }
  }
  return decided;
}

// What is open of a dimension, and how far its tiles can still grow.
Partial CaseSearch::partial(Dim d) const {
  const Tiles& t = nest_[d];
  const DimRule& rule = space_.rule(d);
  Partial p;
  p.layer = t.layer;
  p.streams = rule.pass == Tile::Same;
  p.single_in_rf = rule.rf == Tile::One;
  p.glb_case = glb_case(d);
  const bool between = p.glb_case == GlbCase::Between;
  const Count glb_limit =
      p.glb_case == GlbCase::Whole ? t.layer : greatest_glb_tile(space_, nest_, d);
  p.most_glb = between ? open_most(d, At::Glb, t.glb, std::min(glb_limit, t.layer - 1)) : t.layer;
  const Count pass_limit = between ? p.most_glb - 1 : std::min(t.layer, glb_limit);
  const Count rf_limit = rule.rf == Tile::Same ? greatest_rf_tile(space_, nest_, d) : t.layer;
  p.most_pe = open_most(d, At::Pe, t.pe, std::min(rf_limit, pass_limit));
  p.least_pe = t.pe;
  p.least_chunks = t.chunks();
  Count most_chunks = t.chunks();
  if (rule.pass == Tile::Free) {
    const Count limit = d == row_dim() ? t.layer : greatest_chunks(space_, nest_, d);
    most_chunks = open_most(d, At::Pass, most_chunks, limit);
  }
  p.most_pass =
      std::max<Count>(1, std::min(pass_limit, saturating_product(p.most_pe, most_chunks)));
  return p;
}

// Exact terms of a dimension that is decided, optimistic ones of one that is not.
void CaseSearch::refresh(Dim d) {
  if (d == Dim::M) passes_open_ = false;
  if (!open(d)) {
    terms_[d] = dim_terms<double>(nest_[d]);
    return;
  }
  Partial p = partial(d);
  // All filters in one pass take many PEs side by side, few PEs take several passes: bounded apart.
  const Count shares = ceil_div(p.layer, p.most_pe);
  if (d == Dim::M && p.most_pass >= p.layer && shares > 1) {
    passes_open_ = true;
    Partial several = p;
    several.most_pass = p.layer - 1;
    several_passes_ = optimistic_terms(several);
    p.least_chunks = std::max(p.least_chunks, shares);
  }
  terms_[d] = optimistic_terms(p);
}

// The terms of all open dimensions but one that is up to date.
void CaseSearch::refresh_open(Dim done) {
  for (Dim d : {Dim::N, Dim::C, Dim::M, Dim::E}) {
    if (d != done && open(d)) refresh(d);
  }
  if (open(row_dim())) refresh_open_glb_rows();
}

// Terms of the ifmap's rows. While tiles of rows are open: those of the largest tiles, which move
// the fewest rows.
void CaseSearch::refresh_rows() {
  const WindowAxis axis = row_axis(space_.layer());
  const Tiles& tap = nest_[axis.tap];
  Tiles out = nest_[axis.out];
  const bool tiles_open = open(axis.out);
  if (tiles_open) {
    const bool between = glb_case(axis.out) == GlbCase::Between;
    const Count limit =
        between ? open_most(axis.out, At::Glb, out.glb, out.layer - 1) - 1 : out.layer;
    out.pass = open_most(axis.out, At::Pass, out.pass, std::max<Count>(1, limit));
    out.glb = glb_case(axis.out) == GlbCase::Same ? out.pass : out.layer;
  }
  WindowTerms<Count> rows;
  array_window_terms(axis, out, tap, order_, rows);
  if (!tiles_open) glb_window_terms(axis, out, tap, order_, rows);
  assign(terms_.rows, rows, order_.size());
  if (tiles_open) {
    keep_last_rows(axis, out, tap);
    refresh_open_glb_rows();
  }
}

// A last, smaller GLB tile might take a single pass and so keep its rows in the array while the
// loops between its DRAM and GLB loops turn.
void CaseSearch::keep_last_rows(const WindowAxis& axis, const Tiles& out, const Tiles& tap) {
  const Count last = std::min(out.pass, out.layer / 2);
  const double rows[kReaches] = {0, real(window_words(axis.axis, last, tap.pass)),
                                 real(last * tap.chunks() * window_words(axis.axis, 1, tap.pe))};
  const bool folded = tap.pass < tap.layer;
  for (Reach reach : {Reach::Array, Reach::Pes}) {
    const int at = index(reach);
    const double gross = terms_.rows.gross[at];
    for (int j = 0; j < order_.size(); ++j) {
      double& kept = terms_.rows.kept[at][j];
      kept = folded ? gross : std::min(gross, kept + rows[at]);
    }
  }
}

// The GLB's rows while their tile is open. Of `tiles` tiles at least, each next one keeps the rows
// it shares with the one before; starting again from the first keeps no more than that.
void CaseSearch::refresh_open_glb_rows() {
  const WindowAxis axis = row_axis(space_.layer());
  const Count size = nest_[axis.out].layer, taps = nest_[axis.tap].layer;
  // Tiles of a dilated window may overlap more the smaller they are: one tile moves the fewest
  // rows.
  const Count tiles = only_strips_matter() ? static_cast<Count>(terms_[axis.out].states[1]) : 1;
  const Count shared = std::max<Count>(0, taps - axis.axis.stride);
  const double gross = real(window_words(axis.axis, size, taps) + (tiles - 1) * shared);
  const int at = index(Reach::Glb);
  terms_.rows.gross[at] = gross;
  bool inside = false;
  for (int j = 0; j < order_.size() && order_[j].storey == Storey::Dram; ++j) {
    const bool own = order_[j].dim == axis.out;
    inside = inside || own;
    terms_.rows.kept[at][j] = own          ? real((tiles - 1) * shared)
                              : inside     ? gross
                              : tiles == 1 ? gross
                                           : real(shared);
  }
}

void CaseSearch::save(const Letter& letter) const {
  Frame& frame = *letter.frame;
  std::copy(std::begin(terms_.dim), std::end(terms_.dim), frame.dims);
  frame.rows = terms_.rows;
  frame.several_passes = several_passes_;
  frame.passes_open = passes_open_;
}

void CaseSearch::restore(const Letter& letter) {
  const Frame& frame = *letter.frame;
  std::copy(std::begin(frame.dims), std::end(frame.dims), terms_.dim);
  terms_.rows = frame.rows;
  several_passes_ = frame.several_passes;
  passes_open_ = frame.passes_open;
}

void CaseSearch::ask_after(Count steps) const {
  constexpr Count kStepsPerQuestion = 1024;
  if (steps % kStepsPerQuestion == 0 && *best_.go_on && !(*best_.go_on)()) {
    throw Interrupted("the search was interrupted");
  }
}

double CaseSearch::bound() {
  ask_after(++best_.proof.bounded);
  const double single = bound_of_terms();
  if (!passes_open_) return single;
  std::swap(terms_[Dim::M], several_passes_);
  const double several = bound_of_terms();
  std::swap(terms_[Dim::M], several_passes_);
  return std::min(single, several);
}

double CaseSearch::bound_of_terms() {
  const double apart = prices_.lower_bound(flows(terms_, order_, Mode::Bound));
  if (!(apart < best_.energy) || !open(Dim::M) || !open(Dim::C)) return apart;
  return apart + cost_of_sharing(apart);
}

// Channels and filters share scratch pads and PE sets: few passes of one mean many passes of the
// other. With x and y passes at least x0 and y0, and x y at least some product, energy is at least
//
//   bound(x0, y0) + a (x - x0) + b (y - y0),
//
// a and b being what one pass more of either adds (the bound is linear in each, and their joint
// term only adds to it). The least of that lies where a x = b y, or at an end.
double CaseSearch::cost_of_sharing(double apart) {
  const double product = least_product_of_passes();
  const double x0 = terms_[Dim::C].states[2], y0 = terms_[Dim::M].states[2];
  if (product <= x0 * y0) return 0;
  const auto one_more = [&](Dim d) {
    const DimTerms<double> before = terms_[d];
    DimTerms<double>& t = terms_[d];
    if (glb_case(d) == GlbCase::Same) t.states[1] += 1;
    t.states[2] += 1;
    t.states[3] += 1;
    const double added = prices_.lower_bound(flows(terms_, order_, Mode::Bound)) - apart;
    terms_[d] = before;
    return added;
  };
  const double a = one_more(Dim::C), b = one_more(Dim::M);
  if (!(a > 0) || !(b > 0)) return 0;
  const double x = std::clamp(std::sqrt(product * b / a), x0, product / y0);
  const double added = a * (x - x0) + b * (product / x - y0);
  constexpr double kRounding = 1e-9;  // keeps a bound from exceeding what it bounds
  return std::max(0.0, added * (1 - kRounding));
}

// Passes of channels times passes of filters, at least: the coordinates of both over those that all
// scratch pads can hold filters of at once.
double CaseSearch::least_product_of_passes() const {
  const DimRule &c = space_.rule(Dim::C), &m = space_.rule(Dim::M);
  if (c.rf != Tile::Same || m.rf != Tile::Same || c.pass != Tile::Free || m.pass != Tile::Free) {
    return 0;
  }
  const Scratchpads& rf = space_.arch().rf;
  const Count words = rf.pooled ? rf.pool : rf.words[index(Operand::Filter)];
  const Count per_pe = words / (nest_[Dim::R].rf * nest_[Dim::S].rf);
  const Grid& grid = space_.dataflow().grid;
  const Count sets = rectangles(space_.arch().rows, space_.arch().columns,
                                nest_[grid.vertical].chunks(), nest_[grid.horizontal].chunks());
  return real(nest_[Dim::C].layer) * real(nest_[Dim::M].layer) / (real(per_pe) * real(sets));
}

// A bound of all values of a letter from `least` to `most`: its own terms are those of the
// greatest, room for the others is what the smallest leaves.
double CaseSearch::bound_range(Letter& letter, Count least, Count most) {
  if (least == most) {
    enter(letter, least);
    return bound();
  }
  const Dim d = letter.variable->dim;
  letter.decided = false;
  ++undecided_[index(d)];
  letter.most = most;
  enter(letter, least);
  const double b = bound();
  letter.most = kUnlimited;
  --undecided_[index(d)];
  letter.decided = true;
  return b;
}

}  // namespace energysim
