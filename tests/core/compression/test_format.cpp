// Sizes of compressed data, on average.

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "check.h"
#include "compression/format.h"
#include "errors.h"

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

std::vector<std::uint8_t> random_flags(std::size_t values, double density, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::bernoulli_distribution coin(density);
  std::vector<std::uint8_t> flags(values);
  for (std::uint8_t& flag : flags) flag = coin(engine) ? 1 : 0;
  return flags;
}

TEST(sizes_of_given_values_by_hand) {
  std::vector<std::uint8_t> flags(40, 0);
  flags[2] = flags[20] = flags[33] = 1;
  CHECK_EQ(coded_bits(Format::Raw, flags, 8), 320);
  CHECK_EQ(coded_bits(Format::SignificanceMap, flags, 8), 40 + 3 * 8);
  // Columns of 32: 2 zeros and a value, 15 zeros and a zero, 1 zero and a value; then the second.
  CHECK_EQ(coded_bits(Format::Csc, flags, 8), 3 * 12 + 7 + 12 + 7);
  for (Format format : {Format::Raw, Format::SignificanceMap, Format::Csc}) {
    CHECK_EQ(coded_bits(format, {}, 8), 0);
  }
  CHECK_THROWS(coded_bits(Format::Rlc, flags, 16), InvalidInput);
}

// Pairs of a run of up to 31 zeros and the value after it, one after another.
Count rlc_pairs(const std::vector<std::uint8_t>& flags) {
  Count pairs = 0, run = 0;
  for (std::uint8_t flag : flags) {
    if (flag == 0 && run < 31) {
      ++run;
    } else {
      ++pairs;
      run = 0;
    }
  }
  return pairs + (run > 0 ? 1 : 0);
}

TEST(run_lengths_are_the_means_of_random_data) {
  constexpr std::size_t kValues = 1 << 21;
  for (double density : {0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0}) {
    const std::vector<std::uint8_t> flags = random_flags(kValues, density, 11);
    const auto drawn = static_cast<double>(std::count(flags.begin(), flags.end(), 1)) / kValues;
    const Count words = (rlc_pairs(flags) + 2) / 3;
    const double found = 64 * static_cast<double>(words) / kValues;
    CHECK(near(found / expected_bits(Format::Rlc, drawn, 16), 1, 0.005));
  }
}

TEST(expected_sizes_are_the_means_of_random_data) {
  constexpr std::size_t kValues = 1 << 20;
  for (Format format : {Format::SignificanceMap, Format::Csc}) {
    for (double density : {0.01, 0.03, 0.1, 0.3, 0.5, 0.8, 1.0}) {
      const std::vector<std::uint8_t> flags = random_flags(kValues, density, 7);
      // At the density that was drawn: a single draw is a percent off at 0.01.
      const auto drawn = static_cast<double>(std::count(flags.begin(), flags.end(), 1)) / kValues;
      const auto found = static_cast<double>(coded_bits(format, flags, 16)) / kValues;
      CHECK(near(found / expected_bits(format, drawn, 16), 1, 0.005));
    }
  }
}

}  // namespace
}  // namespace energysim
