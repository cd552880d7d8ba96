// The closed forms of words moved against a walk that moves sets of words.

#include <map>
#include <random>
#include <set>
#include <vector>

#include "check.h"
#include "count.h"
#include "flow_form.h"
#include "residence.h"

namespace energysim {
namespace {

using Word = std::array<Count, 4>;
using Words = std::set<Word>;
// Coordinates begin <= x < end of every dimension.
using Region = std::array<Interval, kDims>;
using PeIndex = std::array<Count, kDims>;

struct Steps {
  Axis rows, columns;
};

Interval along(const Region& region, Dim d) { return region[static_cast<std::size_t>(index(d))]; }

// Calls `visit` with all coordinates in the box of four dimensions.
template <class Visit>
void each_point(const Region& region, const std::array<Dim, 4>& dims, Visit visit) {
  const Interval a = along(region, dims[0]), b = along(region, dims[1]);
  const Interval c = along(region, dims[2]), d = along(region, dims[3]);
  for (Count i = a.begin; i < a.end; ++i) {
    for (Count j = b.begin; j < b.end; ++j) {
      for (Count k = c.begin; k < c.end; ++k) {
        for (Count l = d.begin; l < d.end; ++l) visit(Word{i, j, k, l});
      }
    }
  }
}

std::set<Count> window(const Axis& axis, Interval outs, Interval taps) {
  std::set<Count> positions;
  for (Count e = outs.begin; e < outs.end; ++e) {
    for (Count r = taps.begin; r < taps.end; ++r) {
      positions.insert(e * axis.stride + r * axis.dilation);
    }
  }
  return positions;
}

Words ifmap_words(const Region& region, const Steps& steps) {
  const auto rows = window(steps.rows, along(region, Dim::E), along(region, Dim::R));
  const auto columns = window(steps.columns, along(region, Dim::F), along(region, Dim::S));
  Words words;
  for (Count row : rows) {
    for (Count column : columns) {
      each_point(region, {Dim::N, Dim::C, Dim::G, Dim::G},
                 [&](const Word& at) { words.insert({at[0], at[1], row, column}); });
    }
  }
  return words;
}

Words words_of(Operand operand, const Region& region, const Steps& steps) {
  if (operand == Operand::Ifmap) return ifmap_words(region, steps);
  const std::array<Dim, 4> filter{Dim::M, Dim::C, Dim::R, Dim::S};
  const std::array<Dim, 4> psum{Dim::N, Dim::M, Dim::E, Dim::F};
  Words words;
  each_point(region, operand == Operand::Filter ? filter : psum,
             [&](const Word& word) { words.insert(word); });
  return words;
}

Words new_words(const Words& now, const Words& before) {
  Words fresh;
  for (const Word& word : now) {
    if (!before.contains(word)) fresh.insert(word);
  }
  return fresh;
}

// All regions that the loops of a storey walk through in `outer`, in order.
std::vector<Region> tiles_in_order(const Region& outer, const LoopOrder& order, Storey storey,
                                   const std::array<Count, kDims>& sizes) {
  std::vector<Region> regions{outer};
  for (int j = 0; j < order.size(); ++j) {
    if (order[j].storey != storey) continue;
    const auto d = static_cast<std::size_t>(index(order[j].dim));
    std::vector<Region> cut;
    for (const Region& region : regions) {
      for (Count at = region[d].begin; at < region[d].end; at += sizes[d]) {
        cut.push_back(region);
        cut.back()[d] = {at, std::min(region[d].end, at + sizes[d])};
      }
    }
    regions = cut;
  }
  return regions;
}

// What each PE at work takes of a pass.
std::map<PeIndex, Region> shares(const Region& pass, const std::array<Count, kDims>& sizes) {
  std::map<PeIndex, Region> all{{PeIndex{}, pass}};
  for (std::size_t d = 0; d < kDims; ++d) {
    std::map<PeIndex, Region> cut;
    for (const auto& [pe, region] : all) {
      for (Count i = 0; pass[d].begin + i * sizes[d] < pass[d].end; ++i) {
        PeIndex at = pe;
        Region share = region;
        at[d] = i;
        share[d].begin = pass[d].begin + i * sizes[d];
        share[d].end = std::min(pass[d].end, share[d].begin + sizes[d]);
        cut.emplace(at, share);
      }
    }
    all = cut;
  }
  return all;
}

struct Walk {
  const Nest& nest;
  Steps steps;
  Operand operand;
  Count glb = 0, array = 0, pes = 0;
  std::map<PeIndex, Words> pads = {};

