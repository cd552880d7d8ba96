// The law of residence in closed form: how many words move, for any nest.
//
// Walk the nest in order. Each storage holds exactly the current tile of each operand; when a tile
// changes, the words that were not in the tile just before are fetched, the others stay. So
//
//   words fetched = words in all tiles visited - words kept at each move of each loop,
//
// and both sums factor into one term per dimension. Let T be the number of tiles that the loops
// over the operand's irrelevant dimensions visit, K the coordinates (of its relevant dimensions)
// whose tile is the same when the loops inside start again. A move of an irrelevant loop keeps K
// words, a move of a relevant one keeps none, and a move of a loop over ofmap rows or columns
// slides the ifmap's window. docs/physics.md derives this with pictures.
#pragma once

#include <type_traits>

#include "nest.h"
#include "window_terms.h"

namespace energysim {

// What each dimension contributes to the counts of one nest.
template <class Real>
struct NestTerms {
  DimTerms<Real> dim[kDims];
  WindowTerms<Real> rows, columns;

  const DimTerms<Real>& operator[](Dim d) const { return dim[index(d)]; }
  DimTerms<Real>& operator[](Dim d) { return dim[index(d)]; }
};

// Words moved per operand, for one group:
//   glb    into the GLB (for psums: residences in the GLB, one per word and stay)
//   array  from above the array into it, a word needed by many PEs at once counted once
//          (for psums: stays in the array)
//   pes    into PEs, counted once per PE (for psums: PEs that contribute, summed over stays)
template <class Real>
struct Flows {
  Real glb[kOperands]{};
  Real array[kOperands]{};
  Real pes[kOperands]{};
};

// Is a flow to be exact, or a lower bound over nests of which only optimistic terms are known?
enum class Mode : std::uint8_t { Exact, Bound };

namespace residence_detail {

// Relevant and irrelevant dimensions of the operands without a window. (No two groups share words.)
template <Operand operand>
struct Roles;
template <>
struct Roles<Operand::Filter> {
  static constexpr Dim relevant[] = {Dim::M, Dim::C, Dim::R, Dim::S};
  static constexpr Dim irrelevant[] = {Dim::N, Dim::E, Dim::F};
};
template <>
struct Roles<Operand::Psum> {
  static constexpr Dim relevant[] = {Dim::M, Dim::N, Dim::E, Dim::F};
  static constexpr Dim irrelevant[] = {Dim::C, Dim::R, Dim::S};
};

template <class Real>
const Real& kept_after(const DimTerms<Real>& t, Reach reach, int storeys) {
  return reach != Reach::Glb ? t.keep[storeys] : storeys == 0 ? t.keep_glb : t.size;
}

// words = K(all) T(all) - sum over irrelevant loops of K (T with the loop - T without it)
template <Operand operand, class Real>
Real fetched_plain(Reach reach, const NestTerms<Real>& terms, const LoopOrder& order, int loops) {
  using Role = Roles<operand>;
  int storeys[kDims] = {};  // how many storeys of each dimension stand outside the current loop
  const auto tiles = [&] {
    Real product{1};
    for (Dim d : Role::irrelevant) {
      const DimTerms<Real>& t = terms[d];
      product = product * (reach == Reach::Pes ? t.pes : t.states)[storeys[index(d)]];
    }
    return product;
  };
  const auto still = [&] {
    Real product{1};
    for (Dim d : Role::relevant) {
      product = product * kept_after(terms[d], reach, storeys[index(d)]);
    }
    return product;
  };
  Real visited = tiles(), kept{0};
  for (int j = 0; j < loops; ++j) {
    const Loop& loop = order[j];
    storeys[index(loop.dim)] = index(loop.storey) + 1;
    if (relevant(operand, loop.dim)) continue;
    const Real now = tiles();
    kept = kept + still() * (now - visited);
    visited = now;
  }
  Real words{1};
  for (Dim d : Role::relevant) words = words * terms[d].size;
  return words * visited - kept;
}

// The ifmap's only irrelevant dimension is M. Its words are a sum over M's storeys,
//
//   words = sum over k of weight(k) T(k),   T(k) tiles of M seen after k storeys,
//
// where weight(k) is what a tile of storey k brings in anew. A bound knows T from below only. Where
// a weight is negative (a window that slides back onto what it held) T(k) <= T(k + 1) bounds it.
template <class Real>
Real fetched_ifmap(Mode mode, Reach reach, const NestTerms<Real>& terms, const LoopOrder& order,
                   int loops) {
  const DimTerms<Real>&n = terms[Dim::N], &c = terms[Dim::C], &m = terms[Dim::M];
  const int at = index(reach);
  Real tiles[4]{}, weight[4]{};
  int k = 0;
  tiles[0] = (reach == Reach::Pes ? m.pes : m.states)[0];
  Real keep_n = kept_after(n, reach, 0), keep_c = kept_after(c, reach, 0);
  for (int j = 0; j < loops; ++j) {
    const Loop& loop = order[j];
    const int storeys = index(loop.storey) + 1;
    if (loop.dim == Dim::N) {
      keep_n = kept_after(n, reach, storeys);
    } else if (loop.dim == Dim::C) {
      keep_c = kept_after(c, reach, storeys);
    } else {
      const Real kept = keep_n * keep_c * terms.rows.kept[at][j] * terms.columns.kept[at][j];
      if (loop.dim == Dim::M) {
        weight[k] = weight[k] + kept;
        ++k;
        tiles[k] = (reach == Reach::Pes ? m.pes : m.states)[storeys];
      }
      weight[k] = weight[k] - kept;
    }
  }
  weight[k] = weight[k] + n.size * c.size * terms.rows.gross[at] * terms.columns.gross[at];
  Real words{0};
  for (int i = 0; i <= k; ++i) {
    if constexpr (std::is_same_v<Real, double>) {
      if (mode == Mode::Bound && weight[i] < 0) {
        if (i == k) return 0;
        weight[i + 1] += weight[i];
        continue;
      }
    }
    words = words + weight[i] * tiles[i];
  }
  return words;
}

}  // namespace residence_detail

// Words of all operands. In Mode::Bound the terms are optimistic and so are the words.
template <class Real>
Flows<Real> flows(const NestTerms<Real>& terms, const LoopOrder& order, Mode mode = Mode::Exact) {
  using namespace residence_detail;
  int dram_loops = 0;
  while (dram_loops < order.size() && order[dram_loops].storey == Storey::Dram) ++dram_loops;
  const auto fetch = [&](Reach reach, Real(&to)[kOperands]) {
    const int loops = reach == Reach::Glb ? dram_loops : order.size();
    to[index(Operand::Ifmap)] = fetched_ifmap(mode, reach, terms, order, loops);
    to[index(Operand::Filter)] = fetched_plain<Operand::Filter>(reach, terms, order, loops);
    to[index(Operand::Psum)] = fetched_plain<Operand::Psum>(reach, terms, order, loops);
  };
  Flows<Real> f;
  fetch(Reach::Glb, f.glb);
  fetch(Reach::Array, f.array);
  fetch(Reach::Pes, f.pes);
  return f;
}

}  // namespace energysim
