// Values that a tile of an operand has, and the words of storage that they take.
#pragma once

#include <limits>

#include "architecture.h"
#include "layer.h"
#include "nest.h"
#include "window_terms.h"

namespace energysim {

// Axes of the ifmap's window.
inline WindowAxis row_axis(const Layer& layer) {
  return {{layer.shape().stride_v, layer.shape().dilation_v}, Dim::E, Dim::R};
}
inline WindowAxis column_axis(const Layer& layer) {
  return {{layer.shape().stride_h, layer.shape().dilation_h}, Dim::F, Dim::S};
}

// Values of an operand in a tile whose size along each dimension `tile(dim)` tells.
template <class TileOf>
Count footprint(const Layer& layer, Operand operand, TileOf tile) {
  using enum Dim;
  switch (operand) {
    case Operand::Ifmap:
      return tile(N) * tile(C) * window_words(row_axis(layer).axis, tile(E), tile(R)) *
             window_words(column_axis(layer).axis, tile(F), tile(S));
    case Operand::Filter:
      return tile(M) * tile(C) * tile(R) * tile(S);
    case Operand::Psum:
      break;
  }
  return tile(N) * tile(M) * tile(E) * tile(F);
}

// The words that some values of an operand take; no more than fit a Count, which no storage holds.
inline Count words_of(const Architecture& arch, Operand operand, Count values) {
  const Count each = arch.value_words[index(operand)];
  constexpr Count kMost = std::numeric_limits<Count>::max();
  return each == 1 ? values : values > kMost / each ? kMost : values * each;
}

// Words that an operand's tiles take in the GLB and in a PE's scratch pads; none where it passes
// them by.
inline Count glb_need(const Layer& layer, const Architecture& arch, const Nest& nest,
                      Operand operand) {
  if (!nest.ways[operand].glb) return 0;
  return words_of(arch, operand, footprint(layer, operand, [&](Dim d) { return nest[d].glb; }));
}

inline Count rf_need(const Layer& layer, const Architecture& arch, const Nest& nest,
                     Operand operand) {
  if (!nest.ways[operand].rf) return 0;
  return words_of(arch, operand, footprint(layer, operand, [&](Dim d) { return nest[d].rf; }));
}

}  // namespace energysim
