#include "estimator/layer_estimator.h"

#include <utility>

#include "effective_costs.h"

namespace energysim {

LayerEstimator::LayerEstimator(Architecture arch, DataflowPtr dataflow, Objective objective,
                               const Memory& memory)
    : setting_(std::make_shared<const FrontierSetting>(
          FrontierSetting{std::move(arch), std::move(dataflow), memory.frontier_after})),
      objective_(objective),
      answers_(memory.answers),
      frontiers_(memory.frontiers) {
  setting_->arch.validate();
}

AnswerKey LayerEstimator::key(const LayerShape& shape, const LayerData& data) const {
  return {shape, data.with_bits_of(architecture().word_bits)};
}

EnergyTable LayerEstimator::costs(const LayerData& data) const {
  const Architecture& arch = architecture();
  return effective_costs(arch.table, arch.sparsity, arch.word_bits, data);
}

AnswerPtr LayerEstimator::answer(const LayerData& data, Found found) const {
  const Shares shares(found.counts, costs(data));
  return std::make_shared<const Answer>(Answer{std::move(found), shares});
}

AnswerPtr LayerEstimator::ask(const std::string& name, const LayerShape& shape,
                              const LayerData& data, const GoOn& go_on, bool* searched) const {
  const AnswerKey asked = key(shape, data);
  if (AnswerPtr known = answers_.find(asked)) return known;
  const Layer layer(name, shape);
  AnswerPtr found =
      answer(data, search(layer, architecture(), setting_->dataflow, data, go_on, objective_));
  answers_.insert(asked, found);
  if (searched != nullptr) *searched = true;
  return found;
}

double LayerEstimator::energy(const std::string& name, const LayerShape& shape,
                              const LayerData& data, const GoOn& go_on) const {
  if (const AnswerPtr known = answers_.find(key(shape, data))) return known->found.energy;
  const Layer layer(name, shape);
  return search(layer, architecture(), setting_->dataflow, data, go_on, objective_).energy;
}

AnswerPtr LayerEstimator::learn(const LayerShape& shape, const LayerData& data, Found found) const {
  AnswerPtr known = answer(data, std::move(found));
  answers_.insert(key(shape, data), known);
  return known;
}

ShapeFrontiersPtr LayerEstimator::frontiers(const LayerShape& shape, const LayerData& data) const {
  if (objective_ != Objective::Energy || setting_->after <= 0) return nullptr;
  AnswerKey asked{shape, data.with_bits_of(architecture().word_bits)};
  for (double& density : asked.data.density) density = 1;
  asked.data.ofmap_bits = 0;
  return frontiers_.find_or(
      asked, [&] { return std::make_shared<ShapeFrontiers>(setting_, asked.shape, asked.data); });
}

std::vector<ShapeFrontiersPtr> LayerEstimator::frontiers() const {
  std::vector<ShapeFrontiersPtr> all;
  frontiers_.each([&](const AnswerKey&, const ShapeFrontiersPtr& one) { all.push_back(one); });
  return all;
}

}  // namespace energysim
