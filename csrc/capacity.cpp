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

// Needs of all operands along one dimension.
struct Lines {
  Line of[kOperands];

  const Line& operator[](Operand operand) const { return of[index(operand)]; }
};

bool proportional(const Layer& layer, Dim dim) {
  if (dim == Dim::E || dim == Dim::R) return layer.shape().dilation_v == 1;
  if (dim == Dim::F || dim == Dim::S) return layer.shape().dilation_h == 1;
  return true;
}

Lines needs_along(const Space& space, const Nest& nest, Dim dim, Count Tiles::* tile) {
  using enum Dim;
  Lines needs;
  Count t[kDims];
  for (Dim d : kAllDims) t[index(d)] = nest[d].*tile;
  const auto need = [&](Operand operand) {
    const auto tile_of = [&](Dim d) { return t[index(d)]; };
    return words_of(space.arch(), operand, footprint(space.layer(), operand, tile_of));
  };
  t[index(dim)] = 1;
  for (Operand operand : kAllOperands) needs.of[index(operand)].at_one = need(operand);
  if (space.layer().size(dim) == 1) return needs;
  const bool slides = dim != N && dim != C && dim != M;
  t[index(dim)] = 2;
  for (Operand operand : kAllOperands) {
    if (!relevant(operand, dim)) continue;
    Line& line = needs.of[index(operand)];
    line.growth = slides ? need(operand) - line.at_one : line.at_one;
  }
  return needs;
}

Count greatest_glb_tile(const Space& space, const Nest& nest, Dim dim, Count size) {
  const Lines needs = needs_along(space, nest, dim, &Tiles::glb);
  Line total;
  for (Operand operand : kAllOperands) {
    if (nest.ways[operand].glb) total += needs[operand];
  }
  return total.greatest(space.arch().glb_words, size);
}

Count greatest_rf_tile(const Space& space, const Nest& nest, Dim dim, Count size) {
  const Lines needs = needs_along(space, nest, dim, &Tiles::rf);
  const Scratchpads& rf = space.arch().rf;
  Line total;
  Count least = size;
  for (Operand operand : kAllOperands) {
    if (!nest.ways[operand].rf) continue;
    if (rf.pooled) {
      total += needs[operand];
    } else {
      least = std::min(least, needs[operand].greatest(rf.words[index(operand)], size));
    }
  }
  return rf.pooled ? total.greatest(rf.pool, size) : least;
}

Count greatest_chunks(const Space& space, const Nest& nest, Dim dim) {
  const PeSets sets =
      pe_sets(space.dataflow().array, space.arch().rows, space.arch().columns, nest);
  return floor_div(sets.there, sets.need / nest[dim].chunks());
}

}  // namespace

Count glb_room(const Space& space, const Nest& nest, Dim dim) {
  const Count size = space.layer().size(dim);
  return proportional(space.layer(), dim) ? greatest_glb_tile(space, nest, dim, size) : size;
}

Room room(const Space& space, const Nest& nest, Dim dim) {
  const Count size = space.layer().size(dim);
  const DimRule& rule = space.rule(dim);
  Room room{size, size, size};
  if (proportional(space.layer(), dim)) {
    room.glb = greatest_glb_tile(space, nest, dim, size);
    if (rule.rf == Tile::Same) room.rf = greatest_rf_tile(space, nest, dim, size);
  }
  const bool spans = space.dataflow().array.spans(dim);
  if (rule.pass == Tile::Free && !spans) room.chunks = greatest_chunks(space, nest, dim);
  return room;
}

}  // namespace energysim
