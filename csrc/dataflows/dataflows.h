// The declarations that the registry lists, one file each.
#pragma once

#include "dataflow.h"

namespace energysim {

Dataflow row_stationary();
Dataflow row_stationary_chip();
Dataflow weight_stationary();
Dataflow output_stationary_a();
Dataflow output_stationary_b();
Dataflow output_stationary_c();
Dataflow no_local_reuse();

}  // namespace energysim
