#include "window_terms.h"

#include <algorithm>
#include <map>

#include "checked.h"
#include "moves.h"

namespace energysim {
namespace {

// The i-th PE's share of a tile.
Interval share(const Interval& tile, Count chunk, Count i) {
  const Count skipped = i * chunk;
  if (skipped >= tile.size()) return {};
  return {tile.begin + skipped, tile.begin + skipped + std::min(chunk, tile.size() - skipped)};
}

struct Kept {
  Count array = 0, pes = 0;
};

// Positions of an array's tile, once for the array and once per PE.
Kept held(const Axis& axis, Count outs, Count taps, Count out_chunk, Count tap_chunk) {
  const Count out_full = outs / out_chunk, out_rest = outs % out_chunk;
  const Count tap_full = taps / tap_chunk, tap_rest = taps % tap_chunk;
  const Count pes = out_full * tap_full * window_words(axis, out_chunk, tap_chunk) +
                    out_full * window_words(axis, out_chunk, tap_rest) +
                    tap_full * window_words(axis, out_rest, tap_chunk) +
                    window_words(axis, out_rest, tap_rest);
  return {window_words(axis, outs, taps), pes};
}

// PE by PE: a position need not be read again only if every PE that needs it still holds it.
Kept kept_by_pes(const Axis& axis, const Box& before, const Box& after, Count out_chunk,
                 Count tap_chunk) {
  Kept kept;
  std::map<Count, bool> still_held;  // position -> do all PEs that need it hold it?
  const Count outs = ceil_div(after.out.size(), out_chunk);
  const Count taps = ceil_div(after.tap.size(), tap_chunk);
  for (Count i = 0; i < outs; ++i) {
    for (Count k = 0; k < taps; ++k) {
      const Box now{share(after.out, out_chunk, i), share(after.tap, tap_chunk, k)};
      const Box old{share(before.out, out_chunk, i), share(before.tap, tap_chunk, k)};
      kept.pes += common_words(axis, old, now);
      std::map<Count, bool> mine;
      for (Count e = now.out.begin; e < now.out.end; ++e) {
        for (Count r = now.tap.begin; r < now.tap.end; ++r) {
          const Count at = e * axis.stride + r * axis.dilation;
          mine.emplace(at, false);
        }
      }
      for (Count e = old.out.begin; e < old.out.end; ++e) {
        for (Count r = old.tap.begin; r < old.tap.end; ++r) {
          const auto found = mine.find(e * axis.stride + r * axis.dilation);
          if (found != mine.end()) found->second = true;
        }
      }
      for (const auto& [at, holds] : mine) {
        const auto [entry, fresh] = still_held.emplace(at, holds);
        if (!fresh) entry->second = entry->second && holds;
      }
    }
  }
  for (const auto& entry : still_held) kept.array += entry.second ? 1 : 0;
  return kept;
}

// One ifmap row per PE. A tile that moves to other rows gives each PE another one. Where it does
// not, the PEs that were at work before hold theirs, but a row need not be read again only if it is
// not also needed by one of the others.
Kept kept_by_single_rows(const Axis& axis, const Box& before, const Box& after) {
  const Count moved = (after.out.begin - before.out.begin) * axis.stride +
                      (after.tap.begin - before.tap.begin) * axis.dilation;
  if (moved != 0) return {};
  const Count outs = std::min(before.out.size(), after.out.size());
  const Count taps = std::min(before.tap.size(), after.tap.size());
  const Interval all_outs{0, after.out.size()}, all_taps{0, after.tap.size()};
  const Box more_outs{{outs, all_outs.end}, all_taps}, more_taps{all_outs, {taps, all_taps.end}};
  const Count others = window_words(axis, more_outs.out.size(), all_taps.size()) +
                       window_words(axis, all_outs.size(), more_taps.tap.size()) -
                       common_words(axis, more_outs, more_taps);
  return {window_words(axis, all_outs.size(), all_taps.size()) - others, outs * taps};
}

Kept kept_in_array(const Axis& axis, const Box& before, const Box& after, Count out_chunk,
                   Count tap_chunk) {
  if (before == after) {
    return held(axis, after.out.size(), after.tap.size(), out_chunk, tap_chunk);
  }
  const bool one_pe = std::max(before.out.size(), after.out.size()) <= out_chunk &&
                      std::max(before.tap.size(), after.tap.size()) <= tap_chunk;
  if (one_pe) {
    const Count common = common_words(axis, before, after);
    return {common, common};
  }
  if (out_chunk == 1 && tap_chunk == 1) return kept_by_single_rows(axis, before, after);
  return kept_by_pes(axis, before, after, out_chunk, tap_chunk);
}

// How many storeys of `dim` stand outside loop j (j itself excluded).
int storeys_outside(const LoopOrder& order, Dim dim, int j) {
  int outside = 0;
  for (int i = 0; i < j; ++i) {
    if (order[i].dim == dim) outside = index(order[i].storey) + 1;
  }
  return outside;
}

Moves moves_at(const Cut& cut, const LoopOrder& order, Dim dim, int j) {
  if (order[j].dim == dim) return cut.own_moves(index(order[j].storey));
  return cut.restarts(storeys_outside(order, dim, j));
}

// Do loop j and the one before it leave the axis' own loops at the same trips?
bool same_moves(const LoopOrder& order, const WindowAxis& axis, int j) {
  const auto own = [&](int i) { return order[i].dim == axis.out || order[i].dim == axis.tap; };
  return !own(j) && !own(j - 1);
}

Count times(Count a, Count b) { return (Checked(a) * Checked(b)).value(); }

bool cut_over_time(const Tiles& t) { return t.pass < t.layer; }

// Ofmap rows side by side in space, one to a PE, and filter rows that all fit the array: a PE finds
// the row it needs only where the tile stays the same altogether. (The usual ifmap rows of row
// stationary, without the general sums.)
bool rows_side_by_side(const Tiles& out, const Tiles& tap) {
  return out.pe == 1 && tap.pe == 1 && !cut_over_time(tap);
}

void side_by_side_terms(const WindowAxis& window, const Tiles& out, const Tiles& tap,
                        const LoopOrder& order, WindowTerms<Count>& terms) {
  const Axis& axis = window.axis;
  // Array's tiles of a GLB tile: words in all of them, and in those that are the only one.
  const auto add = [&](Count glb_tile, Count occurs, Kept& sum, int storeys) {
    const Count passes = floor_div(glb_tile, out.pass), last = glb_tile - passes * out.pass;
    const bool only = passes + (last > 0 ? 1 : 0) == 1;
    if (storeys < 2 && !only) return;
    const Count array =
        passes * window_words(axis, out.pass, tap.layer) + window_words(axis, last, tap.layer);
    sum.array += times(occurs, array);
    sum.pes += times(occurs, glb_tile * tap.layer);
  };
  Kept still[3];  // what stays after so many storeys of the rows' own loops
  add(out.layer, 1, still[0], 0);
  const Count full = floor_div(out.layer, out.glb), rest = out.layer - full * out.glb;
  for (int storeys : {1, 2}) {
    add(out.glb, full, still[storeys], storeys);
    if (rest > 0) add(rest, 1, still[storeys], storeys);
  }
  const int array = index(Reach::Array), pes = index(Reach::Pes);
  int storeys = 0;
  for (int j = 0; j < order.size(); ++j) {
    const bool own = order[j].dim == window.out;
    if (own) storeys = std::min(2, index(order[j].storey) + 1);
    const bool moves = own || order[j].dim == window.tap;  // the latter only in a single trip
    terms.kept[array][j] = moves ? 0 : still[storeys].array;
    terms.kept[pes][j] = moves ? 0 : still[storeys].pes;
  }
  terms.gross[array] = still[2].array;
  terms.gross[pes] = still[2].pes;
}

// Tiles of an undilated window with all taps, of which one loop alone makes several: each next one
// shares as many positions with the one before as a filter has beyond the stride.
void sliding_terms(const WindowAxis& window, Count outs, Count tile, Count taps, Storey moving,
                   const LoopOrder& order, Reach reach, WindowTerms<Count>& terms) {
  const Axis& axis = window.axis;
  const Count tiles = ceil_div(outs, tile);
  const Count last = outs - (tiles - 1) * tile;
  const Count gross = (tiles - 1) * window_words(axis, tile, taps) + window_words(axis, last, taps);
  const Count shared = std::max<Count>(0, taps - axis.stride);
  const Count first_and_last =
      tiles == 1 ? gross : std::max<Count>(0, shared - (tiles - 2) * tile * axis.stride);
  terms.gross[index(reach)] = gross;
  bool inside = false;
  for (int j = 0; j < order.size(); ++j) {
    if (reach == Reach::Glb && order[j].storey != Storey::Dram) break;
    const bool own = order[j].dim == window.out;
    const bool moves = own && order[j].storey == moving;
    const bool single = order[j].dim == window.tap || (own && !moves);  // of a single trip
    inside = inside || moves;
    terms.kept[index(reach)][j] = single   ? 0
                                  : moves  ? (tiles - 1) * shared
                                  : inside ? gross
                                           : first_and_last;
  }
}

// Is all of a window in one PE, and streamed through its scratch pad?
bool streamed_alone(const WindowAxis& window, const Tiles& out, const Tiles& tap) {
  return window.axis.dilation == 1 && out.pe == out.layer && tap.rf == tap.layer;
}

// Words of all passes: without scratch pads the array takes them all in again in each.
void forgetful_array_terms(const WindowAxis& axis, const Tiles& out, const Tiles& tap,
                           WindowTerms<Count>& terms) {
  Count gross = 0;
  for (const TileKind& o : Cut::for_pass(out).kinds(2)) {
    for (const TileKind& t : Cut::for_pass(tap).kinds(2)) {
      gross += times(o.times * t.times, window_words(axis.axis, o.size, t.size));
    }
  }
  terms.gross[index(Reach::Array)] = gross;
}

}  // namespace

void glb_window_terms(const WindowAxis& axis, const Tiles& out, const Tiles& tap,
                      const LoopOrder& order, const Way& way, WindowTerms<Count>& terms) {
  if (axis.axis.dilation == 1 && tap.glb == tap.layer && way.halo == Halo::Slide) {
    sliding_terms(axis, out.layer, out.glb, tap.layer, Storey::Dram, order, Reach::Glb, terms);
    return;
  }
  const Cut out_cut = Cut::for_glb(out), tap_cut = Cut::for_glb(tap);
  const auto words_in = [&](const Box& box) {
    return window_words(axis.axis, box.out.size(), box.tap.size());
  };
  const int glb = index(Reach::Glb);
  terms.gross[glb] = 0;
  for (const TileKind& o : out_cut.kinds(1)) {
    for (const TileKind& t : tap_cut.kinds(1)) {
      terms.gross[glb] += times(o.times * t.times, window_words(axis.axis, o.size, t.size));
    }
  }
  for (int j = 0; j < order.size() && order[j].storey == Storey::Dram; ++j) {
    if (j > 0 && same_moves(order, axis, j)) {
      terms.kept[glb][j] = terms.kept[glb][j - 1];
      continue;
    }
    Count kept = 0;
    for (const Move& o : moves_at(out_cut, order, axis.out, j)) {
      for (const Move& t : moves_at(tap_cut, order, axis.tap, j)) {
        const Box before{o.before, t.before}, after{o.after, t.after};
        const Count common = common_words(axis.axis, before, after);
        if (way.halo == Halo::Refetch && (common < words_in(before) || common < words_in(after))) {
          continue;
        }
        kept += times(o.times * t.times, common);
      }
    }
    terms.kept[glb][j] = kept;
  }
}

void array_window_terms(const WindowAxis& axis, const Tiles& out, const Tiles& tap,
                        const LoopOrder& order, const Way& way, WindowTerms<Count>& terms) {
  if (!way.rf) {
    forgetful_array_terms(axis, out, tap, terms);
    return;
  }
  if (rows_side_by_side(out, tap)) {
    side_by_side_terms(axis, out, tap, order, terms);
    return;
  }
  if (streamed_alone(axis, out, tap)) {
    for (Reach reach : {Reach::Array, Reach::Pes}) {
      sliding_terms(axis, out.layer, out.rf, tap.layer, Storey::Pe, order, reach, terms);
    }
    return;
  }
  const Cut out_cut = Cut::for_array(out), tap_cut = Cut::for_array(tap);
  const Count out_chunk = out.pe, tap_chunk = tap.pe;
  const int array = index(Reach::Array), pes = index(Reach::Pes);
  terms.gross[array] = terms.gross[pes] = 0;
  for (const TileKind& o : out_cut.kinds(3)) {
    for (const TileKind& t : tap_cut.kinds(3)) {
      const Kept all = held(axis.axis, o.size, t.size, out_chunk, tap_chunk);
      terms.gross[array] += times(o.times * t.times, all.array);
      terms.gross[pes] += times(o.times * t.times, all.pes);
    }
  }
  for (int j = 0; j < order.size(); ++j) {
    if (j > 0 && same_moves(order, axis, j)) {
      terms.kept[array][j] = terms.kept[array][j - 1];
      terms.kept[pes][j] = terms.kept[pes][j - 1];
      continue;
    }
    Kept sum;
    for (const Move& o : moves_at(out_cut, order, axis.out, j)) {
      for (const Move& t : moves_at(tap_cut, order, axis.tap, j)) {
        const Kept kept = kept_in_array(axis.axis, {o.before, t.before}, {o.after, t.after},
                                        out_chunk, tap_chunk);
        sum.array += times(o.times * t.times, kept.array);
        sum.pes += times(o.times * t.times, kept.pes);
      }
    }
    terms.kept[array][j] = sum.array;
    terms.kept[pes][j] = sum.pes;
  }
}

WindowTerms<Count> window_terms(const WindowAxis& axis, const Nest& nest) {
  WindowTerms<Count> terms;
  const Way& way = nest.ways.ifmap;
  glb_window_terms(axis, nest[axis.out], nest[axis.tap], nest.order, way, terms);
  array_window_terms(axis, nest[axis.out], nest[axis.tap], nest.order, way, terms);
  return terms;
}

}  // namespace energysim
