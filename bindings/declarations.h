// Looking up what the core declares, with errors that suggest the nearest name.
#pragma once

#include <string>

#include "dataflow.h"

namespace energysim::bindings {

// Throws energysim.errors.UnknownName.
DataflowPtr dataflow_named(const std::string& name);

// The first loop order where `name` is empty. Throws energysim.errors.UnknownName.
const Scheme& scheme_named(const Dataflow& dataflow, const std::string& name);

}  // namespace energysim::bindings
