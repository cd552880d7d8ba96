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
Dataflow input_stationary();
// The same without the restrictions of the ISCA 2016 analysis.
Dataflow weight_stationary_free();
Dataflow output_stationary_a_free();
Dataflow output_stationary_b_free();
Dataflow output_stationary_c_free();
Dataflow no_local_reuse_free();
Dataflow row_stationary_of_the_estimation_tool();

}  // namespace energysim
