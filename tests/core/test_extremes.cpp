// Sizes up to 2^63 - 1: a right answer, CountOverflow or InvalidInput, and never undefined
// behaviour, a hang or a wrong number.

#include <algorithm>
#include <random>

#include "bisect.h"
#include "check.h"
#include "errors.h"
#include "search.h"
#include "space.h"
#include "timing.h"

namespace energysim {
namespace {

constexpr Count kMost = kGreatestCount;
constexpr Count kHalf = Count{1} << 62;

Architecture chip() {
  Architecture arch;
  arch.name = "chip";
  arch.rows = 12, arch.columns = 14;
  arch.glb_words = 51200;
  arch.rf.words[index(Operand::Ifmap)] = 12;
  arch.rf.words[index(Operand::Filter)] = 224;
  arch.rf.words[index(Operand::Psum)] = 24;
  const double cost[kLevels] = {200, 6, 2, 1};
  for (Level level : kAllLevels) {
    for (auto& of : arch.table.cost[index(level)]) of = {cost[index(level)], cost[index(level)], 0};
  }
  return arch;
}

Architecture pooled(Count words) {
  Architecture arch = chip();
  arch.rf = {.pooled = true, .pool = words};
  return arch;
}

Found found(const LayerShape& shape, const std::string& dataflow,
            const Architecture& arch = chip()) {
  const Layer layer("huge", shape);
  Found best = search(layer, arch, find_dataflow(dataflow));
  check_mapping(layer, arch, best.mapping);
  CHECK(count(layer, arch, best.mapping) == best.counts);
  CHECK(timing(layer, arch, best.mapping.nest).cycles > 0);
  return best;
}

Mapping mapped(const LayerShape& shape, const std::vector<std::pair<std::string, Count>>& letters,
               const Architecture& arch = chip()) {
  return mapping_from_letters(Layer("huge", shape), arch, find_dataflow("rs"), "", letters);
}

TEST(quotients_reach_the_greatest_size) {
  CHECK_EQ(ceil_div(kMost, 1), kMost);
  CHECK_EQ(ceil_div(kMost, kMost), 1);
  CHECK_EQ(ceil_div(kMost, kMost - 1), 2);
  CHECK_EQ(ceil_div(kMost, 2), kHalf);
  CHECK_EQ(ceil_div(0, kMost), 0);
  CHECK_EQ(floor_div(kMost, 2), kHalf - 1);
}

TEST(saturating_numbers_stop_at_the_greatest_size) {
  CHECK_EQ(saturating_sum(kHalf - 1, kHalf), kMost);
  CHECK_EQ(saturating_sum(kHalf, kHalf), kMost);
  CHECK_EQ(saturating_product(3, 4), 12);
  CHECK_EQ(saturating_product(kHalf, 3), kMost);
}

TEST(bisection_finds_the_last_value_that_fits) {
  for (Count limit : {Count{0}, Count{1}, Count{7}, kHalf, kMost}) {
    CHECK_EQ(greatest_that(kMost, [&](Count value) { return value <= limit; }), limit);
  }
  CHECK_EQ(greatest_that(0, [](Count) { return true; }), 0);
}

TEST(one_huge_dimension_moves_as_many_words_as_it_has) {
  // 1 x 1 convolutions: of what only one dimension makes many, each word comes in or goes out once.
  const auto check_size = [](Count size, const std::string& dataflow) {
    for (const LayerShape& shape : {LayerShape{.N = size}, LayerShape{.G = size},
                                    LayerShape{.H = size}, LayerShape{.W = size}}) {
      const Found best = found(shape, dataflow);
      CHECK_EQ(best.counts(Level::Dram, Operand::Ifmap).read.value(), size);
      CHECK_EQ(best.counts(Level::Dram, Operand::Psum).write.value(), size);
      CHECK_EQ(best.counts(Level::Dram, Operand::Psum).read.value(), 0);
    }
    const Found filters = found({.M = size}, dataflow);
    CHECK_EQ(filters.counts(Level::Dram, Operand::Filter).read.value(), size);
    const Found channels = found({.C = size}, dataflow);
    CHECK_EQ(channels.counts(Level::Dram, Operand::Ifmap).read.value(), size);
    CHECK_EQ(channels.counts(Level::Dram, Operand::Psum).write.value(), 1);
  };
  for (const std::string dataflow : {"rs", "rs-chip"}) {
    for (Count size : {kHalf, kMost}) check_size(size, dataflow);
  }
}

TEST(layers_beyond_64_bits_are_refused) {
  CHECK_THROWS(Layer("huge", {.M = kHalf, .C = kHalf}), CountOverflow);
  CHECK_THROWS(Layer("huge", {.N = 2, .M = kHalf}), CountOverflow);
  CHECK_THROWS(Layer("huge", {.H = kMost, .pad_top = 1}), CountOverflow);
  CHECK_THROWS(Layer("huge", {.H = 3, .R = 3, .dilation_v = kHalf}), CountOverflow);
  // Few words, but with the zeros around them too many.
  CHECK_THROWS(Layer("huge", {.C = 4, .stride_v = kHalf, .pad_top = kHalf}), CountOverflow);
}

TEST(huge_strides_and_dilations_leave_gaps) {
  const Found strided = found({.H = kMost, .R = 1, .stride_v = kHalf}, "rs");
  CHECK_EQ(strided.counts(Level::Dram, Operand::Ifmap).read.value(), 2);
  const Found dilated = found({.H = kMost, .R = 2, .dilation_v = kHalf}, "rs-chip");
  CHECK_EQ(dilated.counts.macs.value(), 2 * (kMost - kHalf));
}

TEST(a_filter_too_large_for_the_glb_is_refused_at_once) {
  CHECK_THROWS(found({.W = kHalf - 1, .S = kHalf - 1}, "rs"), NoMapping);
  CHECK_THROWS(found({.H = kMost, .R = kMost}, "rs-chip"), NoMapping);
}

TEST(huge_letters_are_refused_by_name) {
  const auto refusal = [](const LayerShape& shape, const std::string& letter,
                          const Architecture& arch = chip()) -> std::string {
    try {
      mapped(shape, {{letter, kHalf}}, arch);
    } catch (const InvalidMapping& error) {
      return error.what();
    }
    return "";
  };
  const auto names = [](const std::string& message, const std::string& part) {
    return message.find(part) != std::string::npos;
  };
  for (const std::string letter : {"m", "n", "e", "p", "q", "r", "t", "E1"}) {
    CHECK(names(refusal({.N = 4, .M = 4, .C = 4, .H = 4}, letter),
                letter + " = " + std::to_string(kHalf)));
  }
  const Architecture pool = pooled(256);
  CHECK(names(refusal({.N = kMost}, "n", pool), "GLB needs at least 9223372036854775807 words"));
  CHECK(names(refusal({.M = kMost}, "p", pool), "words of scratch pad"));
  CHECK(names(refusal({.C = kMost}, "q", pool), "words"));
  CHECK(names(refusal({.M = kMost}, "t", pool), "PE sets"));
  CHECK(names(refusal({.H = kMost}, "e", pool), "PE sets"));
}

TEST(spaces_of_huge_layers_have_a_size) {
  const Dataflow& chip_order = *find_dataflow("rs-chip");
  CHECK_EQ(space_size(Layer("huge", {.N = kMost}), chip_order), static_cast<double>(kMost));
  CHECK(space_size(Layer("huge", {.M = kMost}), chip_order) > 1e38);
  // Where the sum over factors gives way to its expansion, the size does not jump.
  const Count border = Count{1} << 40;
  const auto growth = [&](const LayerShape& before, const LayerShape& after) {
    return space_size(Layer("huge", after), chip_order) /
           space_size(Layer("huge", before), chip_order);
  };
  for (const double more : {growth({.C = border + 1}, {.C = border + 2}),
                            growth({.M = border + 1}, {.M = border + 2})}) {
    CHECK(more > 1 - 1e-9 && more < 1 + 1e-9);
  }
}

TEST(architectures_of_no_size_are_refused_everywhere) {
  const Layer layer("small", {.M = 2});
  const DataflowPtr dataflow = find_dataflow("rs");
  Architecture none = chip();
  none.columns = 0;
  CHECK_THROWS(search(layer, none, dataflow), InvalidInput);
  CHECK_THROWS(mapping_from_letters(layer, none, dataflow, "", {}), InvalidInput);
  CHECK_THROWS(count(layer, none, mapped({.M = 2}, {})), InvalidInput);
}

class Random {
 public:
  Count between(Count low, Count high) {
    return low + static_cast<Count>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  // Of any magnitude up to `most`.
  Count magnitude(Count most) {
    const auto value = static_cast<Count>(engine_() >> 1);
    return std::clamp<Count>(value >> between(0, 62), 1, most);
  }
  Count tile(Count most) {
    const Count tiles[] = {1, most, magnitude(most)};
    return tiles[between(0, 2)];
  }

 private:
  std::mt19937_64 engine_{1};
};

void check_not_negative(const AccessCounts<Checked>& counts) {
  for (const auto& level : counts.at) {
    for (const auto& n : level) {
      CHECK(n.read.value() >= 0 && n.write.value() >= 0 && n.fill.value() >= 0);
    }
  }
}

// Any tiles of any sizes, but for windows that are shared out in parts of several rows: those are
// walked PE by PE, and no dataflow has them.
Nest random_nest(Random& random, const Layer& layer) {
  Nest nest;
  nest.order = LoopOrder({Dim::M, Dim::N, Dim::E, Dim::C, Dim::F, Dim::R, Dim::S},
                         {Dim::F, Dim::M, Dim::S, Dim::R, Dim::C, Dim::N, Dim::E},
                         {Dim::N, Dim::S, Dim::F, Dim::C, Dim::E, Dim::M, Dim::R});
  for (Dim d : kAllDims) {
    Tiles& t = nest[d];
    t.layer = layer.size(d);
    if (d == Dim::G) continue;
    const bool row = d == Dim::E || d == Dim::R, column = d == Dim::F || d == Dim::S;
    t.glb = random.tile(t.layer);
    t.pass = random.tile(t.glb);
    t.pe = row ? 1 : column ? t.pass : random.tile(t.pass);
    t.rf = t.streams() ? random.tile(t.pe) : t.pe;
  }
  check_nest(layer, nest);
  return nest;
}

TEST(random_nests_of_extreme_layers_are_counted_or_overflow) {
  Random random;
  int counted = 0;
  for (int i = 0; i < 5'000; ++i) {
    LayerShape s;
    Count outs[] = {1, 1};
    Count* const sizes[] = {&s.N,        &s.G,        &s.M,          &s.C,
                            &s.R,        &s.S,        &outs[0],      &outs[1],
                            &s.stride_v, &s.stride_h, &s.dilation_v, &s.dilation_h};
    for (Count* size : sizes) *size = random.between(1, 4);
    for (Count k = random.between(1, 3); k > 0; --k) {
      *sizes[random.between(0, 11)] = random.magnitude(kMost);
    }
    const auto reach = [](Checked out, Count stride, Checked taps, Count dilation) {
      return ((out - 1) * stride + (taps - 1) * dilation + 1).value();
    };
    try {
      s.H = reach(outs[0], s.stride_v, s.R, s.dilation_v);
      s.W = reach(outs[1], s.stride_h, s.S, s.dilation_h);
      const Layer layer("random", s);
      const Nest nest = random_nest(random, layer);
      CHECK(timing(layer, chip(), nest).cycles > 0);
      check_not_negative(count_nest(layer, chip(), nest));
      ++counted;
    } catch (const CountOverflow&) {
    }
  }
  CHECK(counted > 2'000 && counted < 5'000);
}

// One search that evaluates many mappings, one that bounds many parts.
TEST(long_searches_can_be_interrupted) {
  const auto stops = [](const Architecture& arch, const Layer& layer) {
    int asked = 0;
    CHECK_THROWS(search(layer, arch, find_dataflow("rs"), {}, [&] { return ++asked < 5; }),
                 Interrupted);
    CHECK_EQ(asked, 5);
  };
  Architecture arch = chip();
  arch.rows = 2, arch.columns = 5;
  arch.glb_words = Count{1} << 23;
  arch.rf = {.words = {256, 32, 1024}};
  stops(arch, Layer("many evaluated",
                    {.N = 3, .M = (Count{1} << 18) + 1, .C = 7, .H = 6, .W = 9, .R = 3, .S = 3}));
  arch.rows = 9, arch.columns = 14;
  arch.glb_words = Count{1} << 13;
  arch.rf = {.words = {1 << 17, 1 << 13, 1 << 10}};
  stops(arch, Layer("many bounded",
                    {.N = 2, .M = (Count{1} << 20) + 1, .C = 6, .H = 3, .W = 3, .R = 3, .S = 1}));
}

// Any sizes, most small and some of any magnitude. A search that goes on for long is stopped: that
// it can be is part of the test.
TEST(random_extremes_are_answered_or_refused) {
  Random random;
  int answered = 0, refused = 0;
  for (int i = 0; i < 300; ++i) {
    LayerShape s;
    Count* const sizes[] = {&s.N, &s.G, &s.M,        &s.C,        &s.H,       &s.W,
                            &s.R, &s.S, &s.stride_v, &s.stride_h, &s.pad_top, &s.pad_left};
    for (Count* size : sizes) *size = random.between(1, 3);
    for (Count k = random.between(1, 3); k > 0; --k) {
      *sizes[random.between(0, 11)] = random.magnitude(kMost);
    }
    s.H = std::max(s.H, s.R), s.W = std::max(s.W, s.S);
    const DataflowPtr dataflow = find_dataflow(random.between(0, 1) == 1 ? "rs" : "rs-chip");
    int asked = 0;
    try {
      const GoOn briefly = [&] { return ++asked < 2; };
      check_not_negative(search(Layer("random", s), chip(), dataflow, {}, briefly).counts);
      ++answered;
    } catch (const InvalidInput&) {
      ++refused;
    } catch (const CountOverflow&) {
      ++refused;
    } catch (const Interrupted&) {
    }
  }
  CHECK(answered > 100 && refused > 50);
}

}  // namespace
}  // namespace energysim
