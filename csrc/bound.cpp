#include "bound.h"

#include <algorithm>

namespace energysim {
namespace {

// Tiles of a dimension; it is often a single one, which needs no division.
Count tiles_of(Count size, Count tile) { return tile >= size ? 1 : ceil_div(size, tile); }

}  // namespace

Count least_glb_tiles(const Partial& p) {
  if (p.glb_case == GlbCase::Whole) return 1;
  if (p.glb_case == GlbCase::Same) return tiles_of(p.layer, p.most_pass);
  return std::max<Count>(2, tiles_of(p.layer, p.most_glb));
}

void optimistic_terms(const Partial& p, DimTerms<double>& d) {
  const auto real = [](Count value) { return static_cast<double>(value); };
  const Count size = p.layer;
  const Count rf_most = p.single_in_rf ? 1 : p.most_pe;
  const Count resident = p.streams ? rf_most : p.most_pass;
  const Count glb_tiles = least_glb_tiles(p);
  Count passes = p.glb_case == GlbCase::Same ? glb_tiles : tiles_of(size, p.most_pass);
  if (p.glb_case == GlbCase::Between) {
    // All GLB tiles but a last, smaller one take two passes or more, and it takes what they leave.
    // With one tile more, that is at least three passes; if it is more than three, full passes
    // alone are as many.
    const Count last = size - (glb_tiles - 1) * p.most_glb;
    passes = std::max(passes, 2 * (glb_tiles - 1) + tiles_of(last, p.most_pass));
  }

  d.size = real(size);
  d.states[0] = 1;
  d.states[1] = real(glb_tiles);
  d.states[2] = d.states[3] = real(passes);
  if (p.streams) {
    d.states[3] = real(std::max(passes, p.single_in_rf ? size : tiles_of(size, rf_most)));
    d.pes[0] = 1;
    d.pes[1] = d.states[1];
    d.pes[2] = d.states[2];
    d.pes[3] = d.states[3];
  } else {
    d.pes[0] = real(p.least_chunks);
    d.pes[2] = d.pes[3] = real(std::max(passes, tiles_of(size, p.most_pe)));
    // One GLB tile per pass: each PE's share is a new tile.
    d.pes[1] = p.glb_case == GlbCase::Same ? d.pes[2] : std::max(d.states[1], d.pes[0]);
  }

  // Coordinates that may stay put while loops outside turn.
  const double whole = size <= resident ? d.size : 0;
  // Streamed passes keep their coordinates if they are as small as the pads. If full passes cannot
  // be, a last, smaller one may.
  const double per_pass =
      !p.streams || p.least_pe <= rf_most ? d.size : real(std::min(resident, size));
  d.keep[0] = whole;
  d.keep[1] = per_pass;
  if (p.glb_case == GlbCase::Whole) d.keep[1] = whole;
  if (p.glb_case == GlbCase::Between) {
    // Full GLB tiles take two passes or more; only the last, smaller one may take a single one.
    d.keep[0] = 0;
    d.keep[1] = real(std::min(resident, size / 2));
  }
  d.keep[2] = p.streams ? per_pass : d.size;
  if (p.streams && p.glb_case == GlbCase::Between && p.least_pe > rf_most) {
    // Each GLB tile may end in a smaller pass.
    d.keep[2] = real(std::min(size, ceil_div(size, p.least_pe + 1) * resident));
  }
  d.keep[3] = d.size;
  d.keep_glb = glb_tiles == 1 ? d.size : 0;
}

}  // namespace energysim
