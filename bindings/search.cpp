// energysim._core: searching for optimal mappings.
#include "search.h"

#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>

#include "bindings.h"
#include "convert.h"
#include "declarations.h"
#include "effective_costs.h"
#include "errors.h"
#include "finding.h"
#include "timing.h"
#include "watch.h"

namespace energysim::bindings {

Objective objective_of(const std::string& name) {
  if (name == "energy") return Objective::Energy;
  if (name == "dram") return Objective::Dram;
  if (name == "cycles") return Objective::Cycles;
  if (name == "edp") return Objective::Edp;
  throw_unknown("objective", name, {"energy", "dram", "cycles", "edp"});
}

namespace {

struct ProofOf {
  Proof proof;
  Layer layer;
  DataflowPtr dataflow;

  double space() const { return space_size(layer, *dataflow); }
};

// Runs `find(go_on)` without the GIL; an exception in the callback, Ctrl-C included, ends it.
template <class Find>
auto watched(const std::optional<ReportProgress>& progress, Find find) {
  Watch watch(progress);
  decltype(find([](std::size_t) { return true; })) found;
  try {
    const py::gil_scoped_release released;
    found = find([&watch](std::size_t done) { return watch(static_cast<std::int64_t>(done)); });
  } catch (const Interrupted&) {
    watch.raise_again();
    throw;
  }
  watch.raise_again();
  return found;
}

std::vector<Finding> search_all(const std::vector<Layer>& layers, const ArchitectureArgument& arch,
                                const DataflowArgument& dataflow,
                                const std::vector<LayerData>& data, int threads,
                                const std::optional<ReportProgress>& progress,
                                const std::string& objective_name) {
  const Objective objective = objective_of(objective_name);
  std::vector<Found> found = watched(progress, [&](const auto& watch) {
    return search_layers(layers, *arch.native, dataflow.declared, data, threads, watch, objective);
  });
  std::vector<Finding> findings;
  findings.reserve(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    findings.push_back({std::move(found[i]), layers[i], arch.native, data[i]});
  }
  return findings;
}

std::vector<Finding> findings_of(std::vector<Found> found, const Layer& layer,
                                 const ArchitectureArgument& arch, const LayerData& data) {
  std::vector<Finding> findings;
  for (Found& each : found) findings.push_back({std::move(each), layer, arch.native, data});
  return findings;
}

std::vector<std::vector<Finding>> search_all_fronts(const std::vector<Layer>& layers,
                                                    const ArchitectureArgument& arch,
                                                    const DataflowArgument& dataflow,
                                                    const std::vector<LayerData>& data, int threads,
                                                    const std::optional<ReportProgress>& progress) {
  std::vector<std::vector<Found>> found = watched(progress, [&](const auto& watch) {
    return search_fronts(layers, *arch.native, dataflow.declared, data, threads, watch);
  });
  std::vector<std::vector<Finding>> fronts;
  for (std::size_t i = 0; i < found.size(); ++i) {
    fronts.push_back(findings_of(std::move(found[i]), layers[i], arch, data[i]));
  }
  return fronts;
}

std::vector<Finding> front_one_by_one(const Layer& layer, const ArchitectureArgument& arch,
                                      const DataflowArgument& dataflow, const LayerData& data) {
  std::vector<Found> found;
  {
    const py::gil_scoped_release released;
    found = search_front(layer, *arch.native, dataflow.declared, data, {}, Method::Exhaustive);
  }
  return findings_of(std::move(found), layer, arch, data);
}

Finding search_one_by_one(const Layer& layer, const ArchitectureArgument& arch,
                          const DataflowArgument& dataflow, const LayerData& data,
                          const std::string& objective_name) {
  const Objective objective = objective_of(objective_name);
  const py::gil_scoped_release released;
  return {search_exhaustive(layer, *arch.native, dataflow.declared, data, objective), layer,
          arch.native, data};
}

std::vector<double> energies(const Finding& finding) {
  return energies_of(finding.found.counts, *finding.arch, finding.data);
}

py::typing::Dict<py::str, py::float_> proof_dict(const ProofOf& p) {
  py::dict out;
  out["space"] = p.space();
  out["evaluated"] = p.proof.evaluated;
  out["bounded"] = p.proof.bounded;
  out["cut_by_bound"] = p.proof.cut_by_bound;
  out["cut_by_capacity"] = p.proof.cut_by_capacity;
  out["cut_as_equal"] = p.proof.cut_as_equal;
  out["lower_bound"] = p.proof.lower_bound;
  out["optimum"] = p.proof.optimum;
  return out;
}

void bind_proof(py::module_& module) {
  py::class_<ProofOf> cls(module, "Proof", py::is_final(),
                          "Why an optimum is one: how the search covered the whole mapping space.");
  const auto add = [&cls](const char* name, auto member, const char* doc) {
    cls.def_property_readonly(name, [member](const ProofOf& p) { return p.proof.*member; }, doc);
  };
  cls.def_property_readonly("space", &ProofOf::space,
                            "Number of mappings in the space, whether or not they fit.");
  add("evaluated", &Proof::evaluated, "Mappings counted exactly.");
  add("bounded", &Proof::bounded, "Sub-spaces given a lower bound.");
  add("cut_by_bound", &Proof::cut_by_bound,
      "Sub-spaces whose lower bound is not below the optimum.");
  add("cut_by_capacity", &Proof::cut_by_capacity, "Sub-spaces of which nothing fits.");
  add("cut_as_equal", &Proof::cut_as_equal, "Sub-spaces with an equal one beside them.");
  add("lower_bound", &Proof::lower_bound, "Lower bound of the energy of every mapping.");
  add("optimum", &Proof::optimum, "Energy of the mapping that was found.");
  cls.def("to_dict", &proof_dict, "Return all of it as a dict of numbers.")
      .def("__repr__", [](const ProofOf& p) {
        return "<Proof: " + std::to_string(p.proof.evaluated) + " mappings evaluated, " +
               std::to_string(p.proof.bounded) + " sub-spaces bounded>";
      });
}

using ProofState = std::tuple<Count, Count, Count, Count, Count, double, double>;
using FoundState = std::tuple<Layer, std::shared_ptr<Architecture>, Mapping, LayerData, ProofState>;

FoundState state_of(const Finding& finding) {
  const Proof& p = finding.found.proof;
  return {finding.layer,
          std::const_pointer_cast<Architecture>(finding.arch),  // Python has no const
          finding.found.mapping,
          finding.data,
          {p.evaluated, p.bounded, p.cut_by_bound, p.cut_by_capacity, p.cut_as_equal, p.lower_bound,
           p.optimum}};
}

// Only a search can find a proof; all that can be checked here is that it does not contradict
// itself.
Proof proof_of(const ProofState& state) {
  const auto& [evaluated, bounded, by_bound, by_capacity, as_equal, lower_bound, optimum] = state;
  const bool counts = std::min({evaluated, bounded, by_bound, by_capacity, as_equal}) >= 0;
  if (!counts || !(lower_bound <= optimum)) {
    throw InvalidInput("a saved proof has counts below 0, or a bound above its optimum");
  }
  return {evaluated, bounded, by_bound, by_capacity, as_equal, lower_bound, optimum};
}

// Counts and energy are not saved but counted again, so that they are those of the mapping.
Finding found_of(const FoundState& state) {
  const auto& [layer, arch, mapping, data, proof] = state;
  if (!arch) throw InvalidInput("a saved result has no architecture");
  const Architecture seen = seen_by(data, *arch);
  check_mapping(layer, seen, mapping);
  const AccessCounts<Checked> counts = count_nest(layer, seen, mapping.nest);
  return {{mapping, counts, energy(counts, seen.table), proof_of(proof)}, layer, arch, data};
}

void bind_found(py::module_& module) {
  py::class_<Timing>(module, "Timing", py::is_final(), "How long a mapping takes.")
      .def_readonly("cycles", &Timing::cycles,
                    "Cycles of the array for the whole batch, DRAM keeping up.")
      .def_readonly("total_cycles", &Timing::total_cycles,
                    "Cycles of the array for the whole batch, with the waits for DRAM.")
      .def_property_readonly(
          "dram_bits",
          [](const Timing& t) {
            return std::array{t.dram_bits[0], t.dram_bits[1], t.dram_bits[2]};
          },
          "Bits of ifmap, filter and psum moved to and from DRAM, on average.")
      .def_readonly("utilization", &Timing::utilization, "MACs done per PE and cycle.")
      .def_readonly("active_pes", &Timing::active_pes, "PEs at work in a full processing pass.");
  py::class_<Finding>(module, "Found", py::is_final(), "The optimal mapping of a layer.")
      .def_property_readonly("layer", [](const Finding& f) { return f.layer; })
      .def_property_readonly("mapping", [](const Finding& f) { return f.found.mapping; })
      .def_property_readonly("counts", [](const Finding& f) { return f.found.counts; })
      .def_property_readonly("energy", [](const Finding& f) { return f.found.energy; })
      .def_readonly("data", &Finding::data)
      .def("energies", &energies,
           "Return the energies of ifmap, filter and psum at dram, glb, noc and rf, and of the "
           "MACs.")
      .def("timing",
           [](const Finding& f) { return timing(f.layer, *f.arch, f.found.mapping.nest, f.data); })
      .def_property_readonly("proof",
                             [](const Finding& f) {
                               return ProofOf{f.found.proof, f.layer, f.found.mapping.dataflow};
                             })
      .def(
          "__eq__", [](const Finding& a, const Finding& b) { return a == b; }, py::is_operator())
      .def("__hash__", [](const Finding& f) { return py::hash(py::cast(f.layer)); })
      .def(py::pickle(&state_of, &found_of));
}

}  // namespace

void bind_search(py::module_& module) {
  bind_proof(module);
  bind_found(module);
  module.def(
      "search_layers", &search_all, py::arg("layers"), py::arg("arch"), py::arg("dataflow"),
      py::arg("data"), py::arg("threads"), py::arg("progress") = py::none(),
      py::arg("objective") = "energy",
      "Return the optimal mappings of many layers; 0 threads are as many as there are cores.");
  module.def("search_exhaustive", &search_one_by_one, py::arg("layer"), py::arg("arch"),
             py::arg("dataflow"), py::arg("data"), py::arg("objective") = "energy",
             "Return the optimal mapping of a layer by counting every mapping of the space.");
  module.def("search_fronts", &search_all_fronts, py::arg("layers"), py::arg("arch"),
             py::arg("dataflow"), py::arg("data"), py::arg("threads"),
             py::arg("progress") = py::none(),
             "Return, for each layer, all mappings of which none costs no more and takes no longer "
             "than another, the fastest first.");
  module.def("search_front_exhaustive", &front_one_by_one, py::arg("layer"), py::arg("arch"),
             py::arg("dataflow"), py::arg("data"),
             "Return the front of a layer by counting every mapping of the space.");
  module.def(
      "timing",
      [](const Layer& layer, const ArchitectureArgument& arch, const Mapping& mapping,
         const LayerData& data) {
        check_mapping(layer, seen_by(data, *arch.native), mapping);
        return timing(layer, *arch.native, mapping.nest, data);
      },
      py::arg("layer"), py::arg("arch"), py::arg("mapping"), py::arg("data") = LayerData{},
      "Return how long a mapping takes that fits and follows its dataflow.");
  module.def(
      "movement_timing",
      [](const ArchitectureArgument& arch, Count words_in, Count words_out) {
        return movement_timing(*arch.native, words_in, words_out);
      },
      py::arg("arch"), py::arg("words_in"), py::arg("words_out"),
      "Return how long a layer takes that only moves words.");
  module.def(
      "space_size",
      [](const Layer& layer, const DataflowArgument& dataflow) {
        return space_size(layer, *dataflow.declared);
      },
      py::arg("layer"), py::arg("dataflow"), "Return the number of mappings in the space.");
}

}  // namespace energysim::bindings
