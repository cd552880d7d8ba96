// energysim._core.Mapping: a loop nest with all tile sizes decided.
#include "mapping.h"

#include <pybind11/stl.h>

#include <algorithm>

#include "bindings.h"
#include "convert.h"
#include "declarations.h"
#include "effective_costs.h"
#include "errors.h"
#include "mapping_text.h"
#include "ways.h"

namespace energysim::bindings {
namespace {

using LoopName = std::pair<std::string, std::string>;  // dimension, storey
using LetterDict = py::typing::Dict<py::str, py::int_>;

std::array<Count, 5> sizes(const Tiles& t) { return {t.layer, t.glb, t.pass, t.pe, t.rf}; }
constexpr std::array<const char*, 5> kStoreys{"layer", "glb", "pass", "pe", "rf"};

Tiles tiles_of(py::handle value, const std::string& what) {
  if (py::isinstance<Tiles>(value)) return value.cast<Tiles>();
  const std::vector<Count> v =
      wholes(value, what, "5 whole numbers (layer, glb, pass, pe, rf)", {5});
  return Tiles{v[0], v[1], v[2], v[3], v[4]};
}

LoopOrder order_of(const std::vector<LoopName>& loops) {
  LoopOrder order;
  Storey last = Storey::Dram;
  for (const auto& [dim_text, storey_text] : loops) {
    const Loop loop{dim_of(dim_text), storey_of(storey_text)};
    if (loop.dim == Dim::G) {
      throw InvalidInput("the loop over groups is always outermost: do not list G");
    }
    if (order.lists(loop.dim, loop.storey)) {
      throw InvalidInput("the " + storey_text + " loop over " + dim_text + " is listed twice");
    }
    if (loop.storey < last) {
      throw InvalidInput("the " + storey_text + " loop over " + dim_text + " stands inside a " +
                         storey_name(last) +
                         " loop: list all dram, then all glb, then all pe loops");
    }
    last = loop.storey;
    order.push(loop);
  }
  return order;
}

std::vector<LoopName> loops_of(const Mapping& mapping) {
  std::vector<LoopName> loops;
  for (int j = 0; j < mapping.nest.order.size(); ++j) {
    const Loop& loop = mapping.nest.order[j];
    loops.emplace_back(dim_name(loop.dim), storey_name(loop.storey));
  }
  return loops;
}

py::typing::Tuple<py::typing::Tuple<py::str, py::str>, py::ellipsis> loop_tuple(
    const Mapping& mapping) {
  py::list out;
  for (const auto& [dim, storey] : loops_of(mapping)) out.append(py::make_tuple(dim, storey));
  return py::tuple(out);
}

py::typing::Dict<py::str, Tiles> tile_dict(const Mapping& mapping) {
  py::dict out;
  for (Dim dim : kAllDims) out[py::str(dim_name(dim))] = mapping.nest[dim];
  return out;
}

AnyDict mapping_ways(const Mapping& mapping) { return ways_dict(mapping.nest.ways); }

LetterDict letter_dict(const Mapping& mapping) {
  py::dict out;
  for (const Variable& variable : in_paper_order(*mapping.dataflow)) {
    out[py::str(variable.letter)] = mapping.letter(variable);
  }
  return out;
}

Count letter(const Mapping& mapping, const std::string& name) {
  for (const Variable& variable : mapping.dataflow->variables) {
    if (variable.letter == name) return mapping.letter(variable);
  }
  throw py::attribute_error("dataflow '" + mapping.dataflow->name + "' has no letter '" + name +
                            "'");
}

Mapping from_letters(const Layer& layer, const ArchitectureArgument& arch,
                     const DataflowArgument& dataflow_given, const std::string& scheme,
                     const WholeMapping& letters, const LayerData& data) {
  const DataflowPtr dataflow = dataflow_given.declared;
  std::vector<std::string> known;
  for (const Variable& variable : in_paper_order(*dataflow)) known.push_back(variable.letter);
  std::vector<std::pair<std::string, Count>> given;
  for (const auto& [name, value] : items(letters, "letters")) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw_unknown("letter of " + dataflow->name, name, known);
    }
    given.emplace_back(name, whole(value, name));
  }
  return mapping_from_letters(layer, seen_by(data, *arch.native), dataflow,
                              scheme_named(*dataflow, scheme).name, given);
}

