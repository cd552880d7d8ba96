// The bus from the GLB, or from DRAM, to the PEs: a word that several PEs take in the same step is
// read once for all.
#pragma once

#include <vector>

#include "trace/dram.h"

namespace energysim::trace {

class Bus {
 public:
  // Room for the words that all PEs together can need in a step.
  void make_room(Count words) { last_step_.assign(static_cast<std::size_t>(words), 0); }
  void record_words() { recording_ = true; }

  void begin_step() {
    ++step_;
    reads_ = 0;
    words_.clear();
  }
  // A PE takes a word that has the number `slot` among those of this step.
  void take(Count slot, Word word) {
    Count& last = last_step_[static_cast<std::size_t>(slot)];
    if (last == step_) return;
    last = step_;
    ++reads_;
    if (recording_) words_.push_back(word);
  }

  Count reads() const { return reads_; }  // in this step
  const std::vector<Word>& words() const { return words_; }

 private:
  std::vector<Count> last_step_;
  std::vector<Word> words_;
  Count step_ = 0, reads_ = 0;
  bool recording_ = false;
};

}  // namespace energysim::trace
