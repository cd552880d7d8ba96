// The accelerator: array, storages, buses.
#pragma once

#include <string>

#include "dims.h"
#include "energy_table.h"

namespace energysim {

// The way of a psum between the array, the GLB and DRAM.
enum class OfmapPath : std::uint8_t {
  ThroughGlb,  // every psum the array emits is written to the GLB and drained from there (the chip)
  PastGlb,     // a psum that leaves for DRAM goes straight there (the ISCA 2016 analysis)
};

// Scratch pads of one PE, in words: one pad per operand, or one pool shared by all three.
struct Scratchpads {
  bool pooled = false;
  Count pool = 0;
  Count words[kOperands] = {0, 0, 0};

  bool operator==(const Scratchpads&) const = default;
};

// Words per cycle that the buses between GLB and array carry; 0 means that the bus never binds.
struct Buses {
  double words_per_cycle[kOperands] = {0, 0, 0};
  double pass_overhead_cycles = 0;  // per processing pass, overlapping nothing

  bool operator==(const Buses&) const = default;
};

struct Architecture {
  std::string name;
  Count rows = 0, columns = 0;
  Count glb_words = 0;
  Scratchpads rf;
  OfmapPath ofmap_path = OfmapPath::ThroughGlb;
  Gating gating = Gating::None;
  Buses buses;
  EnergyTable table;

  Count pes() const { return rows * columns; }
  // Throws InvalidInput for an array or storage of no size, or a cost that is no cost.
  void validate() const;
  bool operator==(const Architecture&) const = default;
};

}  // namespace energysim
