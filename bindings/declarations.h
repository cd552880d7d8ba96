// Looking up what the core declares, with errors that suggest the nearest name.
#pragma once

#include <string>

#include "convert.h"
#include "dataflow.h"

namespace energysim::bindings {

// Throws energysim.errors.UnknownName.
DataflowPtr dataflow_named(const std::string& name);

// The first loop order where `name` is empty. Throws energysim.errors.UnknownName.
const Scheme& scheme_named(const Dataflow& dataflow, const std::string& name);

// A dataflow as plain data (energysim.Dataflow says in which words), and back.
AnyDict dataflow_dict(const Dataflow& dataflow);
DataflowPtr dataflow_of_words(py::handle words);

// Its name where it is built in, otherwise all of it: what `dataflow_of` turns back.
py::object dataflow_state(const DataflowPtr& dataflow);
DataflowPtr dataflow_of(py::handle name_or_words_or_dataflow);

// What a function takes as a dataflow: the name of a built-in one, or a Dataflow.
struct DataflowArgument {
  DataflowPtr declared;
};

}  // namespace energysim::bindings

template <>
struct pybind11::detail::type_caster<energysim::bindings::DataflowArgument> {
  PYBIND11_TYPE_CASTER(energysim::bindings::DataflowArgument, const_name("str | Dataflow"));

  bool load(handle source, bool) {
    value.declared = energysim::bindings::dataflow_of(source);
    return true;
  }
};
