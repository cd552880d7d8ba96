// A mapping: one nest of a dataflow's scheme, with all tile sizes decided.
#pragma once

#include "architecture.h"
#include "dataflow.h"
#include "layer.h"

namespace energysim {

struct Mapping {
  DataflowPtr dataflow;
  std::string scheme;
  Nest nest;

  // The size that a letter of the papers stands for: words of a tile, or PEs side by side where the
  // dimension is cut in space.
  Count letter(const Variable& variable) const;
};

// Throws InvalidMapping unless the tiles belong to the layer, nest, and have their loops: what
// `count_nest` takes for granted.
void check_nest(const Layer& layer, const Nest& nest);

// Throws InvalidMapping, naming limit, need, what there is and what to change, unless the tiles
// nest, follow the dataflow's rules and the loops of its scheme, and fit the architecture.
void check_mapping(const Layer& layer, const Architecture& arch, const Mapping& mapping);

// What `check_mapping` would say, without naming the layer; empty if the mapping is legal.
std::string misfit(const Layer& layer, const Architecture& arch, const Mapping& mapping);

// Builds and checks a mapping from the letters of its dataflow; letters not given take the
// smallest value allowed. Throws InvalidInput for a letter that the dataflow does not have,
// InvalidMapping for a value that its loop order cannot give it or that does not fit.
Mapping mapping_from_letters(const Layer& layer, const Architecture& arch, DataflowPtr dataflow,
                             const std::string& scheme,
                             const std::vector<std::pair<std::string, Count>>& letters);

}  // namespace energysim
