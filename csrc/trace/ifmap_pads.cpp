#include "trace/ifmap_pads.h"

#include "compression/rlc.h"

namespace energysim::trace {
namespace {

std::size_t at(Count i) { return static_cast<std::size_t>(i); }
std::size_t at(Dim d) { return static_cast<std::size_t>(index(d)); }
constexpr std::size_t kIfmap = index(Operand::Ifmap);

}  // namespace

IfmapPads::IfmapPads(const NestWalk& walk, const Dram& dram, Floor& floor)
    : floor_(floor),
      row_steps_(dram.row_steps),
      column_steps_(dram.column_steps),
      taps_v_(walk.grid()[at(Dim::R)]),
      taps_h_(walk.grid()[at(Dim::S)]),
      from_glb_(walk.glb_holds(Operand::Ifmap)) {
  const Sizes &pe = walk.pe_sizes(), &step = walk.step_sizes(), &grid = walk.grid();
  rows_.resize(at(grid[at(Dim::E)] * taps_v_));
  columns_.resize(at(grid[at(Dim::F)] * taps_h_));
  const Count rows = reach(row_steps_, pe[at(Dim::E)], pe[at(Dim::R)]);
  const Count columns = reach(column_steps_, pe[at(Dim::F)], pe[at(Dim::S)]);
  row_slot_ = circular_slots(dram.rows, rows, columns);
  column_slot_ = circular_slots(dram.columns, columns, 1);
  channel_ = rows * columns;
  image_ = pe[at(Dim::C)] * channel_;
  const std::size_t stations = floor.stations(Operand::Ifmap).size();
  pads_.assign(stations, std::vector<Word>(at(pe[at(Dim::N)] * image_)));
  values_.resize(stations);

  const Count all_rows = reach(row_steps_, step[at(Dim::E)], step[at(Dim::R)]);
  const Count all_columns = reach(column_steps_, step[at(Dim::F)], step[at(Dim::S)]);
  bus_row_ = circular_slots(dram.rows, all_rows, all_columns);
  bus_column_ = circular_slots(dram.columns, all_columns, 1);
  bus_channel_ = all_rows * all_columns;
  bus_image_ = step[at(Dim::C)] * bus_channel_;
  bus_.make_room(step[at(Dim::N)] * bus_image_);
  if (!from_glb_) bus_.record_words();
}

IfmapPads::Axis& IfmapPads::rows_of(const Station& station) {
  return rows_[at(station.place[at(Dim::E)] * taps_v_ + station.place[at(Dim::R)])];
}
IfmapPads::Axis& IfmapPads::columns_of(const Station& station) {
  return columns_[at(station.place[at(Dim::F)] * taps_h_ + station.place[at(Dim::S)])];
}

void IfmapPads::list_axes(std::vector<Axis>& axes, const WindowSteps& steps, Dim out, Dim tap) {
  const Count taps = tap == Dim::R ? taps_v_ : taps_h_;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Axis& axis = axes[i];
    const Span& outs = floor_.share(out, static_cast<Count>(i) / taps);
    const Span& of_taps = floor_.share(tap, static_cast<Count>(i) % taps);
    axis.all_stay = axis.now.is_of(outs, of_taps);
    if (axis.all_stay) continue;
    std::swap(axis.now, axis.before);
    axis.now.list(steps, outs, of_taps);
    axis.now.mark_common(axis.before, axis.stays);
  }
}

void IfmapPads::load(const Glb& glb, Ledger& ledger, bool first) {
  list_axes(rows_, row_steps_, Dim::E, Dim::R);
  list_axes(columns_, column_steps_, Dim::F, Dim::S);
  bus_.begin_step();
  const IfmapPlace from = glb.ifmap();
  std::vector<Station>& stations = floor_.stations(Operand::Ifmap);
  Count deliveries = 0;
  for (std::size_t s = 0; s < stations.size(); ++s) {
    if (stations[s].working == 0) continue;
    const Box& wanted = stations[s].wanted;
    deliveries += first ? load_members(s, wanted, from) : load_station(s, wanted, from);
    stations[s].tile = wanted;
    gather(s, wanted);
  }
  ledger.at(Level::Noc, Operand::Ifmap).read += deliveries;
  ledger.at(Level::Rf, Operand::Ifmap).fill += deliveries;
  if (from_glb_) {
    ledger.at(Level::Glb, Operand::Ifmap).read += bus_.reads();
  } else if (bus_.reads() > 0) {
    ledger.at(Level::Dram, Operand::Ifmap).read += bus_.reads();
    ledger.ifmap += {bus_.reads(), rlc::bits(bus_.words())};
  }
}

// The first member holds what its station does, since it works whenever another one does.
Count IfmapPads::load_members(std::size_t s, const Box& wanted, const IfmapPlace& from) {
  const Station& station = floor_.stations(Operand::Ifmap)[s];
  const Pe* like = nullptr;
  Count entered = 0, deliveries = 0;
  for (const std::size_t member : station.members) {
    const Pe& pe = floor_.pes()[member];
    if (!pe.works) continue;
    const bool has = pe.has[kIfmap];
    if (has && same_words(Operand::Ifmap, pe.held, wanted)) continue;
    const bool alike = like && like->has[kIfmap] == has &&
                       (!has || same_words(Operand::Ifmap, like->held, pe.held));
    if (!alike) {
      const Held held =
          has ? compare(pe.held, wanted, rows_of(station), columns_of(station)) : Held{};
      entered = fetch(s, wanted, from, held);
      like = &pe;
    }
    deliveries += entered;
  }
  return deliveries;
}

