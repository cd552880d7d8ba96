// A search's result as Python sees it.
#pragma once

#include <memory>
#include <string>

#include "search.h"

namespace energysim::bindings {

// What was found, with what it was found for: the rest is computed when it is asked for.
struct Finding {
  Found found;
  Layer layer;
  std::shared_ptr<const Architecture> arch;
  LayerData data;

  bool operator==(const Finding& other) const {
    const Mapping &a = found.mapping, &b = other.found.mapping;
    return *a.dataflow == *b.dataflow && a.scheme == b.scheme && a.nest == b.nest &&
           found.counts == other.found.counts && found.energy == other.found.energy &&
           found.proof == other.found.proof && layer == other.layer && *arch == *other.arch &&
           data == other.data;
  }
};

// Throws energysim.errors.UnknownName.
Objective objective_of(const std::string& name);

}  // namespace energysim::bindings
