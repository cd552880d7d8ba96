// What one axis of the sliding window contributes to the ifmap's counts.
#pragma once

#include "nest.h"
#include "window.h"

namespace energysim {

// Rows (dimensions E and R) or columns (F and S) of the ifmap.
struct WindowAxis {
  Axis axis;
  Dim out = Dim::E;
  Dim tap = Dim::R;
};

// Where ifmap words come to lie, and how they are counted.
//   Glb     words of the GLB's tiles
//   Array   words that the PEs need, the union of all PEs (a multicast reads once)
//   Pes     words that the PEs need, once per PE
enum class Reach : std::uint8_t { Glb, Array, Pes };
inline constexpr int kReaches = 3;

// Summed over all tiles that the axis' own loops visit:
//   gross      positions in the tiles
//   kept[j]    positions of a tile that were held just before loop j moved on
// By translation the sums need no walk over tiles: full tiles are all alike.
template <class Real>
struct WindowTerms {
  Real one{1};
  Real gross[kReaches]{};
  Real kept[kReaches][kMaxLoops]{};
};

// Terms of one axis under a nest; `glb_terms` and `array_terms` fill their half.
WindowTerms<Count> window_terms(const WindowAxis& axis, const Nest& nest);
void glb_window_terms(const WindowAxis& axis, const Tiles& out, const Tiles& tap,
                      const LoopOrder& order, const Way& way, WindowTerms<Count>& terms);
void array_window_terms(const WindowAxis& axis, const Tiles& out, const Tiles& tap,
                        const LoopOrder& order, const Way& way, WindowTerms<Count>& terms);

}  // namespace energysim
