// What a machine makes of zeros: accesses and MACs that it saves, and how it codes data.
#pragma once

#include "compression/format.h"

namespace energysim {

// The operands whose zeros are seen before the MAC.
struct Zeros {
  bool ifmap = false, filter = false;

  bool operator[](Operand operand) const {
    return operand == Operand::Ifmap ? ifmap : operand == Operand::Filter && filter;
  }
  bool operator==(const Zeros&) const = default;
};

struct Coding {
  Format format = Format::Raw;
  bool only_if_smaller = false;  // raw where the format would take more room

  // Bits that a value takes on average.
  double bits_per_value(double density, Count bits) const {
    return bits_per_value<double>(density, static_cast<double>(bits));
  }
  template <class Real>
  Real bits_per_value(const Real& density, const Real& bits) const {
    const Real coded = expected_bits_of(format, density, bits);
    return only_if_smaller && bits < coded ? bits : coded;
  }
  bool operator==(const Coding&) const = default;
};

struct Sparsity {
  Zeros gates;  // a zero saves the energy of what follows from it; time goes on
  Zeros skips;  // a zero saves the time, too
  // How operands are coded at each level (at the NoC: on their way). At DRAM, psum stands for
  // finished psums, the ofmap; psums that are not finished are raw everywhere.
  Coding coding[kLevels][kOperands];
  bool codes_network_input = true;  // or is what the network is given raw in DRAM?

  const Coding& at(Level level, Operand operand) const {
    return coding[index(level)][index(operand)];
  }
  // Throws InvalidInput for a coding that no such machine can read.
  void validate() const;
  bool operator==(const Sparsity&) const = default;
};

}  // namespace energysim
