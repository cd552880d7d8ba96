// Optimistic terms of a dimension whose tiles are not all decided: for lower bounds.
#pragma once

#include "tiling.h"

namespace energysim {

// How the GLB tile of a dimension relates to its pass tile.
enum class GlbCase : std::uint8_t {
  Same,   // the same tile
  Above,  // a larger tile, still free: at least two passes
  Whole,  // the whole dimension
};

// The sizes that a tile may still take. A decided one has least == most.
struct Range {
  Count least = 1, most = 1;

  bool decided() const { return least == most; }
};

// What is known of one dimension in the middle of a search.
struct Partial {
  Count layer = 1;
  bool streams = false;       // streamed inside the PE, never cut in space
  bool single_in_rf = false;  // the scratch pads hold a single coordinate
  GlbCase glb_case = GlbCase::Same;
  Range pe, chunks, pass, glb;
};

// Terms that no completion of `partial` can beat: `states` and `pes` from below, `keep` from above.
// (Words moved grow with the former and shrink with the latter; docs/physics.md, "Bounds".)
DimTerms<double> optimistic_terms(const Partial& partial);

}  // namespace energysim
