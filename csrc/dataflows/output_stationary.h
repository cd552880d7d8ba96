// What the three kinds of output stationary share.
#pragma once

#include "dataflow.h"

namespace energysim {

// A PE keeps the psum of one ofmap pixel until it is finished; ifmaps and filters have no scratch
// pad. None of the dimensions is unrolled yet but the batch.
Dataflow output_stationary();

// A kind of it without the paper's restrictions: channels in parts, halos and unchanged tiles kept,
// filter groups also inside images.
Dataflow without_restrictions(Dataflow kind);

}  // namespace energysim
