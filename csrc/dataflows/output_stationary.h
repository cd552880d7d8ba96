// What the three kinds of output stationary share.
#pragma once

#include "dataflow.h"

namespace energysim {

// A PE keeps the psum of one ofmap pixel until it is finished; ifmaps and filters have no scratch
// pad. None of the dimensions is unrolled yet but the batch.
Dataflow output_stationary();

}  // namespace energysim
