#include "energy_form.h"

namespace energysim {

EnergyForm::EnergyForm(const LoopOrder& order, const Ways& ways, const Prices& prices,
                       std::span<const Stage> stages, const AxisFactors& factors)
    : plan_(flow_plan(order, ways, stages)),
      stages_(stages.begin(), stages.end()),
      factors_(factors),
      base_(prices.least_base()) {
  for (const FlowPlan::Sums& sums : plan_->stages) decided_.emplace_back(sums.place.size());
  decided_.emplace_back(plan_->weights.size());
  for (const FlowPlan::Source& source : plan_->sources) {
    double value =
        source.factor * prices.least_price(source.flow / kOperands, source.flow % kOperands);
    for (const auto& [axis, place] : source.fixed) value *= factors_[axis][place];
    decided_[0][source.into] += value;
  }
  tried_ = grown_ = decided_;
}

void EnergyForm::sum_up(std::size_t stage, Factors dim, const Values& from, Values& to) const {
  const FlowPlan::Sums& sums = plan_->stages[stage];
  const std::size_t terms = sums.begin.size() - 1;
  const std::uint8_t* place = sums.place.data();
  if (stages_[stage].window == 0) {
    for (std::size_t t = 0, k = 0; t < terms; ++t) {
      double sum = 0;
      for (; k < sums.begin[t + 1]; ++k) sum += from[k] * dim[place[k]];
      to[t] = sum;
    }
    return;
  }
  const Factors window = factors_[static_cast<std::size_t>(stages_[stage].window)];
  const std::uint8_t* window_place = sums.window_place.data();
  for (std::size_t t = 0, k = 0; t < terms; ++t) {
    double sum = 0;
    for (; k < sums.begin[t + 1]; ++k) sum += from[k] * dim[place[k]] * window[window_place[k]];
    to[t] = sum;
  }
}

void EnergyForm::decide(std::size_t stage) {
  sum_up(stage, of_stage(stage), decided_[stage], decided_[stage + 1]);
}

void EnergyForm::weigh(std::size_t first) {
  first_ = first;
  if (first == stages_.size()) {
    tried_[first] = decided_[first];
    settled_ = settle(tried_.back());
  } else {
    weigh_again(first);
  }
}

void EnergyForm::weigh_again(std::size_t stage) {
  for (std::size_t s = stage; s < stages_.size(); ++s)
    sum_up(s, of_stage(s), into(s), tried_[s + 1]);
  settled_ = settle(tried_.back());
}

// A step of negative weight is moved on to the next, of which there are at least as many tiles. If
// the weight of the last is negative, all that is known of the flow is that it is not.
bool EnergyForm::settle(Values& weights) const {
  bool positive = true;
  std::size_t first = 0;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const FlowPlan::Weight& weight = plan_->weights[k];
    if (!weight.step) {
      first = k + 1;
      continue;
    }
    if (weights[k] < 0) {
      positive = false;
      if (weight.last_step) {
        for (std::size_t i = first; i <= k; ++i) weights[i] = 0;
      } else {
        weights[k + 1] += weights[k];
        weights[k] = 0;
      }
    }
    if (weight.last_step) first = k + 1;
  }
  return positive;
}

double EnergyForm::growth(std::size_t stage, Factors more, Factors m) {
  if (!settled_) return 0;
  sum_up(stage, more, into(stage), grown_[stage + 1]);
  for (std::size_t s = stage + 1; s < stages_.size(); ++s) {
    sum_up(s, of_stage(s), grown_[s], grown_[s + 1]);
  }
  return product(grown_.back(), m);
}

}  // namespace energysim
