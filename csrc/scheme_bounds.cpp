// Lower bounds of what is open of a scheme that is being searched.
#include <algorithm>

#include "scheme_search.h"

namespace energysim {
// A bound of all that is open, where the dimensions of earlier blocks are decided.
double SchemeSearch::bound(std::size_t block) {
  best_.ask_after(++best_.proof.bounded);
  find_sets();
  if (block < shared_from_) shared_ = SharedStorage(space_, nest_);
  for (std::size_t b = block; b < blocks_.size(); ++b) {
    // What other dimensions leave for the block's own does not change while it is decided.
    if (b > block) find_room(b);
    refresh(blocks_[b].dim);
  }
  const std::size_t first = block < blocks_.size() ? blocks_[block].stage : form_->stages();
  if (time_) ask_time(block);
  if (open(Dim::C) && open(Dim::M) && !case_open_[index(Dim::C)]) return bound_of_sharing(first);
  form_->weigh(first);
  if (time_) weigh_time(first);
  double least = kNothing;
  for (const Option& option : options_) {
    const double bound = form_->bound(factors(option.terms));
    least = std::min(least, time_ ? best_.value(bound, cycles_bound(option, 0)) : bound);
  }
  return least;
}

// A bound of all values of a letter from `least` to `most`: its own terms are those of the
// greatest, room for the others is what the smallest leaves.
double SchemeSearch::bound_range(std::size_t block, Letter& letter, Count least, Count most) {
  const Saved before = saved(letter.variable->dim);
  letter.decided = least == most;
  letter.most = most;
  set(letter.variable->dim, with(*letter.variable, least));
  const double b = bound(block);
  letter.decided = false;
  letter.most = kUnlimited;
  restore(before);
  return b;
}

}  // namespace energysim
