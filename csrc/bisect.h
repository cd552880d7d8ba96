// The one search by halving that limits and bounds share.
#pragma once

#include "dims.h"

namespace energysim {

// The greatest value in [1, most] for which `fits` holds, if it holds up to some value and fails
// from there on; 0 if it holds for none.
template <class Fits>
Count greatest_that(Count most, Fits fits) {
  Count good = 0;
  while (good < most) {
    const Count middle = most - (most - good) / 2;
    if (fits(middle)) {
      good = middle;
    } else {
      most = middle - 1;
    }
  }
  return good;
}

}  // namespace energysim
