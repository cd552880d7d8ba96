// How far a single tile of a nest can grow before something no longer fits, in closed form.
#pragma once

#include "space.h"

namespace energysim {

// The greatest GLB tile, RF tile, and number of PEs side by side of a dimension with all other
// tiles as they are; 0 if not even one fits. Along a dilated window, where the words needed do not
// grow in proportion, the limit is not taken from the storage and may be too large; `Space::fits`
// decides. `sets` are the PE sets of the nest.
struct Room {
  Count glb = 0, rf = 0, chunks = 0;
};
Room room(const Space& space, const Nest& nest, const PeSets& sets, Dim dim);
// Of these, the GLB tile alone.
Count glb_room(const Space& space, const Nest& nest, Dim dim);

}  // namespace energysim
