#include "estimator/layer_estimator.h"

#include <utility>

#include "effective_costs.h"

namespace energysim {

LayerEstimator::LayerEstimator(Architecture arch, DataflowPtr dataflow, Objective objective,
                               std::size_t most_answers)
    : arch_(std::move(arch)),
      dataflow_(std::move(dataflow)),
      objective_(objective),
      cache_(most_answers) {
  arch_.validate();
}

AnswerKey LayerEstimator::key(const LayerShape& shape, const LayerData& data) const {
  AnswerKey key{shape, data.with_bits_of(arch_.word_bits)};
  for (double& density : key.data.density) density += 0.0;  // -0.0 is 0.0
  return key;
}

AnswerPtr LayerEstimator::answer(const LayerData& data, Found found) const {
  const EnergyTable costs = effective_costs(arch_.table, arch_.sparsity, arch_.word_bits, data);
  auto answer = std::make_shared<Answer>();
  for (Level level : kAllLevels) {
    for (Operand operand : kAllOperands) {
      answer->moved[index(level)][index(operand)] = energy_at(found.counts, costs, level, operand);
    }
  }
  answer->mac = to_double(found.counts.macs) * costs.mac;
  answer->found = std::move(found);
  return answer;
}

AnswerPtr LayerEstimator::ask(const std::string& name, const LayerShape& shape,
                              const LayerData& data, const GoOn& go_on, Keep keep) const {
  const AnswerKey asked = key(shape, data);
  if (AnswerPtr known = cache_.find(asked)) return known;
  const Layer layer(name, shape);
  AnswerPtr found = answer(data, search(layer, arch_, dataflow_, data, go_on, objective_));
  if (keep == Keep::Yes) cache_.insert(asked, found);
  return found;
}

AnswerPtr LayerEstimator::learn(const LayerShape& shape, const LayerData& data, Found found) const {
  AnswerPtr known = answer(data, std::move(found));
  cache_.insert(key(shape, data), known);
  return known;
}

}  // namespace energysim
