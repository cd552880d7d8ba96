// The search without bounds: counts every choice of letters. Slow, short, and shares only the space
// and the counting with the search that it checks.
#include <limits>

#include "effective_costs.h"
#include "search.h"
#include "space.h"

namespace energysim {
namespace {

// Calls `visit` with every choice of a dimension's free tiles.
template <class Visit>
void each_choice(const Space& space, Dim dim, Visit visit) {
  const DimRule& rule = space.rule(dim);
  const Count size = space.layer().size(dim);
  for (Count pe = 1; pe <= (rule.pe == Tile::Free ? size : 1); ++pe) {
    const Count most_chunks = rule.pass == Tile::Free ? ceil_div(size, pe) : 1;
    for (Count chunks = 1; chunks <= most_chunks; ++chunks) {
      const Count pass = space.tiles(dim, {pe, chunks, 0}).pass;
      for (Count glb = pass; glb <= (rule.glb == Tile::Free ? size : pass); ++glb) {
        visit(Choice{pe, chunks, glb});
      }
    }
  }
}

class Exhaustive {
 public:
  Exhaustive(const Layer& layer, const Architecture& arch) : layer_(layer), arch_(arch) {}

  void run(const DataflowPtr& dataflow, const Scheme& scheme) {
    const Space space(layer_, arch_, *dataflow, scheme);
    Nest nest = space.smallest();
    choose(space, 0, nest, dataflow, scheme);
  }

  Found found;

 private:
  void choose(const Space& space, int d, Nest& nest, const DataflowPtr& dataflow,
              const Scheme& scheme) {
    if (d == kDims) {
      evaluate(space, nest, dataflow, scheme);
      return;
    }
    const Dim dim = kAllDims[static_cast<std::size_t>(d)];
    if (dim == Dim::G) {
      choose(space, d + 1, nest, dataflow, scheme);
      return;
    }
    each_choice(space, dim, [&](const Choice& choice) {
      nest[dim] = space.tiles(dim, choice);
      choose(space, d + 1, nest, dataflow, scheme);
    });
    nest[dim] = space.smallest()[dim];
  }

  void evaluate(const Space& space, const Nest& nest, const DataflowPtr& dataflow,
                const Scheme& scheme) {
    if (!space.fits(nest)) {
      ++found.proof.cut_by_capacity;
      return;
    }
    ++found.proof.evaluated;
    const AccessCounts<Checked> counts = count_nest(layer_, arch_, nest);
    const double cost = energy(counts, arch_.table);
    if (found.proof.evaluated > 1 && cost >= found.energy) return;
    found.mapping = Mapping{dataflow, scheme.name, nest};
    found.counts = counts;
    found.energy = cost;
  }

  const Layer& layer_;
  const Architecture& arch_;
};

}  // namespace

Found search_exhaustive(const Layer& layer, const Architecture& arch, const DataflowPtr& dataflow,
                        const LayerData& data, Objective objective) {
  arch.validate();
  Architecture seen = seen_by(data, arch);
  const EnergyTable costs = seen.table;
  seen.table = costs_of(objective, arch, data);
  Exhaustive exhaustive(layer, seen);
  for (const Scheme& scheme : dataflow->schemes) {
    if (scheme.takes(layer)) exhaustive.run(dataflow, scheme);
  }
  Found found = std::move(exhaustive.found);
  if (found.proof.evaluated == 0) {
    throw NoMapping("layer '" + layer.name() + "': no mapping of dataflow '" + dataflow->name +
                    "' fits architecture '" + arch.name + "'");
  }
  found.proof.lower_bound = found.proof.optimum = found.energy;
  found.energy = energy(found.counts, costs);
  return found;
}

}  // namespace energysim
