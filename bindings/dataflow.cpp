// energysim._core.dataflows(): the declarations of all dataflows.
#include "dataflow.h"

#include <pybind11/stl.h>

#include <algorithm>

#include "bindings.h"
#include "convert.h"
#include "declarations.h"

namespace energysim::bindings {
namespace {

using DataflowHolder = std::shared_ptr<Dataflow>;  // pybind11 has no holder of constants

DataflowHolder mutable_holder(const DataflowPtr& dataflow) {
  return std::const_pointer_cast<Dataflow>(dataflow);
}

py::typing::Tuple<Dataflow, py::ellipsis> all_dataflows() {
  py::list all;
  for (const DataflowPtr& dataflow : dataflows()) all.append(mutable_holder(dataflow));
  return py::tuple(all);
}

py::typing::Tuple<py::str, py::ellipsis> letters(const Dataflow& dataflow) {
  py::list names;
  for (const Variable& variable : dataflow.variables) names.append(variable.letter);
  return py::tuple(names);
}

py::typing::Tuple<Scheme, py::ellipsis> schemes(const Dataflow& dataflow) {
  py::list all;
  for (const Scheme& scheme : dataflow.schemes) all.append(scheme);
  return py::tuple(all);
}

}  // namespace

DataflowPtr dataflow_named(const std::string& name) {
  std::vector<std::string> known;
  for (const DataflowPtr& dataflow : dataflows()) {
    if (dataflow->name == name) return dataflow;
    known.push_back(dataflow->name);
  }
  throw_unknown("dataflow", name, known);
}

const Scheme& scheme_named(const Dataflow& dataflow, const std::string& name) {
  if (name.empty()) return dataflow.schemes.front();
  std::vector<std::string> known;
  for (const Scheme& scheme : dataflow.schemes) {
    if (scheme.name == name) return scheme;
    known.push_back(scheme.name);
  }
  throw_unknown("loop order of " + dataflow.name, name, known);
}

void bind_dataflow(py::module_& module) {
  py::class_<Scheme>(module, "Scheme", py::is_final(),
                     "One order of loops of a dataflow, and the operands that the GLB holds.")
      .def_readonly("name", &Scheme::name, "Its name in the dataflow.")
      .def_readonly("keeps", &Scheme::keeps, "What this order keeps where, in words.")
      .def("__repr__", [](const Scheme& scheme) { return "<Scheme '" + scheme.name + "'>"; });
  py::class_<Dataflow, DataflowHolder>(module, "Dataflow", py::is_final(),
                                       "The declaration of a dataflow.")
      .def_readonly("name", &Dataflow::name, "What `simulate` and `search` take.")
      .def_readonly("summary", &Dataflow::summary, "What it is, in a line.")
      .def_readonly("source", &Dataflow::source, "Where it comes from.")
      .def_property_readonly("schemes", &schemes, "Its loop orders.")
      .def_property_readonly(
          "letters", &letters,
          "The letters of its mappings, in the order in which the search decides "
          "them.")
      .def("__repr__",
           [](const Dataflow& dataflow) { return "<Dataflow '" + dataflow.name + "'>"; });
  module.def("dataflows", &all_dataflows,
             "Return the declarations of all dataflows.\n\n"
             "Examples\n--------\n"
             ">>> import energysim\n"
             ">>> [dataflow.name for dataflow in energysim.dataflows()]\n"
             "['rs', 'rs-chip']\n");
}

}  // namespace energysim::bindings
