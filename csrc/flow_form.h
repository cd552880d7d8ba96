// The words that a loop order moves, as a sum of products with one factor per dimension: what the
// search asks again and again is then a few multiplications, and dimensions that are decided are
// multiplied in once.
//
// The sum is not written down here. It is what the counting engine answers when it is run on
// symbols.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "polynomial.h"
#include "residence.h"

namespace energysim {

// The values of an axis' terms, by place. All are numbers in a row; the one at place 0 is 1.
using Factors = const double*;

inline Factors factors(const DimTerms<double>& terms) { return terms.states; }
inline Factors factors(const WindowTerms<double>& terms) { return &terms.one; }
static_assert(offsetof(DimTerms<double>, states) == 0 && offsetof(WindowTerms<double>, one) == 0);

// One product in the words of one flow. Steps of the ifmap's words are kept apart, as their weights
// may be negative.
struct FlowTerm {
  Monomial product;
  int reach = 0, operand = 0;
  int step = 0;
};

// All flows under a loop order, for one group of a layer.
std::vector<FlowTerm> flow_terms(const LoopOrder& order, const Ways& ways);

// Some axes that a search decides one after another, and the dimension that it decides last.
struct Stage {
  Dim dim = Dim::N;
  int window = 0;  // kRows or kColumns if this is the second of a window's dimensions, else 0

  auto operator<=>(const Stage&) const = default;
};

// How the products of a loop order are summed up, stage by stage: which products are alike in all
// that is decided later.
struct FlowPlan {
  // Of each product: where it goes, and its factors that no stage decides.
  struct Source {
    double factor = 1;
    int flow = 0;  // reach * kOperands + operand
    std::uint16_t into = 0;
    std::vector<std::pair<std::uint8_t, std::uint8_t>> fixed;  // axis, place
  };
  // The sums of a stage: term i is that of inputs begin[i] <= k < begin[i + 1], each times the
  // factors at its places.
  struct Sums {
    std::vector<std::uint8_t> place, window_place;
    std::vector<std::uint16_t> begin;
  };
  // What remains at last: a weight for terms of M; at the end, of steps of one reach in turn.
  struct Weight {
    std::uint8_t place = 0;
    bool last_step = false;
  };

  std::vector<Source> sources;
  std::vector<Sums> stages;
  std::vector<Weight> weights;
  std::size_t first_step = 0;
  // What goes into each stage, and at last the weights, stand in one row: where each begins, and
  // where the row ends.
  std::vector<std::size_t> begin;
};

// The plan of a loop order for some stages, made once.
std::shared_ptr<const FlowPlan> flow_plan(const LoopOrder& order, const Ways& ways,
                                          std::span<const Stage> stages);

}  // namespace energysim
