// Layers: ofmap sizes, totals, and every shape that is refused.

#include <limits>

#include "check.h"
#include "errors.h"
#include "layer.h"

namespace energysim {
namespace {

constexpr Count kMost = std::numeric_limits<Count>::max();

Layer make(const LayerShape& shape) { return Layer("drawn", shape); }

// Ofmap positions of one axis, counted one by one.
Count positions(Count padded, Count filter, Count stride, Count dilation) {
  Count count = 0;
  while (count * stride + (filter - 1) * dilation < padded) ++count;
  return count;
}

bool fits(Count padded, Count filter, Count dilation) {
  return (filter - 1) * dilation + 1 <= padded;
}

TEST(ofmap_rows_are_the_places_of_the_filter) {
  for (Count h = 1; h <= 7; ++h) {
    for (Count r = 1; r <= 4; ++r) {
      for (Count stride = 1; stride <= 3; ++stride) {
        for (Count dilation = 1; dilation <= 3; ++dilation) {
          const LayerShape rows{.H = h, .R = r, .stride_v = stride, .dilation_v = dilation};
          const LayerShape columns{.W = h, .S = r, .stride_h = stride, .dilation_h = dilation};
          if (!fits(h, r, dilation)) {
            CHECK_THROWS(make(rows), InvalidInput);
            CHECK_THROWS(make(columns), InvalidInput);
            continue;
          }
          CHECK_EQ(make(rows).E(), positions(h, r, stride, dilation));
          CHECK_EQ(make(rows).F(), 1);
          CHECK_EQ(make(columns).F(), positions(h, r, stride, dilation));
          CHECK_EQ(make(columns).E(), 1);
        }
      }
    }
  }
}

TEST(each_side_is_padded_by_its_own_amount) {
  const LayerShape shape{
      .H = 5, .W = 5, .R = 3, .S = 3, .pad_top = 1, .pad_bottom = 2, .pad_left = 4, .pad_right = 0};
  const Layer layer = make(shape);
  CHECK_EQ(layer.E(), 6);
  CHECK_EQ(layer.F(), 7);
  const LayerShape strided{.H = 5, .W = 5, .R = 3, .S = 3, .stride_v = 2, .pad_top = 1};
  CHECK_EQ(make(strided).E(), 2);
  LayerShape below = strided;
  below.pad_bottom = 1;
  CHECK_EQ(make(below).E(), 3);
}

TEST(totals_of_alexnet_conv2) {
  const LayerShape shape{.N = 4,
                         .G = 2,
                         .M = 128,
                         .C = 48,
                         .H = 27,
                         .W = 27,
                         .R = 5,
                         .S = 5,
                         .pad_top = 2,
                         .pad_bottom = 2,
                         .pad_left = 2,
                         .pad_right = 2};
  const Layer layer = make(shape);
  CHECK_EQ(layer.E(), 27);
  CHECK_EQ(layer.ifmap_words(), 4 * 2 * 48 * 27 * 27);
  CHECK_EQ(layer.filter_words(), 2 * 128 * 48 * 25);
  CHECK_EQ(layer.ofmap_words(), 4 * 2 * 128 * 27 * 27);
  CHECK_EQ(layer.macs(), Count{4} * 2 * 128 * 27 * 27 * 48 * 25);
}

TEST(sizes_are_those_the_loops_run_over) {
  const Layer layer =
      make({.N = 2, .G = 3, .M = 4, .C = 5, .H = 12, .W = 16, .R = 6, .S = 7, .stride_h = 2});
  const Count expected[] = {2, 3, 4, 5, 6, 7, 7, 5};
  for (Dim d : kAllDims) CHECK_EQ(layer.size(d), expected[index(d)]);
}

TEST(a_fully_connected_layer_has_one_ofmap_position) {
  const Layer layer = make({.M = 10, .C = 4, .H = 6, .W = 6, .R = 6, .S = 6});
  CHECK_EQ(layer.E(), 1);
  CHECK_EQ(layer.F(), 1);
  CHECK_EQ(layer.macs(), layer.filter_words());
}

TEST(another_batch_keeps_name_and_shape) {
  const Layer one = make({.M = 3, .C = 2, .H = 4, .W = 4});
  const Layer five = one.with_batch(5);
  CHECK_EQ(five.name(), one.name());
  CHECK_EQ(five.shape().N, 5);
  CHECK_EQ(five.macs(), 5 * one.macs());
  CHECK_EQ(five.filter_words(), one.filter_words());
  CHECK(five.with_batch(1) == one);
  CHECK(!(five == one));
  CHECK_THROWS(one.with_batch(0), InvalidInput);
}

TEST(sizes_below_one_are_refused) {
  const LayerShape good{.H = 3, .W = 3};
  for (auto member :
       {&LayerShape::N, &LayerShape::G, &LayerShape::M, &LayerShape::C, &LayerShape::H,
        &LayerShape::W, &LayerShape::R, &LayerShape::S, &LayerShape::stride_v,
        &LayerShape::stride_h, &LayerShape::dilation_v, &LayerShape::dilation_h}) {
    for (Count bad : {Count{0}, Count{-1}, -kMost - 1}) {
      LayerShape shape = good;
      shape.*member = bad;
      CHECK_THROWS(make(shape), InvalidInput);
    }
    LayerShape smallest = good;
    smallest.*member = 1;
    CHECK(make(smallest).macs() >= 1);
  }
}

TEST(paddings_below_zero_are_refused) {
  for (auto member : {&LayerShape::pad_top, &LayerShape::pad_bottom, &LayerShape::pad_left,
                      &LayerShape::pad_right}) {
    LayerShape shape{.H = 9, .W = 9};
    shape.*member = -1;
    CHECK_THROWS(make(shape), InvalidInput);
    shape.*member = 1;
    CHECK_EQ(make(shape).ofmap_words(), 90);
  }
}

TEST(a_filter_larger_than_the_padded_ifmap_is_refused) {
  CHECK_THROWS(make({.H = 4, .R = 5}), InvalidInput);
  CHECK_THROWS(make({.W = 4, .S = 5}), InvalidInput);
  CHECK_EQ(make({.H = 4, .R = 5, .pad_bottom = 1}).E(), 1);
  CHECK_THROWS(make({.W = 4, .S = 3, .dilation_h = 2}), InvalidInput);
  CHECK_EQ(make({.W = 4, .S = 3, .pad_left = 1, .dilation_h = 2}).F(), 1);
}

TEST(totals_beyond_64_bits_are_refused) {
  const Count half = Count{1} << 31, more = Count{1} << 32;
  CHECK_EQ(make({.M = half, .C = half}).macs(), Count{1} << 62);
  CHECK_THROWS(make({.M = half, .C = more}), CountOverflow);
  CHECK_THROWS(make({.N = half, .C = more}), CountOverflow);
  CHECK_THROWS(make({.N = half, .M = more}), CountOverflow);
  CHECK_THROWS(make({.N = 1 << 30, .M = 1 << 30, .C = 8}), CountOverflow);
  CHECK_EQ(make({.N = kMost}).macs(), kMost);
}

TEST(paddings_and_reaches_beyond_64_bits_are_refused) {
  CHECK_THROWS(make({.H = kMost, .pad_top = 1}), CountOverflow);
  CHECK_THROWS(make({.W = 1, .pad_left = kMost, .pad_right = kMost}), CountOverflow);
  CHECK_THROWS(make({.H = kMost, .R = 3, .dilation_v = kMost}), CountOverflow);
}

}  // namespace
}  // namespace energysim
