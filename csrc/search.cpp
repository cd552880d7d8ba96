#include "search.h"

#include <algorithm>

#include "case_search.h"
#include "footprint.h"

namespace energysim {
namespace {

// All cases of a scheme: each free GLB tile the same as the pass tile, the whole dimension, or
// something between.
template <class Visit>
void each_case(const Space& space, Visit visit) {
  GlbCases cases{};
  std::vector<GlbCase*> free;
  for (Dim d : kAllDims) {
    GlbCase& glb = cases[static_cast<std::size_t>(index(d))];
    const Tile rule = space.rule(d).glb;
    glb = rule == Tile::Whole ? GlbCase::Whole : GlbCase::Same;
    if (rule == Tile::Free && space.layer().size(d) > 1) free.push_back(&glb);
  }
  const auto choose = [&](const auto& self, std::size_t i) -> void {
    if (i == free.size()) {
      visit(cases);
      return;
    }
    for (GlbCase which : {GlbCase::Same, GlbCase::Whole, GlbCase::Between}) {
      *free[i] = which;
      self(self, i + 1);
    }
  };
  choose(choose, 0);
}

// A scheme on a layer, with all that its cases share.
struct SchemeOnLayer {
  Space space;
  Prices prices;
  WindowTerms<Count> columns;

  SchemeOnLayer(const Layer& layer, const Architecture& arch, const EnergyTable& table,
                const Dataflow& dataflow, const Scheme& scheme)
      : space(layer, arch, dataflow, scheme), prices(layer, arch, table, scheme.glb) {
    const Nest& nest = space.smallest();
    columns = window_terms(column_axis(layer), nest);
  }
};

struct Case {
  double bound;
  const SchemeOnLayer* scheme;
  GlbCases which;
};

// Searches all cases, the most promising first.
Best best_mapping(const Layer& layer, const Architecture& arch, const EnergyTable& table,
                  const Dataflow& dataflow, const GoOn& go_on) {
  Best best;
  best.go_on = &go_on;
  Workspace workspace(kMaxLetters);
  std::vector<SchemeOnLayer> schemes;
  schemes.reserve(dataflow.schemes.size());
  std::vector<Case> cases;
  for (const Scheme& declared : dataflow.schemes) {
    const SchemeOnLayer& scheme = schemes.emplace_back(layer, arch, table, dataflow, declared);
    each_case(scheme.space, [&](const GlbCases& which) {
      CaseSearch search(scheme.space, scheme.prices, scheme.columns, which, workspace, best);
      const double bound = search.root_bound();
      if (bound < std::numeric_limits<double>::infinity()) {
        cases.push_back({bound, &scheme, which});
      } else {
        ++best.proof.cut_by_capacity;
      }
    });
  }
  std::stable_sort(cases.begin(), cases.end(),
                   [](const Case& a, const Case& b) { return a.bound < b.bound; });
  for (const Case& c : cases) {
    if (c.bound < best.energy) {
      CaseSearch(c.scheme->space, c.scheme->prices, c.scheme->columns, c.which, workspace, best)
          .run();
    } else {
      ++best.proof.cut_by_bound;
      best.least_cut = std::min(best.least_cut, c.bound);
    }
  }
  return best;
}

// Even the smallest mapping does not fit: says why.
std::string why_nothing_fits(const Layer& layer, const Architecture& arch,
                             const DataflowPtr& dataflow) {
  const std::string why = "layer '" + layer.name() + "': no mapping of dataflow '" +
                          dataflow->name + "' fits architecture '" + arch.name + "'";
  const Scheme& scheme = dataflow->schemes.front();
  const Space space(layer, arch, *dataflow, scheme);
  const std::string reason = misfit(layer, arch, Mapping{dataflow, scheme.name, space.smallest()});
  return reason.empty() ? why : why + "; of the smallest one, " + reason;
}

}  // namespace

Found search(const Layer& layer, const Architecture& arch, const DataflowPtr& dataflow,
             double ifmap_density, const GoOn& go_on) {
  arch.validate();
  const EnergyTable table = gated(arch.table, arch.gating, ifmap_density);
  const Best best = best_mapping(layer, arch, table, *dataflow, go_on);
  if (best.scheme == nullptr) throw NoMapping(why_nothing_fits(layer, arch, dataflow));
  Found found;
  found.mapping = Mapping{dataflow, best.scheme->name, best.nest};
  found.counts = count_nest(layer, arch, best.nest);
  found.energy = energy(found.counts, table);
  found.proof = best.proof;
  found.proof.optimum = found.energy;
  found.proof.lower_bound = std::min(found.energy, best.least_cut);
  return found;
}

}  // namespace energysim
