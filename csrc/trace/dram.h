// The tensors of a layer, as they lie in the simulated DRAM.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trace/positions.h"

namespace energysim::trace {

using Word = std::int16_t;

// What a caller hands in; row-major.
struct Tensors {
  std::span<const Word> ifmap;    // [N][G C][H][W]
  std::span<const Word> filters;  // [G M][C][R][S]
};

struct Dram {
  Dram(const Layer& layer, const Tensors& tensors);

  // Strides of the ifmap, whose padding is materialised: [N][G][C][rows][columns].
  Count image_words = 0, group_words = 0, channel_words = 0, columns = 0, rows = 0;
  WindowSteps row_steps, column_steps;
  // Filters of a group lie side by side, as PEs take them: [G][C][R][S][M].
  Count C = 1, M = 1, R = 1, S = 1;
  // Psums: [N][G][M][E][F].
  Count G = 1, E = 1, F = 1;

  std::vector<Word> ifmap;
  std::vector<Word> filters;
  std::vector<std::int64_t> psums;
  // Products that each psum is the sum of. One that has none yet has never been written.
  std::vector<std::uint32_t> products;

  const Word* ifmap_channel(Count n, Count g, Count c) const {
    return ifmap.data() + n * image_words + g * group_words + c * channel_words;
  }
  const Word* filter_lane(Count g, Count c, Count r, Count s) const {
    return filters.data() + (((g * C + c) * R + r) * S + s) * M;
  }
  std::size_t psum_at(Count n, Count g, Count m, Count e) const {
    return static_cast<std::size_t>((((n * G + g) * M + m) * E + e) * F);
  }
};

// No partial sum of any psum, whatever the order of its additions, is larger than this.
std::int64_t largest_partial_sum(const Layer& layer, const Tensors& tensors);

}  // namespace energysim::trace