Mapping from_nest(const DataflowArgument& dataflow, const std::string& scheme_name,
                  const TileMapping& tiles, const std::optional<std::vector<LoopName>>& loops,
                  const std::optional<AnyMapping>& ways) {
  Mapping mapping;
  mapping.dataflow = dataflow.declared;
  const Scheme& scheme = scheme_named(*mapping.dataflow, scheme_name);
  mapping.scheme = scheme.name;
  for (const auto& [dim, value] : items(tiles, "tiles")) {
    mapping.nest[dim_of(dim)] = tiles_of(value, "tiles of " + dim);
  }
  mapping.nest.order = loops ? order_of(*loops) : scheme.order;
  mapping.nest.ways = ways ? changed_ways(scheme.ways, *ways, "ways") : scheme.ways;
  return mapping;
}

AnyDict to_dict(const Mapping& mapping) {
  py::dict tiles;
  for (Dim dim : kAllDims) {
    py::dict row;
    const std::array<Count, 5> all = sizes(mapping.nest[dim]);
    for (std::size_t k = 0; k < all.size(); ++k) row[kStoreys[k]] = all[k];
    tiles[py::str(dim_name(dim))] = row;
  }
  py::list loops;
  for (const auto& [dim, storey] : loops_of(mapping)) {
    py::list pair;
    pair.append(dim);
    pair.append(storey);
    loops.append(pair);
  }
  py::dict out;
  out["dataflow"] = mapping.dataflow->name;
  out["scheme"] = mapping.scheme;
  out["letters"] = letter_dict(mapping);
  out["tiles"] = tiles;
  out["loops"] = loops;
  out["ways"] = mapping_ways(mapping);
  return out;
}

Mapping from_state(const py::tuple& state) {
  return from_nest({dataflow_of(state[0])}, state[1].cast<std::string>(), state[2],
                   state[3].cast<std::vector<LoopName>>(), state[4].cast<AnyMapping>());
}

bool same(const Mapping& a, const Mapping& b) {
  return *a.dataflow == *b.dataflow && a.scheme == b.scheme && a.nest == b.nest;
}

std::string repr(const Mapping& mapping) {
  return "<Mapping " + mapping.dataflow->name + "/" + mapping.scheme + " " + letters_text(mapping) +
         ">";
}

constexpr const char* kClassDoc =
    R"(A loop nest: tile sizes of every dimension and the order of loops.

Immutable.  ``print(mapping)`` draws the nest.  The letters are those of Chen et al., JSSC 2017,
Table III: ``mapping.m`` and so on.

Examples
--------
>>> import energysim as es
>>> mapping = es.search(es.networks.alexnet(4)["CONV3"], "eyeriss", "rs-chip").mapping
>>> print(mapping)
dataflow 'rs-chip', loop order 'chip': m=...
>>> mapping.tiles["R"]
Tiles(layer=3, glb=3, pass_=3, pe=1, rf=1)
)";

constexpr const char* kFromLettersDoc =
    "Return the mapping that the letters of a dataflow stand for.\n\n"
    "Letters not given take their smallest value; an empty scheme is the dataflow's first.\n\n"
    "Raises\n------\n"
    "UnknownName\n    If there is no such dataflow, loop order or letter.\n"
    "InvalidMapping\n    If the mapping does not fit the layer or the architecture.\n";

constexpr const char* kFromNestDoc =
    "Return a mapping of any tiles and loops; it is checked when it is counted.\n\n"
    "`tiles` has (layer, glb, pass, pe, rf) by dimension, and ones for those left out; `loops` "
    "has\n"
    "(dimension, storey) from the outermost inwards, with the storeys 'dram', 'glb' and 'pe', and\n"
    "`ways` says by operand what differs from the scheme: {'ifmap': {'levels': ['dram', 'glb',\n"
    "'noc', 'rf'], 'halo': 'slide', 'refetch': 'on_change'}, 'psum': {'chain': ['C', 'R', 'S']}}.\n"
    "What is None is the scheme's.";

