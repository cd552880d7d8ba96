// How long a mapping takes, and how many PEs it keeps busy.
#pragma once

#include "mapping.h"

namespace energysim {

struct Timing {
  double cycles = 0;       // of the array's clock, for all groups and the whole batch
  double utilization = 0;  // MACs done / (PEs x cycles)
  Count active_pes = 0;    // PEs at work in a full processing pass
};

// Each processing pass takes as long as the slowest of: the MACs of its busiest PE, and the words
// of each operand over its bus; plus loading its filters and a fixed overhead, which overlap
// nothing (this reproduces the processing latencies of JSSC 2017, Table V, to about 5 %; DRAM is
// taken to keep up, as in that table).
Timing timing(const Layer& layer, const Architecture& arch, const Nest& nest);

}  // namespace energysim
