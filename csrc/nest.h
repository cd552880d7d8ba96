// A loop nest as the counting engine reads it: tiles of every dimension and the order of loops.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <initializer_list>

#include "dims.h"
#include "tiling.h"

namespace energysim {

struct Loop {
  Dim dim = Dim::N;
  Storey storey = Storey::Dram;

  auto operator<=>(const Loop&) const = default;
};

inline constexpr int kMaxLoops = 3 * kDims;

// The temporal loops, outermost first: all DRAM loops, then all GLB loops, then all PE loops.
// A dimension that is not listed in a storey makes a single trip there. The loop over groups is
// always outermost and not listed: no operand has words that two groups share.
class LoopOrder {
 public:
  LoopOrder() = default;
  LoopOrder(std::initializer_list<Dim> dram, std::initializer_list<Dim> glb,
            std::initializer_list<Dim> pe) {
    for (Dim d : dram) push({d, Storey::Dram});
    for (Dim d : glb) push({d, Storey::Glb});
    for (Dim d : pe) push({d, Storey::Pe});
  }

  void push(Loop loop) { loops_[static_cast<std::size_t>(size_++)] = loop; }
  int size() const { return size_; }
  const Loop& operator[](int j) const { return loops_[static_cast<std::size_t>(j)]; }
  bool lists(Dim dim, Storey storey) const {
    for (int j = 0; j < size_; ++j) {
      if (loops_[static_cast<std::size_t>(j)] == Loop{dim, storey}) return true;
    }
    return false;
  }

  bool operator==(const LoopOrder&) const = default;

 private:
  std::array<Loop, kMaxLoops> loops_{};
  int size_ = 0;
};

// Which operands are held in the GLB on their way; the others go straight from DRAM to the array.
struct GlbPass {
  bool holds[kOperands] = {true, true, true};

  bool operator[](Operand operand) const { return holds[index(operand)]; }
  bool operator==(const GlbPass&) const = default;
};

struct Nest {
  std::array<Tiles, kDims> tiles{};
  LoopOrder order;
  GlbPass glb;

  const Tiles& operator[](Dim dim) const { return tiles[static_cast<std::size_t>(index(dim))]; }
  Tiles& operator[](Dim dim) { return tiles[static_cast<std::size_t>(index(dim))]; }
  bool operator==(const Nest&) const = default;
};

}  // namespace energysim