  std::array<Count, kDims> sizes(Count Tiles::* storey) const {
    std::array<Count, kDims> all{};
    for (std::size_t d = 0; d < kDims; ++d) all[d] = nest.tiles[d].*storey;
    return all;
  }

  void run() {
    Region layer;
    for (std::size_t d = 0; d < kDims; ++d) layer[d] = {0, nest.tiles[d].layer};
    Words buffer;
    for (const Region& tile : tiles_in_order(layer, nest.order, Storey::Dram, sizes(&Tiles::glb))) {
      const Words now = words_of(operand, tile, steps);
      const Way& way = nest.ways[operand];
      if (way.refetch == Refetch::Always || (way.halo == Halo::Refetch && now != buffer)) {
        buffer.clear();
      }
      glb += static_cast<Count>(new_words(now, buffer).size());
      buffer = now;
      for (const Region& pass :
           tiles_in_order(tile, nest.order, Storey::Glb, sizes(&Tiles::pass))) {
        run_pass(pass);
      }
    }
  }

  void run_pass(const Region& pass) {
    if (!nest.ways[operand].rf) {
      pass_by_pads(pass);
      return;
    }
    if (!nest.ways[operand].glb && nest.ways[operand].refetch == Refetch::Always) pads.clear();
    drop_idle(pass);
    std::map<PeIndex, std::vector<Region>> streams;
    for (const auto& [pe, share] : shares(pass, sizes(&Tiles::pe))) {
      streams[pe] = tiles_in_order(share, nest.order, Storey::Pe, sizes(&Tiles::rf));
    }
    // In lock-step: all PEs take as many steps.
    for (std::size_t step = 0; step < streams.begin()->second.size(); ++step) {
      std::map<PeIndex, Words> read;  // by chain
      for (const auto& [pe, stream] : streams) {
        const Words now = words_of(operand, stream.at(step), steps);
        const Words fresh = new_words(now, pads[pe]);
        pes += static_cast<Count>(fresh.size());
        read[chain_of(pe)].insert(fresh.begin(), fresh.end());
        pads[pe] = now;
      }
      for (const auto& [chain, words] : read) array += static_cast<Count>(words.size());
    }
  }

  // Nobody holds the operand: each chain takes the words of a pass in once, and every MAC one.
  void pass_by_pads(const Region& pass) {
    std::map<PeIndex, Words> read;
    for (const auto& [pe, share] : shares(pass, sizes(&Tiles::pe))) {
      Count macs = 1;
      for (const Interval& side : share) macs *= side.size();
      pes += macs;
      read[chain_of(pe)].merge(words_of(operand, share, steps));
    }
    for (const auto& [chain, words] : read) array += static_cast<Count>(words.size());
  }

  // PEs that pass psums on to each other have the same place along all other dimensions.
  PeIndex chain_of(const PeIndex& pe) const {
    PeIndex chain{};
    if (operand != Operand::Psum) return chain;
    for (Dim d : {Dim::C, Dim::R, Dim::S}) {
      const auto at = static_cast<std::size_t>(index(d));
      if (!nest.ways.psum_chain.has(d)) chain[at] = pe[at];
    }
    return chain;
  }

  // A PE that gets no share of one of the operand's dimensions drops what it has.
  void drop_idle(const Region& pass) {
    for (auto& [pe, words] : pads) {
      for (Dim d : kAllDims) {
        const auto at = static_cast<std::size_t>(index(d));
        if (relevant(operand, d) && pe[at] >= ceil_div(pass[at].size(), nest.tiles[at].pe)) {
          words.clear();
        }
      }
    }
  }
};

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  Count between(Count low, Count high) {
    return low + static_cast<Count>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  // A tile size; often all or one.
  Count tile(Count most) {
    const Count choice = between(0, 3);
    return choice == 0 ? most : choice == 1 ? 1 : between(1, most);
  }
  template <class Item>
  void shuffle(std::vector<Item>& items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1],
                items[static_cast<std::size_t>(between(0, static_cast<Count>(i) - 1))]);
    }
  }

 private:
  std::mt19937_64 engine_;
};

