// Optimal energies of layers on one architecture, each searched once.
#pragma once

#include "estimator/answer_cache.h"

namespace energysim {

enum class Keep : std::uint8_t { Yes, No };

// Every answer is that of `search`, or one that `search` gave before for the same shape and data.
// Safe to use from many threads; two that ask for the same new layer at the same time both search.
class LayerEstimator {
 public:
  LayerEstimator(Architecture arch, DataflowPtr dataflow, Objective objective,
                 std::size_t most_answers);

  // `name` is for error messages. An answer that is not kept leaves the memory as it is. Throws as
  // `Layer` and `search` do.
  AnswerPtr ask(const std::string& name, const LayerShape& shape, const LayerData& data,
                const GoOn& go_on = {}, Keep keep = Keep::Yes) const;

  // Learns an answer that was found elsewhere, for the same architecture, dataflow and objective.
  AnswerPtr learn(const LayerShape& shape, const LayerData& data, Found found) const;

  const Architecture& architecture() const { return arch_; }
  CacheUse use() const { return cache_.use(); }

 private:
  AnswerKey key(const LayerShape& shape, const LayerData& data) const;
  AnswerPtr answer(const LayerData& data, Found found) const;

  const Architecture arch_;
  const DataflowPtr dataflow_;
  const Objective objective_;
  mutable AnswerCache cache_;
};

}  // namespace energysim
