// The answer of the counting engine: accesses per level, operand and kind.
#pragma once

#include "checked.h"
#include "dims.h"

namespace energysim {

inline double to_double(double value) { return value; }
inline double to_double(Count value) { return static_cast<double>(value); }
inline double to_double(Checked value) { return static_cast<double>(value.value()); }

//   read   words read from the storage; at the NoC: words delivered to PEs, psum hops between PEs
//   write  words written by the level below
//   fill   words written because they came from the level above
template <class Number>
struct Accesses {
  Number read{0}, write{0}, fill{0};

  bool operator==(const Accesses&) const = default;
};

template <class Number>
struct AccessCounts {
  Accesses<Number> at[kLevels][kOperands];
  Number macs{0};

  Accesses<Number>& operator()(Level level, Operand operand) {
    return at[index(level)][index(operand)];
  }
  const Accesses<Number>& operator()(Level level, Operand operand) const {
    return at[index(level)][index(operand)];
  }
  bool operator==(const AccessCounts&) const = default;
};

}  // namespace energysim
