// A dataflow is a declaration: which tile sizes are free, which loop orders stand where, what packs
// on the array. The engine, the search and the tests read it; none of them knows a dataflow by
// name.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "layer.h"
#include "nest.h"

namespace energysim {

// How a dataflow chooses the size of a tile.
enum class Tile : std::uint8_t {
  One,      // a single coordinate
  Same,     // the same as the tile of the next storey inwards
  Free,     // any size; on the array: any number of PEs side by side
  Whole,    // the whole dimension; cut over time only as far as it cannot fit otherwise
  Untiled,  // the whole dimension; if it does not fit, nothing does
};

// The rule of one dimension, outside in.
struct DimRule {
  Tile glb = Tile::Whole, pass = Tile::Same, pe = Tile::Whole, rf = Tile::Same;

  bool operator==(const DimRule&) const = default;
};

// A family of nests that share loop orders and the operands' ways. `glb_tiles` overrides the GLB
// rule of single dimensions; a single coordinate in the GLB is one everywhere further in, too.
struct Scheme {
  std::string name;
  std::string keeps;  // what this order of loops keeps where, in words
  LoopOrder order;
  Ways ways;
  std::vector<std::pair<Dim, Tile>> glb_tiles;
  bool one_group = false;  // not for layers of several groups

  bool takes(const Layer& layer) const { return !one_group || layer.size(Dim::G) == 1; }
  bool operator==(const Scheme&) const = default;
};

// A tile size that the search may choose, and the letter that the papers give it.
struct Variable {
  std::string letter;
  Dim dim = Dim::N;
  enum class At : std::uint8_t { Pe, Pass, Glb } at = At::Pe;

  bool operator==(const Variable&) const = default;
};

// How PEs side by side find room on the array.
//   Grid   in rectangles, `vertical` PEs high and `horizontal` PEs wide; a rectangle wider than the
//          array is folded into pieces above each other; all other dimensions that are cut in space
//          stand as further rectangles wherever they fit
//   Pool   anywhere: no more than there are PEs
enum class Packing : std::uint8_t { Grid, Pool };
struct ArrayRule {
  Packing packing = Packing::Grid;
  Dim vertical = Dim::R, horizontal = Dim::E;

  // Is a dimension the side of a rectangle?
  bool spans(Dim dim) const {
    return packing == Packing::Grid && (dim == vertical || dim == horizontal);
  }
  bool operator==(const ArrayRule&) const = default;
};

// What a nest needs of the array: so many rectangles (single PEs of a pool), and how many find
// room.
struct PeSets {
  Count height = 1, width = 1;
  Count need = 1, there = 0;
};

struct Dataflow {
  std::string name;
  std::string summary;
  std::string source;
  DimRule rules[kDims];
  std::vector<Scheme> schemes;
  std::vector<Variable> variables;  // in the order in which the search decides them
  ArrayRule array;

  DimRule rule(Dim dim, const Scheme& scheme) const;
  // The one of that name; both throw InvalidInput.
  const Scheme& scheme(const std::string& scheme_name) const;
  const Variable& variable(const std::string& letter) const;
  bool operator==(const Dataflow&) const = default;
};

// Rectangles of height x width PEs that fit on an array of rows x columns.
Count rectangles(Count rows, Count columns, Count height, Count width);
// Those that there are for a nest, and with them those that it needs.
Count sets_there(const ArrayRule& rule, Count rows, Count columns, const Nest& nest);
PeSets pe_sets(const ArrayRule& rule, Count rows, Count columns, const Nest& nest);

using DataflowPtr = std::shared_ptr<const Dataflow>;

// All dataflows the package carries.
const std::vector<DataflowPtr>& dataflows();
// The one of that name; throws InvalidInput.
DataflowPtr find_dataflow(const std::string& name);

}  // namespace energysim
