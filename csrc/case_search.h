// Branch and bound over one case of a mapping space: one scheme, and for each dimension one
// relation between its GLB tile and its pass tile.
//
// The letters of the dataflow are decided one after another. A partial choice is bounded by the
// very function that counts, fed with optimistic terms for what is still open. So is a range of
// values of one letter; ranges are halved, the most promising first, until they are cut or a single
// value. The order is fixed, so is the answer.
#pragma once

#include <limits>
#include <span>
#include <vector>

#include "bound.h"
#include "price.h"
#include "residence.h"
#include "search.h"
#include "space.h"

namespace energysim {

inline constexpr std::size_t kMaxLetters = 16;

using GlbCases = std::array<GlbCase, kDims>;

// The best mapping found so far, over all cases, and the account of the search.
struct Best {
  double energy = std::numeric_limits<double>::infinity();
  const Scheme* scheme = nullptr;
  Nest nest;
  double least_cut = std::numeric_limits<double>::infinity();  // least bound of what was cut
  Proof proof;
  const GoOn* go_on = nullptr;  // asked now and then whether to
};

// Values of a letter still to be tried, and a bound of them all.
struct Range {
  double bound;
  Count least, most;
};

// What the terms were before a letter was decided, and what of it is still to be tried.
struct Frame {
  std::vector<Range> pending;
  DimTerms<double> dims[kDims], several_passes;
  WindowTerms<double> rows;
  bool passes_open = false;
};
// One frame per letter, used by one case after another: memory does not grow with the search.
using Workspace = std::vector<Frame>;

class CaseSearch {
 public:
  // `columns` are the terms of the ifmap's columns, which no letter changes, under the scheme's
  // order.
  CaseSearch(const Space& space, const Prices& prices, const WindowTerms<Count>& columns,
             const GlbCases& cases, Workspace& workspace, Best& best);

  // A bound of the whole case; infinity if it holds no mapping.
  double root_bound();
  // Brings `best` up to date with this case.
  void run();

 private:
  struct Letter {
    const Variable* variable = nullptr;
    Frame* frame = nullptr;
    Count most = std::numeric_limits<Count>::max();  // while it is open
    bool decided = false;
  };

  GlbCase glb_case(Dim d) const { return cases_[static_cast<std::size_t>(index(d))]; }
  bool is_open(const Variable& v) const;
  bool can_turn(const Loop& loop) const;
  Dim row_dim() const { return Dim::E; }
  std::span<Letter> letters() { return {letter_.data(), letters_}; }
  std::span<const Letter> letters() const { return {letter_.data(), letters_}; }

  // Tiles.
  void set(Dim d, const Choice& choice);
  Choice with(const Variable& v, Count value) const;
  Count greatest_value(const Variable& v);
  Count greatest_by_trial(const Variable& v);

  // Terms.
  bool open(Dim d) const { return undecided_[index(d)] > 0; }
  Count open_most(Dim d, Variable::At at, Count decided, Count fits) const;
  Partial partial(Dim d) const;
  void refresh(Dim d);
  void refresh_open(Dim done);
  void refresh_rows();
  void refresh_open_glb_rows();
  void keep_last_rows(const WindowAxis& axis, const Tiles& out, const Tiles& tap);
  void save(const Letter& letter) const;
  void restore(const Letter& letter);
  void ask_after(Count steps) const;  // whether to go on, if it is time
  double bound();
  double bound_of_terms();
  double cost_of_sharing(double apart);
  double least_product_of_passes() const;
  double bound_range(Letter& letter, Count least, Count most);

  // The tree.
  void decide(std::size_t k, double bound);
  void decide_size(std::size_t k, Count most, double bound);
  void decide_glb(std::size_t k, Count most, double bound);
  void enter(const Letter& letter, Count value);
  Count smallest_alike(const Variable& v, Count value) const;
  Count smallest_alike_between(const Variable& v, Count value) const;
  bool only_strips_matter() const;
  bool folded() const;
  bool glb_tile_is_dominated(Dim d, Count glb, Count least) const;
  void evaluate();
  void cut(double bound);

  const Space& space_;
  const Prices& prices_;
  const GlbCases cases_;
  Best& best_;
  std::array<Letter, kMaxLetters> letter_;
  std::size_t letters_ = 0;
  int undecided_[kDims] = {};
  Choice choice_[kDims];
  Nest nest_;
  LoopOrder order_;  // the loops that can turn at all
  NestTerms<double> terms_;
  // Terms of M in case it takes several passes, where terms_ has those of a single one.
  DimTerms<double> several_passes_;
  bool passes_open_ = false;
};

}  // namespace energysim
