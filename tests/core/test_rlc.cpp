// RLC streams: by hand, there and back, and with anything that is no stream.

#include <random>

#include "check.h"
#include "compression/rlc.h"
#include "deep.h"
#include "errors.h"

namespace energysim {
namespace {

using Values = std::vector<rlc::Value>;
using Words = std::vector<std::uint64_t>;

constexpr std::uint64_t kLast = std::uint64_t{1} << 63;

std::uint64_t pair(std::uint64_t run, std::uint64_t level, int place) {
  return (run | level << 5) << (21 * place);
}

Values zeros_then(std::size_t zeros, Values rest) {
  Values values(zeros, 0);
  values.insert(values.end(), rest.begin(), rest.end());
  return values;
}

void check_round_trip(const Values& values) {
  const Words words = rlc::encode(values);
  CHECK_EQ(rlc::decode(words, values.size()), values);
  CHECK_EQ(rlc::bits(values), 64 * words.size());
}

Values random_values(std::mt19937& random, std::size_t count, double density) {
  std::uniform_real_distribution<double> share(0, 1);
  std::uniform_int_distribution<int> value(-32768, 32767);
  Values values(count);
  for (auto& v : values) v = static_cast<rlc::Value>(share(random) < density ? value(random) : 0);
  return values;
}

TEST(rlc_packs_three_pairs_into_a_word) {
  const Values values{0, 0, 12, 0, 0, 0, 0, 53, 0, 0, 22};
  const Words words{pair(2, 12, 0) | pair(4, 53, 1) | pair(2, 22, 2) | kLast};
  CHECK_EQ(rlc::encode(values), words);
}

TEST(rlc_marks_the_last_word_alone) {
  const Words words{pair(0, 1, 0) | pair(0, 2, 1) | pair(0, 3, 2), pair(0, 0xFFFF, 0) | kLast};
  CHECK_EQ(rlc::encode(Values{1, 2, 3, -1}), words);
}

TEST(rlc_takes_the_value_after_31_zeros_as_it_is) {
  CHECK_EQ(rlc::encode(zeros_then(31, {7})), (Words{pair(31, 7, 0) | kLast}));
  CHECK_EQ(rlc::encode(zeros_then(32, {7})), (Words{pair(31, 0, 0) | pair(0, 7, 1) | kLast}));
}

TEST(rlc_ends_zeros_with_a_zero_level) {
  CHECK_EQ(rlc::encode(Values(1, 0)), (Words{kLast}));
  CHECK_EQ(rlc::encode(Values(5, 0)), (Words{pair(4, 0, 0) | kLast}));
  CHECK_EQ(rlc::encode(Values(32, 0)), (Words{pair(31, 0, 0) | kLast}));
  CHECK_EQ(rlc::encode(Values(33, 0)), (Words{pair(31, 0, 0) | kLast}));
}

TEST(rlc_of_nothing_is_nothing) {
  CHECK_EQ(rlc::encode(Values{}), Words{});
  CHECK_EQ(rlc::decode(Words{}, 0), Values{});
  CHECK_EQ(rlc::bits(Values{}), 0);
}

TEST(rlc_makes_dense_values_longer) {
  CHECK_EQ(rlc::bits(Values(300, 1)), 100 * 64);  // 21.3 bits a value
}

TEST(rlc_round_trip_of_every_number_of_zeros) {
  for (std::size_t zeros = 0; zeros < 200; ++zeros) {
    check_round_trip(zeros_then(zeros, {}));
    check_round_trip(zeros_then(zeros, {-32768}));
    check_round_trip(zeros_then(zeros, {1, 0, 2, 0}));
  }
}

TEST(rlc_round_trip_of_random_values) {
  std::mt19937 random(1);
  for (int i = 0; i < tries(500, 20'000); ++i) {
    const std::size_t count = random() % 400;
    check_round_trip(random_values(random, count, (random() % 101) / 100.0));
  }
}

TEST(rlc_refuses_what_is_cut_off_or_goes_on) {
  const Values values{1, 0, 0, 2, 0, 3, 4, 5};
  Words words = rlc::encode(values);
  CHECK_THROWS(rlc::decode(words, values.size() - 1), InvalidInput);
  CHECK_THROWS(rlc::decode(words, values.size() + 2), InvalidInput);
  CHECK_THROWS(rlc::decode(Words{}, 1), InvalidInput);
  CHECK_THROWS(rlc::decode(words, std::size_t{1} << 62), InvalidInput);
  words.push_back(kLast);
  CHECK_THROWS(rlc::decode(words, values.size()), InvalidInput);
  words.resize(1);
  CHECK_THROWS(rlc::decode(words, values.size()), InvalidInput);
}

// A pair of zeros that ends a stream may be a zero or nothing: the number of values decides.
TEST(rlc_needs_the_number_of_values) {
  const Words words = rlc::encode(Values{1, 2});
  CHECK_EQ(rlc::encode(Values{1, 2, 0}), words);
  CHECK_EQ(rlc::decode(words, 2), (Values{1, 2}));
  CHECK_EQ(rlc::decode(words, 3), (Values{1, 2, 0}));
}

TEST(rlc_refuses_what_no_encoder_writes) {
  const auto refuse = [](const Words& words, std::size_t count) {
    CHECK_THROWS(rlc::decode(words, count), InvalidInput);
  };
  refuse({pair(0, 1, 0)}, 1);                                         // no last word
  refuse({pair(0, 1, 0) | pair(0, 1, 1) | kLast}, 1);                 // a pair too many
  refuse({pair(2, 0, 0) | pair(0, 1, 1) | kLast}, 4);                 // a zero level inside
  refuse({kLast | pair(0, 1, 0), kLast | pair(0, 1, 0)}, 2);          // two last words
  refuse({pair(31, 1, 0) | kLast}, 31);                               // a run past the end
  refuse({pair(0, 1, 0) | pair(0, 2, 1) | pair(0, 3, 2), kLast}, 3);  // a word too many
}

// What the decoder accepts is exactly what the encoder writes; all else is refused, and nothing
// crashes.
void check_any(const Words& words, std::size_t count, int& accepted) {
  try {
    const Values values = rlc::decode(words, count);
    CHECK(rlc::encode(values) == words);
    ++accepted;
  } catch (const InvalidInput&) {
  }
}

TEST(rlc_decoder_survives_random_words) {
  std::mt19937_64 random(2);
  int accepted = 0;
  for (int i = 0; i < tries(20'000, 1'000'000); ++i) {
    Words words(random() % 5);
    for (auto& word : words) word = random() & random() & (random() | kLast);
    check_any(words, random() % 120, accepted);
  }
  CHECK(accepted > 0);
}

TEST(rlc_decoder_survives_damaged_streams) {
  std::mt19937 random(3);
  int accepted = 0;
  const int all = tries(20'000, 1'000'000);
  for (int i = 0; i < all; ++i) {
    const std::size_t count = random() % 60;
    Words words = rlc::encode(random_values(random, count, (random() % 101) / 100.0));
    if (!words.empty()) {
      std::uint64_t& word = words[random() % words.size()];
      switch (random() % 4) {
        case 0:
          words.resize(random() % words.size());
          break;
        case 1:
          words.push_back(random());
          break;
        case 2:
          word ^= std::uint64_t{1} << random() % 64;
          break;
        default:
          word = std::uint64_t{random()} << 32 | random();
      }
    }
    check_any(words, count, accepted);
  }
  // A flipped bit of a level makes another stream.
  CHECK(accepted > all / 10 && accepted < all);
}

}  // namespace
}  // namespace energysim
