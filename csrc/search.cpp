#include "search.h"

#include <algorithm>
#include <optional>

#include "best.h"
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

// Even the smallest mapping does not fit: says why.
[[noreturn]] void throw_nothing_fits(const Layer& layer, const Architecture& arch,
                                     const DataflowPtr& dataflow) {
  const std::string why = "layer '" + layer.name() + "': no mapping of dataflow '" +
                          dataflow->name + "' fits architecture '" + arch.name + "'";
  const Scheme& scheme = dataflow->schemes.front();
  const Space space(layer, arch, *dataflow, scheme);
  const std::string reason = misfit(layer, arch, Mapping{dataflow, scheme.name, space.smallest()});
  throw NoMapping(reason.empty() ? why : why + "; of the smallest one, " + reason);
}

Found found_as(const Layer& layer, const Architecture& arch, const DataflowPtr& dataflow,
               const Scheme& scheme, const Nest& nest, const Proof& proof) {
  Found found;
  found.mapping = Mapping{dataflow, scheme.name, nest};
  found.counts = count_nest(layer, arch, nest);
  found.energy = energy(found.counts, arch.table);
  found.proof = proof;
  return found;
}

using Find = void(const Layer&, const Architecture&, const Dataflow&, Best&);

Find& finder(Method method) {
  return method == Method::Bounds ? find_best : find_best_exhaustively;
}

// Of all mappings that take as few cycles as one that was found, the cheapest. `cycles` is the goal
// that it was found for, `edp` one that knows energy and time.
Found cheapest_as_fast(Found found, const Layer& layer, const Architecture& seen,
                       const Goal& cycles, const Goal& edp, const GoOn& go_on, Method method) {
  Best best(edp);
  best.go_on = &go_on;
  best.seek_within(found.proof.optimum);
  const DataflowPtr dataflow = found.mapping.dataflow;
  finder(method)(layer, seen, *dataflow, best);
  Proof proof = found.proof;
  proof.evaluated += best.proof.evaluated;
  proof.bounded += best.proof.bounded;
  proof.cut_by_bound += best.proof.cut_by_bound;
  proof.cut_by_capacity += best.proof.cut_by_capacity;
  if (best.scheme != nullptr) {
    found = found_as(layer, seen, dataflow, *best.scheme, best.nest, proof);
    // The same cycles, but perhaps for the last digit, which depends on the order of a sum.
    proof.optimum = proof.lower_bound = cycles.value(layer, seen, best.nest, found.counts);
  }
  found.proof = proof;
  return found;
}

Found best_of(const Layer& layer, const Architecture& seen, const DataflowPtr& dataflow,
              const Goal& goal, const GoOn& go_on, Method method) {
  Best best(goal);
  best.go_on = &go_on;
  finder(method)(layer, seen, *dataflow, best);
  if (best.scheme == nullptr) throw_nothing_fits(layer, seen, dataflow);
  Found found = found_as(layer, seen, dataflow, *best.scheme, best.nest, best.proof);
  found.proof.optimum = goal.value(layer, seen, best.nest, found.counts);
  found.proof.lower_bound = std::min(found.proof.optimum, best.least_cut);
  return found;
}

Found searched(const Layer& layer, const Architecture& arch, const DataflowPtr& dataflow,
               const LayerData& data, const GoOn& go_on, Objective objective, Method method) {
  arch.validate();
  const Architecture seen = seen_by(data, arch);
  const Goal goal(objective, arch, seen, data);
  Found found = best_of(layer, seen, dataflow, goal, go_on, method);
  if (objective != Objective::Cycles) return found;
  const Goal edp(Objective::Edp, arch, seen, data);
  return cheapest_as_fast(std::move(found), layer, seen, goal, edp, go_on, method);
}

}  // namespace

// Searches the parts of all schemes, the most promising first.
void find_best(const Layer& layer, const Architecture& arch, const Dataflow& dataflow, Best& best) {
  std::vector<std::optional<SchemeSearch>> schemes(dataflow.schemes.size());
  std::vector<Part> parts;
  parts.reserve(3 * schemes.size());
  const std::vector<const Variable*> variables = by_dimension(dataflow.variables);
  std::vector<std::pair<Ways, Prices>> prices;
  prices.reserve(dataflow.schemes.size());
  const auto prices_of = [&](const Ways& ways) -> const Prices& {
    for (const auto& [known, its] : prices) {
      if (known == ways) return its;
    }
    return prices.emplace_back(ways, Prices(layer, arch, best.goal.costs(), ways)).second;
  };
  auto next = schemes.begin();
  for (const Scheme& declared : dataflow.schemes) {
    if (!declared.takes(layer)) continue;
    SchemeSearch& scheme = (next++)->emplace(layer, arch, dataflow, declared,
                                             prices_of(declared.ways), variables, best);
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
}

Found search_seen(const Layer& layer, const Architecture& seen, const DataflowPtr& dataflow,
                  const GoOn& go_on) {
  return best_of(layer, seen, dataflow, Goal(Objective::Energy, seen, seen, {}), go_on,
                 Method::Bounds);
}

Found search(const Layer& layer, const Architecture& arch, const DataflowPtr& dataflow,
             const LayerData& data, const GoOn& go_on, Objective objective) {
  return searched(layer, arch, dataflow, data, go_on, objective, Method::Bounds);
}

Found search_exhaustive(const Layer& layer, const Architecture& arch, const DataflowPtr& dataflow,
                        const LayerData& data, Objective objective) {
  return searched(layer, arch, dataflow, data, {}, objective, Method::Exhaustive);
}

std::vector<Found> search_front(const Layer& layer, const Architecture& arch,
                                const DataflowPtr& dataflow, const LayerData& data,
                                const GoOn& go_on, Method method) {
  arch.validate();
  const Architecture seen = seen_by(data, arch);
  const Goal goal(Objective::Edp, arch, seen, data);  // knows energy and time
  Front front;
  Best best(goal);
  best.go_on = &go_on;
  best.seek(front);
  finder(method)(layer, seen, *dataflow, best);
  if (front.points().empty()) throw_nothing_fits(layer, seen, dataflow);
  std::vector<Found> found;
  for (const FrontPoint& point : front.points()) {
    found.push_back(found_as(layer, seen, dataflow, *point.scheme, point.nest, best.proof));
  }
  return found;
}

}  // namespace energysim
