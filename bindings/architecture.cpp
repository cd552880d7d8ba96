// energysim._core.EnergyTable and Architecture: what energysim/architecture.py hands to the core.
#include "architecture.h"

#include <pybind11/stl.h>

#include <array>
#include <utility>

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

Costs costs_of(const EnergyTable& table) {
  Costs costs;
  for (std::size_t level = 0; level < kLevels; ++level) {
    for (std::size_t operand = 0; operand < kOperands; ++operand) {
      const Accesses<double>& cost = table.cost[level][operand];
      costs[level][operand] = {cost.read, cost.write, cost.fill};
    }
  }
  return costs;
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

AnyDict sparsity_arguments(const Sparsity& sparsity) {
  Codings codings;
  for (std::size_t level = 0; level < kLevels; ++level) {
    for (std::size_t operand = 0; operand < kOperands; ++operand) {
      const Coding& coding = sparsity.coding[level][operand];
      codings[level][operand] = {static_cast<int>(coding.format), coding.only_if_smaller};
    }
  }
  py::dict out;
  out["gates"] = IfmapFilter{sparsity.gates.ifmap, sparsity.gates.filter};
  out["skips"] = IfmapFilter{sparsity.skips.ifmap, sparsity.skips.filter};
  out["codings"] = codings;
  out["codes_network_input"] = sparsity.codes_network_input;
  return out;
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

AnyDict architecture_arguments(const Architecture& arch) {
  py::dict out;
  out["name"] = arch.name;
  out["rows"] = arch.rows;
  out["columns"] = arch.columns;
  out["word_bits"] = arch.word_bits;
  out["glb_words"] = arch.glb_words;
  out["rf_words"] = std::to_array(arch.rf.words);
  out["rf_pooled"] = arch.rf.pool;
  out["ofmap_past_glb"] = arch.ofmap_path == OfmapPath::PastGlb;
  out["psum_pad_every_mac"] = arch.psum_pad == PsumPad::EveryMac;
  out["sparsity"] = arch.sparsity;
  out["bus_words_per_cycle"] = std::to_array(arch.buses.words_per_cycle);
  out["pass_overhead_cycles"] = arch.buses.pass_overhead_cycles;
  out["dram_words_per_cycle"] = arch.dram_link.words_per_cycle;
  out["dram_overlaps"] = std::to_array(arch.dram_link.overlaps);
  out["table"] = arch.table;
  return out;
}

}  // namespace

void bind_architecture(py::module_& module) {
  py::class_<EnergyTable>(module, "EnergyTable", py::is_final(),
                          "Costs as the core reads them; made by `energysim.EnergyTable`.")
      .def(py::init(&make_table), py::arg("costs"), py::arg("mac"))
      .def(
          py::pickle([](const EnergyTable& table) { return std::pair(costs_of(table), table.mac); },
                     [](const std::pair<Costs, double>& state) {
                       return make_table(state.first, state.second);
                     }));
  py::class_<Sparsity>(module, "Sparsity", py::is_final(),
                       "What a machine makes of zeros; made by `energysim.Architecture`.")
      .def(py::init(&make_sparsity), py::kw_only(), py::arg("gates"), py::arg("skips"),
           py::arg("codings"), py::arg("codes_network_input"))
      .def(py::pickle(&sparsity_arguments, [](const AnyDict& arguments) {
        return py::type::of<Sparsity>()(**arguments).cast<Sparsity>();
      }));
  py::class_<Architecture, std::shared_ptr<Architecture>>(
      module, "Architecture", py::is_final(),
      "An accelerator as the core reads it; made by `energysim.Architecture`.")
      .def(py::init(&make_architecture), py::kw_only(), py::arg("name"), py::arg("rows"),
           py::arg("columns"), py::arg("word_bits"), py::arg("glb_words"), py::arg("rf_words"),
           py::arg("rf_pooled"), py::arg("ofmap_past_glb"), py::arg("psum_pad_every_mac"),
           py::arg("sparsity"), py::arg("bus_words_per_cycle"), py::arg("pass_overhead_cycles"),
           py::arg("dram_words_per_cycle"), py::arg("dram_overlaps"), py::arg("table"))
      .def(py::pickle(&architecture_arguments, [](const AnyDict& arguments) {
        return py::type::of<Architecture>()(**arguments).cast<std::shared_ptr<Architecture>>();
      }));
}

}  // namespace energysim::bindings
