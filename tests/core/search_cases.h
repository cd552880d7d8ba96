// Layers, architectures and data to search with, and what to do if nothing fits.
#pragma once

#include <optional>
#include <random>

#include "errors.h"
#include "search.h"

namespace energysim {

// The greatest space that is counted mapping by mapping.
inline constexpr double kMostMappings = 60'000;

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  Count between(Count low, Count high) {
    return low + static_cast<Count>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool coin() { return between(0, 1) == 1; }
  Accesses<double> cost() {
    const auto whole = [&](Count most) { return static_cast<double>(between(0, most)); };
    return {whole(300), whole(300), whole(30)};
  }

 private:
  std::mt19937_64 engine_;
};

// Relative costs of ISCA 2016, Table IV.
inline EnergyTable relative_costs() {
  EnergyTable table;
  const double level_costs[kLevels] = {200, 6, 2, 1};
  for (Level level : kAllLevels) {
    const double cost = level_costs[index(level)];
    for (auto& of : table.cost[index(level)]) of = {cost, cost, level == Level::Rf ? 0 : cost};
  }
  return table;
}

inline Architecture chip() {
  Architecture arch;
  arch.name = "chip";
  arch.rows = 12, arch.columns = 14;
  arch.glb_words = 51200;
  arch.rf.words[index(Operand::Ifmap)] = 12;
  arch.rf.words[index(Operand::Filter)] = 224;
  arch.rf.words[index(Operand::Psum)] = 24;
  arch.table = relative_costs();
  return arch;
}

inline Layer random_layer(Random& random) {
  LayerShape s;
  s.N = random.between(1, 3), s.G = random.between(1, 2);
  s.M = random.between(1, 5), s.C = random.between(1, 4);
  s.R = random.between(1, 3), s.S = random.between(1, 3);
  s.stride_v = random.between(1, 3), s.stride_h = random.between(1, 2);
  s.dilation_v = random.between(1, 2), s.dilation_h = random.between(1, 2);
  s.H = random.between(0, 4) * s.stride_v + (s.R - 1) * s.dilation_v + 1;
  s.W = random.between(0, 3) * s.stride_h + (s.S - 1) * s.dilation_h + 1;
  return Layer("drawn", s);
}

// With more channels and filters than a small GLB holds, in rows of few pixels.
inline Layer random_deep_layer(Random& random) {
  LayerShape s;
  s.M = random.between(6, 20), s.C = random.between(4, 12);
  s.R = s.S = random.between(1, 2);
  s.H = s.R + random.between(0, 2);
  s.W = s.S + random.between(0, 3);
  return Layer("drawn", s);
}

inline Architecture random_architecture(Random& random) {
  Architecture arch;
  arch.name = "drawn";
  arch.rows = random.between(1, 5), arch.columns = random.between(1, 5);
  arch.glb_words = random.between(4, random.coin() ? 60 : 400);
  arch.rf.pooled = random.coin();
  arch.rf.pool = random.between(3, 26);
  arch.rf.words[index(Operand::Ifmap)] = random.between(1, 8);
  arch.rf.words[index(Operand::Filter)] = random.between(1, 18);
  arch.rf.words[index(Operand::Psum)] = random.between(1, 5);
  arch.ofmap_path = random.coin() ? OfmapPath::ThroughGlb : OfmapPath::PastGlb;
  arch.sparsity.gates = {random.coin(), random.coin()};
  arch.sparsity.skips = {random.coin(), random.coin()};
  arch.sparsity.coding[index(Level::Dram)][random.between(0, 2)].format = Format::SignificanceMap;
  if (random.coin()) {
    arch.table = relative_costs();
    return arch;
  }
  for (auto& level : arch.table.cost) {
    for (auto& cost : level) cost = random.cost();
  }
  arch.table.mac = static_cast<double>(random.between(0, 9));
  return arch;
}

// Widths and shares of quarters.
inline LayerData random_data(Random& random) {
  LayerData data;
  for (int o = 0; o < kOperands; ++o) {
    constexpr Count kWidths[] = {16, 16, 8, 12, 4};
    data.bits[o] = kWidths[random.between(0, 4)];
    data.density[o] = static_cast<double>(random.between(0, 4)) / 4;
  }
  return data;
}

// What a search found, if anything.
template <class Find>
std::optional<Found> found_by(Find find) {
  try {
    return find();
  } catch (const NoMapping&) {
    return std::nullopt;
  }
}

}  // namespace energysim
