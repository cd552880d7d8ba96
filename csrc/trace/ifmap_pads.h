// The ifmap's scratch pads.
#pragma once

#include "trace/bus.h"
#include "trace/glb.h"
#include "trace/stations.h"

namespace energysim::trace {

class IfmapPads {
 public:
  IfmapPads(const NestWalk& walk, const Dram& dram, Floor& floor);

  // Fetches what each PE lacks: in the first step of a pass, where PEs of a station can differ, and
  // in the others.
  void load_first(const Glb& glb, Ledger& ledger) { load(glb, ledger, true); }
  void load_next(const Glb& glb, Ledger& ledger) { load(glb, ledger, false); }
  // Fills the pads with the tiles of the step just shared out, and writes nothing down.
  void recall(const Glb& glb);

  // What the PEs of a station multiply in this step: [n][e][f] times [c][r][s].
  struct Values {
    std::vector<Word> words;
    Count outs = 0, terms = 0;
    // Zeros among them; among the first, and the last, of each place of the ofmap.
    Count zeros = 0, first_zeros = 0, last_zeros = 0;
  };
  const Values& values(std::size_t station) const { return values_[station]; }

 private:
  // Rows, or columns, that the PEs of one row and column of the array need.
  struct Axis {
    Positions now, before;
    std::vector<std::uint8_t> stays;
    bool all_stay = false;
  };
  // What of a tile is there already: nothing, or all planes, and of them some rows and columns.
  struct Held {
    bool planes = false;
    const std::uint8_t* rows = nullptr;  // null: all
    const std::uint8_t* columns = nullptr;
  };

  void load(const Glb& glb, Ledger& ledger, bool first);
  void list_axes(std::vector<Axis>& axes, const WindowSteps& steps, Dim out, Dim tap);
  Count load_members(std::size_t s, const Box& wanted, const IfmapPlace& from);
  Count load_station(std::size_t s, const Box& wanted, const IfmapPlace& from);
  Held compare(const Box& held, const Box& wanted, const Axis& rows, const Axis& columns);
  Count fetch(std::size_t s, const Box& wanted, const IfmapPlace& from, const Held& held);
  void gather(std::size_t s, const Box& wanted);
  Axis& rows_of(const Station& station);
  Axis& columns_of(const Station& station);

  Floor& floor_;
  const WindowSteps row_steps_, column_steps_;
  const Count taps_v_, taps_h_;  // PEs side by side along R and S
  std::vector<Axis> rows_, columns_;
  Positions other_rows_, other_columns_;
  std::vector<std::uint8_t> row_marks_, column_marks_;

  std::vector<std::vector<Word>> pads_;  // of each station, [n][c][row][column]
  std::vector<Count> row_slot_, column_slot_;
  Count channel_ = 0, image_ = 0;
  Bus bus_;
  std::vector<Count> bus_row_, bus_column_;
  Count bus_channel_ = 0, bus_image_ = 0;
  const bool from_glb_;
  std::vector<Values> values_;
};

}  // namespace energysim::trace
