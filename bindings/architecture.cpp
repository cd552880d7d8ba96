// energysim._core.EnergyTable and Architecture: what energysim/architecture.py hands to the core.
#include "architecture.h"

#include <pybind11/stl.h>

#include "bindings.h"
#include "convert.h"
#include "errors.h"

namespace energysim::bindings {
namespace {

using Triple = std::array<double, kOperands>;
// Per level and operand: the costs of a read, a write and a fill.
using Costs = std::array<std::array<Triple, kOperands>, kLevels>;
// Per level and operand: the index of a format, and whether it is used only if smaller.
using Codings = std::array<std::array<std::pair<int, bool>, kOperands>, kLevels>;
using IfmapFilter = std::array<bool, 2>;

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

Sparsity make_sparsity(const IfmapFilter& gates, const IfmapFilter& skips, const Codings& codings,
                       bool codes_network_input) {
  Sparsity sparsity;
  sparsity.gates = {gates[0], gates[1]};
  sparsity.skips = {skips[0], skips[1]};
  for (std::size_t level = 0; level < kLevels; ++level) {
    for (std::size_t operand = 0; operand < kOperands; ++operand) {
      const auto& [format, only_if_smaller] = codings[level][operand];
      if (format < 0 || format >= kFormats) throw InvalidInput("no such compression format");
      sparsity.coding[level][operand] = {static_cast<Format>(format), only_if_smaller};
    }
  }
  sparsity.codes_network_input = codes_network_input;
  sparsity.validate();
  return sparsity;
}

std::shared_ptr<Architecture> make_architecture(
    const std::string& name, Count rows, Count columns, Count word_bits, Count glb_words,
    const std::array<Count, kOperands>& rf_words, Count rf_pooled, bool ofmap_past_glb,
    bool psum_pad_every_mac, const Sparsity& sparsity, const Triple& bus_words_per_cycle,
    double pass_overhead_cycles, double dram_words_per_cycle,
    const std::array<bool, kOperands>& dram_overlaps, const EnergyTable& table) {
  Architecture arch;
  arch.name = name;
  arch.rows = rows;
  arch.columns = columns;
  arch.word_bits = word_bits;
  arch.glb_words = glb_words;
  arch.rf.pooled = rf_pooled != 0;
  arch.rf.pool = rf_pooled;
  for (std::size_t operand = 0; operand < kOperands; ++operand) {
    arch.rf.words[operand] = rf_words[operand];
    arch.buses.words_per_cycle[operand] = bus_words_per_cycle[operand];
    arch.dram_link.overlaps[operand] = dram_overlaps[operand];
  }
  arch.ofmap_path = ofmap_past_glb ? OfmapPath::PastGlb : OfmapPath::ThroughGlb;
  arch.psum_pad = psum_pad_every_mac ? PsumPad::EveryMac : PsumPad::BetweenMacs;
  arch.sparsity = sparsity;
  arch.buses.pass_overhead_cycles = pass_overhead_cycles;
  arch.dram_link.words_per_cycle = dram_words_per_cycle;
  arch.table = table;
  arch.validate();
  return std::make_shared<Architecture>(std::move(arch));
}

}  // namespace

void bind_architecture(py::module_& module) {
  py::class_<EnergyTable>(module, "EnergyTable", py::is_final(),
                          "Costs as the core reads them; made by `energysim.EnergyTable`.")
      .def(py::init(&make_table), py::arg("costs"), py::arg("mac"));
  py::class_<Sparsity>(module, "Sparsity", py::is_final(),
                       "What a machine makes of zeros; made by `energysim.Architecture`.")
      .def(py::init(&make_sparsity), py::kw_only(), py::arg("gates"), py::arg("skips"),
           py::arg("codings"), py::arg("codes_network_input"));
  py::class_<Architecture, std::shared_ptr<Architecture>>(
      module, "Architecture", py::is_final(),
      "An accelerator as the core reads it; made by `energysim.Architecture`.")
      .def(py::init(&make_architecture), py::kw_only(), py::arg("name"), py::arg("rows"),
           py::arg("columns"), py::arg("word_bits"), py::arg("glb_words"), py::arg("rf_words"),
           py::arg("rf_pooled"), py::arg("ofmap_past_glb"), py::arg("psum_pad_every_mac"),
           py::arg("sparsity"), py::arg("bus_words_per_cycle"), py::arg("pass_overhead_cycles"),
           py::arg("dram_words_per_cycle"), py::arg("dram_overlaps"), py::arg("table"));
}

}  // namespace energysim::bindings
