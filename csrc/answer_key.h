// What an answer about a layer depends on.
#pragma once

#include "layer.h"
#include "layer_data.h"

namespace energysim {

// All that the optimum of a layer depends on, for one architecture, dataflow and objective. Names
// are not in it.
struct AnswerKey {
  LayerShape shape;
  LayerData data;

  bool operator==(const AnswerKey&) const = default;
};

// Not of all of a key: what is left out only makes more keys alike.
struct AnswerKeyHash {
  std::size_t operator()(const AnswerKey& key) const;
};

}  // namespace energysim
