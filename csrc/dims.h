// The words every other file uses: layer dimensions, operands, levels and the storeys of a nest.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string_view>

namespace energysim {

// Exact number of words, accesses or MACs. Signed: a count that goes below zero is a bug that
// shows, not 18446744073709551600.
using Count = std::int64_t;

// Layer dimensions, named as in the Eyeriss papers (ISCA 2016, Table I).
enum class Dim : std::uint8_t { N, G, M, C, R, S, E, F };
inline constexpr int kDims = 8;
inline constexpr std::array<Dim, kDims> kAllDims{Dim::N, Dim::G, Dim::M, Dim::C,
                                                 Dim::R, Dim::S, Dim::E, Dim::F};
inline constexpr std::array<char, kDims> kDimLetters{'N', 'G', 'M', 'C', 'R', 'S', 'E', 'F'};

enum class Operand : std::uint8_t { Ifmap, Filter, Psum };
inline constexpr int kOperands = 3;
inline constexpr std::array<Operand, kOperands> kAllOperands{Operand::Ifmap, Operand::Filter,
                                                             Operand::Psum};
inline constexpr std::array<std::string_view, kOperands> kOperandNames{"ifmap", "filter", "psum"};

// Where words are moved: DRAM, global buffer, the array's network, scratch pads in the PEs.
enum class Level : std::uint8_t { Dram, Glb, Noc, Rf };
inline constexpr int kLevels = 4;
inline constexpr std::array<Level, kLevels> kAllLevels{Level::Dram, Level::Glb, Level::Noc,
                                                       Level::Rf};
inline constexpr std::array<std::string_view, kLevels> kLevelNames{"dram", "glb", "noc", "rf"};

// The temporal storeys of a nest, outside in. (The array, between Glb and Pe, is spatial.)
enum class Storey : std::uint8_t { Dram, Glb, Pe };

template <class Enum>
constexpr int index(Enum value) {
  return static_cast<int>(value);
}

// Does an operand have the dimension among its coordinates? E and F (with R and S) select ifmap
// rows and columns through the sliding window.
constexpr bool relevant(Operand operand, Dim dim) {
  switch (operand) {
    case Operand::Ifmap:
      return dim != Dim::M;
    case Operand::Filter:
      return dim != Dim::N && dim != Dim::E && dim != Dim::F;
    case Operand::Psum:
      return dim != Dim::C && dim != Dim::R && dim != Dim::S;
  }
  return false;
}

// Some of the dimensions.
struct DimSet {
  std::uint8_t bits = 0;

  constexpr DimSet() = default;
  constexpr DimSet(std::initializer_list<Dim> dims) {
    for (Dim d : dims) add(d);
  }
  constexpr void add(Dim dim) { bits = static_cast<std::uint8_t>(bits | 1u << index(dim)); }
  constexpr bool has(Dim dim) const { return (bits >> index(dim) & 1u) != 0; }
  auto operator<=>(const DimSet&) const = default;
};
// The dimensions over which psums accumulate.
inline constexpr DimSet kReduction{Dim::C, Dim::R, Dim::S};

// Quotients of sizes that are not negative. Nearly all fit 32 bits, where division is several times
// faster, and the search divides a lot. Unsigned, so that no sum of two sizes overflows.
constexpr Count unsigned_quotient(std::uint64_t a, std::uint64_t b) {
  if (((a | b) >> 32) == 0) {
    return static_cast<std::uint32_t>(a) / static_cast<std::uint32_t>(b);
  }
  return static_cast<Count>(a / b);
}
constexpr Count floor_div(Count a, Count b) {
  return unsigned_quotient(static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b));
}
constexpr Count ceil_div(Count a, Count b) {
  const auto divisor = static_cast<std::uint64_t>(b);
  return unsigned_quotient(static_cast<std::uint64_t>(a) + divisor - 1, divisor);
}

// Sums and products of sizes that are only compared with a limit: the greatest size where they do
// not fit.
inline constexpr Count kGreatestCount = std::numeric_limits<Count>::max();
constexpr Count saturating_sum(Count a, Count b) {
  Count sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? kGreatestCount : sum;
}
constexpr Count saturating_product(Count a, Count b) {
  Count product = 0;
  return __builtin_mul_overflow(a, b, &product) ? kGreatestCount : product;
}

}  // namespace energysim
