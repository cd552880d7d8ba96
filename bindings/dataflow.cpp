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

constexpr const char* kDataflowDoc =
    R"(The declaration of a dataflow: which tiles are free, which loops stand where.

Built-in ones are listed by `energysim.dataflows`; one of your own goes wherever a name goes, and
has the same words in Python and in a YAML file (`energysim.load_dataflow`).  Immutable.

Parameters
----------
name : str
    What it is called.
summary, source : str, optional
    What it is, in a line, and where it comes from.
array : "pool" or dict
    How PEs side by side find room: anywhere, or on a grid of rectangles, ``{"vertical": "R",
    "horizontal": "E"}``; other dimensions then stand as further rectangles.
tiles : dict of str
    For each of N, M, C, R, S, E, F how its tile is chosen in the GLB, on the array, in a PE and in
    the pads: ``one`` coordinate; the ``same`` as the next inwards; ``free``; ``whole``, cut over
    time only as far as it cannot fit otherwise; ``untiled``, never cut.
letters : dict of str
    A letter for each free tile, in the order in which the search decides them: the dimension, and
    ``pe``, ``pass`` (PEs side by side) or ``glb``.
operands : dict of dict, optional
    What ifmap, filter and psum do otherwise than the law of residence: the ``levels`` they pass, of
    dram, glb, noc, rf; ``halo: refetch``; ``refetch: always``; the psum's ``chain``.
schemes : dict of dict
    Orders of loops by name, each with its loops from the outermost inwards at ``dram``, ``glb`` and
    ``pe``, and what differs in ``operands`` and GLB ``tiles``; ``keeps`` says in words what stays.
    An order with ``one_group: true`` is not for layers of several groups.

Raises
------
InvalidInput
    If it contradicts itself; the message begins with the place, such as ``schemes: psums: dram``.

Examples
--------
A PE per weight, as simple as can be:

>>> import energysim as es
>>> mine = es.Dataflow(
...     name="mine",
...     array="pool",
...     tiles={
...         "N": "whole same untiled one", "M": "same free one same", "C": "whole free one same",
...         "R": "whole whole one same", "S": "whole whole one same",
...         "E": "whole same untiled one", "F": "whole same untiled one",
...     },
...     letters={"t": "M pass", "r": "C pass"},
...     operands={"ifmap": {"levels": "dram noc"}, "psum": {"levels": "dram glb noc"}},
...     schemes={"psums": {"dram": "M", "glb": "C R S", "pe": "N E F"}},
... )
>>> layer = es.Layer("conv", M=4, C=2, H=5, W=5, R=3, S=3)
>>> es.search(layer, "isca16", mine).mapping
<Mapping mine/psums r=2 t=4>
)";

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
  py::class_<Dataflow, DataflowHolder>(module, "Dataflow", py::is_final(), kDataflowDoc)
      .def(py::init(
          [](const py::KWArgs<Any>& words) { return mutable_holder(dataflow_of_words(words)); }))
      .def_readonly("name", &Dataflow::name, "What `simulate` and `search` take.")
      .def_readonly("summary", &Dataflow::summary, "What it is, in a line.")
      .def_readonly("source", &Dataflow::source, "Where it comes from.")
      .def_property_readonly("schemes", &schemes, "Its loop orders.")
      .def_property_readonly(
          "letters", &letters,
          "The letters of its mappings, in the order in which the search decides "
          "them.")
      .def("to_dict", &dataflow_dict, "Return the words that make it, as plain data.")
      .def(
          "__eq__", [](const Dataflow& a, const Dataflow& b) { return a == b; }, py::is_operator())
      .def("__hash__", [](const Dataflow& dataflow) { return py::hash(py::str(dataflow.name)); })
      .def("__repr__",
           [](const Dataflow& dataflow) { return "<Dataflow '" + dataflow.name + "'>"; })
      .def(py::pickle(
          [](const Dataflow& dataflow) { return dataflow_dict(dataflow); },
          [](const py::dict& words) { return mutable_holder(dataflow_of_words(words)); }));
  module.def("dataflows", &all_dataflows,
             "Return the declarations of all dataflows.\n\n"
             "Examples\n--------\n"
             ">>> import energysim\n"
             ">>> [dataflow.name for dataflow in energysim.dataflows()]\n"
             "['rs', 'rs-chip', 'ws', 'osa', 'osb', 'osc', 'nlr', 'is', 'ws-free', ...]\n");
}

}  // namespace energysim::bindings
