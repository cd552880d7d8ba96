// The accelerator: array, storages, buses.
#pragma once

#include <string>

#include "dims.h"
#include "energy_table.h"
#include "sparsity.h"

namespace energysim {

// The way of a psum between the array, the GLB and DRAM.
enum class OfmapPath : std::uint8_t {
  ThroughGlb,  // every psum the array emits is written to the GLB and drained from there (the chip)
  PastGlb,     // a psum that leaves for DRAM goes straight there (the ISCA 2016 analysis)
};

// Which accumulations read and write a psum's scratch pad.
enum class PsumPad : std::uint8_t {
  BetweenMacs,  // those inside a chain: its first reads nothing, its last leaves (ISCA 2016)
  EveryMac,     // all (the published estimation tool)
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

// The link to DRAM. A rate of 0 means that DRAM always keeps up.
struct DramLink {
  double words_per_cycle = 0;  // of the array's clock
  // Operands that are moved while the array works (the chip prefetches filters); the others are
  // moved while it waits.
  bool overlaps[kOperands] = {false, true, false};

  bool operator==(const DramLink&) const = default;
};

struct Architecture {
  std::string name;
  Count rows = 0, columns = 0;
  Count word_bits = 16;  // of the words that storages, buses and costs are stated in
  Count glb_words = 0;
  Scratchpads rf;
  OfmapPath ofmap_path = OfmapPath::ThroughGlb;
  PsumPad psum_pad = PsumPad::BetweenMacs;
  Sparsity sparsity;
  Buses buses;
  DramLink dram_link;
  EnergyTable table;

  // Set by `seen_by` for the data of a layer, of an architecture that it has checked: the words of
  // storage that a value of each operand takes, and the share of MACs that take time.
  bool seen = false;
  Count value_words[kOperands] = {1, 1, 1};
  double macs_in_time = 1;

  Count pes() const { return rows * columns; }
  // Throws InvalidInput for an array or storage of no size, or a cost that is no cost.
  void validate() const;
  bool operator==(const Architecture&) const = default;
};

}  // namespace energysim
