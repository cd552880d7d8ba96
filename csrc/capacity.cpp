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

// Of an operand along one dimension, in one of the nest's storages.
Line need_along(const Space& space, const Nest& nest, Operand operand, Dim dim,
                Count Tiles::* tile) {
  using enum Dim;
  const auto need = [&](Count size) {
    const auto tile_of = [&](Dim d) { return d == dim ? size : nest[d].*tile; };
    return words_of(space.arch(), operand, footprint(space.layer(), operand, tile_of));
  };
  Line line{need(1), 0};
  if (!relevant(operand, dim) || space.layer().size(dim) == 1) return line;
  const bool slides = dim != N && dim != C && dim != M;
  line.growth = slides ? need(2) - line.at_one : line.at_one;
  return line;
}

Count greatest_glb_tile(const Space& space, const Nest& nest, Dim dim, Count size) {
  Line total;
  for (Operand operand : kAllOperands) {
    if (nest.ways[operand].glb) total += need_along(space, nest, operand, dim, &Tiles::glb);
  }
  return total.greatest(space.arch().glb_words, size);
}

Count greatest_rf_tile(const Space& space, const Nest& nest, Dim dim, Count size) {
  const Scratchpads& rf = space.arch().rf;
  Line total;
  Count least = size;
  for (Operand operand : kAllOperands) {
    if (!nest.ways[operand].rf) continue;
    const Line need = need_along(space, nest, operand, dim, &Tiles::rf);
    if (rf.pooled) {
      total += need;
    } else {
      least = std::min(least, need.greatest(rf.words[index(operand)], size));
    }
  }
  return rf.pooled ? total.greatest(rf.pool, size) : least;
}

Count greatest_chunks(const Nest& nest, const PeSets& sets, Dim dim) {
  return floor_div(sets.there, floor_div(sets.need, nest[dim].chunks()));
}

}  // namespace

SharedStorage::SharedStorage(const Space& space, const Nest& nest) : arch_(&space.arch()) {
  for (Operand operand : kAllOperands) {
    const auto words = [&](Count Tiles::* tile) {
      const auto tile_of = [&](Dim d) { return d == Dim::C || d == Dim::M ? 1 : nest[d].*tile; };
      return words_of(*arch_, operand, footprint(space.layer(), operand, tile_of));
    };
    const Way& way = nest.ways[operand];
    glb_.of[index(operand)] = way.glb ? words(&Tiles::glb) : 0;
    rf_.of[index(operand)] = way.rf ? words(&Tiles::rf) : 0;
  }
}

// Of a storage that all operands share.
Count SharedStorage::room(Count there, const Words& words, Dim dim, Count others) {
  const bool channels = dim == Dim::C;
  const Count theirs = words.of[index(channels ? Operand::Psum : Operand::Ifmap)];
  const Count own = words.of[index(channels ? Operand::Ifmap : Operand::Psum)];
  const Count taken = saturating_product(theirs, others);
  const Count each =
      saturating_sum(own, saturating_product(words.of[index(Operand::Filter)], others));
  return taken > there ? 0 : each == 0 ? kGreatestCount : floor_div(there - taken, each);
}

Count SharedStorage::glb_room(Dim dim, Count others) const {
  return room(arch_->glb_words, glb_, dim, others);
}

Count SharedStorage::rf_room(Dim dim, Count others) const {
  if (arch_->rf.pooled) return room(arch_->rf.pool, rf_, dim, others);
  Count most = kGreatestCount;
  for (Operand operand : kAllOperands) {
    Words alone;
    alone.of[index(operand)] = rf_.of[index(operand)];
    most = std::min(most, room(arch_->rf.words[index(operand)], alone, dim, others));
  }
  return most;
}

Room room(const Space& space, const Nest& nest, const PeSets& sets, const SharedStorage& shared,
          Dim dim) {
  const Count size = space.layer().size(dim);
  const DimRule& rule = space.rule(dim);
  const bool in_rf = rule.rf == Tile::Same;
  Room room{size, size, size};
  if (dim == Dim::C || dim == Dim::M) {
    const Tiles& others = nest[dim == Dim::C ? Dim::M : Dim::C];
    room.glb = std::min(size, shared.glb_room(dim, others.glb));
    if (in_rf) room.rf = std::min(size, shared.rf_room(dim, others.rf));
  } else if (proportional(space.layer(), dim)) {
    room.glb = greatest_glb_tile(space, nest, dim, size);
    if (in_rf) room.rf = greatest_rf_tile(space, nest, dim, size);
  }
  const bool spans = space.dataflow().array.spans(dim);
  if (rule.pass == Tile::Free && !spans) room.chunks = greatest_chunks(nest, sets, dim);
  return room;
}

}  // namespace energysim
