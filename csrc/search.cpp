#include "search.h"

#include <algorithm>

#include "case_search.h"

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
    GlbCases which;
  };
  std::vector<Case> cases;
  for (const Scheme& scheme : dataflow->schemes) {
    const Space& space = spaces.emplace_back(layer, arch, *dataflow, scheme);
    const Prices& price = prices.emplace_back(layer, arch, table, scheme.glb);
    each_case(space, [&](const GlbCases& which) {
      const double bound = CaseSearch(space, price, which, best).root_bound();
      if (bound < std::numeric_limits<double>::infinity()) cases.push_back({bound, &space, &price, which});
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
  found.proof.lower_bound = std::min(found.energy, best.least_cut);
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
