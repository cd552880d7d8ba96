// Rooms in closed form against trying one size after another.

#include "capacity.h"
#include "check.h"
#include "footprint.h"
#include "search_cases.h"

namespace energysim {
namespace {

// The greatest size of a dimension's tile for which `fits` is true; more than `most` counts as
// that.
template <class Fits>
Count greatest(Nest nest, Dim dim, Count Tiles::* tile, Count most, Fits fits) {
  Count size = 0;
  while (size < most) {
    nest[dim].*tile = size + 1;
    if (!fits(nest)) break;
    ++size;
  }
  return size;
}

TEST(channels_and_filters_share_the_storages_word_for_word) {
  constexpr Count kMost = 40;
  Random random(5);
  for (int i = 0; i < 60; ++i) {
    const Layer layer = random_layer(random);
    const Architecture arch = random_architecture(random);
    for (const DataflowPtr& dataflow : dataflows()) {
      for (const Scheme& scheme : dataflow->schemes) {
        const Space space(layer, arch, *dataflow, scheme);
        Nest nest = space.smallest();
        const SharedStorage shared(space, nest);
        for (Dim dim : {Dim::C, Dim::M}) {
          const Dim other = dim == Dim::C ? Dim::M : Dim::C;
          for (Count others = 1; others <= 4; ++others) {
            nest[other].glb = nest[other].rf = others;
            CHECK_EQ(std::min(kMost, shared.glb_room(dim, others)),
                     greatest(nest, dim, &Tiles::glb, kMost,
                              [&](const Nest& n) { return space.fits_glb(n); }));
            CHECK_EQ(std::min(kMost, shared.rf_room(dim, others)),
                     greatest(nest, dim, &Tiles::rf, kMost,
                              [&](const Nest& n) { return space.fits_rf(n); }));
          }
          nest = space.smallest();
        }
      }
    }
  }
}

}  // namespace
}  // namespace energysim
