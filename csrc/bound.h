// Optimistic terms of a dimension whose tiles are not all decided: for lower bounds.
#pragma once

#include "tiling.h"

namespace energysim {

// How the GLB tile of a dimension relates to its pass tile.
enum class GlbCase : std::uint8_t {
  Same,     // the same tile
  Between,  // larger than the pass tile, smaller than the dimension
  Whole,    // the whole dimension
};

// What is known of one dimension in the middle of a search: the sizes its tiles may still take.
struct Partial {
  Count layer = 1;
  bool streams = false;       // streamed inside the PE, never cut in space
  bool single_in_rf = false;  // the scratch pads hold a single coordinate
  GlbCase glb_case = GlbCase::Same;
  Count least_pe = 1, most_pe = 1;  // PE tile
  Count least_chunks = 1;           // PEs side by side
  Count most_pass = 1;              // pass tile
  Count most_glb = 1;               // GLB tile
};

// Keeps a bound from exceeding, by rounding, what it bounds.
inline constexpr double kLess = 1 - 1e-9;

// Terms that no completion of `partial` can beat: `states` and `pes` from below, `keep` from above.
// (Words moved grow with the former and shrink with the latter; docs/physics.md, "Bounds".)
void optimistic_terms(const Partial& partial, DimTerms<double>& terms);
// GLB tiles that it makes at least.
Count least_glb_tiles(const Partial& partial);

}  // namespace energysim
