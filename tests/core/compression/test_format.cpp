// Sizes of compressed data, on average.

#include <cmath>

#include "check.h"
#include "compression/format.h"

namespace energysim {
namespace {

bool near(double a, double b, double tolerance) { return std::abs(a - b) <= tolerance; }

constexpr Format kAllFormats[] = {Format::Raw, Format::Rlc, Format::SignificanceMap, Format::Csc};

TEST(dense_data_grow) {
  CHECK_EQ(expected_bits(Format::Raw, 1, 16), 16.0);
  CHECK(near(expected_bits(Format::Rlc, 1, 16), 64.0 / 3, 1e-12));  // three values in 64 bits
  CHECK_EQ(expected_bits(Format::SignificanceMap, 1, 16), 17.0);
  CHECK(near(expected_bits(Format::Csc, 1, 16), 20 + 7.0 / 32, 1e-12));
}

TEST(zeros_take_little) {
  CHECK_EQ(expected_bits(Format::Raw, 0, 16), 16.0);
  CHECK(near(expected_bits(Format::Rlc, 0, 16), 64.0 / 3 / 32, 1e-12));  // pairs of 32 zeros
  CHECK_EQ(expected_bits(Format::SignificanceMap, 0, 16), 1.0);
  CHECK_EQ(expected_bits(Format::Csc, 0, 16), 7.0 / 32);  // pointers
}

TEST(run_lengths_have_a_closed_form) {
  for (double d : {0.01, 0.1, 0.5, 0.9}) {
    CHECK(near(expected_bits(Format::Rlc, d, 16), 64.0 / 3 * d / (1 - std::pow(1 - d, 32)), 1e-9));
  }
}

TEST(sizes_grow_with_densities_and_bits) {
  for (Format format : kAllFormats) {
    for (Count bits = 1; bits <= 16; ++bits) {
      for (int step = 0; step < 50; ++step) {
        const double here = expected_bits(format, step / 50.0, bits);
        CHECK(here <= expected_bits(format, (step + 1) / 50.0, bits) * (1 + 1e-12));
        CHECK(here <= expected_bits(format, step / 50.0, bits + 1));
      }
    }
  }
}

TEST(a_break_even_density_is_one) {
  CHECK_EQ(break_even_density(Format::Raw, 16), 1.0);
  CHECK(near(break_even_density(Format::SignificanceMap, 16), 15.0 / 16, 1e-12));
  CHECK(near(break_even_density(Format::Rlc, 16), 0.75, 1e-9));
  CHECK(near(break_even_density(Format::SignificanceMap, 1), 0, 1e-12));
  for (Format format : {Format::Rlc, Format::SignificanceMap, Format::Csc}) {
    for (Count bits : {4, 8, 16}) {
      const double even = break_even_density(format, bits);
      CHECK(expected_bits(format, even, bits) <= static_cast<double>(bits));
      CHECK(expected_bits(format, even + 1e-9, bits) > static_cast<double>(bits));
    }
  }
}

}  // namespace
}  // namespace energysim
