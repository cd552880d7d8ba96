// The ofmap as it is stored in DRAM: narrowed to words, and compressed.
#pragma once

#include "trace/trace.h"

namespace energysim::trace {

// An ofmap value as a word: ReLU, shift with rounding to nearest (halves up), clipping.
Word stored_word(std::int64_t value, const Output& output, int shift);

// The fewest bits by which all values have to be shifted so that none is clipped.
int least_shift(std::span<const std::int64_t> ofmap, const Output& output);

// The streams of the tiles that leave the GLB finished, each in the order [n][m][e][f].
DramBits store_ofmap(const Dram& dram, const std::vector<Box>& tiles, const Output& output,
                     int shift);

}  // namespace energysim::trace
