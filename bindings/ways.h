// The operands' ways as plain Python data, in the words of a dataflow's declaration.
#pragma once

#include "convert.h"

namespace energysim::bindings {

// {"ifmap": {"levels": [...], "halo": ..., "refetch": ...}, "filter": {"levels", "refetch"},
//  "psum": {"levels", "chain"}}
AnyDict ways_dict(const Ways& ways);

// `ways` with what such a dict says in it changed; `what` is the subject of error messages.
Ways changed_ways(const Ways& ways, py::handle changes, const std::string& what);

// Names in a list, or in text between blanks.
std::vector<std::string> words_of(py::handle value, const std::string& what);
// Dimensions of a list of names or of text such as "C R S".
std::vector<Dim> dims_of(py::handle value, const std::string& what);

}  // namespace energysim::bindings
