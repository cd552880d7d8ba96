// The costs and the machine as data see them.

#include <cmath>
#include <limits>

#include "check.h"
#include "effective_costs.h"
#include "errors.h"
#include "footprint.h"

namespace energysim {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kIfmap = index(Operand::Ifmap), kFilter = index(Operand::Filter),
              kPsum = index(Operand::Psum);
constexpr int kDram = index(Level::Dram), kGlb = index(Level::Glb), kNoc = index(Level::Noc),
              kRf = index(Level::Rf);

bool near(double a, double b, double tolerance) { return std::abs(a - b) <= tolerance; }

EnergyTable table_of_ones() {
  EnergyTable table;
  for (auto& level : table.cost) {
    for (auto& cost : level) cost = {1, 1, 1};
  }
  return table;
}

EnergyTable seen(const Sparsity& sparsity, const LayerData& data) {
  return effective_costs(table_of_ones(), sparsity, 16, data);
}

LayerData with_densities(double ifmap, double filter = 1, double ofmap = 1) {
  LayerData data;
  data.density[kIfmap] = ifmap;
  data.density[kFilter] = filter;
  data.density[kPsum] = ofmap;
  return data;
}

LayerData with_bits(Count ifmap, Count filter, Count psum, Count ofmap = 0) {
  LayerData data;
  data.bits[kIfmap] = ifmap;
  data.bits[kFilter] = filter;
  data.bits[kPsum] = psum;
  data.ofmap_bits = ofmap;
  return data;
}

Sparsity gating(Zeros zeros) {
  Sparsity sparsity;
  sparsity.gates = zeros;
  return sparsity;
}

Sparsity skipping(Zeros zeros) {
  Sparsity sparsity;
  sparsity.skips = zeros;
  return sparsity;
}

TEST(words_without_zeros_cost_what_the_table_says) {
  EnergyTable table = table_of_ones();
  table.cost[kDram][kPsum] = {0.1, 0.3, 0.7};
  for (Sparsity sparsity : {Sparsity{}, gating({true, true}), skipping({true, true})}) {
    CHECK(effective_costs(table, sparsity, 16, {}) == table);
    CHECK(effective_costs(table, sparsity, 16, with_bits(16, 16, 16)) == table);
  }
}

TEST(zeros_that_are_neither_gated_nor_skipped_nor_compressed_cost_the_same) {
  CHECK(seen({}, with_densities(0.25, 0.5, 0)) == table_of_ones());
}

TEST(gated_zeros_of_the_ifmap_silence_filter_psum_and_mac) {
  EnergyTable expected = table_of_ones();
  expected.cost[kRf][kFilter].read = 0.25;
  expected.cost[kRf][kPsum].read = expected.cost[kRf][kPsum].write = 0.25;
  expected.mac = 0.25;
  CHECK(seen(gating({true, false}), with_densities(0.25, 0.5)) == expected);
}

TEST(gated_zeros_of_the_filter_silence_ifmap_psum_and_mac) {
  EnergyTable expected = table_of_ones();
  expected.cost[kRf][kIfmap].read = 0.5;
  expected.cost[kRf][kPsum].read = expected.cost[kRf][kPsum].write = 0.5;
  expected.mac = 0.5;
  CHECK(seen(gating({false, true}), with_densities(0.25, 0.5)) == expected);
}

TEST(gates_on_both_look_at_the_ifmap_first) {
  const EnergyTable costs = seen(gating({true, true}), with_densities(0.25, 0.5));
  CHECK_EQ(costs.cost[kRf][kIfmap].read, 1.0);
  CHECK_EQ(costs.cost[kRf][kFilter].read, 0.25);
  CHECK_EQ(costs.cost[kRf][kPsum].write, 0.125);
  CHECK_EQ(costs.mac, 0.125);
}

TEST(skipped_zeros_are_not_read_at_all) {
  const EnergyTable costs = seen(skipping({true, false}), with_densities(0.25, 0.5));
  CHECK_EQ(costs.cost[kRf][kIfmap].read, 0.25);
  CHECK_EQ(costs.cost[kRf][kFilter].read, 0.25);
  CHECK_EQ(costs.cost[kRf][kPsum].read, 0.25);
  CHECK_EQ(costs.mac, 0.25);
}

TEST(a_machine_may_skip_zeros_of_one_operand_and_gate_those_of_the_other) {
  Sparsity sparsity = gating({true, true});
  sparsity.skips.filter = true;
  const EnergyTable costs = seen(sparsity, with_densities(0.25, 0.5));
  CHECK_EQ(costs.cost[kRf][kIfmap].read, 0.5);
  CHECK_EQ(costs.cost[kRf][kFilter].read, 0.125);
  CHECK_EQ(costs.mac, 0.125);
}

TEST(only_skipped_zeros_save_time) {
  const LayerData data = with_densities(0.25, 0.5);
  CHECK_EQ(macs_in_time(gating({true, true}), data), 1.0);
  CHECK_EQ(macs_in_time(skipping({true, false}), data), 0.25);
  CHECK_EQ(macs_in_time(skipping({true, true}), data), 0.125);
}

TEST(costs_are_in_proportion_to_bits) {
  const EnergyTable costs = seen({}, with_bits(8, 4, 12));
  for (int level = 0; level < kLevels; ++level) {
    CHECK(costs.cost[level][kIfmap] == (Accesses<double>{0.5, 0.5, 0.5}));
    CHECK(costs.cost[level][kFilter] == (Accesses<double>{0.25, 0.25, 0.25}));
    CHECK(costs.cost[level][kPsum] == (Accesses<double>{0.75, 0.75, 0.75}));
  }
  CHECK_EQ(costs.mac, 0.125);  // 8 * 4 / 256
}

TEST(an_ofmap_value_may_be_narrower_than_a_psum) {
  // Of 10 writes to DRAM, 4 are read back: unfinished psums of 16 bits; 6 are ofmap values of 8.
  AccessCounts<double> counts;
  counts(Level::Dram, Operand::Psum) = {4, 10, 0};
  const EnergyTable costs = seen({}, with_bits(16, 16, 16, 8));
  CHECK_EQ(energy(counts, costs), 4 + 4 + 6 * 0.5);
  CHECK_EQ(costs.cost[kGlb][kPsum].read, 1.0);
}

TEST(compressed_operands_take_the_bits_of_their_format) {
  Sparsity sparsity;
  sparsity.coding[kDram][kIfmap] = {Format::SignificanceMap, false};
  sparsity.coding[kNoc][kFilter] = {Format::SignificanceMap, false};
  sparsity.coding[kDram][kPsum] = {Format::SignificanceMap, false};
  const EnergyTable costs = seen(sparsity, with_densities(0.25, 1, 0.5));
  CHECK_EQ(costs.cost[kDram][kIfmap].read, 0.3125);  // 1 flag and a quarter of 16 bits
  CHECK_EQ(costs.cost[kGlb][kIfmap].read, 1.0);
  CHECK_EQ(costs.cost[kNoc][kFilter].read, 17.0 / 16);
  CHECK_EQ(costs.cost[kDram][kPsum].write, 0.5625);
}

TEST(unfinished_psums_are_raw) {
  Sparsity sparsity;
  sparsity.coding[kDram][kPsum] = {Format::SignificanceMap, false};
  AccessCounts<double> counts;
  counts(Level::Dram, Operand::Psum) = {4, 10, 0};
  CHECK_EQ(energy(counts, seen(sparsity, with_densities(1, 1, 0.5))), 8 + 6 * 0.5625);
}

TEST(compression_may_be_left_out_where_it_does_not_pay) {
  Sparsity sparsity;
  sparsity.coding[kDram][kIfmap] = {Format::Rlc, true};
  CHECK_EQ(seen(sparsity, with_densities(1)).cost[kDram][kIfmap].read, 1.0);
  CHECK(seen(sparsity, with_densities(0.5)).cost[kDram][kIfmap].read < 0.67);
  sparsity.coding[kDram][kIfmap].only_if_smaller = false;
  CHECK(near(seen(sparsity, with_densities(1)).cost[kDram][kIfmap].read, 4.0 / 3, 1e-15));
}

TEST(the_input_of_the_network_may_be_raw) {
  Sparsity sparsity;
  sparsity.coding[kDram][kIfmap] = {Format::SignificanceMap, false};
  LayerData data = with_densities(0.25);
  data.network_input = true;
  CHECK_EQ(seen(sparsity, data).cost[kDram][kIfmap].read, 0.3125);
  sparsity.codes_network_input = false;
  CHECK_EQ(seen(sparsity, data).cost[kDram][kIfmap].read, 1.0);
}

TEST(flags_in_the_pads_are_read_for_every_mac_and_values_for_those_that_happen) {
  Sparsity sparsity = gating({true, true});
  sparsity.coding[kRf][kIfmap] = sparsity.coding[kRf][kFilter] = {Format::SignificanceMap, false};
  const EnergyTable costs = seen(sparsity, with_densities(0.25, 0.5));
  CHECK_EQ(costs.cost[kRf][kIfmap].read, 0.0625 + 0.125);
  CHECK_EQ(costs.cost[kRf][kFilter].read, 0.0625 + 0.125);
}

TEST(lists_in_the_pads_are_read_by_machines_that_skip) {
  Sparsity sparsity = skipping({true, true});
  sparsity.coding[kRf][kIfmap] = {Format::Csc, false};
  const double per_value = expected_bits(Format::Csc, 0.25, 16) / 16;
  const EnergyTable costs = seen(sparsity, with_densities(0.25, 0.5));
  CHECK(near(costs.cost[kRf][kIfmap].read, 0.5 * per_value, 1e-15));
  sparsity.validate();
  sparsity.skips.ifmap = false;
  CHECK_THROWS(sparsity.validate(), InvalidInput);
}

TEST(psums_on_the_chip_are_never_compressed) {
  for (int level : {kGlb, kNoc, kRf}) {
    Sparsity sparsity;
    sparsity.coding[level][kPsum].format = Format::SignificanceMap;
    CHECK_THROWS(sparsity.validate(), InvalidInput);
  }
}

Architecture small() {
  Architecture arch;
  arch.name = "small";
  arch.rows = arch.columns = 1;
  arch.glb_words = 100;
  arch.rf.words[kIfmap] = 10, arch.rf.words[kFilter] = 20, arch.rf.words[kPsum] = 30;
  arch.buses.words_per_cycle[kFilter] = 4;
  return arch;
}

TEST(words_of_storage_stay_where_values_are_words) {
  Architecture same = small();
  same.seen = true;
  CHECK(seen_by({}, small()) == same);
  CHECK(seen_by(with_bits(16, 16, 16), small()) == same);
}

TEST(narrower_values_find_more_room) {
  const Architecture arch = seen_by(with_bits(8, 8, 8), small());
  CHECK_EQ(arch.glb_words, 200);
  CHECK_EQ(words_of(arch, Operand::Psum, 7), 7);
  CHECK_EQ(arch.buses.words_per_cycle[kFilter], 8.0);
}

TEST(values_of_several_widths_share_a_storage) {
  const Architecture arch = seen_by(with_bits(8, 4, 12), small());
  CHECK_EQ(arch.word_bits, 4);
  CHECK_EQ(arch.glb_words, 400);
  CHECK_EQ(arch.rf.words[kPsum], 120);
  CHECK_EQ(words_of(arch, Operand::Ifmap, 7), 14);
  CHECK_EQ(words_of(arch, Operand::Filter, 7), 7);
  CHECK_EQ(words_of(arch, Operand::Psum, 7), 21);
}

TEST(no_number_of_values_makes_the_words_overflow) {
  const Architecture arch = seen_by(with_bits(16, 1, 16), small());
  constexpr Count kMost = std::numeric_limits<Count>::max();
  CHECK_EQ(words_of(arch, Operand::Ifmap, kMost / 2), kMost);
}

TEST(data_that_are_none_are_refused) {
  for (double bad : {-0.01, 1.01, kNan, kInfinity, -kInfinity}) {
    for (int o = 0; o < kOperands; ++o) {
      LayerData data;
      data.density[o] = bad;
      CHECK_THROWS(seen({}, data), InvalidInput);
    }
  }
  for (Count bad : {-1, 17}) {
    CHECK_THROWS(seen({}, with_bits(bad, 16, 16)), InvalidInput);
    CHECK_THROWS(seen({}, with_bits(16, bad, 16)), InvalidInput);
    CHECK_THROWS(seen({}, with_bits(16, 16, bad)), InvalidInput);
    CHECK_THROWS(seen({}, with_bits(16, 16, 16, bad)), InvalidInput);
  }
  CHECK_THROWS(seen({}, with_bits(16, 16, 8, 9)), InvalidInput);  // an ofmap wider than its psums
}

}  // namespace
}  // namespace energysim
