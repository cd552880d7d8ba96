// The global buffer: a tile of each operand that it may hold, word by word.
#pragma once

#include "trace/dram.h"
#include "trace/ledger.h"

namespace energysim::trace {

// Where ifmap words of the current tile are to be read: row h and column w of a plane lie at
// row[h] + column[w].
struct IfmapPlace {
  const Word* base = nullptr;
  Count image = 0, channel = 0, first_image = 0, first_channel = 0;
  const Count* row = nullptr;
  const Count* column = nullptr;

  const Word* plane(Count n, Count c) const {
    return base + (n - first_image) * image + (c - first_channel) * channel;
  }
};

class Glb {
 public:
  Glb(const NestWalk& walk, Dram& dram, Count group, bool psums_drain_through);

  // Makes `tile` the tiles of ifmaps and filters; `ledger` is null where it only recalls what it
  // held before.
  void hold_inputs(const Box& tile, Ledger* ledger);
  // Makes the psums' tile that of `tile`. Before it changes, the array has to give its psums back.
  bool holds_psums_of(const Box& tile) const;
  void hold_psums(const Box& tile, Ledger& ledger);
  // Sends the psums to DRAM.
  void drain(Ledger& ledger);

  // What the array reads: of the GLB or, past it, of DRAM.
  IfmapPlace ifmap() const;
  // All filters of a weight: those of the tile from `first_filter()` on.
  const Word* filter_lane(Count c, Count r, Count s) const;
  Count first_filter() const { return filters_in_glb_ ? filter_tile_[Dim::M].low : 0; }

  // Psums of all filters of the tile at one place of the ofmap, from filter `first_psum()` on.
  struct Lane {
    std::int64_t* sums;
    std::uint32_t* products;
    std::uint8_t* stayed;
  };
  Lane psum_lane(Count n, Count e, Count f);
  Count first_psum() const { return psum_tile_[Dim::M].low; }
  bool psums_drain_through() const { return drain_through_; }

 private:
  void hold_ifmap(const Box& tile, Ledger* ledger);
  void hold_filters(const Box& tile, Ledger* ledger);
  void collect_new_ifmap(const Box& tile, bool planes_stay);
  void store_new_ifmap(const Box& tile, bool planes_stay, const std::vector<Word>& words);
  template <class Visit>
  void visit_new_ifmap(const Box& tile, bool planes_stay, Visit visit);
  template <class Visit>
  void visit_psums(Visit visit);

  Dram& dram_;
  const Count group_;
  const bool ifmap_in_glb_, filters_in_glb_, drain_through_;

  Box ifmap_tile_;
  Positions rows_, columns_, rows_before_, columns_before_;
  std::vector<std::uint8_t> row_stays_, column_stays_;
  std::vector<Count> row_slot_, column_slot_;  // in the GLB
  std::vector<Count> row_in_dram_, column_in_dram_;
  Count ifmap_image_ = 0, ifmap_channel_ = 0;
  std::vector<Word> ifmap_;

  Box filter_tile_;
  std::vector<Word> filters_;  // [c][r][s][m] of the tile

  Box psum_tile_;
  std::vector<std::int64_t> sums_;       // [n][e][f][m] of the tile
  std::vector<std::uint32_t> products_;  // products in each sum
  std::vector<std::uint8_t> stayed_;     // in the array, since it entered the GLB

  std::vector<Word> transfer_, decoded_;
  std::vector<std::uint64_t> stream_;
};

}  // namespace energysim::trace