Tiles random_tiles(Random& random, Count size) {
  Tiles t;
  t.layer = size;
  t.glb = random.tile(size);
  t.pass = random.tile(t.glb);
  const Count inner = random.tile(t.pass);
  t.pe = random.between(0, 1) == 0 ? t.pass : inner;
  t.rf = inner;
  return t;
}

// All loops that turn and a few that do not, in any order.
LoopOrder random_order(Random& random, const Nest& nest) {
  LoopOrder order;
  for (Storey storey : {Storey::Dram, Storey::Glb, Storey::Pe}) {
    std::vector<Dim> dims;
    for (Dim d : kAllDims) {
      const Tiles& t = nest[d];
      const Count outer[] = {t.layer, t.glb, t.pe}, inner[] = {t.glb, t.pass, t.rf};
      const bool turns = outer[index(storey)] > inner[index(storey)];
      if (d != Dim::G && (turns || random.between(0, 7) == 0)) dims.push_back(d);
    }
    random.shuffle(dims);
    for (Dim d : dims) order.push({d, storey});
  }
  return order;
}

// Often the plain law, often not.
Ways random_ways(Random& random) {
  Ways ways;
  if (random.between(0, 2) == 0) return ways;
  for (Operand operand : kAllOperands) {
    ways[operand].glb = random.between(0, 2) > 0;
    ways[operand].rf = random.between(0, 2) > 0;
  }
  if (ways.ifmap.glb && random.between(0, 1) == 0) ways.ifmap.halo = Halo::Refetch;
  for (Operand operand : {Operand::Ifmap, Operand::Filter}) {
    const bool by_pass = operand == Operand::Filter && ways[operand].rf;
    if ((ways[operand].glb || by_pass) && random.between(0, 3) == 0) {
      ways[operand].refetch = Refetch::Always;
    }
  }
  ways.psum_chain = {};
  for (Dim d : {Dim::C, Dim::R, Dim::S}) {
    if (random.between(0, 2) > 0) ways.psum_chain.add(d);
  }
  return ways;
}

struct Case {
  LayerShape shape;
  Nest nest;

  Layer layer() const { return Layer("drawn", shape); }
};

// A layer of few multiply-accumulates, most of them along the dimensions drawn first.
Case random_case(Random& random, Count most_macs) {
  std::vector<Dim> dims{Dim::N, Dim::M, Dim::C, Dim::R, Dim::S, Dim::E, Dim::F};
  random.shuffle(dims);
  Count size[kDims] = {1, 1, 1, 1, 1, 1, 1, 1};
  for (Dim d : dims) {
    size[index(d)] = random.between(1, std::min<Count>(most_macs, 7));
    most_macs /= size[index(d)];
  }
  Case drawn;
  LayerShape& s = drawn.shape;
  s.N = size[index(Dim::N)], s.M = size[index(Dim::M)], s.C = size[index(Dim::C)];
  s.R = size[index(Dim::R)], s.S = size[index(Dim::S)];
  s.stride_v = random.between(1, 3), s.stride_h = random.between(1, 3);
  s.dilation_v = random.between(1, 2), s.dilation_h = random.between(1, 2);
  s.H = (size[index(Dim::E)] - 1) * s.stride_v + (s.R - 1) * s.dilation_v + 1;
  s.W = (size[index(Dim::F)] - 1) * s.stride_h + (s.S - 1) * s.dilation_h + 1;
  for (Dim d : dims) drawn.nest[d] = random_tiles(random, size[index(d)]);
  drawn.nest.order = random_order(random, drawn.nest);
  drawn.nest.ways = random_ways(random);
  return drawn;
}

// The term of an axis that stands at a place of products.
double value_at(const NestTerms<Checked>& terms, int axis, std::size_t place) {
  if (place == 0) return 1;
  std::vector<Checked> row;
  if (axis < kDims) {
    const DimTerms<Checked>& t = terms.dim[axis];
    for (auto values : {&t.states, &t.pes, &t.keep}) {
      row.insert(row.end(), std::begin(*values), std::end(*values));
    }
    row.insert(row.end(), {t.size, t.keep_glb});
  } else {
    const WindowTerms<Checked>& t = axis == kRows ? terms.rows : terms.columns;
    row = {t.one, t.gross[0], t.gross[1], t.gross[2]};
    for (const auto& kept : t.kept) row.insert(row.end(), std::begin(kept), std::end(kept));
  }
  return to_double(row.at(place));
}