Count IfmapPads::load_station(std::size_t s, const Box& wanted, const IfmapPlace& from) {
  const Station& station = floor_.stations(Operand::Ifmap)[s];
  const Axis &rows = rows_of(station), &columns = columns_of(station);
  const bool planes =
      station.tile[Dim::N] == wanted[Dim::N] && station.tile[Dim::C] == wanted[Dim::C];
  if (planes && rows.all_stay && columns.all_stay) return 0;
  const Held held{planes, rows.all_stay ? nullptr : rows.stays.data(),
                  columns.all_stay ? nullptr : columns.stays.data()};
  return station.working * fetch(s, wanted, from, held);
}

IfmapPads::Held IfmapPads::compare(const Box& held, const Box& wanted, const Axis& rows,
                                   const Axis& columns) {
  if (held[Dim::N] != wanted[Dim::N] || held[Dim::C] != wanted[Dim::C]) return {};
  other_rows_.list(row_steps_, held[Dim::E], held[Dim::R]);
  other_columns_.list(column_steps_, held[Dim::F], held[Dim::S]);
  rows.now.mark_common(other_rows_, row_marks_);
  columns.now.mark_common(other_columns_, column_marks_);
  return {true, row_marks_.data(), column_marks_.data()};
}

// Brings the words of a tile that are not held; returns how many.
Count IfmapPads::fetch(std::size_t s, const Box& wanted, const IfmapPlace& from, const Held& held) {
  const Station& station = floor_.stations(Operand::Ifmap)[s];
  const std::vector<std::int32_t>& rows = rows_of(station).now.all();
  const std::vector<std::int32_t>& columns = columns_of(station).now.all();
  const Box& step = floor_.step();
  Count entered = 0;
  for (Count n = 0; n < wanted.size(Dim::N); ++n) {
    for (Count c = 0; c < wanted.size(Dim::C); ++c) {
      const Count image = wanted[Dim::N].low + n, channel = wanted[Dim::C].low + c;
      const Word* source = from.plane(image, channel);
      Word* pad = pads_[s].data() + n * image_ + c * channel_;
      const Count bus =
          (image - step[Dim::N].low) * bus_image_ + (channel - step[Dim::C].low) * bus_channel_;
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const bool row_stays = held.planes && (!held.rows || held.rows[i]);
        const std::size_t row = at(rows[i]);
        for (std::size_t j = 0; j < columns.size(); ++j) {
          if (row_stays && (!held.columns || held.columns[j])) continue;
          const std::size_t column = at(columns[j]);
          const Word word = source[from.row[row] + from.column[column]];
          pad[row_slot_[row] + column_slot_[column]] = word;
          bus_.take(bus + bus_row_[row] + bus_column_[column], word);
          ++entered;
        }
      }
    }
  }
  return entered;
}

void IfmapPads::gather(std::size_t s, const Box& wanted) {
  Values& v = values_[s];
  const Span &e = wanted[Dim::E], &f = wanted[Dim::F], &r = wanted[Dim::R], &t = wanted[Dim::S];
  v.outs = wanted.size(Dim::N) * e.size() * f.size();
  v.terms = wanted.size(Dim::C) * r.size() * t.size();
  v.words.resize(at(v.outs * v.terms));
  v.zeros = v.first_zeros = v.last_zeros = 0;
  Word* to = v.words.data();
  for (Count n = 0; n < wanted.size(Dim::N); ++n) {
    for (Count ei = e.low; ei < e.high; ++ei) {
      for (Count fi = f.low; fi < f.high; ++fi) {
        const Word* const begin = to;
        for (Count c = 0; c < wanted.size(Dim::C); ++c) {
          const Word* plane = pads_[s].data() + n * image_ + c * channel_;
          for (Count ri = r.low; ri < r.high; ++ri) {
            const Word* row =
                plane + row_slot_[at(ei * row_steps_.stride + ri * row_steps_.dilation)];
            const Count* column = column_slot_.data() + fi * column_steps_.stride;
            for (Count si = t.low; si < t.high; ++si) {
              const Word word = row[column[si * column_steps_.dilation]];
              v.zeros += word == 0;
              *to++ = word;
            }
          }
        }
        v.first_zeros += begin[0] == 0;
        v.last_zeros += to[-1] == 0;
      }
    }
  }
}

void IfmapPads::recall(const Glb& glb) {
  list_axes(rows_, row_steps_, Dim::E, Dim::R);
  list_axes(columns_, column_steps_, Dim::F, Dim::S);
  bus_.begin_step();
  std::vector<Station>& stations = floor_.stations(Operand::Ifmap);
  for (std::size_t s = 0; s < stations.size(); ++s) {
    if (stations[s].working == 0) continue;
    stations[s].tile = stations[s].wanted;
    fetch(s, stations[s].tile, glb.ifmap(), Held{});
  }
}

}  // namespace energysim::trace
