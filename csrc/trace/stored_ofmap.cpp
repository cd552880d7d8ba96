#include "trace/stored_ofmap.h"

#include <algorithm>

#include "compression/rlc.h"

namespace energysim::trace {
namespace {

std::int64_t shifted(std::int64_t value, const Output& output, int shift) {
  if (output.relu && value < 0) return 0;
  return shift == 0 ? value : (value + (std::int64_t{1} << (shift - 1))) >> shift;
}

}  // namespace

Word stored_word(std::int64_t value, const Output& output, int shift) {
  const std::int64_t most = (std::int64_t{1} << (output.word_bits - 1)) - 1;
  return static_cast<Word>(std::clamp(shifted(value, output, shift), -most - 1, most));
}

int least_shift(std::span<const std::int64_t> ofmap, const Output& output) {
  if (ofmap.empty()) return 0;
  const auto [least, greatest] = std::minmax_element(ofmap.begin(), ofmap.end());
  const std::int64_t most = (std::int64_t{1} << (output.word_bits - 1)) - 1;
  int shift = 0;
  while (shifted(*greatest, output, shift) > most || shifted(*least, output, shift) < -most - 1) {
    ++shift;
  }
  return shift;
}

DramBits store_ofmap(const Dram& dram, const std::vector<Box>& tiles, const Output& output,
                     int shift) {
  DramBits bits;
  std::vector<Word> words;
  for (const Box& tile : tiles) {
    words.clear();
    for (Count n = tile[Dim::N].low; n < tile[Dim::N].high; ++n) {
      for (Count m = tile[Dim::M].low; m < tile[Dim::M].high; ++m) {
        for (Count e = tile[Dim::E].low; e < tile[Dim::E].high; ++e) {
          const std::int64_t* row = dram.psums.data() + dram.psum_at(n, tile[Dim::G].low, m, e);
          for (Count f = tile[Dim::F].low; f < tile[Dim::F].high; ++f) {
            words.push_back(stored_word(row[f], output, shift));
          }
        }
      }
    }
    bits += {static_cast<Count>(words.size()), rlc::bits(words)};
  }
  return bits;
}

}  // namespace energysim::trace
