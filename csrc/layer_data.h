// What is known of the values of a layer: how wide they are, and how many are not zero.
#pragma once

#include "dims.h"

namespace energysim {

struct LayerData {
  // Bits of a value; 0 stands for the architecture's word. Finished psums leave the chip as ofmap
  // values, which may be narrower than psums; 0 stands for the width of psums.
  Count bits[kOperands] = {0, 0, 0};
  Count ofmap_bits = 0;
  // Share of values that are not zero, padding included; that of psums is the ofmap's. Zeros are
  // taken to be spread evenly and independently of each other.
  double density[kOperands] = {1, 1, 1};
  bool network_input = false;  // the ifmap is what the network is given

  // Throws InvalidInput unless densities lie between 0 and 1 and bits between 0 and the word's.
  void validate(Count word_bits) const;
  // With the widths that the zeros stand for.
  LayerData with_bits_of(Count word_bits) const;

  bool operator==(const LayerData&) const = default;
};

enum class DataField : std::uint8_t {
  IfmapBits,
  FilterBits,
  PsumBits,
  OfmapBits,
  IfmapDensity,
  FilterDensity,
  OfmapDensity,
};
inline constexpr int kDataFields = 7;

}  // namespace energysim
