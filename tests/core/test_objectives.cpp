// Searches for cycles, energy times cycles, and fronts of both: exact on small layers.

#include "check.h"
#include "deep.h"
#include "effective_costs.h"
#include "front.h"
#include "search_cases.h"
#include "timing.h"

namespace energysim {
namespace {

constexpr Objective kTimed[] = {Objective::Cycles, Objective::Edp};

// An architecture with buses and a link whose rates are powers of two, so that cycles are exact.
Architecture random_timed_architecture(Random& random) {
  Architecture arch = random_architecture(random);
  constexpr double kRates[] = {0, 0.5, 1, 4};
  for (double& rate : arch.buses.words_per_cycle) rate = kRates[random.between(0, 3)];
  arch.buses.pass_overhead_cycles = static_cast<double>(random.between(0, 40));
  arch.dram_link.words_per_cycle = kRates[random.between(0, 3)];
  for (bool& overlaps : arch.dram_link.overlaps) overlaps = random.coin();
  return arch;
}

// Densities and widths of which all bits per value are multiples of a quarter.
LayerData random_exact_data(Random& random) {
  LayerData data = random_data(random);
  for (Count& bits : data.bits) bits = random.coin() ? 16 : 8;
  return data;
}

double cycles_of(const Found& found, const Layer& layer, const Architecture& arch,
                 const LayerData& data) {
  return timing(layer, arch, found.mapping.nest, data).total_cycles;
}

double value_of(Objective objective, const Found& found, const Layer& layer,
                const Architecture& arch, const LayerData& data) {
  const double cycles = cycles_of(found, layer, arch, data);
  return objective == Objective::Cycles ? cycles : cycles * found.energy;
}

// Returns whether there was a mapping.
bool check_exact(Objective objective, const Layer& layer, const Architecture& arch,
                 const DataflowPtr& dataflow, const LayerData& data) {
  const auto best = found_by([&] { return search(layer, arch, dataflow, data, {}, objective); });
  const auto all =
      found_by([&] { return search_exhaustive(layer, arch, dataflow, data, objective); });
  CHECK_EQ(best.has_value(), all.has_value());
  if (!best || !all) return false;
  const double value = value_of(objective, *best, layer, arch, data);
  CHECK_EQ(value, value_of(objective, *all, layer, arch, data));
  CHECK_EQ(best->proof.optimum, value);
  CHECK_EQ(best->proof.lower_bound, value);
  check_mapping(layer, seen_by(data, arch), best->mapping);
  CHECK(best->counts == count(layer, seen_by(data, arch), best->mapping));
  CHECK_EQ(best->energy, energy(best->counts, seen_by(data, arch).table));
  if (objective == Objective::Cycles) CHECK_EQ(best->energy, all->energy);
  return true;
}

void check_front(const Layer& layer, const Architecture& arch, const DataflowPtr& dataflow,
                 const LayerData& data) {
  const auto front = search_front(layer, arch, dataflow, data);
  const auto all = search_front(layer, arch, dataflow, data, {}, Method::Exhaustive);
  CHECK_EQ(front.size(), all.size());
  if (front.size() != all.size()) return;
  for (std::size_t i = 0; i < front.size(); ++i) {
    CHECK_EQ(front[i].energy, all[i].energy);
    CHECK_EQ(cycles_of(front[i], layer, arch, data), cycles_of(all[i], layer, arch, data));
    if (i == 0) continue;
    CHECK(front[i].energy < front[i - 1].energy);
    CHECK(cycles_of(front[i], layer, arch, data) > cycles_of(front[i - 1], layer, arch, data));
  }
  // Its ends, and the best of it, are what searches for one objective find.
  CHECK_EQ(front.back().energy, search(layer, arch, dataflow, data).energy);
  const Found fastest = search(layer, arch, dataflow, data, {}, Objective::Cycles);
  CHECK_EQ(front[0].energy, fastest.energy);
  CHECK_EQ(cycles_of(front[0], layer, arch, data), fastest.proof.optimum);
}

// Compares so many searches of random layers on random architectures.
void check_random(const std::string& name, int cases, std::uint64_t seed) {
  const DataflowPtr dataflow = find_dataflow(name);
  Random random(seed);
  int mapped = 0;
  for (int done = 0; done < cases;) {
    const Layer layer = random_layer(random);
    const Architecture arch = random_timed_architecture(random);
    const LayerData data = random_exact_data(random);
    if (space_size(layer, *dataflow) > kMostMappings) continue;
    ++done;
    bool maps = true;
    for (Objective objective : kTimed) {
      maps = check_exact(objective, layer, arch, dataflow, data) && maps;
    }
    if (!maps) continue;
    check_front(layer, arch, dataflow, data);
    ++mapped;
  }
  CHECK(mapped > cases / 2);
}

TEST(timed_searches_of_rs_are_exact) { check_random("rs", tries(80, 2000), 11); }

TEST(timed_searches_of_rs_chip_are_exact) { check_random("rs-chip", tries(80, 2000), 12); }

TEST(timed_searches_of_a_pool_of_pes_are_exact) {
  for (const char* name : {"ws-free", "osc-free", "is"}) check_random(name, tries(30, 500), 13);
}

// Rates of three words make cycles inexact: mappings that are equally fast may differ in the last
// digit, by the order in which their cycles were added up.
TEST(of_mappings_that_are_equally_fast_but_for_rounding_the_cheapest_wins) {
  Architecture arch = chip();
  arch.rows = 7, arch.columns = 8;
  arch.glb_words = 274;
  arch.rf.pooled = true, arch.rf.pool = 18;
  arch.sparsity.gates = {true, false};
  arch.buses = {{3, 0, 4}, 0};
  LayerData data;
  const Count bits[] = {4, 8, 4};
  const double density[] = {0.5, 1, 0};
  std::copy(std::begin(bits), std::end(bits), data.bits);
  std::copy(std::begin(density), std::end(density), data.density);
  const Layer layer("thirds", {.M = 4, .C = 56, .H = 2, .W = 1, .stride_h = 3});
  const DataflowPtr dataflow = find_dataflow("is");
  CHECK(check_exact(Objective::Cycles, layer, arch, dataflow, data));
  check_front(layer, arch, dataflow, data);
}

TEST(fewer_pes_for_as_many_passes_may_take_longer) {
  // Nine filters, two in a PE: four PEs take 8 and 1 of them, in 2 + 1 steps; three, which make as
  // many passes and cost less, take 6 and 3, in 2 + 2.
  Architecture arch = chip();
  arch.rows = arch.columns = 2;
  arch.rf.words[index(Operand::Psum)] = 2;
  arch.buses.pass_overhead_cycles = 10;
  const Layer layer("nine", {.M = 9});
  const DataflowPtr dataflow = find_dataflow("rs-chip");
  CHECK_EQ(search(layer, arch, dataflow, {}, {}, Objective::Cycles).proof.optimum, 23.0);
  CHECK_EQ(search_exhaustive(layer, arch, dataflow, {}, Objective::Cycles).proof.optimum, 23.0);
}

// A chip as slow as Eyeriss: buses, overhead of passes, link.
Architecture timed_chip() {
  Architecture arch = chip();
  arch.buses = {{1, 4, 4}, 400};
  arch.dram_link.words_per_cycle = 1.2;
  return arch;
}

TEST(removing_a_filter_or_channel_raises_neither_cycles_nor_edp) {
  const DataflowPtr dataflow = find_dataflow("rs");
  for (Objective objective : kTimed) {
    int raised = 0;
    double before[17] = {};
    for (Count m = 1; m <= 24; ++m) {
      double fewer_channels = 0;
      for (Count c = 1; c <= 16; ++c) {
        const Layer layer("pruned", {.M = m, .C = c, .H = 9, .W = 9, .R = 3, .S = 3});
        const double now = search(layer, timed_chip(), dataflow, {}, {}, objective).proof.optimum;
        raised += before[c] > now || fewer_channels > now ? 1 : 0;
        before[c] = fewer_channels = now;
      }
    }
    CHECK_EQ(raised, 0);
  }
}

TEST(fronts_are_the_same_on_any_number_of_threads) {
  std::vector<Layer> layers;
  for (Count m : {5, 24, 31, 5}) {
    layers.emplace_back("layer", LayerShape{.M = m, .C = 12, .H = 15, .W = 15, .R = 3, .S = 3});
  }
  const std::vector<LayerData> data(layers.size());
  const auto found = [&](int threads) {
    return search_fronts(layers, timed_chip(), find_dataflow("rs"), data, threads, nullptr);
  };
  const auto one = found(1), two = found(2);
  CHECK_EQ(one.size(), layers.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    CHECK_EQ(one[i].size(), two[i].size());
    for (std::size_t k = 0; k < one[i].size(); ++k) {
      CHECK(one[i][k].mapping.nest == two[i][k].mapping.nest);
      CHECK_EQ(one[i][k].energy, two[i][k].energy);
      CHECK(one[i][k].proof == two[i][k].proof);
    }
  }
}

TEST(a_front_keeps_what_nothing_beats) {
  Front front;
  const auto add = [&](double energy, double cycles) { front.add({energy, cycles, nullptr, {}}); };
  for (const auto& [energy, cycles] : {std::pair{5, 5}, {7, 3}, {6, 4}, {3, 9}})
    add(energy, cycles);
  CHECK_EQ(front.points().size(), 4);
  add(5, 6);  // beaten by (5, 5)
  add(6, 4);  // is there
  CHECK_EQ(front.points().size(), 4);
  add(5, 3);  // beats (7, 3), (6, 4) and (5, 5)
  CHECK_EQ(front.points().size(), 2);
  CHECK_EQ(front.points()[0].cycles, 3.0);
  CHECK_EQ(front.points()[1].energy, 3.0);
  CHECK(front.beats(5, 3) && front.beats(3, 10) && !front.beats(4.5, 8) && !front.beats(9, 2));
}

TEST(nothing_fits_a_front_either) {
  Architecture arch = timed_chip();
  arch.glb_words = 1;
  CHECK_THROWS(search_front(Layer("drawn", {.M = 2, .H = 4, .W = 4}), arch, find_dataflow("rs")),
               NoMapping);
}

}  // namespace
}  // namespace energysim
