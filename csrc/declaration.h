// What makes a declaration of a dataflow a dataflow.
#pragma once

#include "dataflow.h"

namespace energysim {

// Throws InvalidInput, with the place and the reason, for a declaration that contradicts itself or
// leaves something open.
void check_dataflow(const Dataflow& dataflow);

}  // namespace energysim
