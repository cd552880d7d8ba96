// Branch and bound over the letters of a dataflow.
//
// The space of a layer falls into cases: one per scheme and, for each dimension whose GLB tile is
// free, one where that tile equals the pass tile and one where it is larger. Within a case the
// letters are decided one after another. A partial choice is bounded by the very function that
// counts, fed with optimistic terms for what is open; a sub-space whose bound is not below the best
// mapping found so far is cut. The order in which candidates are visited is fixed, so is the answer.
#include "search.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <map>
#include <thread>

#include "bound.h"
#include "price.h"
#include "residence.h"
#include "space.h"

namespace energysim {
namespace {

constexpr double kNothing = std::numeric_limits<double>::infinity();

struct Best {
  double energy = kNothing;
  const Scheme* scheme = nullptr;
  Nest nest;
  double cut_at_least = kNothing;  // the least bound of any sub-space that was cut
  Proof proof;
};

WindowTerms<double> real(const WindowTerms<Count>& terms, int loops) {
  WindowTerms<double> out;
  for (int reach = 0; reach < kReaches; ++reach) {
    out.gross[reach] = static_cast<double>(terms.gross[reach]);
    for (int j = 0; j < loops; ++j) out.kept[reach][j] = static_cast<double>(terms.kept[reach][j]);
  }
  return out;
}

// The greatest value in [least, most] for which `fits` holds, if it holds up to some value and
// fails from there on; least - 1 if it holds for none.
template <class Fits>
Count greatest(Count least, Count most, Fits fits) {
  Count good = least - 1;
  while (good < most) {
    const Count middle = good + (most - good + 1) / 2;
    if (fits(middle)) {
      good = middle;
    } else {
      most = middle - 1;
    }
  }
  return good;
}

class CaseSearch {
 public:
  CaseSearch(const Space& space, const Prices& prices, const std::array<GlbCase, kDims>& cases,
             Best& best)
      : space_(space), prices_(prices), best_(best), case_(cases), nest_(space.smallest()) {
    for (const Variable& v : space.dataflow().variables) {
      if (open(v)) variables_.push_back(&v);
    }
    children_.resize(variables_.size());
    for (Dim d : kAllDims) {
      if (d == Dim::G) continue;
      undecided_[index(d)] = 0;
    }
    for (const Variable* v : variables_) ++undecided_[index(v->dim)];
    for (Dim d : kAllDims) set(d, Choice{});
  }

  // A bound of the whole case, or infinity if it is empty.
  double root_bound() {
    for (Dim d : kAllDims) {
      if (case_of(d) == GlbCase::Above && space_.layer().size(d) < 2) return kNothing;
    }
    if (!space_.fits(nest_)) return kNothing;
    refresh_all();
    return bound();
  }

  void run() {
    const double b = root_bound();
    if (b < best_.energy) {
      decide(0);
    } else {
      cut(b);
    }
  }

 private:
  struct Child {
    double bound;
    Count value;
  };

  GlbCase case_of(Dim d) const { return case_[static_cast<std::size_t>(index(d))]; }

  bool open(const Variable& v) const {
    const DimRule& rule = space_.rule(v.dim);
    if (space_.layer().size(v.dim) == 1) return false;
    switch (v.at) {
      case Variable::At::Pe:
        return rule.pe == Tile::Free;
      case Variable::At::Pass:
        return rule.pass == Tile::Free;
      case Variable::At::Glb:
        return case_of(v.dim) == GlbCase::Above;
    }
    return false;
  }

  // Sets the tiles of one dimension. An undecided larger GLB tile is as small as it can be.
  void set(Dim d, const Choice& choice) {
    choice_[index(d)] = choice;
    nest_[d] = space_.tiles(d, choice);
    if (case_of(d) == GlbCase::Above) {
      nest_[d].glb = std::clamp(std::max(choice.glb, nest_[d].pass + 1), Count{1}, nest_[d].layer);
    }
  }

  Choice with(const Variable& v, Count value) const {
    Choice choice = choice_[index(v.dim)];
    (v.at == Variable::At::Pe     ? choice.pe
     : v.at == Variable::At::Pass ? choice.chunks
                                  : choice.glb) = value;
    return choice;
  }

  // Is the nest still inside its case and the architecture?
  bool legal(Dim d) const {
    if (case_of(d) == GlbCase::Above && nest_[d].pass >= nest_[d].glb) return false;
    return space_.fits(nest_);
  }

  Count greatest_value(const Variable& v, Count least) {
    const Dim d = v.dim;
    const Tiles saved = nest_[d];
    const Choice saved_choice = choice_[index(d)];
    const Count size = space_.layer().size(d);
    const Count most = v.at == Variable::At::Pass ? ceil_div(size, nest_[d].pe) : size;
    const Count value = greatest(least, most, [&](Count x) {
      set(d, with(v, x));
      const bool fits = legal(d);
      set(d, saved_choice);
      return fits;
    });
    nest_[d] = saved;
    return value;
  }

