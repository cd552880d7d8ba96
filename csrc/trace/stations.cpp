#include "trace/stations.h"

#include <utility>

namespace energysim::trace {
namespace {

std::size_t at(Dim d) { return static_cast<std::size_t>(index(d)); }

}  // namespace

Floor::Floor(const NestWalk& walk) : walk_(walk) {
  const Sizes& grid = walk.grid();
  Count pes = 1;
  std::array<Count, kOperands> counts{1, 1, 1};
  for (Dim d : kAllDims) {
    pes *= grid[at(d)];
    shares_[at(d)].resize(static_cast<std::size_t>(grid[at(d)]));
    for (Operand operand : kAllOperands) {
      if (relevant(operand, d)) counts[static_cast<std::size_t>(index(operand))] *= grid[at(d)];
    }
  }
  for (std::size_t o = 0; o < kOperands; ++o) {
    stations_[o].resize(static_cast<std::size_t>(counts[o]));
  }
  pes_.resize(static_cast<std::size_t>(pes));
  for (std::size_t p = 0; p < pes_.size(); ++p) {
    Pe& pe = pes_[p];
    auto rest = static_cast<Count>(p);
    std::array<Count, kOperands> number{};
    for (Dim d : kAllDims) {
      pe.place[at(d)] = rest % grid[at(d)];
      rest /= grid[at(d)];
      for (std::size_t o = 0; o < kOperands; ++o) {
        if (relevant(kAllOperands[o], d)) number[o] = number[o] * grid[at(d)] + pe.place[at(d)];
      }
    }
    for (std::size_t o = 0; o < kOperands; ++o) {
      pe.station[o] = static_cast<std::size_t>(number[o]);
      Station& station = stations_[o][pe.station[o]];
      if (station.members.empty()) station.place = pe.place;
      station.members.push_back(p);
    }
  }
}

void Floor::share_out(Dim dim, const Box& pass) {
  for (std::size_t place = 0; place < shares_[at(dim)].size(); ++place) {
    shares_[at(dim)][place] = walk_.share(dim, static_cast<Count>(place), pass, step_);
  }
  for (std::size_t o = 0; o < kOperands; ++o) {
    if (!relevant(kAllOperands[o], dim)) continue;
    moves_[o] = true;
    for (Station& station : stations_[o]) station.wanted[dim] = share(dim, station.place[at(dim)]);
  }
}

void Floor::next_step(const Box& pass, const Box& step) {
  const Box before = std::exchange(step_, step);
  moves_.fill(false);
  for (Dim d : kAllDims) {
    if (step[d] != before[d]) share_out(d, pass);
  }
}

void Floor::begin_pass(const Box& pass, const Box& step) {
  step_ = step;
  for (Dim d : kAllDims) {
    share_out(d, pass);
    Count working = 0;
    for (const Span& share : shares_[at(d)]) working += share.size() > 0;
    working_[at(d)] = working;
  }
  for (Pe& pe : pes_) pe.works = works(pe);
  for (std::size_t o = 0; o < kOperands; ++o) {
    for (Station& station : stations_[o]) {
      station.working = 0;
      const bool emptied = no_words(kAllOperands[o], station.wanted);
      for (const std::size_t member : station.members) {
        if (emptied) pes_[member].has[o] = false;
        station.working += pes_[member].works;
      }
    }
  }
}

void Floor::end_pass() {
  for (Pe& pe : pes_) {
    if (!pe.works) continue;
    for (Dim d : kAllDims) pe.held[d] = share(d, pe.place[at(d)]);
    for (bool& has : pe.has) has = true;
  }
}

bool Floor::works(const Pe& pe) const {
  for (std::size_t i = 0; i < kDims; ++i) {
    if (pe.place[i] >= working_[i]) return false;
  }
  return true;
}

}  // namespace energysim::trace
