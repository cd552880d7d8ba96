// How far a single tile of a nest can grow before something no longer fits, in closed form.
#pragma once

#include "space.h"

namespace energysim {

// How channels and filters share the GLB and the scratch pads, all other tiles being as they are.
class SharedStorage {
 public:
  SharedStorage() = default;
  SharedStorage(const Space& space, const Nest& nest);

  // Channels that a GLB tile has room for beside so many filters, or filters beside so many
  // channels; 0 if not even one fits.
  Count glb_room(Dim dim, Count others) const;
  Count rf_room(Dim dim, Count others) const;

 private:
  // Words that one channel of an ifmap, one channel of a filter, and the psums of one filter take.
  struct Words {
    Count of[kOperands] = {};
  };
  static Count room(Count there, const Words& words, Dim dim, Count others);

  const Architecture* arch_ = nullptr;
  Words glb_, rf_;
};

// The greatest GLB tile, RF tile, and number of PEs side by side of a dimension with all other
// tiles as they are; 0 if not even one fits. Along a dilated window, where the words needed do not
// grow in proportion, the limit is not taken from the storage and may be too large; `Space::fits`
// decides. `sets` are the PE sets of the nest, `shared` what channels and filters share.
struct Room {
  Count glb = 0, rf = 0, chunks = 0;
};
Room room(const Space& space, const Nest& nest, const PeSets& sets, const SharedStorage& shared,
          Dim dim);

}  // namespace energysim
