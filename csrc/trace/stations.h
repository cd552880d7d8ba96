// The PEs of the array, and what they share.
//
// PEs that differ only in dimensions that an operand does not have ask for the same words of it:
// they listen to one multicast. Such a *station* keeps its words once, and the simulator goes
// through its members only where they can differ in what they still hold.
#pragma once

#include <vector>

#include "trace/nest_walk.h"

namespace energysim::trace {

struct Pe {
  Sizes place{};  // along each dimension
  std::array<std::size_t, kOperands> station{};
  bool works = false;                           // in this pass
  Box held;                                     // its tile when it last worked
  bool has[kOperands] = {false, false, false};  // whether it still has that tile's words
};

struct Station {
  Sizes place{};  // along the dimensions of its operand
  std::vector<std::size_t> members;
  Count working = 0;  // members at work in this pass
  Box wanted;         // what they need for this step, in the dimensions of the operand
  Box tile;           // what they hold
};

// All PEs, and what each gets in the current step.
class Floor {
 public:
  explicit Floor(const NestWalk& walk);

  std::vector<Pe>& pes() { return pes_; }
  std::vector<Station>& stations(Operand operand) {
    return stations_[static_cast<std::size_t>(index(operand))];
  }

  // Shares out a step; the PEs at work are the same in all steps of a pass.
  void begin_pass(const Box& pass, const Box& step);
  void next_step(const Box& pass, const Box& step);
  // Whether the step before needed other words of an operand.
  bool moves(Operand operand) const { return moves_[static_cast<std::size_t>(index(operand))]; }
  // Notes what every PE holds after a pass.
  void end_pass();

  const Span& share(Dim dim, Count place) const {
    return shares_[static_cast<std::size_t>(index(dim))][static_cast<std::size_t>(place)];
  }
  const Box& step() const { return step_; }

 private:
  void share_out(Dim dim, const Box& pass);
  bool works(const Pe& pe) const;

  const NestWalk& walk_;
  std::vector<Pe> pes_;
  std::array<std::vector<Station>, kOperands> stations_;
  std::array<std::vector<Span>, kDims> shares_;
  Sizes working_{};  // places with something to do, along each dimension
  std::array<bool, kOperands> moves_{};
  Box step_;
};

}  // namespace energysim::trace
