// Random tensors, and the convolution that the tensor simulator is held against.
#pragma once

#include <random>

#include "trace/trace.h"

namespace energysim {

struct RandomTensors {
  std::vector<trace::Word> ifmap, filters;

  // Values of at most `most` in magnitude, of which a share is zero.
  RandomTensors(const Layer& layer, unsigned seed, int most = 100, double zeros = 0.4)
      : ifmap(static_cast<std::size_t>(layer.ifmap_words())),
        filters(static_cast<std::size_t>(layer.filter_words())) {
    std::mt19937 random(seed);
    std::uniform_int_distribution<int> value(-most, most);
    std::uniform_real_distribution<double> share(0, 1);
    for (auto& x : ifmap) x = static_cast<trace::Word>(share(random) < zeros ? 0 : value(random));
    for (auto& w : filters) w = static_cast<trace::Word>(value(random));
  }

  trace::Tensors get() const { return {ifmap, filters}; }
};

// Every ofmap value by its definition. Also tells how many of the products have a zero ifmap value.
inline std::vector<std::int64_t> convolution(const Layer& layer, const trace::Tensors& tensors,
                                             Count* zero_products = nullptr) {
  const LayerShape& s = layer.shape();
  std::vector<std::int64_t> ofmap;
  for (Count n = 0; n < s.N; ++n) {
    for (Count k = 0; k < s.G * s.M; ++k) {
      for (Count place = 0; place < layer.E() * layer.F(); ++place) {
        const Count e = place / layer.F(), f = place % layer.F();
        std::int64_t sum = 0;
        for (Count tap = 0; tap < s.C * s.R * s.S; ++tap) {
          const Count c = tap / (s.R * s.S), r = tap / s.S % s.R, t = tap % s.S;
          const Count h = e * s.stride_v + r * s.dilation_v - s.pad_top;
          const Count w = f * s.stride_h + t * s.dilation_h - s.pad_left;
          const bool inside = h >= 0 && h < s.H && w >= 0 && w < s.W;
          const Count channel = (n * s.G + k / s.M) * s.C + c;
          const std::int64_t value =
              inside ? tensors.ifmap[static_cast<std::size_t>((channel * s.H + h) * s.W + w)] : 0;
          if (zero_products) *zero_products += value == 0;
          sum += value * tensors.filters[static_cast<std::size_t>(k * s.C * s.R * s.S + tap)];
        }
        ofmap.push_back(sum);
      }
    }
  }
  return ofmap;
}

}  // namespace energysim
