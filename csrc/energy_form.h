// Lower bounds of a layer's energy under one loop order, from the terms of its dimensions.
#pragma once

#include "flow_form.h"
#include "price.h"

namespace energysim {

// Where the values of all axes are found; those that no stage decides must be there at once.
using AxisFactors = std::array<Factors, kAxes>;

// energy >= base + sum over products of price * factors; exact factors give the exact energy,
// unless some flow earns money. Stages are multiplied in one after another, terms of M at last.
class EnergyForm {
 public:
  EnergyForm(const LoopOrder& order, const Ways& ways, const Prices& prices,
             std::span<const Stage> stages, const AxisFactors& factors);

  std::size_t stages() const { return stages_.size(); }

  // Multiplies in a stage's present factors, for all that is asked of later stages.
  void decide(std::size_t stage);
  // Weights of M's terms with the present factors of all stages from `first` on.
  void weigh(std::size_t first);
  // The same, where since then only factors of a stage and of later ones changed.
  void weigh_again(std::size_t stage);
  // The bound for some terms of M, under the present weights.
  double bound(Factors m) const { return base_ + product(tried_, m); }
  // What the bound grows by if terms of M are more.
  double growth(Factors m_more) const { return product(tried_, m_more); }
  // What it grows by if terms of a stage are more; nothing where that is not sure.
  double growth(std::size_t stage, Factors more, Factors m);

 private:
  using Row = std::vector<double>;  // as the plan has it

  void sum_up(std::size_t stage, Factors dim, const Row& from, Row& to) const;
  const Row& into(std::size_t stage) const { return stage == first_ ? decided_ : tried_; }
  std::span<double> weights(Row& row) const {
    return std::span(row).subspan(plan_->begin[stages_.size()]);
  }
  bool settle(std::span<double> weights) const;
  double product(const Row& row, Factors m) const {
    const double* weights = row.data() + plan_->begin[stages_.size()];
    const std::vector<FlowPlan::Weight>& at = plan_->weights;
    double sum = 0;
    for (std::size_t k = 0; k < at.size(); ++k) sum += weights[k] * m[at[k].place];
    return sum;
  }
  Factors of_stage(std::size_t stage) const {
    return factors_[static_cast<std::size_t>(index(stages_[stage].dim))];
  }

  std::shared_ptr<const FlowPlan> plan_;
  std::vector<Stage> stages_;
  const AxisFactors& factors_;
  double base_ = 0;
  Row decided_, tried_, grown_;
  std::size_t first_ = 0;  // of the stages weighed
  bool settled_ = true;    // were no weights negative?
};

}  // namespace energysim
