#include "search.h"

#include <algorithm>
#include <deque>

#include "effective_costs.h"
#include "scheme_search.h"

namespace energysim {
namespace {

// A part of a scheme's mappings, and a bound of it.
struct Part {
  double bound;
  SchemeSearch* scheme;
  std::size_t part;
};

// Searches the parts of all schemes, the most promising first.
Best best_mapping(const Layer& layer, const Architecture& arch, const Dataflow& dataflow,
                  const GoOn& go_on) {
  Best best;
  best.go_on = &go_on;
  std::deque<SchemeSearch> schemes;
  std::vector<Part> parts;
  for (const Scheme& declared : dataflow.schemes) {
    if (!declared.takes(layer)) continue;
    SchemeSearch& scheme = schemes.emplace_back(layer, arch, arch.table, dataflow, declared, best);
    for (std::size_t part = 0; part < scheme.parts(); ++part) {
      const double bound = scheme.bound_of_part(part);
      if (bound < std::numeric_limits<double>::infinity()) {
        parts.push_back({bound, &scheme, part});
      } else {
        ++best.proof.cut_by_capacity;
      }
    }
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Part& a, const Part& b) { return a.bound < b.bound; });
  for (const Part& p : parts) {
    if (p.bound < best.energy) {
      p.scheme->run(p.part, p.bound);
    } else {
      best.cut(p.bound);
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

EnergyTable costs_of(Objective objective, const Architecture& arch, const LayerData& data) {
  const EnergyTable table = objective == Objective::Dram ? dram_bits(arch.word_bits) : arch.table;
  return effective_costs(table, arch.sparsity, arch.word_bits, data);
}

Found search(const Layer& layer, const Architecture& arch, const DataflowPtr& dataflow,
             const LayerData& data, const GoOn& go_on, Objective objective) {
  arch.validate();
  Architecture seen = seen_by(data, arch);
  const EnergyTable costs = seen.table;
  seen.table = costs_of(objective, arch, data);
  const Best best = best_mapping(layer, seen, *dataflow, go_on);
  if (best.scheme == nullptr) throw NoMapping(why_nothing_fits(layer, seen, dataflow));
  Found found;
  found.mapping = Mapping{dataflow, best.scheme->name, best.nest};
  found.counts = count_nest(layer, seen, best.nest);
  found.energy = energy(found.counts, costs);
  found.proof = best.proof;
  found.proof.optimum = energy(found.counts, seen.table);
  found.proof.lower_bound = std::min(found.proof.optimum, best.least_cut);
  return found;
}

}  // namespace energysim
