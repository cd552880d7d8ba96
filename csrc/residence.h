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
// slides the ifmap's window. docs/physics.md derives this with pictures. Where the operand's way
// says that nothing is kept, only the first sum is left.
#pragma once

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

// Is nothing kept of an operand on its way to `reach`?
inline bool forgets(const Way& way, Reach reach) {
  return reach == Reach::Glb ? way.refetch == Refetch::Always : !way.rf;
}

// Does a pass keep nothing of the pass before?
inline bool anew_each_pass(const Way& way) { return !way.glb && way.refetch == Refetch::Always; }

// Storeys of loops above the GLB's tiles, and above those of a pass.
inline int held_storeys(Reach reach) { return reach == Reach::Glb ? 1 : 2; }

// Tiles seen after so many storeys; or PEs that see them, where those fetch (or send up) on their
// own.
template <class Real>
const Real& tiles_after(const DimTerms<Real>& t, Reach reach, int storeys) {
  return (reach == Reach::Pes ? t.pes : t.states)[storeys];
}

// The same of an irrelevant dimension: sums of PEs that pass psums on go up together.
template <Operand operand, class Real>
const Real& tiles_after(const NestTerms<Real>& terms, const Ways& ways, Reach reach, Dim d,
                        int storeys) {
  const bool apart = operand == Operand::Psum && reach == Reach::Array && !ways.psum_chain.has(d);
  return tiles_after(terms[d], apart ? Reach::Pes : reach, storeys);
}

// Coordinates whose tile stays over the loops inside of so many storeys.
template <class Real>
const Real& kept_after(const DimTerms<Real>& t, Reach reach, int storeys) {
  return reach != Reach::Glb ? t.keep[storeys] : storeys == 0 ? t.keep_glb : t.size;
}

// One word for every MAC of a group, and for every one of each of its filters.
template <class Real>
Real one_per_mac_and_filter(const NestTerms<Real>& terms) {
  Real macs{1};
  for (Dim d : kAllDims) {
    if (d != Dim::G && d != Dim::M) macs = macs * terms[d].size;
  }
  return macs;
}

// Words of all tiles, of which nothing is kept.
template <Operand operand, class Real>
Real fetched_always(Reach reach, const NestTerms<Real>& terms, const Ways& ways) {
  using Role = Roles<operand>;
  if (reach == Reach::Pes) return one_per_mac_and_filter(terms) * terms[Dim::M].size;
  Real words{1};
  for (Dim d : Role::relevant) words = words * terms[d].size;
  for (Dim d : Role::irrelevant) {
    words = words * tiles_after<operand>(terms, ways, reach, d, held_storeys(reach));
  }
  return words;
}

// words = K(all) T(all) - sum over irrelevant loops of K (T with the loop - T without it)
template <Operand operand, class Real>
Real fetched_plain(Reach reach, const NestTerms<Real>& terms, const LoopOrder& order,
                   const Ways& ways, int loops) {
  using Role = Roles<operand>;
  if (forgets(ways[operand], reach)) return fetched_always<operand>(reach, terms, ways);
  int storeys[kDims] = {};  // how many storeys of each dimension stand outside the current loop
  const auto tiles = [&] {
    Real product{1};
    for (Dim d : Role::irrelevant) {
      product = product * tiles_after<operand>(terms, ways, reach, d, storeys[index(d)]);
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
    const bool keeps = loop.storey == Storey::Pe || !anew_each_pass(ways[operand]);
    if (keeps) kept = kept + still() * (now - visited);
    visited = now;
  }
  Real words{1};
  for (Dim d : Role::relevant) words = words * terms[d].size;
  return words * visited - kept;
}

// Words of the ifmap, whose only irrelevant dimension is M, as a sum over M's storeys:
//
//   words = sum over k of weight(k) T(k),   T(k) tiles of M seen after some more storeys each,
//
// where weight(k) is what a tile of storey k brings in anew. It may be negative: a window that
// slides back may find what it held.
template <class Real>
struct IfmapSteps {
  Real weight[4]{Real{0}, Real{0}, Real{0}, Real{0}};
  Real tiles[4]{Real{1}, Real{1}, Real{1}, Real{1}};
  int size = 1;
};

template <class Real>
IfmapSteps<Real> ifmap_steps(Reach reach, const NestTerms<Real>& terms, const LoopOrder& order,
                             const Way& way, int loops) {
  const DimTerms<Real>&n = terms[Dim::N], &c = terms[Dim::C], &m = terms[Dim::M];
  const int at = index(reach);
  IfmapSteps<Real> steps;
  const auto in_all_tiles = [&] {
    return n.size * c.size * terms.rows.gross[at] * terms.columns.gross[at];
  };
  if (forgets(way, reach)) {
    const bool per_mac = reach == Reach::Pes;
    steps.tiles[0] = per_mac ? m.size : m.states[held_storeys(reach)];
    steps.weight[0] = per_mac ? one_per_mac_and_filter(terms) : in_all_tiles();
    return steps;
  }
  steps.tiles[0] = tiles_after(m, reach, 0);
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
      int k = steps.size - 1;
      if (loop.dim == Dim::M) {
        steps.weight[k] = steps.weight[k] + kept;
        steps.tiles[++k] = tiles_after(m, reach, storeys);
        ++steps.size;
      }
      steps.weight[k] = steps.weight[k] - kept;
    }
  }
  Real& last = steps.weight[steps.size - 1];
  last = last + in_all_tiles();
  return steps;
}

template <class Real>
Real fetched_ifmap(Reach reach, const NestTerms<Real>& terms, const LoopOrder& order,
                   const Way& way, int loops) {
  const IfmapSteps<Real> steps = ifmap_steps(reach, terms, order, way, loops);
  Real words{0};
  for (int k = 0; k < steps.size; ++k) words = words + steps.weight[k] * steps.tiles[k];
  return words;
}

// Loops that the words of a reach depend on: those of DRAM move tiles of the GLB.
inline int loops_above(Reach reach, const LoopOrder& order) {
  if (reach != Reach::Glb) return order.size();
  int loops = 0;
  while (loops < order.size() && order[loops].storey == Storey::Dram) ++loops;
  return loops;
}

}  // namespace residence_detail

// Words of all operands.
template <class Real>
Flows<Real> flows(const NestTerms<Real>& terms, const LoopOrder& order, const Ways& ways) {
  using namespace residence_detail;
  const auto fetch = [&](Reach reach, Real(&to)[kOperands]) {
    const int loops = loops_above(reach, order);
    to[index(Operand::Ifmap)] = fetched_ifmap(reach, terms, order, ways.ifmap, loops);
    to[index(Operand::Filter)] = fetched_plain<Operand::Filter>(reach, terms, order, ways, loops);
    to[index(Operand::Psum)] = fetched_plain<Operand::Psum>(reach, terms, order, ways, loops);
  };
  Flows<Real> f;
  fetch(Reach::Glb, f.glb);
  fetch(Reach::Array, f.array);
  fetch(Reach::Pes, f.pes);
  return f;
}

}  // namespace energysim
