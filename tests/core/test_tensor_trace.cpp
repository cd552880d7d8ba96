// The tensor simulator as a whole: its ofmap is that of a convolution, its counts are those of the
// closed forms, and what zeros save is counted by hand.

#include <atomic>
#include <cmath>

#include "check.h"
#include "count.h"
#include "tensors.h"

namespace energysim {
namespace {

Architecture chip(OfmapPath path = OfmapPath::ThroughGlb) {
  Architecture arch;
  arch.name = "chip";
  arch.rows = 12, arch.columns = 14;
  arch.glb_words = 51200;
  arch.rf.words[index(Operand::Ifmap)] = 12;
  arch.rf.words[index(Operand::Filter)] = 224;
  arch.rf.words[index(Operand::Psum)] = 24;
  arch.ofmap_path = path;
  return arch;
}

// One of each kind, small enough for the sanitizers.
std::vector<Layer> layers() {
  return {
      Layer("plain", {.N = 2, .M = 5, .C = 3, .H = 9, .W = 8, .R = 3, .S = 3}),
      Layer("strided",
            {.M = 4, .C = 2, .H = 11, .W = 11, .R = 3, .S = 3, .stride_v = 2, .stride_h = 2}),
      Layer("stride > R",
            {.M = 3, .C = 2, .H = 9, .W = 10, .R = 2, .S = 1, .stride_v = 3, .stride_h = 4}),
      Layer("padded", {.N = 2,
                       .M = 3,
                       .C = 2,
                       .H = 5,
                       .W = 4,
                       .R = 3,
                       .S = 3,
                       .pad_top = 1,
                       .pad_bottom = 2,
                       .pad_left = 2,
                       .pad_right = 1}),
      Layer("dilated",
            {.M = 3, .C = 2, .H = 9, .W = 9, .R = 3, .S = 2, .dilation_v = 2, .dilation_h = 3}),
      Layer("groups", {.N = 2, .G = 2, .M = 3, .C = 3, .H = 6, .W = 6, .R = 3, .S = 3}),
      Layer("depthwise", {.N = 2, .G = 5, .H = 6, .W = 7, .R = 3, .S = 3, .pad_top = 1}),
      Layer("fc", {.N = 3, .M = 17, .C = 5, .H = 3, .W = 3, .R = 3, .S = 3}),
      Layer("all padding", {.M = 2,
                            .C = 1,
                            .H = 1,
                            .W = 1,
                            .R = 1,
                            .S = 1,
                            .stride_v = 2,
                            .pad_top = 2,
                            .pad_bottom = 2,
                            .pad_left = 2}),
  };
}

void check_counts(const AccessCounts<Count>& counts, const AccessCounts<Checked>& expected) {
  CHECK_EQ(counts.macs, expected.macs.value());
  for (Level level : kAllLevels) {
    for (Operand operand : kAllOperands) {
      const auto& n = counts(level, operand);
      const auto& m = expected(level, operand);
      CHECK_EQ(n.read, m.read.value());
      CHECK_EQ(n.write, m.write.value());
      CHECK_EQ(n.fill, m.fill.value());
    }
  }
}

TEST(tensors_of_all_layers_under_all_schemes) {
  unsigned seed = 0;
  for (const DataflowPtr& dataflow : {find_dataflow("rs"), find_dataflow("rs-chip")}) {
    for (const Scheme& scheme : dataflow->schemes) {
      for (const Layer& layer : layers()) {
        const Architecture arch = chip(++seed % 2 ? OfmapPath::PastGlb : OfmapPath::ThroughGlb);
        const Mapping mapping = mapping_from_letters(layer, arch, dataflow, scheme.name, {});
        const RandomTensors tensors(layer, seed);
        Count zeros = 0;
        const auto expected = convolution(layer, tensors.get(), &zeros);
        const auto traced = trace::run(layer, arch, mapping.nest, tensors.get(), {}, 1);
        CHECK(traced.ofmap == expected);
        check_counts(traced.counts, count(layer, arch, mapping));
        CHECK_EQ(traced.idle.macs, zeros);
        CHECK_EQ(traced.idle(Level::Rf, Operand::Filter).read, zeros);
      }
    }
  }
}

TEST(tensors_on_many_threads_give_the_same) {
  const Layer layer("conv", {.N = 2, .G = 2, .M = 13, .C = 5, .H = 12, .W = 9, .R = 3, .S = 3});
  const RandomTensors tensors(layer, 1);
  const Mapping mapping = mapping_from_letters(layer, chip(), find_dataflow("rs-chip"), "",
                                               {{"m", 5}, {"p", 2}, {"t", 2}, {"e", 4}, {"q", 2}});
  const auto one = trace::run(layer, chip(), mapping.nest, tensors.get(), {}, 1);
  check_counts(one.counts, count(layer, chip(), mapping));
  for (const int threads : {2, 3, 7}) {
    const auto many = trace::run(layer, chip(), mapping.nest, tensors.get(), {}, threads);
    CHECK(many.ofmap == one.ofmap);
    CHECK(many.counts == one.counts);
    CHECK(many.idle == one.idle);
    CHECK(many.ifmap == one.ifmap);
    CHECK(many.filters == one.filters);
    CHECK(many.stored_ofmap == one.stored_ofmap);
  }
}

// One PE makes one psum of three products; the second ifmap value is zero.
TEST(zeros_gate_macs_filter_reads_and_psums) {
  const Layer layer("dot", {.W = 3, .S = 3});
  const Mapping mapping = mapping_from_letters(layer, chip(), find_dataflow("rs-chip"), "", {});
  const std::vector<trace::Word> filters{2, 3, 4};
  const auto idle = [&](const std::vector<trace::Word>& ifmap) {
    return trace::run(layer, chip(), mapping.nest, {ifmap, filters}, {}, 1).idle;
  };
  const auto check = [](const AccessCounts<Count>& counts, Count macs, Count reads, Count writes) {
    CHECK_EQ(counts.macs, macs);
    CHECK_EQ(counts(Level::Rf, Operand::Filter).read, macs);
    CHECK_EQ(counts(Level::Rf, Operand::Psum).read, reads);
    CHECK_EQ(counts(Level::Rf, Operand::Psum).write, writes);
    CHECK_EQ(counts(Level::Rf, Operand::Ifmap).read, 0);
  };
  check(idle({1, 2, 3}), 0, 0, 0);
  check(idle({1, 0, 3}), 1, 1, 1);
  check(idle({0, 2, 3}), 1, 0, 1);  // the first product is not added to a psum that was read
  check(idle({1, 2, 0}), 1, 1, 0);  // the last leaves and is not written
  check(idle({0, 0, 0}), 3, 2, 2);
}

TEST(dram_streams_are_those_of_what_moves) {
  const Layer layer("conv", {.M = 2, .C = 2, .H = 6, .W = 6, .R = 3, .S = 3});
  const Mapping mapping =
      mapping_from_letters(layer, chip(), find_dataflow("rs"), "filters", {{"E1", 4}, {"m", 2}});
  const RandomTensors tensors(layer, 3);
  const auto traced = trace::run(layer, chip(), mapping.nest, tensors.get(), {}, 1);
  CHECK_EQ(traced.ifmap.words, traced.counts(Level::Dram, Operand::Ifmap).read);
  CHECK_EQ(traced.filters.words, traced.counts(Level::Dram, Operand::Filter).read);
  CHECK_EQ(traced.stored_ofmap.words, layer.ofmap_words());
  CHECK_EQ(traced.spilled_psums, 0);
  CHECK_EQ(traced.ifmap.rlc_bits % 64, 0);
}

TEST(overflow_of_psums_is_found_where_it_happens) {
  const Layer layer("dot", {.C = 4});
  const Mapping mapping = mapping_from_letters(layer, chip(), find_dataflow("rs-chip"), "", {});
  const std::vector<trace::Word> ifmap{100, 100, -100, -100}, filters{100, 100, 100, 100};
  const auto run = [&](int bits) {
    trace::Output output;
    output.psum_bits = bits;
    return trace::run(layer, chip(), mapping.nest, {ifmap, filters}, output, 1);
  };
  CHECK_EQ(run(17).ofmap, (std::vector<std::int64_t>{0}));  // 20000 is the largest partial sum
  CHECK_EQ(run(16).ofmap, (std::vector<std::int64_t>{0}));
  CHECK(run(16).checked);
  CHECK(!run(17).checked);
  CHECK_THROWS(run(15), PsumOverflow);
}

TEST(the_first_overflow_is_the_same_on_many_threads) {
  const Layer layer("conv", {.N = 2, .G = 2, .M = 8, .C = 3, .H = 8, .W = 8, .R = 3, .S = 3});
  const RandomTensors tensors(layer, 5, 1000, 0);
  const Mapping mapping =
      mapping_from_letters(layer, chip(), find_dataflow("rs-chip"), "", {{"m", 2}, {"e", 2}});
  const auto message = [&](int threads) -> std::string {
    trace::Output output;
    output.psum_bits = 22;
    try {
      trace::run(layer, chip(), mapping.nest, tensors.get(), output, threads);
    } catch (const PsumOverflow& error) {
      return error.what();
    }
    return "no overflow";
  };
  CHECK(message(1) != "no overflow");
  CHECK_EQ(message(4), message(1));
}

TEST(extreme_words_are_exact) {
  const Layer layer("dot", {.M = 9, .C = 8, .R = 1, .S = 1});
  const Mapping mapping = mapping_from_letters(layer, chip(), find_dataflow("rs-chip"), "", {});
  const std::vector<trace::Word> ifmap(8, -32768), filters(72, -32768);
  const auto traced = trace::run(layer, chip(), mapping.nest, {ifmap, filters}, {}, 1);
  CHECK_EQ(traced.ofmap, std::vector<std::int64_t>(9, std::int64_t{1} << 33));
}

TEST(a_run_can_be_interrupted) {
  const Layer layer("conv", {.N = 4, .M = 64, .C = 64, .H = 16, .W = 16, .R = 3, .S = 3});
  const Mapping mapping = mapping_from_letters(layer, chip(), find_dataflow("rs-chip"), "", {});
  const RandomTensors tensors(layer, 6);
  const auto stop = [](Count) { return false; };
  CHECK_THROWS(trace::run(layer, chip(), mapping.nest, tensors.get(), {}, 2, stop), Interrupted);
}

TEST(tensors_of_the_wrong_size_are_refused) {
  const Layer layer("conv", {.M = 2, .H = 3, .W = 3});
  const Mapping mapping = mapping_from_letters(layer, chip(), find_dataflow("rs-chip"), "", {});
  const std::vector<trace::Word> nine(9), two(2), one(1);
  const auto run = [&](const std::vector<trace::Word>& ifmap,
                       const std::vector<trace::Word>& filters, const trace::Output& output) {
    return trace::run(layer, chip(), mapping.nest, {ifmap, filters}, output, 1);
  };
  CHECK_EQ(run(nine, two, {}).ofmap.size(), 18);
  CHECK_THROWS(run(two, two, {}), InvalidInput);
  CHECK_THROWS(run(nine, one, {}), InvalidInput);
  trace::Output wide_psums, wide_words, far;
  wide_psums.psum_bits = 63;
  wide_words.word_bits = 17;
  far.shift = 63;
  for (const trace::Output& output : {wide_psums, wide_words, far}) {
    CHECK_THROWS(run(nine, two, output), InvalidInput);
  }
}

TEST(padding_beyond_memory_is_refused) {
  const Count far = Count{1} << 40;
  const Layer layer("wide", {.stride_h = far, .pad_left = far});
  CHECK_EQ(layer.ofmap_words(), 2);
  Nest nest;
  for (Dim d : kAllDims) {
    const Count size = layer.size(d);
    nest[d] = {size, size, size, size, size};
  }
  const std::vector<trace::Word> one(1);
  CHECK_THROWS(trace::run(layer, chip(), nest, {one, one}, {}, 1), InvalidInput);
}

}  // namespace
}  // namespace energysim
