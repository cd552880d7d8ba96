// A nest, read for walking: which tile follows which, and what each PE gets of it.
//
// This is the only place of the tensor simulator that reads a nest. Nothing is derived from it
// here: tiles are made one after another, in the order of the loops.
#pragma once

#include <vector>

#include "layer.h"
#include "nest.h"

namespace energysim::trace {

// Coordinates low <= x < high of one dimension.
struct Span {
  Count low = 0, high = 0;

  Count size() const { return high > low ? high - low : 0; }
  bool operator==(const Span&) const = default;
};

// Coordinates of all dimensions.
struct Box {
  std::array<Span, kDims> side{};

  const Span& operator[](Dim dim) const { return side[static_cast<std::size_t>(index(dim))]; }
  Span& operator[](Dim dim) { return side[static_cast<std::size_t>(index(dim))]; }
  Count size(Dim dim) const { return (*this)[dim].size(); }
  bool operator==(const Box&) const = default;
};

// Do two tiles have the same coordinates in all dimensions of an operand?
bool same_words(Operand operand, const Box& a, const Box& b);
// Does a tile have no words of an operand?
bool no_words(Operand operand, const Box& box);
// For operands whose words are a box (all but the ifmap, whose windows overlap): all tiles of a
// storage come from one partition of the layer, so that two of them are the same or share nothing.
// Throws std::logic_error where that does not hold.
bool same_or_apart(Operand operand, const Box& held, const Box& wanted);

using Sizes = std::array<Count, kDims>;

class NestWalk {
 public:
  NestWalk(const Layer& layer, const Nest& nest);

  bool glb_holds(Operand operand) const { return ways_[operand].glb; }

  // The tiles of the GLB, numbered in the order of the DRAM loops.
  Count glb_tiles() const { return glb_tiles_; }
  Box glb_tile(Count number) const;
  // Tiles `k * independent_stride()` begin with psums that no tile before has touched: all loops
  // that turn further out are over dimensions of the psum.
  Count independent_stride() const { return independent_stride_; }
  // Does every PE get something to do in some pass of that tile, by its dimensions?
  bool employs_all_pes(const Box& glb_tile) const;

  // The first pass of a GLB tile, and the next one; false after the last.
  Box first_pass(const Box& glb_tile) const { return first(glb_tile, pass_); }
  bool next_pass(const Box& glb_tile, Box& pass) const {
    return next(Storey::Glb, glb_tile, pass_, pass);
  }
  // What all PEs together work on in the first step of a pass, in the next one, and in the last.
  Box first_step(const Box& pass) const { return first(pass, step_); }
  bool next_step(const Box& pass, Box& step) const { return next(Storey::Pe, pass, step_, step); }
  Box last_step(const Box& pass) const;

  // PEs side by side along each dimension, and what the one at `place` gets of a step.
  const Sizes& grid() const { return grid_; }
  Span share(Dim dim, Count place, const Box& pass, const Box& step) const;

  // Sizes of the largest tiles.
  const Sizes& glb_sizes() const { return glb_; }
  const Sizes& step_sizes() const { return step_; }
  const Sizes& pe_sizes() const { return pe_step_; }

 private:
  static Box first(const Box& outer, const Sizes& sizes);
  bool next(Storey storey, const Box& outer, const Sizes& sizes, Box& tile) const;

  Box layer_;
  Sizes glb_{}, pass_{}, chunk_{}, step_{}, pe_step_{}, grid_{};
  Ways ways_;
  std::array<std::vector<Dim>, 3> loops_;
  Count glb_tiles_ = 1, independent_stride_ = 1;
};

}  // namespace energysim::trace
