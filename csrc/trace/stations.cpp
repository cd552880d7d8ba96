#include "trace/stations.h"

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

void Floor::begin_pass(const Box& pass, const Box& step) {
  next_step(pass, step);
  for (Dim d : kAllDims) {
    Count working = 0;
    for (const Span& share : shares_[at(d)]) working += share.size() > 0;
    working_[at(d)] = working;
  }
  for (std::size_t o = 0; o < kOperands; ++o) {
    const Operand operand = kAllOperands[o];
    for (Station& station : stations_[o]) {
      station.working = 0;
      const bool emptied = no_words(operand, share(operand, station));
      for (const std::size_t member : station.members) {
        if (emptied) pes_[member].has[o] = false;
        station.working += works(pes_[member]);
      }
    }
  }
}

void Floor::next_step(const Box& pass, const Box& step) {
  step_ = step;
  for (Dim d : kAllDims) {
    for (std::size_t place = 0; place < shares_[at(d)].size(); ++place) {
      shares_[at(d)][place] = walk_.share(d, static_cast<Count>(place), pass, step);
    }
  }
}

void Floor::end_pass() {
  for (Pe& pe : pes_) {
    if (!works(pe)) continue;
    pe.held = share(pe);
    for (bool& has : pe.has) has = true;
  }
}

bool Floor::among_working(const Sizes& place) const {
  for (std::size_t i = 0; i < kDims; ++i) {
    if (place[i] >= working_[i]) return false;
  }
  return true;
}

Box Floor::share(const Pe& pe) const {
  Box box;
  for (Dim d : kAllDims) box[d] = share(d, pe.place[at(d)]);
  return box;
}

Box Floor::share(Operand operand, const Station& station) const {
  Box box;
  for (Dim d : kAllDims) {
    if (relevant(operand, d)) box[d] = share(d, station.place[at(d)]);
  }
  return box;
}

}  // namespace energysim::trace
