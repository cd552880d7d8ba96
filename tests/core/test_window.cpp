// Sliding windows against sets of positions.

#include <algorithm>
#include <random>
#include <set>

#include "check.h"
#include "window.h"

namespace energysim {
namespace {

using Positions = std::set<Count>;

Positions positions(const Axis& axis, const Box& box) {
  Positions all;
  for (Count e = box.out.begin; e < box.out.end; ++e) {
    for (Count r = box.tap.begin; r < box.tap.end; ++r) {
      all.insert(e * axis.stride + r * axis.dilation);
    }
  }
  return all;
}

Count common(const Positions& a, const Positions& b) {
  return std::count_if(a.begin(), a.end(), [&](Count at) { return b.contains(at); });
}

bool gapless(const Positions& all) {
  return all.empty() || *all.rbegin() - *all.begin() + 1 == static_cast<Count>(all.size());
}

template <class Visit>
void each_axis(Count most_stride, Count most_dilation, Visit visit) {
  for (Count stride = 1; stride <= most_stride; ++stride) {
    for (Count dilation = 1; dilation <= most_dilation; ++dilation) {
      visit(Axis{stride, dilation});
    }
  }
}

TEST(window_words_count_distinct_positions) {
  each_axis(7, 7, [](const Axis& axis) {
    for (Count outs = 0; outs <= 9; ++outs) {
      for (Count taps = 0; taps <= 9; ++taps) {
        CHECK_EQ(window_words(axis, outs, taps), positions(axis, {{0, outs}, {0, taps}}).size());
      }
    }
  });
}

TEST(window_words_of_nothing_are_none) {
  CHECK_EQ(window_words({2, 1}, 0, 3), 0);
  CHECK_EQ(window_words({2, 3}, 3, 0), 0);
  CHECK_EQ(window_words({1, 1}, -1, 3), 0);
}

TEST(window_words_of_the_first_layer_of_alexnet) {
  CHECK_EQ(window_words({4, 1}, 55, 11), 227);
  CHECK_EQ(window_words({4, 1}, 7, 11), 35);
  CHECK_EQ(window_words({4, 1}, 55, 3), 165);
}

TEST(contiguous_windows_have_no_gaps) {
  each_axis(4, 4, [](const Axis& axis) {
    for (Count outs = 1; outs <= 6; ++outs) {
      for (Count taps = 1; taps <= 6; ++taps) {
        const bool whole = gapless(positions(axis, {{2, 2 + outs}, {1, 1 + taps}}));
        CHECK(whole || !contiguous(axis, outs, taps));
        if (axis.dilation == 1) CHECK_EQ(contiguous(axis, outs, taps), whole);
      }
    }
  });
}

// Compares a box that starts at the origin with boxes of other sizes around it.
void check_common(const Axis& axis, const Box& a, Count outs, Count taps) {
  const Positions of_a = positions(axis, a);
  for (Count out_shift = -3; out_shift <= 4; ++out_shift) {
    for (Count tap_shift = -2; tap_shift <= 3; ++tap_shift) {
      const Box b{{out_shift, out_shift + outs}, {tap_shift, tap_shift + taps}};
      const Count expected = common(of_a, positions(axis, b));
      CHECK_EQ(common_words(axis, a, b), expected);
      CHECK_EQ(common_words(axis, b, a), expected);
    }
  }
}

TEST(common_words_count_shared_positions) {
  each_axis(4, 3, [](const Axis& axis) {
    for (Count outs = 1; outs <= 4; ++outs) {
      for (Count taps = 1; taps <= 4; ++taps) {
        const Box a{{0, outs}, {0, taps}};
        check_common(axis, a, outs, taps);
        check_common(axis, a, 2, 3);
        check_common(axis, a, 1, 1);
        check_common(axis, a, 3, 1);
      }
    }
  });
}

TEST(common_words_of_any_two_boxes) {
  std::mt19937 engine(1);
  const auto below = [&](Count most) { return static_cast<Count>(engine()) % most; };
  const auto interval = [&](Count most_begin, Count most_size) {
    const Count begin = below(most_begin);
    return Interval{begin, begin + 1 + below(most_size)};
  };
  for (int i = 0; i < 20'000; ++i) {
    const Axis axis{1 + below(7), 1 + below(6)};
    const Box a{interval(9, 12), interval(5, 6)}, b{interval(9, 12), interval(5, 6)};
    CHECK_EQ(common_words(axis, a, b), common(positions(axis, a), positions(axis, b)));
  }
}

TEST(common_words_of_huge_boxes) {
  const Count huge = Count{1} << 60;
  // Every third row in pairs, and the same one row on: one row of each pair is shared.
  CHECK_EQ(common_words({6, 2}, {{0, huge}, {0, 2}}, {{0, huge}, {1, 3}}), huge);
  // Even rows against even rows from the middle on.
  CHECK_EQ(common_words({2, 2}, {{0, huge}, {0, 1}}, {{huge / 2, huge}, {0, 1}}), huge / 2);
  CHECK_EQ(common_words({1, 3}, {{0, huge}, {0, 3}}, {{1, huge + 1}, {0, 3}}), huge + 5);
}

TEST(common_words_far_from_the_origin) {
  const Count far = 1'000'000;
  CHECK_EQ(common_words({2, 1}, {{far, far + 4}, {0, 3}}, {{far + 3, far + 7}, {0, 3}}), 3);
  CHECK_EQ(common_words({1, 2}, {{far, far + 3}, {0, 2}}, {{far + 1, far + 4}, {0, 2}}), 4);
}

TEST(an_empty_box_shares_nothing) {
  const Box full{{0, 5}, {0, 3}};
  CHECK_EQ(common_words({1, 1}, full, {{2, 2}, {0, 3}}), 0);
  CHECK_EQ(common_words({1, 2}, {{0, 5}, {3, 1}}, full), 0);
  CHECK(Box({{2, 2}, {0, 3}}).empty());
  CHECK(!full.empty());
  CHECK_EQ(Interval({5, 3}).size(), 0);
}

}  // namespace
}  // namespace energysim
