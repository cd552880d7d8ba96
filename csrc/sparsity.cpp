#include "sparsity.h"

#include <string>

#include "errors.h"

namespace energysim {

void Sparsity::validate() const {
  for (Level level : {Level::Glb, Level::Noc, Level::Rf}) {
    if (at(level, Operand::Psum).format != Format::Raw) {
      throw InvalidInput("compression: psums are raw at the " +
                         std::string(kLevelNames[index(level)]) +
                         ": only finished ones, in DRAM, can be compressed");
    }
  }
  for (Operand operand : {Operand::Ifmap, Operand::Filter}) {
    const Format format = at(Level::Rf, operand).format;
    const std::string who(kOperandNames[index(operand)]);
    if ((format == Format::Rlc || format == Format::Csc) && !skips[operand]) {
      throw InvalidInput("compression: the " + who + " cannot be " +
                         std::string(kFormatNames[static_cast<int>(format)]) +
                         " in the RF, where values are read one per MAC, unless its zeros are "
                         "skipped; use significance_map or raw");
    }
  }
}

}  // namespace energysim
