#include "capacity.h"

#include <algorithm>

#include "footprint.h"

namespace energysim {
namespace {

// need(x) = at_one + growth * (x - 1)
struct Line {
  Count at_one = 0, growth = 0;

  Line& operator+=(const Line& other) {
    at_one = saturating_sum(at_one, other.at_one);
    growth = saturating_sum(growth, other.growth);
    return *this;
  }

  // The greatest x in [0, most] that `there` words allow.
  Count greatest(Count there, Count most) const {
    if (at_one > there) return 0;
    return growth == 0 ? most : std::min(most, 1 + floor_div(there - at_one, growth));
  }
};

bool proportional(const Layer& layer, Dim dim) {
  if (dim == Dim::E || dim == Dim::R) return layer.shape().dilation_v == 1;
  if (dim == Dim::F || dim == Dim::S) return layer.shape().dilation_h == 1;
  return true;
}

template <class TileOf>
Line need_along(const Layer& layer, Operand operand, Dim dim, TileOf tile) {
  if (!relevant(operand, dim) || layer.size(dim) == 1) return {footprint(layer, operand, tile), 0};
  const auto with = [&](Count size) {
    return footprint(layer, operand, [&](Dim d) { return d == dim ? size : tile(d); });
  };
  const Count one = with(1);
  return {one, with(2) - one};
}

}  // namespace

Count greatest_glb_tile(const Space& space, const Nest& nest, Dim dim) {
  const Count size = space.layer().size(dim);
  if (!proportional(space.layer(), dim)) return size;
  Line total;
  for (Operand operand : kAllOperands) {
    if (!nest.glb[operand]) continue;
    const Line need = need_along(space.layer(), operand, dim, [&](Dim d) { return nest[d].glb; });
    total += need;
  }
  return total.greatest(space.arch().glb_words, size);
}

Count greatest_rf_tile(const Space& space, const Nest& nest, Dim dim) {
  const Count size = space.layer().size(dim);
  if (!proportional(space.layer(), dim)) return size;
  const Scratchpads& rf = space.arch().rf;
  Line total;
  Count least = size;
  for (Operand operand : kAllOperands) {
    const Line need = need_along(space.layer(), operand, dim, [&](Dim d) { return nest[d].rf; });
    if (!rf.pooled) least = std::min(least, need.greatest(rf.words[index(operand)], size));
    total += need;
  }
  return rf.pooled ? total.greatest(rf.pool, size) : least;
}

Count greatest_chunks(const Space& space, const Nest& nest, Dim dim) {
  const Grid& grid = space.dataflow().grid;
  const Count there = rectangles(space.arch().rows, space.arch().columns,
                                 nest[grid.vertical].chunks(), nest[grid.horizontal].chunks());
  Count others = 1;
  for (Dim d : kAllDims) {
    if (d != grid.vertical && d != grid.horizontal && d != dim) others *= nest[d].chunks();
  }
  return floor_div(there, others);
}

}  // namespace energysim
