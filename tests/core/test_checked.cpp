// Arithmetic that refuses to overflow, and the quotients that every count is made of.

#include <limits>

#include "check.h"
#include "checked.h"
#include "dims.h"

namespace energysim {
namespace {

constexpr Count kMost = std::numeric_limits<Count>::max();
constexpr Count kLeast = std::numeric_limits<Count>::min();
// The greatest number whose square fits.
constexpr Count kRoot = 3037000499;

TEST(checked_numbers_compute_like_integers) {
  for (Count a = -7; a <= 7; ++a) {
    for (Count b = -7; b <= 7; ++b) {
      CHECK_EQ((Checked(a) + Checked(b)).value(), a + b);
      CHECK_EQ((Checked(a) - Checked(b)).value(), a - b);
      CHECK_EQ((Checked(a) * Checked(b)).value(), a * b);
      CHECK_EQ(Checked(a) == Checked(b), a == b);
    }
  }
}

TEST(a_checked_number_is_zero_unless_told) { CHECK_EQ(Checked().value(), 0); }

TEST(checked_numbers_reach_both_borders) {
  CHECK_EQ((Checked(kMost - 1) + 1).value(), kMost);
  CHECK_EQ((Checked(kLeast + 1) - 1).value(), kLeast);
  CHECK_EQ((Checked(kMost) + kLeast).value(), -1);
  CHECK_EQ((Checked(-1) - kLeast).value(), kMost);
  CHECK_EQ((Checked(kMost) * -1).value(), -kMost);
  CHECK_EQ((Checked(kLeast) * 1).value(), kLeast);
  CHECK_EQ((Checked(Count{1} << 31) * (Count{1} << 31)).value(), Count{1} << 62);
  CHECK_EQ((Checked(Count{-1} * (Count{1} << 31)) * (Count{1} << 32)).value(), kLeast);
  CHECK_EQ((Checked(kRoot) * kRoot).value(), kRoot * kRoot);
}

TEST(checked_numbers_refuse_to_leave_64_bits) {
  CHECK_THROWS(Checked(kMost) + 1, CountOverflow);
  CHECK_THROWS(Checked(kLeast) + -1, CountOverflow);
  CHECK_THROWS(Checked(kLeast) - 1, CountOverflow);
  CHECK_THROWS(Checked(0) - kLeast, CountOverflow);
  CHECK_THROWS(Checked(kLeast) * -1, CountOverflow);
  CHECK_THROWS(Checked(kMost) * 2, CountOverflow);
  CHECK_THROWS(Checked(kRoot + 1) * (kRoot + 1), CountOverflow);
  CHECK_THROWS(Checked(Count{1} << 32) * (Count{1} << 31), CountOverflow);
}

TEST(checked_assignments_compute_and_refuse) {
  Checked number = 5;
  number += 4;
  number -= 2;
  number *= 3;
  CHECK_EQ(number.value(), 21);
  CHECK_THROWS(number += kMost, CountOverflow);
  CHECK_THROWS(number *= kMost, CountOverflow);
  CHECK_THROWS(number -= kLeast, CountOverflow);
  CHECK_EQ(number.value(), 21);
}

TEST(quotients_are_those_of_integers) {
  for (Count a = 0; a <= 40; ++a) {
    for (Count b = 1; b <= 12; ++b) {
      CHECK_EQ(floor_div(a, b), a / b);
      CHECK_EQ(ceil_div(a, b), a / b + (a % b != 0));
    }
  }
}

TEST(quotients_do_not_change_where_sizes_leave_32_bits) {
  const Count border = Count{1} << 32;
  for (Count a = border - 3; a <= border + 3; ++a) {
    for (Count b : {Count{1}, Count{2}, Count{3}, border - 1, border, border + 1}) {
      CHECK_EQ(floor_div(a, b), a / b);
      CHECK_EQ(ceil_div(a, b), a / b + (a % b != 0));
    }
  }
}

TEST(operands_know_their_coordinates) {
  const auto letters = [](Operand operand) {
    std::string all;
    for (Dim d : kAllDims) {
      if (relevant(operand, d)) all += kDimLetters[static_cast<std::size_t>(index(d))];
    }
    return all;
  };
  CHECK_EQ(letters(Operand::Ifmap), "NGCRSEF");
  CHECK_EQ(letters(Operand::Filter), "GMCRS");
  CHECK_EQ(letters(Operand::Psum), "NGMEF");
}

}  // namespace
}  // namespace energysim
