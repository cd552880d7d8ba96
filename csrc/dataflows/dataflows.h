// The declarations that the registry lists, one file each.
#pragma once

#include "dataflow.h"

namespace energysim {

Dataflow row_stationary();
Dataflow row_stationary_chip();

}  // namespace energysim
