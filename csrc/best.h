// What a search knows: the best mapping so far, and the account of what it did.
#pragma once

#include <limits>

#include "errors.h"
#include "front.h"
#include "goal.h"
#include "search.h"

namespace energysim {

// Over all schemes.
struct Best {
  explicit Best(const Goal& the_goal) : goal(the_goal) {}

  const Goal& goal;
  double energy = std::numeric_limits<double>::infinity();  // or what else the goal is
  const Scheme* scheme = nullptr;
  Nest nest;
  double least_cut = std::numeric_limits<double>::infinity();  // least bound of what was cut
  Proof proof;
  const GoOn* go_on = nullptr;  // asked now and then whether to
  Front* front = nullptr;
  static constexpr double kAnyCycles = std::numeric_limits<double>::infinity();
  double most_cycles = kAnyCycles;

  // Seeks all mappings that no other beats, rather than the best one; or the cheapest of those that
  // take no longer than `cycles`. What is out of the question is as good as what `energy` cuts.
  void seek(Front& all) {
    front = &all;
    energy = std::numeric_limits<double>::max();
  }
  void seek_within(double cycles) {
    most_cycles = cycles * kAsFast;
    energy = std::numeric_limits<double>::max();
  }
  // Asks whether to go on, if it is time.
  void ask_after(Count steps) const {
    constexpr Count kStepsPerQuestion = 1024;
    if (steps % kStepsPerQuestion == 0 && *go_on && !(*go_on)()) {
      throw Interrupted("the search was interrupted");
    }
  }
  void cut(double bound) {
    ++proof.cut_by_bound;
    if (bound < least_cut) least_cut = bound;
  }
  // Of what costs so much and takes so many cycles, at least: a part is cut unless this is below
  // `energy`.
  double value(double cost, double cycles) const {
    if (front != nullptr) return front->beats(cost, cycles) ? energy : cost;
    if (most_cycles < kAnyCycles) return cycles > most_cycles ? energy : cost;
    return goal.value(cost, cycles);
  }
  // A mapping that costs so much and takes so many cycles.
  void take(const Scheme& its_scheme, const Nest& its_nest, double cost, double cycles) {
    if (front != nullptr) {
      front->add({cost, cycles, &its_scheme, its_nest});
      return;
    }
    const double found = value(cost, cycles);
    if (!(found < energy)) return;
    energy = found;
    scheme = &its_scheme;
    nest = its_nest;
  }
};

// Brings `best` up to date with all mappings of a space, by branch and bound or by counting every
// single one. `arch` is the architecture as the layer's data see it.
void find_best(const Layer& layer, const Architecture& arch, const Dataflow& dataflow, Best& best);
void find_best_exhaustively(const Layer& layer, const Architecture& arch, const Dataflow& dataflow,
                            Best& best);

}  // namespace energysim
