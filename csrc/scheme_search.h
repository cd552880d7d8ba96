// Branch and bound over the mappings of one scheme.
//
// Dimensions are decided one after another, each from the relation of its GLB tile to its pass tile
// to its last letter. A partial choice is bounded by the energy of optimistic terms for what is
// still open. So is a range of values of one letter; ranges are halved, the most promising first,
// until they are cut or a single value. The order is fixed, so is the answer.
#pragma once

#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "best.h"
#include "bound.h"
#include "capacity.h"
#include "energy_form.h"
#include "short_list.h"
#include "space.h"
#include "time_bound.h"

namespace energysim {

// Letters of one dimension after each other, in the order of the first of each; a PE's tile before
// the number of PEs, which counts in such tiles.
std::vector<const Variable*> by_dimension(const std::vector<Variable>& variables);

class SchemeSearch {
 public:
  // `arch` is the architecture as the layer's data see it, `prices` are those of the scheme's ways,
  // `variables` the dataflow's, by dimension.
  SchemeSearch(const Layer& layer, const Architecture& arch, const Dataflow& dataflow,
               const Scheme& scheme, const Prices& prices,
               std::span<const Variable* const> variables, Best& best);
  SchemeSearch(const SchemeSearch&) = delete;

  // The search falls into parts, of which the most promising is best run first. A part is a number
  // from 0 to parts() - 1; its bound is infinite if no mapping of it fits.
  std::size_t parts() const { return parts_.size(); }
  double bound_of_part(std::size_t part);
  // Brings `best` up to date with the mappings of a part.
  void run(std::size_t part, double bound);

 private:
  static constexpr Count kUnlimited = std::numeric_limits<Count>::max();
  static constexpr std::size_t kNoLetter = std::numeric_limits<std::size_t>::max();
  static constexpr double kNothing = std::numeric_limits<double>::infinity();

  // Values of a letter still to be tried, and a bound of them all.
  struct Range {
    double bound;
    Count least, most;
  };
  struct Letter {
    const Variable* variable = nullptr;
    bool decided = false;
    Count most = kUnlimited;  // while it is not
  };
  // The letters of one dimension.
  struct Block {
    Dim dim = Dim::N;
    std::size_t begin = 0, end = 0;
    std::size_t stage = 0;
    bool any_glb = false;  // may its GLB tile be the same, whole or between?
  };
  // What a dimension may become.
  struct Option {
    Partial partial;
    DimTerms<double> terms;
  };
  using Options = ShortList<Option, 6>;  // three relations of the GLB tile, one pass or several

  // An option that leaves room for so many channels of a pass.
  struct Limited {
    Count channels;
    Option option;
  };

  // A bound of channels and filters that is being found.
  struct Sharing {
    std::size_t stage;  // the first of those weighed
    Count weighed;      // channels of a pass, at most, of the present weights
    double passes;      // of channels times passes of filters, at least
    double least;       // bound so far
  };

  // Of passes that take all channels: how many follow for filters, at least. Of passes that take
  // all filters: the channels beside them, at most.
  struct OnePass {
    double filter_passes = 1;
    Count channels_beside_filters = kUnlimited;
  };

  // Setting up.
  void list_letters(std::span<const Variable* const> variables);
  void fix_axes();
  ShortList<Stage, kDims> stages() const;

  // Tiles.
  int window_of(Dim d) const;
  const Letter* letter_at(Dim d, Variable::At place) const {
    const std::size_t i = letter_[index(d)][static_cast<std::size_t>(place)];
    return i == kNoLetter ? nullptr : &letters_[i];
  }
  bool open(Dim d) const;
  void set(Dim d, const Choice& choice);
  Choice with(const Variable& v, Count value) const;
  // The tiles of a dimension as they are now, to go back to.
  struct Saved {
    Dim dim;
    Choice choice;
    Tiles tiles;
  };
  Saved saved(Dim d) const { return {d, choice_[index(d)], nest_[d]}; }
  void restore(const Saved& before) {
    choice_[index(before.dim)] = before.choice;
    nest_[before.dim] = before.tiles;
  }
  Count greatest_value(const Variable& v);
  Count greatest_by_trial(const Variable& v);

