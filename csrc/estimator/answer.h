// What is known already: optimal mappings by all that they depend on.
#pragma once

#include <memory>

#include "answer_key.h"
#include "estimator/shared_table.h"
#include "search.h"

namespace energysim {

// An energy by what it is spent on.
struct Shares {
  double moved[kLevels][kOperands] = {};
  double mac = 0;

  Shares(const AccessCounts<Checked>& counts, const EnergyTable& costs);
};

struct Answer {
  Found found;
  Shares shares;  // of `found.energy`
};
using AnswerPtr = std::shared_ptr<const Answer>;

using AnswerCache = SharedTable<AnswerKey, AnswerPtr, AnswerKeyHash>;

}  // namespace energysim