  // Exact or optimistic terms of a dimension, from what is decided and what could still fit.
  void refresh(Dim d) {
    if (undecided_[index(d)] == 0) {
      terms_[d] = dim_terms<double>(nest_[d]);
      return;
    }
    const Tiles& t = nest_[d];
    Partial p;
    p.layer = t.layer;
    p.streams = space_.rule(d).pass == Tile::Same;
    p.single_in_rf = space_.rule(d).rf == Tile::One;
    p.glb_case = case_of(d);
    p.pe = {t.pe, t.pe};
    p.chunks = {t.chunks(), t.chunks()};
    p.glb = {t.glb, t.glb};
    for (const Variable* v : variables_) {
      if (v->dim != d || decided_[v - variables_base()]) continue;
      const Count most = greatest_value(*v, 1);
      (v->at == Variable::At::Pe ? p.pe : v->at == Variable::At::Pass ? p.chunks : p.glb).most =
          std::max<Count>(1, most);
    }
    Count pass_most = std::min(t.layer, p.pe.most * p.chunks.most);
    if (p.glb_case == GlbCase::Above) pass_most = std::min(pass_most, p.glb.most - 1);
    p.pass = {t.pass, std::max<Count>(1, pass_most)};
    terms_[d] = optimistic_terms(p);
  }

  const Variable* variables_base() const { return space_.dataflow().variables.data(); }

  void refresh_open() {
    for (Dim d : kAllDims) {
      if (d != Dim::G && undecided_[index(d)] > 0) refresh(d);
    }
  }

  void refresh_all() {
    const LoopOrder& order = nest_.order;
    for (Dim d : kAllDims) {
      if (d != Dim::G) refresh(d);
    }
    refresh_rows();
    terms_.columns = real(window_terms(column_axis(space_.layer()), nest_), order.size());
  }

  // Terms of the ifmap's rows. With an open GLB tile: those of a whole one, which moves the fewest
  // rows, except that the last GLB tile might take a single pass and so keep its rows in the array.
  void refresh_rows() {
    const LoopOrder& order = nest_.order;
    const WindowAxis axis = row_axis(space_.layer());
    const bool open = undecided_[index(axis.out)] > 0;
    const Tiles& tap = nest_[axis.tap];
    Tiles out = nest_[axis.out];
    if (open) out.glb = out.layer;
    WindowTerms<Count> rows;
    glb_window_terms(axis, out, tap, order, rows);
    array_window_terms(axis, out, tap, order, rows);
    terms_.rows = real(rows, order.size());
    if (open) keep_last_rows(axis, out, tap);
  }

  void keep_last_rows(const WindowAxis& axis, const Tiles& out, const Tiles& tap) {
    const Count last = std::min(out.pass, out.layer / 2);
    const bool folded = tap.pass < tap.layer;
    const double rows = static_cast<double>(window_words(axis.axis, last, tap.pass));
    const double by_pes = static_cast<double>(last * tap.chunks() * window_words(axis.axis, 1, tap.pe));
    for (int j = 0; j < nest_.order.size(); ++j) {
      for (Reach reach : {Reach::Array, Reach::Pes}) {
        double& kept = terms_.rows.kept[index(reach)][j];
        const double gross = terms_.rows.gross[index(reach)];
        kept = folded ? gross : std::min(gross, kept + (reach == Reach::Array ? rows : by_pes));
      }
    }
  }

  double bound() {
    ++best_.proof.bounded;
    return prices_.lower_bound(flows(terms_, nest_.order, Mode::Bound));
  }

  void cut(double bound) {
    ++best_.proof.cut_by_bound;
    best_.cut_at_least = std::min(best_.cut_at_least, bound);
  }

  void decide(std::size_t k) {
    if (k == variables_.size()) {
      evaluate();
      return;
    }
    const Variable& v = *variables_[k];
    const Dim d = v.dim;
    const Choice before = choice_[index(d)];
    const NestTerms<double> terms_before = terms_;
    --undecided_[index(d)];
    decided_[&v - variables_base()] = true;

    std::vector<Child>& children = children_[k];
    children.clear();
    const Count least = v.at == Variable::At::Glb ? nest_[d].pass + 1 : 1;
    const Count most = greatest_value(v, least);
    const Count limit = v.at == Variable::At::Pass ? ceil_div(nest_[d].layer, nest_[d].pe)
                                                   : nest_[d].layer;
    if (most < limit) ++best_.proof.cut_by_capacity;
    for (Count value = least; value <= most; ++value) {
      if (same_as_smaller(v, value)) {
        ++best_.proof.cut_as_equal;
        continue;
      }
      set(d, with(v, value));
      enter(v);
      const double b = bound();
      if (b < best_.energy) {
        children.push_back({b, value});
      } else {
        cut(b);
      }
      terms_ = terms_before;
    }
    std::stable_sort(children.begin(), children.end(),
                     [](const Child& a, const Child& b) { return a.bound < b.bound; });
    for (std::size_t i = 0; i < children.size(); ++i) {
      const Child child = children[i];
      if (!(child.bound < best_.energy)) {
        cut(child.bound);
        continue;
      }
      set(d, with(v, child.value));
      enter(v);
      decide(k + 1);
      terms_ = terms_before;
    }

    decided_[&v - variables_base()] = false;
    ++undecided_[index(d)];
    set(d, before);
  }

