// The mapping space of a scheme on a layer and an architecture: how letters become tiles, what
// fits.
#pragma once

#include "architecture.h"
#include "dataflow.h"
#include "layer.h"
#include "mapping.h"

namespace energysim {

// What is free about one dimension: the size of a PE's tile, how many PEs stand side by side, and
// the GLB's tile (0: as small as it can be).
struct Choice {
  Count pe = 1, chunks = 1, glb = 0;
};

class Space {
 public:
  // Of a layer too large for the architecture not even the smallest nest fits: ask `fits`.
  Space(const Layer& layer, const Architecture& arch, const Dataflow& dataflow,
        const Scheme& scheme);

  const Layer& layer() const { return *layer_; }
  const Architecture& arch() const { return *arch_; }
  const Dataflow& dataflow() const { return *dataflow_; }
  const Scheme& scheme() const { return *scheme_; }
  const DimRule& rule(Dim dim) const { return rules_[index(dim)]; }

  // Tiles of a dimension under its rule. A tile never exceeds the dimension.
  Tiles tiles(Dim dim, const Choice& choice) const;
  // The nest with every free tile at its smallest.
  const Nest& smallest() const { return smallest_; }

  // Does the nest fit the array, the scratch pads and the GLB?
  bool fits(const Nest& nest) const;
  bool fits_glb(const Nest& nest) const;
  bool fits_rf(const Nest& nest) const;
  bool fits_array(const Nest& nest) const;

 private:
  void fold_whole_tiles();

  const Layer* layer_;
  const Architecture* arch_;
  const Dataflow* dataflow_;
  const Scheme* scheme_;
  DimRule rules_[kDims];
  Count whole_[kDims];  // size of a "whole" tile, smaller than the dimension only if it is folded
  Nest smallest_;
};

}  // namespace energysim
