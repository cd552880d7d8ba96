// A dataflow is a declaration: which tile sizes are free, which loop orders stand where, what packs
// on the array. The engine, the search and the tests read it; none of them knows a dataflow by
// name.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nest.h"

namespace energysim {

// How a dataflow chooses the size of a tile.
enum class Tile : std::uint8_t {
  One,    // a single coordinate
  Same,   // the same as the tile of the next storey inwards
  Free,   // any size; on the array: any number of PEs side by side
  Whole,  // the whole dimension; cut over time only as far as it cannot fit otherwise
};

// The rule of one dimension, outside in.
struct DimRule {
  Tile glb = Tile::Whole, pass = Tile::Same, pe = Tile::Whole, rf = Tile::Same;

  bool operator==(const DimRule&) const = default;
};

// A family of nests that share loop orders and ways through the GLB. `glb_tiles` overrides the GLB
// rule of single dimensions.
struct Scheme {
  std::string name;
  std::string keeps;  // what this order of loops keeps where, in words
  LoopOrder order;
  GlbPass glb;
  std::vector<std::pair<Dim, Tile>> glb_tiles;
};

// A tile size that the search may choose, and the letter that the papers give it.
struct Variable {
  std::string letter;
  Dim dim = Dim::N;
  enum class At : std::uint8_t { Pe, Pass, Glb } at = At::Pe;
};

// Rectangles on the array: `vertical` PEs high and `horizontal` PEs wide; a rectangle wider than
// the array is folded into pieces above each other; all other dimensions that are cut in space
// stand as further rectangles wherever they fit.
struct Grid {
  Dim vertical = Dim::R;
  Dim horizontal = Dim::E;
};

struct Dataflow {
  std::string name;
  std::string summary;
  std::string source;
  DimRule rules[kDims];
  std::vector<Scheme> schemes;
  std::vector<Variable> variables;  // in the order in which the search decides them
  Grid grid;

  DimRule rule(Dim dim, const Scheme& scheme) const;
  // The one of that name; both throw InvalidInput.
  const Scheme& scheme(const std::string& scheme_name) const;
  const Variable& variable(const std::string& letter) const;
};

// Rectangles of height x width PEs that fit on an array of rows x columns.
Count rectangles(Count rows, Count columns, Count height, Count width);

using DataflowPtr = std::shared_ptr<const Dataflow>;

// All dataflows the package carries.
const std::vector<DataflowPtr>& dataflows();
// The one of that name; throws InvalidInput.
DataflowPtr find_dataflow(const std::string& name);

}  // namespace energysim
