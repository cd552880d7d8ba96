// Counts: by hand on tiny layers, and the GLB accesses that the Eyeriss chip was measured to make.

#include <cmath>

#include "check.h"
#include "count.h"

namespace energysim {
namespace {

using Letters = std::vector<std::pair<std::string, Count>>;

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

AccessCounts<Checked> counted(const Layer& layer, const Architecture& arch,
                              const Letters& letters) {
  return count(layer, arch,
               mapping_from_letters(layer, arch, find_dataflow("rs-chip"), "", letters));
}

void check_accesses(const Accesses<Checked>& n, Count read, Count write, Count fill) {
  CHECK_EQ(n.read.value(), read);
  CHECK_EQ(n.write.value(), write);
  CHECK_EQ(n.fill.value(), fill);
}

// A layer of square ifmaps and filters, of 4 images.
Layer square(Count g, Count m, Count c, Count h, Count r, Count stride, Count pad) {
  return Layer("conv", {.N = 4,
                        .G = g,
                        .M = m,
                        .C = c,
                        .H = h,
                        .W = h,
                        .R = r,
                        .S = r,
                        .stride_v = stride,
                        .stride_h = stride,
                        .pad_top = pad,
                        .pad_bottom = pad,
                        .pad_left = pad,
                        .pad_right = pad});
}

// Words read from and written to the GLB, in MB of 16-bit words.
double glb_megabytes(const Layer& layer, const Letters& letters) {
  const AccessCounts<Checked> counts = counted(layer, chip(), letters);
  double words = 0;
  for (Operand operand : kAllOperands) {
    const auto& n = counts(Level::Glb, operand);
    words += to_double(n.read) + to_double(n.write);
  }
  return words * 2 / 1e6;
}

bool near(double a, double b) { return std::abs(a - b) < 0.001; }

// JSSC 2017, Tables III (mappings) and V (GLB accesses).
TEST(glb_accesses_of_alexnet_are_those_measured_on_the_chip) {
  const Letters conv3{{"m", 64}, {"n", 4}, {"e", 13}, {"p", 16}, {"q", 3}, {"r", 2}, {"t", 2}};
  const Letters conv1{{"m", 96}, {"n", 1}, {"e", 7}, {"p", 16}, {"q", 1}, {"r", 1}, {"t", 2}};
  const Letters conv2{{"m", 64}, {"n", 1}, {"e", 27}, {"p", 16}, {"q", 2}, {"r", 1}, {"t", 1}};
  CHECK(near(glb_megabytes(square(1, 96, 3, 227, 11, 4, 0), conv1), 18.450));
  CHECK(near(glb_megabytes(square(2, 128, 48, 27, 5, 1, 2), conv2), 77.568));
  CHECK(near(glb_megabytes(square(1, 384, 256, 13, 3, 1, 1), conv3), 50.178));
  CHECK(near(glb_megabytes(square(2, 192, 192, 13, 3, 1, 1), conv3), 37.374));
  CHECK(near(glb_megabytes(square(2, 128, 192, 13, 3, 1, 1), conv3), 24.916));
}

// Two psums in the GLB, by turns in the array, once per channel.
AccessCounts<Checked> two_psums(OfmapPath path) {
  return counted(Layer("tiny", {.M = 2, .C = 2}), chip(path), {{"m", 2}});
}

TEST(counts_of_psums_that_go_through_the_glb) {
  const AccessCounts<Checked> n = two_psums(OfmapPath::ThroughGlb);
  CHECK_EQ(n.macs.value(), 4);
  check_accesses(n(Level::Dram, Operand::Ifmap), 2, 0, 0);
  check_accesses(n(Level::Glb, Operand::Ifmap), 2, 0, 2);
  check_accesses(n(Level::Noc, Operand::Ifmap), 2, 0, 0);
  check_accesses(n(Level::Rf, Operand::Ifmap), 4, 0, 2);
  check_accesses(n(Level::Dram, Operand::Filter), 4, 0, 0);
  check_accesses(n(Level::Glb, Operand::Filter), 0, 0, 0);
  check_accesses(n(Level::Noc, Operand::Filter), 4, 0, 0);
  check_accesses(n(Level::Rf, Operand::Filter), 4, 0, 4);
  check_accesses(n(Level::Dram, Operand::Psum), 0, 2, 0);
  check_accesses(n(Level::Glb, Operand::Psum), 4, 4, 0);
  check_accesses(n(Level::Noc, Operand::Psum), 0, 0, 0);
  check_accesses(n(Level::Rf, Operand::Psum), 0, 0, 2);
}

TEST(counts_of_psums_that_pass_the_glb_by) {
  const AccessCounts<Checked> n = two_psums(OfmapPath::PastGlb);
  check_accesses(n(Level::Dram, Operand::Psum), 0, 2, 0);
  check_accesses(n(Level::Glb, Operand::Psum), 2, 2, 0);
  check_accesses(n(Level::Rf, Operand::Psum), 0, 0, 2);
}

TEST(a_psum_stays_in_the_array_until_another_takes_its_place) {
  const AccessCounts<Checked> n = counted(Layer("tiny", {.C = 2}), chip(), {});
  check_accesses(n(Level::Glb, Operand::Psum), 1, 1, 0);
  check_accesses(n(Level::Rf, Operand::Psum), 1, 1, 0);
}

// Both channels in one PE, then side by side.
TEST(counts_of_a_psum_that_is_made_in_the_array) {
  const Layer layer("tiny", {.C = 2});
  const AccessCounts<Checked> alone = counted(layer, chip(), {{"q", 2}});
  check_accesses(alone(Level::Rf, Operand::Psum), 1, 1, 0);
  check_accesses(alone(Level::Noc, Operand::Psum), 0, 0, 0);
  check_accesses(alone(Level::Glb, Operand::Psum), 1, 1, 0);
  const AccessCounts<Checked> beside = counted(layer, chip(), {{"r", 2}});
  check_accesses(beside(Level::Rf, Operand::Psum), 0, 0, 0);
  check_accesses(beside(Level::Noc, Operand::Psum), 1, 0, 0);
  check_accesses(beside(Level::Glb, Operand::Psum), 1, 1, 0);
}

TEST(ifmap_words_are_read_again_for_each_group_of_filters) {
  const Layer layer("tiny", {.M = 6});
  CHECK_EQ(counted(layer, chip(), {{"m", 6}})(Level::Dram, Operand::Ifmap).read.value(), 1);
  const AccessCounts<Checked> n = counted(layer, chip(), {{"m", 2}, {"p", 2}});
  CHECK_EQ(n(Level::Dram, Operand::Filter).read.value(), 6);
  CHECK_EQ(n(Level::Dram, Operand::Psum).write.value(), 6);
  CHECK_EQ(n(Level::Rf, Operand::Filter).fill.value(), 6);
}

TEST(groups_and_images_multiply_all_counts) {
  const LayerShape one{.M = 3, .C = 2, .H = 5, .W = 5, .R = 3, .S = 3};
  LayerShape grouped = one;
  grouped.G = 4;
  const AccessCounts<Checked> single = counted(Layer("one", one), chip(), {{"m", 3}, {"e", 2}});
  const AccessCounts<Checked> four = counted(Layer("four", grouped), chip(), {{"m", 3}, {"e", 2}});
  CHECK_EQ(four.macs.value(), 4 * single.macs.value());
  for (Level level : kAllLevels) {
    for (Operand operand : kAllOperands) {
      const auto &a = single(level, operand), &b = four(level, operand);
      check_accesses(b, 4 * a.read.value(), 4 * a.write.value(), 4 * a.fill.value());
    }
  }
}

TEST(illegal_mappings_are_not_counted) {
  const Layer layer("tiny", {.C = 2});
  const Mapping mapping =
      mapping_from_letters(layer, chip(), find_dataflow("rs-chip"), "", {{"q", 2}});
  CHECK_THROWS(count(Layer("other", {.C = 3}), chip(), mapping), InvalidMapping);
  Architecture none = chip();
  none.rf.words[index(Operand::Filter)] = 1;
  CHECK_THROWS(count(layer, none, mapping), InvalidMapping);
}

TEST(counts_of_very_many_images) {
  const Count most = Count{1} << 62;
  const Layer layer("long", {.N = most});
  const AccessCounts<Checked> n = counted(layer, chip(), {});
  CHECK_EQ(n.macs.value(), most);
  CHECK_EQ(n(Level::Dram, Operand::Ifmap).read.value(), most);
  CHECK_EQ(n(Level::Rf, Operand::Ifmap).read.value(), most);
}

}  // namespace
}  // namespace energysim
