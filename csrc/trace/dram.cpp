#include "trace/dram.h"

#include <algorithm>
#include <cstdlib>

namespace energysim::trace {
namespace {

std::size_t words(Count count) { return static_cast<std::size_t>(count); }

void copy_ifmap(const Layer& layer, std::span<const Word> from, Dram& dram) {
  const LayerShape& s = layer.shape();
  // Rows and columns that no filter position reaches stay behind.
  const Count rows = std::min(s.H, dram.rows - s.pad_top);
  const Count columns = std::min(s.W, dram.columns - s.pad_left);
  if (columns <= 0) return;
  for (Count plane = 0; plane < s.N * s.G * s.C; ++plane) {
    for (Count h = 0; h < rows; ++h) {
      const Word* row = from.data() + (plane * s.H + h) * s.W;
      Word* to = dram.ifmap.data() + plane * dram.channel_words + (h + s.pad_top) * dram.columns +
                 s.pad_left;
      std::copy(row, row + columns, to);
    }
  }
}

void copy_filters(const Layer& layer, std::span<const Word> from, Dram& dram) {
  const LayerShape& s = layer.shape();
  const Count lane = s.C * s.R * s.S;
  for (Count g = 0; g < s.G; ++g) {
    for (Count m = 0; m < s.M; ++m) {
      const Word* filter = from.data() + (g * s.M + m) * lane;
      Word* to = dram.filters.data() + g * lane * s.M + m;
      for (Count k = 0; k < lane; ++k) to[k * s.M] = filter[k];
    }
  }
}

}  // namespace

Dram::Dram(const Layer& layer, const Tensors& tensors) {
  const LayerShape& s = layer.shape();
  row_steps = {s.stride_v, s.dilation_v};
  column_steps = {s.stride_h, s.dilation_h};
  rows = reach(row_steps, layer.E(), s.R);
  columns = reach(column_steps, layer.F(), s.S);
  channel_words = rows * columns;
  group_words = s.C * channel_words;
  image_words = s.G * group_words;
  C = s.C, M = s.M, R = s.R, S = s.S, G = s.G, E = layer.E(), F = layer.F();
  ifmap.assign(words(s.N * image_words), 0);
  filters.resize(words(layer.filter_words()));
  psums.assign(words(layer.ofmap_words()), 0);
  products.assign(words(layer.ofmap_words()), 0);
  copy_ifmap(layer, tensors.ifmap, *this);
  copy_filters(layer, tensors.filters, *this);
}

std::int64_t largest_partial_sum(const Layer& layer, const Tensors& tensors) {
  std::int64_t value = 0, weights = 0;
  for (const Word x : tensors.ifmap) value = std::max<std::int64_t>(value, std::abs(int{x}));
  const LayerShape& s = layer.shape();
  const std::size_t lane = words(s.C * s.R * s.S);
  for (std::size_t begin = 0; begin < tensors.filters.size(); begin += lane) {
    std::int64_t sum = 0;
    for (const Word w : tensors.filters.subspan(begin, lane)) sum += std::abs(int{w});
    weights = std::max(weights, sum);
  }
  return value * weights;
}

}  // namespace energysim::trace
