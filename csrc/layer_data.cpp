#include "layer_data.h"

#include <string>

#include "errors.h"

namespace energysim {
namespace {

constexpr std::string_view kDensityNames[kOperands] = {"ifmap", "filter", "ofmap"};

void require_bits(std::string_view what, Count bits, Count most, std::string_view whose) {
  if (bits >= 0 && bits <= most) return;
  throw InvalidInput("the bits of the " + std::string(what) + " must lie between 1 and the " +
                     std::to_string(most) + " of " + std::string(whose) + ", got " +
                     std::to_string(bits));
}

}  // namespace

void LayerData::validate(Count word_bits) const {
  for (Operand operand : kAllOperands) {
    require_bits(kOperandNames[index(operand)], bits[index(operand)], word_bits,
                 "the architecture's word");
    const double share = density[index(operand)];
    if (!(share >= 0 && share <= 1)) {
      throw InvalidInput("the " + std::string(kDensityNames[index(operand)]) +
                         " density must lie between 0 and 1, got " + std::to_string(share));
    }
  }
  const Count psum = bits[index(Operand::Psum)];
  require_bits("ofmap", ofmap_bits, psum > 0 ? psum : word_bits, "a psum");
}

LayerData LayerData::with_bits_of(Count word_bits) const {
  LayerData data = *this;
  for (Count& width : data.bits) {
    if (width == 0) width = word_bits;
  }
  if (data.ofmap_bits == 0) data.ofmap_bits = data.bits[index(Operand::Psum)];
  return data;
}

}  // namespace energysim
