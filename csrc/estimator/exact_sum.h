// A sum that does not depend on the order of its terms.
#pragma once

#include <span>

namespace energysim {

// The exact sum, rounded once: what Python's math.fsum returns, so that a network costs the same to
// the bit wherever its layers are added up. (Shewchuk, "Adaptive Precision Floating-Point
// Arithmetic", 1997.)
double exact_sum(std::span<const double> terms);

}  // namespace energysim
