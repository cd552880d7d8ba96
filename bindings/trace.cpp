// energysim._core: running tensors through the simulated accelerator.
#include "trace/trace.h"

#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <memory>
#include <new>

#include "bindings.h"
#include "convert.h"
#include "errors.h"
#include "mapping.h"
#include "watch.h"

namespace energysim::bindings {
namespace {

using trace::DramBits;
using trace::Traced;
using trace::Word;
using WordArray = py::array_t<Word, py::array::c_style>;
using Ofmap = py::array_t<std::int64_t>;

struct TraceOf {
  Traced traced;
  Layer layer;
};

std::span<const Word> words(const WordArray& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

TraceOf run_trace(const Layer& layer, const ArchitectureArgument& arch, const Mapping& mapping,
                  const WordArray& ifmap, const WordArray& filters, const trace::Output& output,
                  int threads, bool any_nest, const std::optional<ReportProgress>& progress) {
  if (any_nest) {
    check_nest(layer, mapping.nest);
  } else {
    check_mapping(layer, *arch.native, mapping);
  }
  Watch watch(progress);
  try {
    const trace::Tensors tensors{words(ifmap), words(filters)};
    const py::gil_scoped_release released;
    return {trace::run(layer, *arch.native, mapping.nest, tensors, output, threads,
                       [&watch](Count macs) { return watch(macs); }),
            layer};
  } catch (const Interrupted&) {
    watch.raise_again();
    throw;
  } catch (const std::bad_alloc&) {
    throw InvalidInput("layer '" + layer.name() +
                       "': not enough memory for its tensors: take fewer images");
  }
}

AccessCounts<Checked> checked(const AccessCounts<Count>& counts) {
  AccessCounts<Checked> out;
  out.macs = counts.macs;
  for (Level level : kAllLevels) {
    for (Operand operand : kAllOperands) {
      const Accesses<Count>& cell = counts(level, operand);
      out(level, operand) = {cell.read, cell.write, cell.fill};
    }
  }
  return out;
}

// The values belong to the result, which the array keeps alive, and cannot be written.
Ofmap ofmap_array(const std::shared_ptr<TraceOf>& of) {
  const Layer& layer = of->layer;
  const std::vector<Count> shape{layer.size(Dim::N), layer.size(Dim::G) * layer.size(Dim::M),
                                 layer.E(), layer.F()};
  Ofmap array(shape, of->traced.ofmap.data(), py::cast(of));
  array.attr("setflags")(py::arg("write") = false);
  return array;
}

}  // namespace

void bind_trace(py::module_& module) {
  py::class_<DramBits>(module, "DramBits", py::is_final(), "Words to or from DRAM, compressed.")
      .def_readonly("words", &DramBits::words, "Words that moved.")
      .def_readonly("rlc_bits", &DramBits::rlc_bits, "Bits of their RLC streams.");
  py::class_<TraceOf, std::shared_ptr<TraceOf>> cls(module, "Traced", py::is_final(),
                                                    "What running tensors through a mapping gave.");
  cls.def_property_readonly("ofmap", &ofmap_array, "All ofmap values: [N][G M][E][F].");
  const auto add = [&cls](const char* name, auto get, const char* doc) {
    cls.def_property_readonly(name, [get](const TraceOf& t) { return get(t.traced); }, doc);
  };
  add("counts", [](const Traced& t) { return checked(t.counts); }, "All accesses and MACs.");
  add(
      "idle", [](const Traced& t) { return checked(t.idle); },
      "Those that meet an ifmap value of zero.");
  add("ifmap", [](const Traced& t) { return t.ifmap; }, "Ifmap words from DRAM.");
  add("filters", [](const Traced& t) { return t.filters; }, "Filter words from DRAM.");
  add("stored_ofmap", [](const Traced& t) { return t.stored_ofmap; }, "Ofmap words to DRAM.");
  add(
      "spilled_psums", [](const Traced& t) { return t.spilled_psums; },
      "Words of unfinished psums to and from DRAM.");
  add(
      "shift", [](const Traced& t) { return t.shift; },
      "Bits by which ofmap values were shifted to be stored.");
  add(
      "checked", [](const Traced& t) { return t.checked; },
      "Whether the data left it open that a psum overflows, so that each addition was checked.");
  module.def(
      "trace",
      [](const Layer& layer, const ArchitectureArgument& arch, const Mapping& mapping,
         const WordArray& ifmap, const WordArray& filters, int psum_bits, int word_bits, bool relu,
         std::optional<int> shift, int threads, bool any_nest,
         const std::optional<ReportProgress>& progress) {
        const trace::Output output{psum_bits, word_bits, relu, shift};
        return std::make_shared<TraceOf>(
            run_trace(layer, arch, mapping, ifmap, filters, output, threads, any_nest, progress));
      },
      py::arg("layer"), py::arg("arch"), py::arg("mapping"), py::arg("ifmap").noconvert(),
      py::arg("filters").noconvert(), py::kw_only(), py::arg("psum_bits"), py::arg("word_bits"),
      py::arg("relu"), py::arg("shift"), py::arg("threads"), py::arg("any_nest") = false,
      py::arg("progress") = py::none(),
      "Run 16-bit tensors through a mapping; 0 threads are as many as there are cores.\n\n"
      "With any_nest, neither the dataflow's rules nor the capacities have to hold.");
}

}  // namespace energysim::bindings
