#include "flow_form.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <numeric>

namespace energysim {
namespace {

// Places are those of the numbers in a row (see `factors`).
DimTerms<Polynomial> dim_symbols(int axis) {
  int place = 0;
  DimTerms<Polynomial> terms;
  for (auto values : {&terms.states, &terms.pes, &terms.keep}) {
    for (Polynomial& value : *values) value = Polynomial::term(axis, place++);
  }
  terms.size = Polynomial::term(axis, place++);
  terms.keep_glb = Polynomial::term(axis, place);
  return terms;
}

WindowTerms<Polynomial> window_symbols(int axis) {
  int place = 1;
  WindowTerms<Polynomial> terms;
  for (Polynomial& gross : terms.gross) gross = Polynomial::term(axis, place++);
  for (auto& of_reach : terms.kept) {
    for (Polynomial& kept : of_reach) kept = Polynomial::term(axis, place++);
  }
  return terms;
}

NestTerms<Polynomial> nest_symbols() {
  NestTerms<Polynomial> terms;
  for (Dim d : kAllDims) terms[d] = dim_symbols(index(d));
  terms.rows = window_symbols(kRows);
  terms.columns = window_symbols(kColumns);
  return terms;
}

using Places = std::vector<std::uint8_t>;

// What two products must have in common to be one: the places of all stages, from the last to the
// first, after what they are weights of.
struct Key {
  int chain = 0, step = 0, place_of_m = 0;
  Places places;

  auto operator<=>(const Key&) const = default;
};

Key key_of(const FlowTerm& term, std::span<const Stage> stages) {
  Key key;
  const bool steps = term.operand == index(Operand::Ifmap);
  key.chain = steps ? 1 + term.reach : 0;
  key.step = term.step;
  key.place_of_m = term.product.place[index(Dim::M)];
  for (std::size_t s = stages.size(); s-- > 0;) {
    const int window = stages[s].window;
    key.places.push_back(window ? term.product.place[static_cast<std::size_t>(window)] : 0);
    key.places.push_back(term.product.place[static_cast<std::size_t>(index(stages[s].dim))]);
  }
  return key;
}

// Keys without the places of the first stage, each once, and the sums that lead there.
std::vector<Key> after_stage(std::vector<Key> keys, FlowPlan::Sums& sums) {
  std::vector<Key> rest;
  for (Key& key : keys) {
    sums.place.push_back(key.places.back());
    key.places.pop_back();
    sums.window_place.push_back(key.places.back());
    key.places.pop_back();
    if (rest.empty() || rest.back() != key) {
      sums.begin.push_back(static_cast<std::uint16_t>(sums.place.size() - 1));
      rest.push_back(key);
    }
  }
  sums.begin.push_back(static_cast<std::uint16_t>(sums.place.size()));
  return rest;
}

bool decided_by(std::span<const Stage> stages, int axis) {
  if (axis == index(Dim::M)) return true;
  return std::any_of(stages.begin(), stages.end(), [&](const Stage& stage) {
    return index(stage.dim) == axis || (stage.window != 0 && stage.window == axis);
  });
}

FlowPlan make_plan(const LoopOrder& order, const Ways& ways, std::span<const Stage> stages) {
  const std::vector<FlowTerm> terms = flow_terms(order, ways);
  std::vector<Key> keys;
  for (const FlowTerm& term : terms) keys.push_back(key_of(term, stages));
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());

  FlowPlan plan;
  for (const FlowTerm& term : terms) {
    FlowPlan::Source source;
    source.factor = term.product.factor;
    source.flow = term.reach * kOperands + term.operand;
    source.into = static_cast<std::uint16_t>(
        std::lower_bound(keys.begin(), keys.end(), key_of(term, stages)) - keys.begin());
    for (int axis = 0; axis < kAxes; ++axis) {
      const std::uint8_t place = term.product.place[static_cast<std::size_t>(axis)];
      if (place != 0 && !decided_by(stages, axis)) {
        source.fixed.emplace_back(static_cast<std::uint8_t>(axis), place);
      }
    }
    plan.sources.push_back(source);
  }
  for (std::size_t s = 0; s < stages.size(); ++s) {
    keys = after_stage(std::move(keys), plan.stages.emplace_back());
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const bool last = i + 1 == keys.size() || keys[i + 1].chain != keys[i].chain;
    plan.weights.push_back(
        {static_cast<std::uint8_t>(keys[i].place_of_m), keys[i].chain > 0 && last});
    if (keys[i].chain == 0) plan.first_step = i + 1;  // they are in order of chains
  }
  plan.begin = {0};
  for (const FlowPlan::Sums& sums : plan.stages) {
    plan.begin.push_back(plan.begin.back() + sums.place.size());
  }
  plan.begin.push_back(plan.begin.back() + plan.weights.size());
  return plan;
}

struct PlanKey {
  LoopOrder order;
  Ways ways;
  std::vector<Stage> stages;

  auto operator<=>(const PlanKey&) const = default;
};

}  // namespace

std::vector<FlowTerm> flow_terms(const LoopOrder& order, const Ways& ways) {
  using namespace residence_detail;
  const NestTerms<Polynomial> symbols = nest_symbols();
  std::vector<FlowTerm> terms;
  const auto add = [&](const Polynomial& words, Reach reach, Operand operand, int step) {
    for (const Monomial& product : words.sum()) {
      terms.push_back({product, index(reach), index(operand), step});
    }
  };
  for (Reach reach : {Reach::Glb, Reach::Array, Reach::Pes}) {
    const int loops = loops_above(reach, order);
    add(fetched_plain<Operand::Filter>(reach, symbols, order, ways, loops), reach, Operand::Filter,
        0);
    add(fetched_plain<Operand::Psum>(reach, symbols, order, ways, loops), reach, Operand::Psum, 0);
    const IfmapSteps<Polynomial> steps = ifmap_steps(reach, symbols, order, ways.ifmap, loops);
    for (int k = 0; k < steps.size; ++k) {
      add(steps.weight[k] * steps.tiles[k], reach, Operand::Ifmap, k);
    }
  }
  return terms;
}

std::shared_ptr<const FlowPlan> flow_plan(const LoopOrder& order, const Ways& ways,
                                          std::span<const Stage> stages) {
  static std::mutex mutex;
  static std::map<PlanKey, std::shared_ptr<const FlowPlan>> plans;
  const PlanKey key{order, ways, {stages.begin(), stages.end()}};
  const std::lock_guard lock(mutex);
  // A few dozen serve the dataflows that there are; whoever makes up thousands starts anew.
  constexpr std::size_t kMostPlans = 256;
  if (plans.size() >= kMostPlans && !plans.contains(key)) plans.clear();
  std::shared_ptr<const FlowPlan>& plan = plans[key];
  if (!plan) plan = std::make_shared<const FlowPlan>(make_plan(order, ways, stages));
  return plan;
}

}  // namespace energysim
