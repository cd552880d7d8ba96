// energysim._core.EnergyTable and Architecture: what energysim/architecture.py hands to the core.
#include "architecture.h"

#include <pybind11/stl.h>

#include "bindings.h"
#include "convert.h"

namespace energysim::bindings {
namespace {

using Triple = std::array<double, kOperands>;
// Per level and operand: the costs of a read, a write and a fill.
using Costs = std::array<std::array<Triple, kOperands>, kLevels>;

EnergyTable make_table(const Costs& costs, double mac) {
  EnergyTable table;
  for (std::size_t level = 0; level < kLevels; ++level) {
    for (std::size_t operand = 0; operand < kOperands; ++operand) {
      const auto& [read, write, fill] = costs[level][operand];
      table.cost[level][operand] = {read, write, fill};
    }
  }
  table.mac = mac;
  table.validate();
  return table;
}

std::shared_ptr<Architecture> make_architecture(const std::string& name, Count rows, Count columns,
                                                Count glb_words,
                                                const std::array<Count, kOperands>& rf_words,
                                                Count rf_pooled, bool ofmap_past_glb,
                                                bool gates_ifmap, const Triple& bus_words_per_cycle,
                                                double pass_overhead_cycles,
                                                const EnergyTable& table) {
  Architecture arch;
  arch.name = name;
  arch.rows = rows;
  arch.columns = columns;
  arch.glb_words = glb_words;
  arch.rf.pooled = rf_pooled != 0;
  arch.rf.pool = rf_pooled;
  for (std::size_t operand = 0; operand < kOperands; ++operand) {
    arch.rf.words[operand] = rf_words[operand];
    arch.buses.words_per_cycle[operand] = bus_words_per_cycle[operand];
  }
  arch.ofmap_path = ofmap_past_glb ? OfmapPath::PastGlb : OfmapPath::ThroughGlb;
  arch.gating = gates_ifmap ? Gating::Ifmap : Gating::None;
  arch.buses.pass_overhead_cycles = pass_overhead_cycles;
  arch.table = table;
  arch.validate();
  return std::make_shared<Architecture>(std::move(arch));
}

}  // namespace

void bind_architecture(py::module_& module) {
  py::class_<EnergyTable>(module, "EnergyTable", py::is_final(),
                          "Costs as the core reads them; made by `energysim.EnergyTable`.")
      .def(py::init(&make_table), py::arg("costs"), py::arg("mac"));
  py::class_<Architecture, std::shared_ptr<Architecture>>(
      module, "Architecture", py::is_final(),
      "An accelerator as the core reads it; made by `energysim.Architecture`.")
      .def(py::init(&make_architecture), py::kw_only(), py::arg("name"), py::arg("rows"),
           py::arg("columns"), py::arg("glb_words"), py::arg("rf_words"), py::arg("rf_pooled"),
           py::arg("ofmap_past_glb"), py::arg("gates_ifmap"), py::arg("bus_words_per_cycle"),
           py::arg("pass_overhead_cycles"), py::arg("table"));
}

}  // namespace energysim::bindings