  // Brings the terms up to date after a letter of `v` was set.
  void enter(const Variable& v) {
    if (undecided_[index(v.dim)] == 0) refresh(v.dim);
    if (v.dim == Dim::E) refresh_rows();
    refresh_open();
  }

  // Would a smaller value of the same letter give the same counts with no larger need of storage?
  // True where only the number of tiles matters and the smaller value makes as few.
  bool same_as_smaller(const Variable& v, Count value) const {
    if (value == 1 || case_of(v.dim) == GlbCase::Above || v.at == Variable::At::Glb) return false;
    const DimRule& rule = space_.rule(v.dim);
    const Count size = space_.layer().size(v.dim);
    if (v.at == Variable::At::Pe) {
      return rule.pass == Tile::Free && rule.rf == Tile::Same &&
             ceil_div(size, value) == ceil_div(size, value - 1);
    }
    if (!prices_.monotone()) return false;
    if (v.dim == Dim::E && row_axis(space_.layer()).axis.dilation != 1) return false;
    const Count shares = ceil_div(size, nest_[v.dim].pe);
    return ceil_div(shares, value) == ceil_div(shares, value - 1);
  }

  void evaluate() {
    ++best_.proof.evaluated;
    const double energy = prices_.energy(flows(terms_, nest_.order));
    if (energy < best_.energy) {
      best_.energy = energy;
      best_.scheme = &space_.scheme();
      best_.nest = nest_;
    }
  }

  const Space& space_;
  const Prices& prices_;
  Best& best_;
  std::array<GlbCase, kDims> case_;
  std::vector<const Variable*> variables_;
  bool decided_[16] = {};
  int undecided_[kDims] = {};
  Choice choice_[kDims];
  Nest nest_;
  NestTerms<double> terms_;
  std::vector<std::vector<Child>> children_;
};

// All cases of a scheme: for each free GLB tile, equal to the pass tile or larger.
template <class Visit>
void each_case(const Space& space, Visit visit) {
  std::array<GlbCase, kDims> cases{};
  std::vector<Dim> free;
  for (Dim d : kAllDims) {
    const Tile rule = space.rule(d).glb;
    cases[static_cast<std::size_t>(index(d))] = rule == Tile::Whole ? GlbCase::Whole : GlbCase::Same;
    if (rule == Tile::Free) free.push_back(d);
  }
  for (unsigned which = 0; which < (1u << free.size()); ++which) {
    for (std::size_t i = 0; i < free.size(); ++i) {
      cases[static_cast<std::size_t>(index(free[i]))] = which >> i & 1 ? GlbCase::Above : GlbCase::Same;
    }
    visit(cases);
  }
}

}  // namespace

Found search(const Layer& layer, const Architecture& arch, const DataflowPtr& dataflow,
             double ifmap_density) {
  const EnergyTable table = gated(arch.table, arch.gating, ifmap_density);
  Best best;
  std::vector<Space> spaces;
  std::vector<Prices> prices;
  spaces.reserve(dataflow->schemes.size());
  prices.reserve(dataflow->schemes.size());
  struct Case {
    double bound;
    const Space* space;
    const Prices* prices;
    std::array<GlbCase, kDims> which;
  };
  std::vector<Case> cases;
  for (const Scheme& scheme : dataflow->schemes) {
    const Space& space = spaces.emplace_back(layer, arch, *dataflow, scheme);
    const Prices& price = prices.emplace_back(layer, arch, table, scheme.glb);
    each_case(space, [&](const std::array<GlbCase, kDims>& which) {
      const double bound = CaseSearch(space, price, which, best).root_bound();
      if (bound < kNothing) cases.push_back({bound, &space, &price, which});
    });
  }
  std::stable_sort(cases.begin(), cases.end(),
                   [](const Case& a, const Case& b) { return a.bound < b.bound; });
  for (const Case& c : cases) CaseSearch(*c.space, *c.prices, c.which, best).run();
  if (best.scheme == nullptr) {
    throw NoMapping("layer '" + layer.name() + "': no mapping of dataflow '" + dataflow->name +
                    "' fits architecture '" + arch.name + "'");
  }
  Found found;
  found.mapping = Mapping{dataflow, best.scheme->name, best.nest};
  found.counts = count_nest(layer, arch, best.nest);
  found.energy = energy(found.counts, table);
  found.proof = best.proof;
  found.proof.optimum = found.energy;
  found.proof.lower_bound = std::min(found.energy, best.cut_at_least);
  return found;
}

std::vector<Found> search_layers(const std::vector<Layer>& layers, const Architecture& arch,
                                 const DataflowPtr& dataflow,
                                 const std::vector<double>& ifmap_densities, int threads,
                                 const std::function<bool(std::size_t)>& progress) {
  (void)threads;
  std::vector<Found> found;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    found.push_back(search(layers[i], arch, dataflow, ifmap_densities[i]));
    if (progress && !progress(i + 1)) throw Interrupted("interrupted");
  }
  return found;
}

}  // namespace energysim