void check_flows(const Case& drawn) {
  const Layer layer = drawn.layer();
  check_nest(layer, drawn.nest);
  const LayerShape& s = drawn.shape;
  const Steps steps{{s.stride_v, s.dilation_v}, {s.stride_h, s.dilation_h}};
  const Flows<Checked> moved =
      flows(nest_terms(layer, drawn.nest), drawn.nest.order, drawn.nest.ways);
  for (Operand operand : kAllOperands) {
    Walk walk{drawn.nest, steps, operand};
    walk.run();
    CHECK_EQ(moved.glb[index(operand)].value(), walk.glb);
    CHECK_EQ(moved.array[index(operand)].value(), walk.array);
    CHECK_EQ(moved.pes[index(operand)].value(), walk.pes);
  }
}

TEST(flows_match_a_walk_that_moves_sets) {
  Random random(20170101);
  for (int i = 0; i < 2000; ++i) check_flows(random_case(random, 60));
  for (int i = 0; i < 200; ++i) check_flows(random_case(random, 400));
}

// One row of the ifmap under one filter row, one output at a time.
TEST(a_sliding_window_fetches_each_word_once) {
  Case drawn{.shape = {.W = 6, .S = 3}, .nest = {}};
  drawn.nest[Dim::S] = {3, 3, 3, 3, 3};
  drawn.nest[Dim::F] = {4, 4, 4, 4, 1};
  drawn.nest.order = LoopOrder({}, {}, {Dim::F});
  const Flows<Checked> moved =
      flows(nest_terms(drawn.layer(), drawn.nest), drawn.nest.order, drawn.nest.ways);
  CHECK_EQ(moved.array[index(Operand::Ifmap)].value(), 6);
  CHECK_EQ(moved.array[index(Operand::Filter)].value(), 3);
  CHECK_EQ(moved.array[index(Operand::Psum)].value(), 4);
  check_flows(drawn);
}

// Three filter rows and two ofmap rows on 3 x 2 PEs: rows of the ifmap go along diagonals.
TEST(a_multicast_counts_once_for_the_array_and_once_per_pe) {
  Case drawn{.shape = {.H = 4, .R = 3}, .nest = {}};
  drawn.nest[Dim::R] = {3, 3, 3, 1, 1};
  drawn.nest[Dim::E] = {2, 2, 2, 1, 1};
  const Flows<Checked> moved =
      flows(nest_terms(drawn.layer(), drawn.nest), drawn.nest.order, drawn.nest.ways);
  CHECK_EQ(moved.array[index(Operand::Ifmap)].value(), 4);
  CHECK_EQ(moved.pes[index(Operand::Ifmap)].value(), 6);
  CHECK_EQ(moved.array[index(Operand::Filter)].value(), 3);
  CHECK_EQ(moved.pes[index(Operand::Filter)].value(), 6);
  CHECK_EQ(moved.array[index(Operand::Psum)].value(), 2);
  CHECK_EQ(moved.pes[index(Operand::Psum)].value(), 6);
  check_flows(drawn);
}

// The engine run on symbols, and then the symbols given their values.
TEST(products_add_up_to_the_flows) {
  Random random(7);
  for (int i = 0; i < 300; ++i) {
    const Case drawn = random_case(random, 200);
    const NestTerms<Checked> exact = nest_terms(drawn.layer(), drawn.nest);
    const Flows<Checked> counted = flows(exact, drawn.nest.order, drawn.nest.ways);
    Flows<double> sum;
    for (const FlowTerm& term : flow_terms(drawn.nest.order, drawn.nest.ways)) {
      double product = term.product.factor;
      for (int axis = 0; axis < kAxes; ++axis) {
        product *= value_at(exact, axis, term.product.place[static_cast<std::size_t>(axis)]);
      }
      double (*of_reach[])[kOperands] = {&sum.glb, &sum.array, &sum.pes};
      (*of_reach[term.reach])[term.operand] += product;
    }
    for (int o = 0; o < kOperands; ++o) {
      CHECK_EQ(sum.glb[o], to_double(counted.glb[o]));
      CHECK_EQ(sum.array[o], to_double(counted.array[o]));
      CHECK_EQ(sum.pes[o], to_double(counted.pes[o]));
    }
  }
}

}  // namespace
}  // namespace energysim
