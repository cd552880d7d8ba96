#include "trace/glb.h"

#include "compression/rlc.h"

namespace energysim::trace {
namespace {

std::size_t at(Count i) { return static_cast<std::size_t>(i); }
std::size_t at(Dim d) { return static_cast<std::size_t>(index(d)); }

}  // namespace

Glb::Glb(const NestWalk& walk, Dram& dram, Count group, bool psums_drain_through)
    : dram_(dram),
      group_(group),
      ifmap_in_glb_(walk.glb_holds(Operand::Ifmap)),
      filters_in_glb_(walk.glb_holds(Operand::Filter)),
      drain_through_(psums_drain_through) {
  const Sizes& size = walk.glb_sizes();
  row_in_dram_ = circular_slots(dram.rows, dram.rows, dram.columns);
  column_in_dram_ = circular_slots(dram.columns, dram.columns, 1);
  if (ifmap_in_glb_) {
    const Count rows = reach(dram.row_steps, size[at(Dim::E)], size[at(Dim::R)]);
    const Count columns = reach(dram.column_steps, size[at(Dim::F)], size[at(Dim::S)]);
    row_slot_ = circular_slots(dram.rows, rows, columns);
    column_slot_ = circular_slots(dram.columns, columns, 1);
    ifmap_channel_ = rows * columns;
    ifmap_image_ = size[at(Dim::C)] * ifmap_channel_;
    ifmap_.resize(at(size[at(Dim::N)] * ifmap_image_));
  }
  if (filters_in_glb_) {
    filters_.resize(at(size[at(Dim::M)] * size[at(Dim::C)] * size[at(Dim::R)] * size[at(Dim::S)]));
  }
  const Count psums = size[at(Dim::N)] * size[at(Dim::E)] * size[at(Dim::F)] * size[at(Dim::M)];
  sums_.resize(at(psums));
  products_.resize(at(psums));
  stayed_.resize(at(psums));
}

void Glb::hold_inputs(const Box& tile, Ledger* ledger) {
  if (ifmap_in_glb_) hold_ifmap(tile, ledger);
  if (filters_in_glb_) hold_filters(tile, ledger);
}

// Calls `visit` with image and channel of the tile, row and column of each word not held before.
template <class Visit>
void Glb::visit_new_ifmap(const Box& tile, bool planes_stay, Visit visit) {
  for (Count n = 0; n < tile.size(Dim::N); ++n) {
    for (Count c = 0; c < tile.size(Dim::C); ++c) {
      for (std::size_t i = 0; i < rows_.all().size(); ++i) {
        for (std::size_t j = 0; j < columns_.all().size(); ++j) {
          if (planes_stay && row_stays_[i] && column_stays_[j]) continue;
          visit(n, c, at(rows_.all()[i]), at(columns_.all()[j]));
        }
      }
    }
  }
}

void Glb::collect_new_ifmap(const Box& tile, bool planes_stay) {
  transfer_.clear();
  visit_new_ifmap(tile, planes_stay, [&](Count n, Count c, std::size_t row, std::size_t column) {
    const Word* plane = dram_.ifmap_channel(tile[Dim::N].low + n, group_, tile[Dim::C].low + c);
    transfer_.push_back(plane[row_in_dram_[row] + column_in_dram_[column]]);
  });
}

void Glb::store_new_ifmap(const Box& tile, bool planes_stay, const std::vector<Word>& words) {
  auto word = words.begin();
  visit_new_ifmap(tile, planes_stay, [&](Count n, Count c, std::size_t row, std::size_t column) {
    const Count plane = n * ifmap_image_ + c * ifmap_channel_;
    ifmap_[at(plane + row_slot_[row] + column_slot_[column])] = *word++;
  });
}

void Glb::hold_ifmap(const Box& tile, Ledger* ledger) {
  if (same_words(Operand::Ifmap, ifmap_tile_, tile)) return;
  const bool planes_stay =
      tile[Dim::N] == ifmap_tile_[Dim::N] && tile[Dim::C] == ifmap_tile_[Dim::C];
  ifmap_tile_ = tile;
  std::swap(rows_, rows_before_);
  std::swap(columns_, columns_before_);
  rows_.list(dram_.row_steps, tile[Dim::E], tile[Dim::R]);
  columns_.list(dram_.column_steps, tile[Dim::F], tile[Dim::S]);
  rows_.mark_common(rows_before_, row_stays_);
  columns_.mark_common(columns_before_, column_stays_);
  collect_new_ifmap(tile, planes_stay);
  // What moves on the bus of the chip is the stream, and what arrives is what it decodes to.
  rlc::encode(transfer_, stream_);
  decoded_.resize(transfer_.size());
  rlc::decode(stream_, decoded_);
  store_new_ifmap(tile, planes_stay, decoded_);
  if (!ledger) return;
  const auto entered = static_cast<Count>(transfer_.size());
  ledger->at(Level::Dram, Operand::Ifmap).read += entered;
  ledger->at(Level::Glb, Operand::Ifmap).fill += entered;
  ledger->ifmap += {entered, static_cast<Count>(stream_.size()) * rlc::kWordBits};
}

void Glb::hold_filters(const Box& tile, Ledger* ledger) {
  if (same_or_apart(Operand::Filter, filter_tile_, tile)) return;
  filter_tile_ = tile;
  transfer_.clear();
  const Span &m = tile[Dim::M], &c = tile[Dim::C], &r = tile[Dim::R], &s = tile[Dim::S];
  for (Count ci = c.low; ci < c.high; ++ci) {
    for (Count ri = r.low; ri < r.high; ++ri) {
      for (Count si = s.low; si < s.high; ++si) {
        const Word* lane = dram_.filter_lane(group_, ci, ri, si);
        transfer_.insert(transfer_.end(), lane + m.low, lane + m.high);
      }
    }
  }
  rlc::encode(transfer_, stream_);
  rlc::decode(stream_, std::span(filters_).first(transfer_.size()));
  if (!ledger) return;
  const auto entered = static_cast<Count>(transfer_.size());
  ledger->at(Level::Dram, Operand::Filter).read += entered;
  ledger->at(Level::Glb, Operand::Filter).fill += entered;
  ledger->filters += {entered, static_cast<Count>(stream_.size()) * rlc::kWordBits};
}

IfmapPlace Glb::ifmap() const {
  if (!ifmap_in_glb_) {
    return {dram_.ifmap_channel(0, group_, 0),
            dram_.image_words,
            dram_.channel_words,
            0,
            0,
            row_in_dram_.data(),
            column_in_dram_.data()};
  }
  return {ifmap_.data(),           ifmap_image_,     ifmap_channel_,     ifmap_tile_[Dim::N].low,
          ifmap_tile_[Dim::C].low, row_slot_.data(), column_slot_.data()};
}

const Word* Glb::filter_lane(Count c, Count r, Count s) const {
  if (!filters_in_glb_) return dram_.filter_lane(group_, c, r, s);
  const Box& t = filter_tile_;
  const Count lane = ((c - t[Dim::C].low) * t.size(Dim::R) + r - t[Dim::R].low) * t.size(Dim::S) +
                     s - t[Dim::S].low;
  return filters_.data() + lane * t.size(Dim::M);
}

bool Glb::holds_psums_of(const Box& tile) const {
  return same_or_apart(Operand::Psum, psum_tile_, tile);
}

// Calls `visit` with the place of each psum in the tile and in DRAM.
template <class Visit>
void Glb::visit_psums(Visit visit) {
  const Box& t = psum_tile_;
  const Count M = t.size(Dim::M), E = t.size(Dim::E), F = t.size(Dim::F);
  for (Count n = 0; n < t.size(Dim::N); ++n) {
    for (Count m = 0; m < M; ++m) {
      for (Count e = 0; e < E; ++e) {
        const std::size_t row =
            dram_.psum_at(t[Dim::N].low + n, group_, t[Dim::M].low + m, t[Dim::E].low + e) +
            at(t[Dim::F].low);
        for (Count f = 0; f < F; ++f) visit(at(((n * E + e) * F + f) * M + m), row + at(f));
      }
    }
  }
}

void Glb::hold_psums(const Box& tile, Ledger& ledger) {
  if (holds_psums_of(tile)) return;
  drain(ledger);
  psum_tile_ = tile;
  Count back = 0;
  visit_psums([&](std::size_t here, std::size_t there) {
    sums_[here] = dram_.psums[there];
    products_[here] = dram_.products[there];
    stayed_[here] = 0;
    back += products_[here] > 0;
  });
  ledger.at(Level::Dram, Operand::Psum).read += back;
  if (drain_through_) ledger.at(Level::Glb, Operand::Psum).fill += back;
}

void Glb::drain(Ledger& ledger) {
  Count left = 0;
  bool finished = true;
  const auto all = static_cast<std::uint32_t>(dram_.C * dram_.R * dram_.S);
  visit_psums([&](std::size_t here, std::size_t there) {
    dram_.psums[there] = sums_[here];
    dram_.products[there] = products_[here];
    finished = finished && products_[here] == all;
    ++left;
  });
  if (left == 0) return;
  ledger.at(Level::Dram, Operand::Psum).write += left;
  if (drain_through_) ledger.at(Level::Glb, Operand::Psum).read += left;
  if (finished) {
    ledger.finished.push_back(psum_tile_);
    ledger.finished.back()[Dim::G] = {group_, group_ + 1};
  }
  psum_tile_ = Box{};
}

Glb::Lane Glb::psum_lane(Count n, Count e, Count f) {
  const Box& t = psum_tile_;
  const std::size_t lane =
      at((((n - t[Dim::N].low) * t.size(Dim::E) + e - t[Dim::E].low) * t.size(Dim::F) + f -
          t[Dim::F].low) *
         t.size(Dim::M));
  return {sums_.data() + lane, products_.data() + lane, stayed_.data() + lane};
}

}  // namespace energysim::trace
