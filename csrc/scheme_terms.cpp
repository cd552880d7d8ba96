// The tiles of a scheme that is being searched, and the terms that follow from them.
#include <algorithm>

#include "bisect.h"
#include "footprint.h"
#include "scheme_search.h"

namespace energysim {
namespace {

using At = Variable::At;

double real(Count value) { return static_cast<double>(value); }

bool competes(Dim d) { return d == Dim::C || d == Dim::M; }

std::size_t at(Dim d) { return static_cast<std::size_t>(index(d)); }

// The better of two values of each term: of what may become one or the other.
void take_best(DimTerms<double>& best, const DimTerms<double>& other) {
  for (int k = 0; k < 4; ++k) {
    best.states[k] = std::min(best.states[k], other.states[k]);
    best.pes[k] = std::min(best.pes[k], other.pes[k]);
    best.keep[k] = std::max(best.keep[k], other.keep[k]);
  }
  best.keep_glb = std::max(best.keep_glb, other.keep_glb);
}

void store(WindowTerms<double>& to, const WindowTerms<Count>& from, int loops) {
  for (int reach = 0; reach < kReaches; ++reach) {
    to.gross[reach] = real(from.gross[reach]);
    for (int j = 0; j < loops; ++j) to.kept[reach][j] = real(from.kept[reach][j]);
  }
}

}  // namespace

std::vector<const Variable*> by_dimension(const std::vector<Variable>& variables) {
  std::vector<const Variable*> ordered;
  ordered.reserve(variables.size());
  for (const Variable& first : variables) {
    if (std::any_of(ordered.begin(), ordered.end(),
                    [&](const Variable* v) { return v->dim == first.dim; })) {
      continue;
    }
    const auto add = [&](auto which) {
      for (const Variable& v : variables) {
        if (v.dim == first.dim && which(v.at)) ordered.push_back(&v);
      }
    };
    if (first.at == At::Glb) add([](At place) { return place == At::Glb; });
    add([](At place) { return place == At::Pe; });
    add([](At place) { return place == At::Pass; });
    if (first.at != At::Glb) add([](At place) { return place == At::Glb; });
  }
  return ordered;
}

// ---- setting up -----------------------------------------------------------------------------

SchemeSearch::SchemeSearch(const Layer& layer, const Architecture& arch, const Dataflow& dataflow,
                           const Scheme& scheme, const Prices& prices,
                           std::span<const Variable* const> variables, Best& best)
    : space_(layer, arch, dataflow, scheme),
      goal_(best.goal),
      prices_(prices),
      best_(best),
      axes_{row_axis(layer), column_axis(layer)},
      nest_(space_.smallest()) {
  for (Dim d : {Dim::R, Dim::S, Dim::F}) folded_ = folded_ || nest_[d].pass < nest_[d].layer;
  list_letters(variables);
  shared_from_ = blocks_.size();
  while (shared_from_ > 0 && competes(blocks_[shared_from_ - 1].dim)) --shared_from_;
  if (!blocks_.empty()) look_around(0);
  fix_axes();
  form_.emplace(scheme.order, scheme.ways, prices_, stages(), factors_);
  if (goal_.timed()) {
    std::vector<Dim> dims;
    for (const Block& block : blocks_) dims.push_back(block.dim);
    time_.emplace(space_, goal_, nest_, std::move(dims), stages(), factors_);
  }
  if (!space_.fits(nest_)) return;
  parts_.push_back(GlbCase::Same);
  if (!blocks_.empty() && blocks_[0].any_glb) {
    parts_.push_back(GlbCase::Whole);
    parts_.push_back(GlbCase::Between);
  }
}

void SchemeSearch::list_letters(std::span<const Variable* const> variables) {
  for (auto& of_dim : letter_) std::fill(std::begin(of_dim), std::end(of_dim), kNoLetter);
  for (Dim d : kAllDims) {
    const Tile rule = space_.rule(d).glb;
    case_[index(d)] = rule == Tile::Whole ? GlbCase::Whole : GlbCase::Same;
    case_open_[index(d)] = rule == Tile::Free && space_.layer().size(d) > 1;
    if (d != Dim::G) set(d, Choice{});
  }
  for (const Variable* each : variables) {
    const Variable& v = *each;
    const DimRule& rule = space_.rule(v.dim);
    const Tile free = v.at == At::Pe ? rule.pe : v.at == At::Pass ? rule.pass : rule.glb;
    if (free != Tile::Free || space_.layer().size(v.dim) == 1) continue;
    if (blocks_.empty() || blocks_.back().dim != v.dim) {
      const auto stage = static_cast<std::size_t>(std::count_if(
          blocks_.begin(), blocks_.end(), [](const Block& b) { return b.dim != Dim::M; }));
      if (v.dim == Dim::C) stage_of_c_ = stage;
      blocks_.push_back({v.dim, letters_.size(), letters_.size(), stage, case_open_[index(v.dim)]});
    }
    letter_[index(v.dim)][static_cast<std::size_t>(v.at)] = letters_.size();
    letters_.push_back({&v, false, kUnlimited});
    ++blocks_.back().end;
  }
}

// Terms of what is not decided here; all others are refreshed before they are used.
void SchemeSearch::fix_axes() {
  const auto fixed = [&](Dim d) {
    return std::none_of(blocks_.begin(), blocks_.end(), [&](const Block& b) { return b.dim == d; });
  };
  for (Dim d : kAllDims) {
    if (fixed(d)) terms_[d] = dim_terms<double>(nest_[d]);
    factors_[at(d)] = factors(terms_[d]);
  }
  for (int w : {0, 1}) {
    if (fixed(axes_[w].out)) {
      store(window_terms_of(w), window_terms(axes_[w], nest_), nest_.order.size());
    }
    factors_[static_cast<std::size_t>(kRows + w)] = factors(window_terms_of(w));
  }
  options_.push_back({Partial{.glb_case = case_[index(Dim::M)]}, terms_[Dim::M]});
}

ShortList<Stage, kDims> SchemeSearch::stages() const {
  ShortList<Stage, kDims> stages;
  for (const Block& block : blocks_) {
    if (block.dim == Dim::M) continue;
    const int w = window_of(block.dim);
    stages.push_back({block.dim, w < 0 ? 0 : kRows + w});
  }
  return stages;
}

// ---- tiles ----------------------------------------------------------------------------------

// The window whose ofmap coordinates a dimension is; -1 if none.
int SchemeSearch::window_of(Dim d) const {
  for (int w : {0, 1}) {
    if (axes_[w].out == d) return w;
  }
  return -1;
}

bool SchemeSearch::open(Dim d) const {
  if (case_open_[index(d)]) return true;
  const auto open_at = [&](At place) {
    const Letter* letter = letter_at(d, place);
    return letter != nullptr && !letter->decided;
  };
  return open_at(At::Pe) || open_at(At::Pass) ||
         (case_[index(d)] == GlbCase::Between && open_at(At::Glb));
}

// An open GLB tile that is to be larger than the pass tile is as small as it can be.
void SchemeSearch::set(Dim d, const Choice& choice) {
  choice_[index(d)] = choice;
  Tiles& t = nest_[d] = space_.tiles(d, choice);
  if (case_open_[index(d)]) return;
  if (case_[index(d)] == GlbCase::Whole) t.glb = t.layer;
  if (case_[index(d)] == GlbCase::Between) {
    t.glb = choice.glb > 0 ? choice.glb : std::min(t.layer, t.pass + 1);
  }
}

Choice SchemeSearch::with(const Variable& v, Count value) const {
  Choice choice = choice_[index(v.dim)];
  (v.at == At::Pe ? choice.pe : v.at == At::Pass ? choice.chunks : choice.glb) = value;
  return choice;
}

// The greatest value of an open letter with which the nest still fits, everything open after it at
// its smallest.
Count SchemeSearch::greatest_value(const Variable& v) {
  const Dim d = v.dim;
  const int w = window_of(d);
  const bool side = v.at == At::Pass && space_.dataflow().array.spans(d);
  if (side || (w >= 0 && (v.at == At::Pass || !only_strips_matter(w)))) {
    return greatest_by_trial(v);
  }
  const Partial p = partial(d, case_[index(d)]);
  if (v.at == At::Pe) return p.most_pe;
  if (v.at == At::Glb) return p.most_glb;
  return p.most_pass >= p.layer ? ceil_div(p.layer, p.most_pe) : floor_div(p.most_pass, p.most_pe);
}

// The same where storage does not grow in proportion.
Count SchemeSearch::greatest_by_trial(const Variable& v) {
  const Dim d = v.dim;
  const Saved before = saved(d);
  const Count least = v.at == At::Glb ? nest_[d].pass + 1 : 1;
  const Count value = greatest_that(space_.layer().size(d), [&](Count x) {
    set(d, with(v, std::max(x, least)));
    const Tiles& t = nest_[d];
    const bool inside = case_[index(d)] != GlbCase::Between || (t.pass < t.glb && t.glb < t.layer);
    return inside && space_.fits(nest_);
  });
  restore(before);
  return value;
}

void SchemeSearch::find_sets() {
  sets_ = pe_sets(space_.dataflow().array, space_.arch().rows, space_.arch().columns, nest_);
}

// ---- terms ----------------------------------------------------------------------------------

// The greatest value that the letter at a place of a dimension may still take.
Count SchemeSearch::open_most(Dim d, At place, Count decided, Count fits) const {
  const Letter* letter = letter_at(d, place);
  if (letter == nullptr || letter->decided) return decided;
  return std::max<Count>(1, std::min(letter->most, fits));
}

// What is open of a dimension, and how far its tiles can still grow.
Partial SchemeSearch::partial(Dim d, GlbCase glb_case) const {
  const Tiles& t = nest_[d];
  const Room& room = room_[index(d)];
  const DimRule& rule = space_.rule(d);
  const bool between = glb_case == GlbCase::Between;
  // A whole GLB tile of which the array takes all is counted as the same.
  const bool whole = glb_case == GlbCase::Whole;
  const bool cut = whole && rule.glb == Tile::Free;
  Partial p;
  p.layer = t.layer;
  p.streams = rule.pass == Tile::Same;
  p.single_in_rf = rule.rf == Tile::One;
  p.glb_case = glb_case;
  p.most_glb = between ? open_most(d, At::Glb, t.glb, std::min(room.glb, t.layer - 1)) : t.layer;
  const Count pass_limit = between ? p.most_glb - 1
                           : cut   ? t.layer - 1
                           : whole ? t.layer
                                   : std::min(t.layer, room.glb);
  p.most_pe = open_most(d, At::Pe, t.pe, std::min(room.rf, pass_limit));
  p.least_pe = t.pe;
  p.least_chunks = t.chunks();
  Count most_chunks = p.least_chunks;
  if (rule.pass == Tile::Free) most_chunks = open_most(d, At::Pass, most_chunks, room.chunks);
  p.most_pass =
      std::max<Count>(1, std::min(pass_limit, saturating_product(p.most_pe, most_chunks)));
  // A pass takes whole tiles of its PEs, or all.
  if (rule.pass == Tile::Free && p.most_pe == p.least_pe && p.most_pass < p.layer) {
    p.most_pass -= p.most_pass % p.most_pe;
  }
  if (cut && room.glb < t.layer) p.most_glb = 0;
  return p;
}

// Is there a completion at all?
bool SchemeSearch::possible(const Partial& p, const Tiles& smallest) const {
  if (p.glb_case == GlbCase::Same) return true;
  if (p.glb_case == GlbCase::Whole) return p.most_glb > 0 && smallest.pass <= p.most_pass;
  return p.layer >= 3 && smallest.pass < p.most_glb;
}

// Exact terms of a dimension that is decided, optimistic ones of one that is not.
void SchemeSearch::refresh(Dim d) {
  if (d == Dim::M) options_.clear();
  if (open(d)) {
    refresh_open(d);
    return;
  }
  terms_[d] = dim_terms<double>(nest_[d]);
  if (d == Dim::M) options_.push_back({Partial{.glb_case = case_[index(d)]}, terms_[d]});
  if (const int w = window_of(d); w >= 0) refresh_window(w);
}

void SchemeSearch::refresh_open(Dim d) {
  const int w = window_of(d);
  if (w >= 0) forget_window(w);
  bool first = true;
  const auto add = [&](const Partial& p) {
    if (d == Dim::M) {
      Option& option = options_.extend();
      option.partial = p;
      optimistic_terms(p, option.terms);
    } else if (first) {
      optimistic_terms(p, terms_[d]);
      first = false;
    } else {
      DimTerms<double> terms;
      optimistic_terms(p, terms);
      take_best(terms_[d], terms);
    }
  };
  for (GlbCase which : {GlbCase::Same, GlbCase::Whole, GlbCase::Between}) {
    if (!case_open_[index(d)] && which != case_[index(d)]) continue;
    Partial p = partial(d, which);
    if (!possible(p, nest_[d])) continue;
    if (w >= 0) add_open_window(w, p);
    if (d == Dim::M && p.most_pass >= p.layer) {
      // All in one pass take many PEs side by side, few PEs take several passes.
      Partial several = p;
      several.most_pass = p.layer - 1;
      if (nest_[d].pass < p.layer) add(several);
      p.least_chunks = std::max(p.least_chunks, ceil_div(p.layer, p.most_pe));
    }
    if (d == Dim::C) channels_ = p;
    add(p);
  }
}

// Can a loop make more than one trip, if the GLB tile of its dimension is as `glb_case` says?
bool SchemeSearch::can_turn(const Loop& loop, GlbCase glb_case) const {
  const Tiles& t = nest_[loop.dim];
  if (!open(loop.dim)) {
    return loop.storey == Storey::Dram  ? t.glb < t.layer
           : loop.storey == Storey::Glb ? t.pass < t.glb
                                        : t.rf < t.pe;
  }
  if (loop.storey == Storey::Dram) return glb_case != GlbCase::Whole;
  if (loop.storey == Storey::Glb) return glb_case != GlbCase::Same;
  return space_.rule(loop.dim).rf == Tile::One;
}

// Terms of a window whose tiles are decided.
void SchemeSearch::refresh_window(int w) {
  const WindowAxis& axis = axes_[w];
  const Tiles &out = nest_[axis.out], &tap = nest_[axis.tap];
  WindowTerms<Count> terms;
  array_window_terms(axis, out, tap, nest_.order, nest_.ways.ifmap, terms);
  glb_window_terms(axis, out, tap, nest_.order, nest_.ways.ifmap, terms);
  store(window_terms_of(w), terms, nest_.order.size());
}

// Terms of one whose tiles are open are the best of what they may become: of nothing, at first.
void SchemeSearch::forget_window(int w) {
  WindowTerms<double>& best = window_terms_of(w);
  std::fill(std::begin(best.gross), std::end(best.gross), kNothing);
  for (auto& of_reach : best.kept) std::fill_n(of_reach, nest_.order.size(), 0.0);
}

// The terms of the largest tiles move the fewest words.
void SchemeSearch::add_open_window(int w, const Partial& p) {
  WindowTerms<double>& best = window_terms_of(w);
  const WindowAxis& axis = axes_[w];
  const LoopOrder& order = nest_.order;
  const Tiles& tap = nest_[axis.tap];
  Tiles out = nest_[axis.out];
  out.pass = p.most_pass;
  if (p.streams) {
    out.pe = out.pass;
    out.rf = p.single_in_rf ? 1 : out.pe;
  }
  out.glb = p.glb_case == GlbCase::Same ? out.pass : out.layer;
  const bool slides = window_slides_in_pes(w);
  WindowTerms<Count>& largest = largest_;
  if (!nest_.ways.ifmap.rf) largest = {};  // of which not all is said then
  array_window_terms(axis, out, tap, order, nest_.ways.ifmap, largest);
  const auto may_turn = [&](const Loop& loop) {
    return loop.dim != axis.out && loop.dim != axis.tap ? true : can_turn(loop, p.glb_case);
  };
  const auto keeps = [&](int reach, int j, double kept) {
    best.kept[reach][j] = std::max(best.kept[reach][j], kept);
  };

  // A last, smaller GLB tile might take a single pass and so keep its words in the array while the
  // loops between its DRAM and GLB loops turn.
  const Count last = std::min(out.pass, out.layer / 2);
  const double last_kept[kReaches] = {
      0, real(window_words(axis.axis, last, tap.pass)),
      real(ceil_div(last, out.pe) * tap.chunks() * window_words(axis.axis, out.pe, tap.pe))};
  // So does a small tile that goes through the pads one coordinate at a time, if it is one.
  const bool any_stays = folded_ || (p.streams && p.single_in_rf);
  for (Reach reach : {Reach::Array, Reach::Pes}) {
    const int i = index(reach);
    const double gross =
        slides ? real(window_words(axis.axis, out.layer, tap.layer)) : real(largest.gross[i]);
    best.gross[i] = std::min(best.gross[i], gross);
    for (int j = 0; j < order.size(); ++j) {
      if (!may_turn(order[j])) continue;
      if (slides) {
        // Each word enters once at least, at whatever move of the window's own loops.
        if (order[j].dim != axis.out) keeps(i, j, gross);
        continue;
      }
      keeps(i, j, any_stays ? gross : std::min(gross, real(largest.kept[i][j]) + last_kept[i]));
    }
  }

  // Of the GLB's tiles, each next one keeps what it shares with the one before; starting again from
  // the first keeps no more than that. Tiles of a dilated window may overlap more the smaller they
  // are: one tile moves the fewest words.
  const Count tiles = only_strips_matter(w) ? least_glb_tiles(p) : 1;
  const Count shared = std::max<Count>(0, tap.layer - axis.axis.stride);
  const double gross = real(window_words(axis.axis, out.layer, tap.layer) + (tiles - 1) * shared);
  const int glb = index(Reach::Glb);
  best.gross[glb] = std::min(best.gross[glb], gross);
  bool inside = false;
  for (int j = 0; j < order.size() && order[j].storey == Storey::Dram; ++j) {
    const bool own = order[j].dim == axis.out;
    inside = inside || own;
    if (!may_turn(order[j])) continue;
    keeps(glb, j, own ? real((tiles - 1) * shared) : inside || tiles == 1 ? gross : real(shared));
  }
}

}  // namespace energysim