void bind_tiles(py::module_& module) {
  py::class_<Tiles>(module, "Tiles", py::is_final(),
                    "Sizes into which a dimension is cut: of the layer, of a tile in the GLB, of a "
                    "processing pass on the array, of a PE's part, and of a step inside the PE.")
      .def(py::init<Count, Count, Count, Count, Count>(), py::arg("layer"), py::arg("glb"),
           py::arg("pass_"), py::arg("pe"), py::arg("rf"))
      .def_readonly("layer", &Tiles::layer, "The whole dimension.")
      .def_readonly("glb", &Tiles::glb, "What the GLB holds; DRAM loops step over it.")
      .def_readonly("pass_", &Tiles::pass, "One processing pass; GLB loops step over it.")
      .def_readonly("pe", &Tiles::pe, "A PE's part of the pass.")
      .def_readonly("rf", &Tiles::rf, "What the scratch pads hold; PE loops step over it.")
      .def("__iter__",
           [](const Tiles& t) -> py::typing::Iterator<py::int_> {
             return py::iter(py::cast(sizes(t)));
           })
      .def(
          "__eq__", [](const Tiles& a, const Tiles& b) { return a == b; }, py::is_operator())
      .def("__hash__", [](const Tiles& t) { return py::hash(py::tuple(py::cast(sizes(t)))); })
      .def("__repr__", [](const Tiles& t) {
        return "Tiles(layer=" + std::to_string(t.layer) + ", glb=" + std::to_string(t.glb) +
               ", pass_=" + std::to_string(t.pass) + ", pe=" + std::to_string(t.pe) +
               ", rf=" + std::to_string(t.rf) + ")";
      });
}

void bind_letters(py::class_<Mapping>& cls) {
  const auto bind = [&cls](const char* name, const char* doc) {
    cls.def_property_readonly(
        name, [name](const Mapping& mapping) { return letter(mapping, name); }, doc);
  };
  bind("m", "Filters whose psums are in the GLB.");
  bind("n", "Images in a processing pass.");
  bind("e", "Ofmap rows in a processing pass: the width of a PE set.");
  bind("p", "Filters in a PE.");
  bind("q", "Channels in a PE.");
  bind("r", "PE sets with different channels.");
  bind("t", "PE sets with different filters.");
}

}  // namespace

void bind_mapping(py::module_& module) {
  bind_tiles(module);
  py::class_<Mapping> cls(module, "Mapping", py::is_final(), kClassDoc);
  bind_letters(cls);
  cls.def_static("from_letters", &from_letters, py::arg("layer"), py::arg("arch"),
                 py::arg("dataflow"), py::arg("scheme"), py::arg("letters"),
                 py::arg("data") = LayerData{}, kFromLettersDoc)
      .def_static("from_nest", &from_nest, py::arg("dataflow"), py::arg("scheme"), py::kw_only(),
                  py::arg("tiles"), py::arg("loops") = py::none(), py::arg("ways") = py::none(),
                  kFromNestDoc)
      .def_property_readonly(
          "dataflow", [](const Mapping& mapping) { return mapping.dataflow->name; },
          "Name of the dataflow.")
      .def_readonly("scheme", &Mapping::scheme, "Name of the dataflow's loop order.")
      .def_property_readonly("letters", &letter_dict, "All letters and their values.")
      .def_property_readonly("tiles", &tile_dict, "Tile sizes by dimension.")
      .def_property_readonly("loops", &loop_tuple,
                             "Dimension and storey of each temporal loop, from the outermost "
                             "inwards; the loop over groups, outside all, is not listed.")
      .def_property_readonly("ways", &mapping_ways,
                             "The way of each operand: levels that it passes, whether the GLB's "
                             "halo and unchanged tiles are fetched again, dimensions along which "
                             "PEs pass psums on.")
      .def("to_dict", &to_dict, "Return all of it as plain dicts, lists, numbers and text.")
      .def("__eq__", &same, py::is_operator())
      .def("__hash__", [](const Mapping& mapping) { return py::hash(py::str(repr(mapping))); })
      .def("__repr__", &repr)
      .def("__str__", &nest_text)
      .def(py::pickle(
          [](const Mapping& mapping) {
            py::dict tiles;
            for (Dim dim : kAllDims) tiles[py::str(dim_name(dim))] = sizes(mapping.nest[dim]);
            return py::make_tuple(dataflow_state(mapping.dataflow), mapping.scheme, tiles,
                                  loops_of(mapping), mapping_ways(mapping));
          },
          &from_state));
}

}  // namespace energysim::bindings
