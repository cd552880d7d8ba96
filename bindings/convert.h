// Python values to C++ values, with errors that name what was wrong.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/typing.h>

#include <memory>
#include <string>
#include <vector>

#include "access_counts.h"
#include "architecture.h"
#include "dims.h"
#include "layer_data.h"
#include "nest.h"

namespace energysim::bindings {

namespace py = pybind11;

// A Python value for an error message, shortened.
std::string show(py::handle value);

// A 64-bit integer of anything that is one (but not a truth value). Throws InvalidInput or
// CountOverflow, with `what` as the subject of the message.
Count whole(py::handle value, const std::string& what);

// The integers of a list or tuple (but not of text); throws InvalidInput, saying what is expected,
// unless its length is one of `lengths`.
std::vector<Count> wholes(py::handle value, const std::string& what, const std::string& expected,
                          std::initializer_list<std::size_t> lengths);

std::string text(py::handle value, const std::string& what);

// True or False, and nothing that only looks like it.
bool truth(py::handle value, const std::string& what);

// Throws energysim.errors.UnknownName, which suggests the nearest of `known`.
[[noreturn]] void throw_unknown(const std::string& kind, const std::string& name,
                                const std::vector<std::string>& known);

std::string dim_name(Dim dim);
Dim dim_of(const std::string& name);
std::string storey_name(Storey storey);
Storey storey_of(const std::string& name);
Operand operand_of(const std::string& name);

// The items of a mapping with text as keys; throws InvalidInput if it is none.
std::vector<std::pair<std::string, py::object>> items(py::handle value, const std::string& what);

// Any object, under a better name in signatures (see handle_type_name below).
#define ENERGYSIM_ANNOTATED(Class)                 \
  class Class : public py::object {                \
    PYBIND11_OBJECT_DEFAULT(Class, object, accept) \
                                                   \
   private:                                        \
    static bool accept(PyObject*) { return true; } \
  }

ENERGYSIM_ANNOTATED(Any);
ENERGYSIM_ANNOTATED(Whole);         // for `whole`
ENERGYSIM_ANNOTATED(WholeMapping);  // for `items` and `whole`
ENERGYSIM_ANNOTATED(TileMapping);
ENERGYSIM_ANNOTATED(AnyMapping);

using AnyDict = py::typing::Dict<py::str, Any>;

// What a function takes as an architecture: the Python dataclass (through its attribute `native`).
struct ArchitectureArgument {
  std::shared_ptr<const Architecture> native;
};

// Energies per level and operand, and of the MACs, in the order of the levels and operands.
std::vector<double> energies_of(const AccessCounts<Checked>& counts, const Architecture& arch,
                                const LayerData& data);

}  // namespace energysim::bindings

template <>
struct pybind11::detail::handle_type_name<energysim::bindings::Any> {
  static constexpr auto name = const_name("typing.Any");
};

template <>
struct pybind11::detail::handle_type_name<energysim::bindings::Whole> {
  static constexpr auto name = const_name("typing.SupportsIndex");
};

template <>
struct pybind11::detail::handle_type_name<energysim::bindings::WholeMapping> {
  static constexpr auto name = const_name("collections.abc.Mapping[str, typing.SupportsIndex]");
};

template <>
struct pybind11::detail::handle_type_name<energysim::bindings::TileMapping> {
  static constexpr auto name =
      const_name("collections.abc.Mapping[str, Tiles | collections.abc.Sequence[int]]");
};

template <>
struct pybind11::detail::handle_type_name<energysim::bindings::AnyMapping> {
  static constexpr auto name = const_name("collections.abc.Mapping[str, typing.Any]");
};

template <>
struct pybind11::detail::type_caster<energysim::bindings::ArchitectureArgument> {
  PYBIND11_TYPE_CASTER(energysim::bindings::ArchitectureArgument,
                       const_name("energysim.architecture.Architecture"));

  bool load(handle source, bool convert);
};
