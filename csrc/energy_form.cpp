#include "energy_form.h"

#include <algorithm>

namespace energysim {

EnergyForm::EnergyForm(const LoopOrder& order, const Ways& ways, const Prices& prices,
                       std::span<const Stage> stages, const AxisFactors& factors)
    : plan_(flow_plan(order, ways, stages)),
      stages_(stages.begin(), stages.end()),
      factors_(factors),
      base_(prices.least_base()) {
  decided_.resize(plan_->begin.back());
  for (const FlowPlan::Source& source : plan_->sources) {
    double value =
        source.factor * prices.least_price(source.flow / kOperands, source.flow % kOperands);
    for (const auto& [axis, place] : source.fixed) value *= factors_[axis][place];
    decided_[source.into] += value;
  }
  tried_ = grown_ = decided_;
}

void EnergyForm::sum_up(std::size_t stage, Factors dim, const Row& from_row, Row& to_row) const {
  const FlowPlan::Sums& sums = plan_->stages[stage];
  const std::size_t terms = sums.begin.size() - 1;
  const double* from = from_row.data() + plan_->begin[stage];
  double* to = to_row.data() + plan_->begin[stage + 1];
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

void EnergyForm::decide(std::size_t stage) { sum_up(stage, of_stage(stage), decided_, decided_); }

void EnergyForm::weigh(std::size_t first) {
  first_ = first;
  if (first == stages_.size()) {
    std::ranges::copy(weights(decided_), weights(tried_).begin());
    settled_ = settle(weights(tried_));
  } else {
    weigh_again(first);
  }
}

void EnergyForm::weigh_again(std::size_t stage) {
  for (std::size_t s = stage; s < stages_.size(); ++s) sum_up(s, of_stage(s), into(s), tried_);
  settled_ = settle(weights(tried_));
}

// A step of negative weight is moved on to the next, of which there are at least as many tiles. If
// the weight of the last is negative, all that is known of the flow is that it is not.
bool EnergyForm::settle(std::span<double> weights) const {
  std::size_t first = plan_->first_step;
  const std::span<double> steps = weights.subspan(first);
  if (std::none_of(steps.begin(), steps.end(), [](double weight) { return weight < 0; })) {
    return true;
  }
  for (std::size_t k = first; k < weights.size(); ++k) {
    const FlowPlan::Weight& weight = plan_->weights[k];
    if (weights[k] < 0) {
      if (weight.last_step) {
        for (std::size_t i = first; i <= k; ++i) weights[i] = 0;
      } else {
        weights[k + 1] += weights[k];
        weights[k] = 0;
      }
    }
    if (weight.last_step) first = k + 1;
  }
  return false;
}

double EnergyForm::growth(std::size_t stage, Factors more, Factors m) {
  if (!settled_) return 0;
  sum_up(stage, more, into(stage), grown_);
  for (std::size_t s = stage + 1; s < stages_.size(); ++s) sum_up(s, of_stage(s), grown_, grown_);
  return product(grown_, m);
}

}  // namespace energysim
