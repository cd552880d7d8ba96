// How one dimension is cut into tiles, and what its loops contribute to every count.
#pragma once

#include <algorithm>

#include "dims.h"

namespace energysim {

// Tile sizes of one dimension, outside in: layer >= glb >= pass >= pe >= rf. Tiles need not divide;
// the last tile of each storey is smaller.
//   glb   what the GLB holds (DRAM loops step over it)
//   pass  what the array works on in one processing pass (GLB loops step over it)
//   pe    what one PE takes of the pass (space: pass / pe PEs work side by side)
//   rf    what a PE's scratch pads hold (PE loops stream over it)
// A dimension is cut in space or streamed inside the PE, never both.
struct Tiles {
  Count layer = 1, glb = 1, pass = 1, pe = 1, rf = 1;

  bool streams() const { return pe == pass; }
  // PEs side by side in a full pass.
  Count chunks() const { return streams() ? 1 : pe == 1 ? pass : ceil_div(pass, pe); }
  // Tile that the scratch pads hold while the loops above them stand still: a whole pass where PEs
  // share it in space.
  Count resident() const { return streams() ? rf : pass; }

  bool operator==(const Tiles&) const = default;
};

// What the law of residence needs to know of one dimension. `states[k]` counts the tiles seen by a
// nest whose first k storeys (DRAM, GLB, PE) run over this dimension; `pes[k]` the same with each
// tile counted once per PE at work on it. `keep[k]` counts the coordinates whose inner loops (those
// of storeys k and deeper) make a single trip, so that the tile is the same at their end as at
// their start and stays in the scratch pads.
template <class Real>
struct DimTerms {
  Real states[4]{Real{1}, Real{1}, Real{1}, Real{1}};  // the first is always 1
  Real pes[4]{Real{1}, Real{1}, Real{1}, Real{1}};
  Real keep[4]{Real{1}, Real{1}, Real{1}, Real{1}};
  Real size{1};
  // The same for the tile held in the GLB, before its DRAM loop.
  Real keep_glb{1};

  bool operator==(const DimTerms&) const = default;
};

template <class Real>
DimTerms<Real> dim_terms(const Tiles& t) {
  const Count full = floor_div(t.layer, t.glb), rest = t.layer - full * t.glb;
  const bool streams = t.streams();
  const Count resident = t.resident();
  // Over one GLB tile: passes, streamed steps, PEs at work in all passes, coordinates of
  // single-step passes.
  const auto over_passes = [&](Count tile, auto&& per_pass) {
    const Count passes = floor_div(tile, t.pass), last = tile - passes * t.pass;
    return passes * per_pass(t.pass) + (last > 0 ? per_pass(last) : 0);
  };
  const auto passes = [&](Count tile) { return ceil_div(tile, t.pass); };
  const auto steps = [&](Count tile) {
    return over_passes(tile, [&](Count pass) { return ceil_div(pass, t.rf); });
  };
  const auto working = [&](Count tile) {
    return over_passes(tile, [&](Count pass) { return ceil_div(pass, t.pe); });
  };
  const auto still = [&](Count tile) {
    return over_passes(tile, [&](Count pass) { return pass <= resident ? pass : 0; });
  };
  const auto over_glb_tiles = [&](auto&& per_tile) {
    return Real(full) * Real(per_tile(t.glb)) + Real(rest ? per_tile(rest) : 0);
  };

  DimTerms<Real> d;
  d.size = Real(t.layer);
  d.states[1] = Real(ceil_div(t.layer, t.glb));
  d.states[2] = over_glb_tiles(passes);
  d.states[3] = streams ? over_glb_tiles(steps) : d.states[2];
  if (streams) {
    d.pes[1] = d.states[1];
    d.pes[2] = d.states[2];
  } else {
    const auto widest = [&](Count tile) { return ceil_div(std::min(tile, t.pass), t.pe); };
    d.pes[0] = Real(t.chunks());
    d.pes[1] = over_glb_tiles(widest);
    d.pes[2] = over_glb_tiles(working);
  }
  d.pes[3] = streams ? d.states[3] : d.pes[2];
  const auto single = [&](Count tile) { return tile <= resident ? tile : 0; };
  d.keep[0] = Real(single(t.layer));
  d.keep[1] = over_glb_tiles(single);
  d.keep[2] = over_glb_tiles(still);
  d.keep[3] = d.size;
  d.keep_glb = t.layer <= t.glb ? d.size : Real(0);
  return d;
}

}  // namespace energysim
