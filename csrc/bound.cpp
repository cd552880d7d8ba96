#include "bound.h"

#include <algorithm>

namespace energysim {

DimTerms<double> optimistic_terms(const Partial& p) {
  const auto real = [](Count value) { return static_cast<double>(value); };
  const Count size = p.layer;
  const Count passes_at_least = ceil_div(size, p.pass.most);
  const Count glb_tiles = p.glb_case == GlbCase::Whole   ? 1
                          : p.glb_case == GlbCase::Above ? ceil_div(size, p.glb.most)
                                                         : passes_at_least;
  const Count passes = std::max(
      passes_at_least, p.glb_case == GlbCase::Above ? glb_tiles + 1 : glb_tiles);
  const Count rf_most = p.single_in_rf ? 1 : p.pe.most;
  const Count resident = p.streams ? rf_most : p.pass.most;

  DimTerms<double> d;
  d.size = real(size);
  d.states[1] = real(glb_tiles);
  d.states[2] = real(passes);
  d.states[3] = p.streams ? real(std::max(passes, ceil_div(size, rf_most))) : d.states[2];
  if (p.streams) {
    d.pes[1] = d.states[1];
    d.pes[2] = d.states[2];
    d.pes[3] = d.states[3];
  } else {
    const double shares = real(ceil_div(size, p.pe.most));
    d.pes[0] = real(p.chunks.least);
    d.pes[1] = std::max(d.states[1], d.pes[0]);
    d.pes[2] = d.pes[3] = std::max(d.states[2], shares);
    // One GLB tile per pass: each PE's share is a new tile.
    if (p.glb_case == GlbCase::Same) d.pes[1] = d.pes[2];
  }

  // Coordinates that may stay put while loops outside turn.
  const double whole = size <= resident ? d.size : 0;
  const Count smallest_pass = p.streams ? p.pass.least : 1;
  const double per_pass = smallest_pass <= resident ? d.size : real(std::min(resident, size));
  d.keep[0] = p.glb_case == GlbCase::Above ? 0 : whole;
  switch (p.glb_case) {
    case GlbCase::Same:
      d.keep[1] = per_pass;
      break;
    case GlbCase::Whole:
      d.keep[1] = whole;
      break;
    case GlbCase::Above:
      // Full GLB tiles take at least two passes; only the last, smaller one may take a single one.
      d.keep[1] = real(std::min(resident, size / 2));
      break;
  }
  d.keep[2] = p.streams ? per_pass : d.size;
  d.keep[3] = d.size;
  const bool one_glb_tile = p.glb_case == GlbCase::Whole ||
                            size <= (p.glb_case == GlbCase::Same ? p.pass.most : p.glb.most);
  d.keep_glb = one_glb_tile ? d.size : 0;
  return d;
}

}  // namespace energysim
