// The parts of the tensor simulator: walking a nest, listing a window, multiplying, storing.

#include <random>

#include "check.h"
#include "trace/accumulate.h"
#include "trace/bus.h"
#include "trace/nest_walk.h"
#include "trace/positions.h"
#include "trace/stored_ofmap.h"

namespace energysim {
namespace {

using namespace trace;
using enum Dim;

// One image, M = 5 filters of one channel, a 1 x 1 ifmap; M cut at every storey.
Nest cut_filters(const Layer& layer) {
  Nest nest;
  for (Dim d : kAllDims) {
    const Count size = layer.size(d);
    nest[d] = {size, size, size, size, size};
  }
  nest[M] = {5, 4, 3, 2, 2};
  nest.order = LoopOrder({M}, {M}, {});
  return nest;
}

TEST(nest_walk_goes_through_tiles_that_do_not_divide) {
  const Layer layer("fc", {.M = 5});
  const NestWalk walk(layer, cut_filters(layer));
  CHECK_EQ(walk.glb_tiles(), 2);
  CHECK(walk.glb_tile(0)[M] == (Span{0, 4}));
  CHECK(walk.glb_tile(1)[M] == (Span{4, 5}));
  Box pass = walk.first_pass(walk.glb_tile(0));
  CHECK(pass[M] == (Span{0, 3}));
  CHECK(walk.next_pass(walk.glb_tile(0), pass));
  CHECK(pass[M] == (Span{3, 4}));
  CHECK(!walk.next_pass(walk.glb_tile(0), pass));
}

TEST(nest_walk_shares_a_pass_out_among_pes) {
  const Layer layer("fc", {.M = 5});
  const NestWalk walk(layer, cut_filters(layer));
  const Box pass = walk.first_pass(walk.glb_tile(0)), step = walk.first_step(pass);
  CHECK_EQ(walk.grid()[static_cast<std::size_t>(index(M))], 2);
  CHECK(walk.share(M, 0, pass, step) == (Span{0, 2}));
  CHECK(walk.share(M, 1, pass, step) == (Span{2, 3}));
  Box last = walk.first_pass(walk.glb_tile(1));
  CHECK_EQ(walk.share(M, 1, last, walk.first_step(last)).size(), 0);  // idle
  CHECK(walk.employs_all_pes(walk.glb_tile(0)));
  CHECK(!walk.employs_all_pes(walk.glb_tile(1)));
}

TEST(nest_walk_knows_which_tiles_no_psum_connects) {
  const Layer layer("fc", {.N = 4, .M = 5, .C = 3});
  Nest nest = cut_filters(layer);
  nest[N].glb = nest[N].pass = nest[N].pe = nest[N].rf = 2;
  nest[C].glb = nest[C].pass = nest[C].pe = nest[C].rf = 1;
  nest.order = LoopOrder({M, C, N}, {M}, {});
  const NestWalk walk(layer, nest);
  CHECK_EQ(walk.glb_tiles(), 2 * 3 * 2);
  CHECK_EQ(walk.independent_stride(), 3 * 2);
}

TEST(nest_walk_takes_the_last_step_where_its_loops_end) {
  const Layer layer("row", {.H = 1, .W = 7});
  Nest nest;
  for (Dim d : kAllDims) nest[d] = {1, 1, 1, 1, 1};
  nest[F] = {7, 7, 7, 7, 3};
  nest.order = LoopOrder({}, {}, {F});
  const NestWalk walk(layer, nest);
  const Box pass = walk.first_pass(walk.glb_tile(0));
  Box step = walk.first_step(pass);
  while (walk.next_step(pass, step)) {
  }
  CHECK(walk.last_step(pass)[F] == (Span{6, 7}));
}

TEST(tiles_of_one_storage_are_the_same_or_apart) {
  Box a, b;
  for (Dim d : kAllDims) a[d] = b[d] = {0, 2};
  CHECK(same_or_apart(Operand::Filter, a, b));
  b[E] = {2, 4};  // filters do not depend on it
  CHECK(same_or_apart(Operand::Filter, a, b));
  b[C] = {2, 4};
  CHECK(!same_or_apart(Operand::Filter, a, b));
  b[C] = {1, 3};
  CHECK_THROWS(same_or_apart(Operand::Filter, a, b), std::logic_error);
}

TEST(positions_of_a_window_are_listed_once_each) {
  Positions positions;
  positions.list({1, 1}, {2, 4}, {0, 3});
  CHECK_EQ(positions.all(), (std::vector<std::int32_t>{2, 3, 4, 5}));
  positions.list({3, 1}, {0, 2}, {0, 2});  // a stride beyond the filter leaves gaps
  CHECK_EQ(positions.all(), (std::vector<std::int32_t>{0, 1, 3, 4}));
  positions.list({1, 2}, {1, 2}, {0, 3});  // dilated
  CHECK_EQ(positions.all(), (std::vector<std::int32_t>{1, 3, 5}));
  positions.list({2, 3}, {0, 3}, {0, 2});  // 0 3 2 5 4 7
  CHECK_EQ(positions.all(), (std::vector<std::int32_t>{0, 2, 3, 4, 5, 7}));
  positions.list({1, 1}, {3, 3}, {0, 2});
  CHECK(positions.all().empty());
}

TEST(positions_in_common_are_marked) {
  Positions before, now;
  before.list({1, 2}, {0, 1}, {0, 3});  // 0 2 4
  now.list({1, 1}, {1, 4}, {0, 2});     // 1 2 3 4
  std::vector<std::uint8_t> common;
  now.mark_common(before, common);
  CHECK_EQ(common, (std::vector<std::uint8_t>{0, 1, 0, 1}));
}

TEST(a_bus_reads_a_word_once_in_a_step) {
  Bus bus;
  bus.make_room(4);
  bus.record_words();
  bus.begin_step();
  bus.take(2, 7);
  bus.take(2, 7);
  bus.take(0, 5);
  CHECK_EQ(bus.reads(), 2);
  CHECK_EQ(bus.words(), (std::vector<Word>{7, 5}));
  bus.begin_step();
  bus.take(2, 7);
  CHECK_EQ(bus.reads(), 1);
}

// All ways to multiply give the same sums, for any number of filters.
TEST(accumulating_is_the_sum_of_products) {
  std::mt19937 random(1);
  for (Count filters = 1; filters < 30; ++filters) {
    const Count outs = 3, terms = 7, lanes = lanes_for(filters);
    std::vector<Word> values(static_cast<std::size_t>(outs * terms));
    std::vector<Word> weights(static_cast<std::size_t>(terms * lanes));
    for (auto& x : values) x = static_cast<Word>(random());
    for (auto& w : weights) w = static_cast<Word>(static_cast<int>(random() % 2001) - 1000);
    std::vector<std::int64_t> expected(static_cast<std::size_t>(outs * lanes), 5);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const std::size_t l = static_cast<std::size_t>(lanes), t = static_cast<std::size_t>(terms);
      for (std::size_t k = 0; k < t; ++k) {
        expected[i] += std::int64_t{values[i / l * t + k]} * weights[k * l + i % l];
      }
    }
    const Work work{outs, terms, lanes, values.data(), weights.data()};
    std::vector<std::int64_t> wide(expected.size(), 5), checked = wide;
    std::vector<std::int32_t> narrow(expected.size(), 5);
    accumulate(work, wide.data());
    accumulate(work, narrow.data());
    CHECK(!accumulate_checked(work, lanes, std::int64_t{1} << 40, checked.data()).found);
    CHECK_EQ(wide, expected);
    CHECK_EQ(checked, expected);
    CHECK(std::equal(narrow.begin(), narrow.end(), expected.begin()));
  }
}

TEST(checked_accumulating_stops_at_the_first_sum_beyond_the_limit) {
  const std::vector<Word> values{3, 4}, weights{10, 20, 10, -20};
  std::vector<std::int64_t> sums(2, 0);
  const Work work{1, 2, 2, values.data(), weights.data()};
  const Excess excess = accumulate_checked(work, 2, 59, sums.data());
  CHECK(excess.found);
  CHECK_EQ(excess.lane, 1);
  CHECK_EQ(excess.sum, 60);  // 3 * 20, though 3 * 20 - 4 * 20 would fit
}

TEST(ofmap_words_are_rounded_and_clipped) {
  Output output;
  output.word_bits = 8;
  CHECK_EQ(stored_word(-5, output, 0), 0);
  CHECK_EQ(stored_word(200, output, 0), 127);
  CHECK_EQ(stored_word(5, output, 1), 3);
  CHECK_EQ(stored_word(200, output, 1), 100);
  output.relu = false;
  CHECK_EQ(stored_word(-200, output, 0), -128);
  CHECK_EQ(stored_word(-5, output, 1), -2);
}

TEST(ofmap_is_shifted_no_further_than_it_needs) {
  Output output;
  output.word_bits = 8;
  const auto shift = [&](std::vector<std::int64_t> ofmap) { return least_shift(ofmap, output); };
  CHECK_EQ(shift({0, 127}), 0);
  CHECK_EQ(shift({0, 128}), 1);
  CHECK_EQ(shift({0, 254}), 1);
  CHECK_EQ(shift({0, 255}), 2);  // 127.5 is rounded up
  CHECK_EQ(shift({-1000, 5}), 0);
  output.relu = false;
  CHECK_EQ(shift({-256, 5}), 1);
  CHECK_EQ(shift({-257, 5}), 1);  // -128.5 is rounded up
  CHECK_EQ(shift({-258, 5}), 2);
}

}  // namespace
}  // namespace energysim