  // Terms and bounds.
  Count open_most(Dim d, Variable::At at, Count decided, Count fits) const;
  Partial partial(Dim d, GlbCase glb_case) const;
  bool possible(const Partial& p, const Tiles& smallest) const;
  void refresh(Dim d);
  void refresh_open(Dim d);
  void refresh_window(int w);
  void forget_window(int w);
  void add_open_window(int w, const Partial& p);
  WindowTerms<double>& window_terms_of(int w) { return w == 0 ? terms_.rows : terms_.columns; }
  void find_sets();
  // What is there for a block, all before being decided.
  void look_around(std::size_t block) {
    find_sets();
    // Once only channels and filters are open, what they share stays the same.
    if (block <= shared_from_) shared_ = SharedStorage(space_, nest_);
    find_room(block);
  }
  // What other dimensions leave for a block's own, with the present PE sets.
  void find_room(std::size_t block) {
    const Dim d = blocks_[block].dim;
    room_[index(d)] = room(space_, nest_, sets_, shared_, d);
  }
  bool can_turn(const Loop& loop, GlbCase glb_case) const;
  double bound(std::size_t block);
  double bound_range(std::size_t block, Letter& letter, Count least, Count most);

  // Bounds where channels and filters are open.
  double bound_of_sharing(std::size_t first_stage);
  void take(double bound);
  bool matters(double bound) const;
  template <class Cost>
  double bound_of_way(Count most_channels, const Option& option, Cost cost);
  void weigh_channels(Count most);
  double bound_beside_all_channels(const Option& option, double filter_passes);
  double bound_beside(Count most_channels, const Option& option, int apart = 0);
  Count channel_room(Count filters) const;
  Count filter_room(Count channels) const;
  bool leave_room(Partial& filters, Count most) const;
  double cost_of_more_filter_passes(const Option& option, double passes);
  double cost_of_sharing(const Option& option);
  Count most_channels_times_filters() const;
  OnePass one_pass_of_either(const Partial& channels) const;

  // Time, where the goal asks for it.
  void decide_time(std::size_t block);
  void ask_time(std::size_t block);
  void weigh_time(std::size_t first_stage);
  double cycles_bound(const Option& option, double shared_passes);
  void evaluate_timed(double cost_bound);

  // The tree.
  double bound_of_case(std::size_t block, GlbCase which);
  void enter_case(std::size_t block, GlbCase which, double bound);
  bool better_turned(std::size_t block, double bound);
  double bound_halved(std::size_t block, Letter& letter, double enough = 0);
  void rotate_letters(const Block& block, std::size_t k);
  void decide_block(std::size_t block, double bound);
  void decide(std::size_t block, std::size_t k, double bound);
  void decide_size(std::size_t block, std::size_t k, Count most, double bound);
  static Count halved(const Range& range);
  Count split(std::size_t block, const Variable& v, const Range& range, bool fresh) const;
  static Count split_tiles(Count size, const Range& range);
  void decide_last_glb(std::size_t block, std::size_t k, Count most, double bound);
  Count smallest_alike(const Variable& v, Count value) const;
  Count smallest_alike_between(const Variable& v, Count value) const;
  Count next_glb_tile(Dim d, Count glb, Count least) const;
  bool only_strips_matter(int w) const;
  bool window_slides_in_pes(int w) const;
  void evaluate();

  const Space space_;
  const Goal& goal_;
  const Prices& prices_;
  Best& best_;
  const WindowAxis axes_[2];
  ShortList<Letter, 3 * kDims> letters_;
  std::size_t letter_[kDims][3];  // of each dimension, by place
  std::vector<Range> pending_;    // of all letters, those of the last decided at the end
  ShortList<Block, kDims> blocks_;
  std::size_t stage_of_c_ = 0;  // if it has one
  ShortList<GlbCase, 3> parts_;
  bool folded_ = false;  // do parts of the filter or of an ofmap row take turns on the array?

  Choice choice_[kDims];
  GlbCase case_[kDims] = {};
  bool case_open_[kDims] = {};
  Nest nest_;
  NestTerms<double> terms_;
  AxisFactors factors_;         // where they are found
  WindowTerms<Count> largest_;  // of an open window's largest tiles, while they are used
  Options options_;             // of M
  Partial channels_;            // what is open of C, where its relation of the GLB tile is decided
  Sharing sharing_;
  ShortList<Limited, 6> limited_;  // of each relation of M's GLB tile, as few tiles, and one more
  PeSets sets_;
  SharedStorage shared_;
  std::size_t shared_from_ = 0;  // first of the blocks after which there are only C and M
  Room room_[kDims];
  std::optional<EnergyForm> form_;
  std::optional<TimeBound> time_;  // none for goals without time
};

}  // namespace energysim
