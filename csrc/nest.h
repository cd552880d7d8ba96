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

  auto operator<=>(const LoopOrder&) const = default;

 private:
  std::array<Loop, kMaxLoops> loops_{};
  int size_ = 0;
};

// When the GLB's tile of the ifmap moves by less than its size, are the words that it keeps
// fetched?
enum class Halo : std::uint8_t { Slide, Refetch };
// Is a tile fetched from DRAM again that did not change? It is the GLB's; of filters that pass the
// GLB by, that of a processing pass.
enum class Refetch : std::uint8_t { OnChange, Always };

// The way of one operand between DRAM and the MACs.
struct Way {
  bool glb = true;  // held in the GLB; otherwise it goes straight between DRAM and the array
  bool noc = true;  // its deliveries (of psums: hops) are moves of the array's network
  // Held in the PEs' scratch pads. Otherwise nobody in the array holds it: each pass takes all its
  // words in once (one multicast serves all PEs) and delivers one for every MAC.
  bool rf = true;
  Halo halo = Halo::Slide;
  Refetch refetch = Refetch::OnChange;

  bool passes(Level level) const {
    return level == Level::Glb ? glb : level == Level::Noc ? noc : level == Level::Rf ? rf : true;
  }
  auto operator<=>(const Way&) const = default;
};

struct Ways {
  Way ifmap, filter, psum;
  // PEs side by side along these dimensions pass psums on to each other. Partial sums of PEs side
  // by side along C, R or S that are not among them meet above the array.
  DimSet psum_chain = kReduction;

  const Way& operator[](Operand operand) const {
    return operand == Operand::Ifmap ? ifmap : operand == Operand::Filter ? filter : psum;
  }
  Way& operator[](Operand operand) {
    return operand == Operand::Ifmap ? ifmap : operand == Operand::Filter ? filter : psum;
  }
  auto operator<=>(const Ways&) const = default;
};

// Throws InvalidInput for ways that contradict themselves.
void check_ways(const Ways& ways);

struct Nest {
  std::array<Tiles, kDims> tiles{};
  LoopOrder order;
  Ways ways;

  const Tiles& operator[](Dim dim) const { return tiles[static_cast<std::size_t>(index(dim))]; }
  Tiles& operator[](Dim dim) { return tiles[static_cast<std::size_t>(index(dim))]; }
  bool operator==(const Nest&) const = default;
};

}  // namespace energysim
