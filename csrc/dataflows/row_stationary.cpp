// Row stationary: a PE keeps a filter row and slides an ifmap row along it; R PEs above each other
// make one ofmap row, e of them side by side make e rows (ISCA 2016, Section V; JSSC 2017, Section
// III). Letters as in JSSC 2017, Table III.
#include "dataflows.h"

namespace energysim {
namespace {

using enum Dim;

Dataflow row_stationary_base() {
  Dataflow d;
  d.source = "Chen, Emer, Sze: Eyeriss, ISCA 2016 (Section V); Chen et al., JSSC 2017 (Table III)";
  //                    in the GLB    on the array  in a PE      in its scratch pads
  d.rules[index(N)] = {Tile::Same, Tile::Same, Tile::Free, Tile::One};
  d.rules[index(M)] = {Tile::Free, Tile::Free, Tile::Free, Tile::Same};
  d.rules[index(C)] = {Tile::Same, Tile::Free, Tile::Free, Tile::Same};
  d.rules[index(R)] = {Tile::Whole, Tile::Whole, Tile::One, Tile::Same};
  d.rules[index(S)] = {Tile::Whole, Tile::Same, Tile::Whole, Tile::Same};
  d.rules[index(E)] = {Tile::Same, Tile::Free, Tile::One, Tile::Same};
  d.rules[index(F)] = {Tile::Same, Tile::Same, Tile::Whole, Tile::One};
  d.variables = {{"E1", E, Variable::At::Glb}, {"e", E, Variable::At::Pass},
                 {"n", N, Variable::At::Pe},   {"q", C, Variable::At::Pe},
                 {"r", C, Variable::At::Pass}, {"p", M, Variable::At::Pe},
                 {"t", M, Variable::At::Pass}, {"m", M, Variable::At::Glb}};
  d.array = {Packing::Grid, R, E};
  return d;
}

constexpr Ways kFiltersPastGlb{.ifmap = {}, .filter = {.glb = false}, .psum = {}};
constexpr Ways kAllThroughGlb{};

}  // namespace

Dataflow row_stationary() {
  Dataflow d = row_stationary_base();
  d.name = "rs";
  d.summary = "row stationary with every loop order that saves energy";
  d.schemes = {
      {"psums",
       "psums stay in the GLB over all channels; filters pass it by and stay in the scratch pads "
       "over strips and images where the passes allow",
       LoopOrder({M, N, E, F, C}, {M, R, S, E}, {N, F}),
       kFiltersPastGlb,
       {{E, Tile::Free}}},
      {"ifmaps",
       "ifmaps of all channels stay in the GLB over the groups of filters; filters pass it by",
       LoopOrder({N, E, F, M}, {C, R, S, E}, {N, F}),
       kFiltersPastGlb,
       {{E, Tile::Free}, {C, Tile::Whole}, {M, Tile::Same}}},
      {"filters",
       "a group of filters with all channels stays in the GLB over strips and images",
       LoopOrder({M, N, E, F}, {C, R, S, M, E}, {N, F}),
       kAllThroughGlb,
       {{E, Tile::Free}, {C, Tile::Whole}}},
  };
  return d;
}

Dataflow row_stationary_chip() {
  Dataflow d = row_stationary_base();
  d.name = "rs-chip";
  d.summary = "row stationary in the fixed loop order of the Eyeriss chip";
  d.schemes = {{"chip",
                "psums stay in the GLB over all channels; filters pass it by",
                LoopOrder({M, N, E, F, C}, {M, R, S}, {N, F}),
                kFiltersPastGlb,
                {}}};
  return d;
}

Dataflow row_stationary_of_the_estimation_tool() {
  Dataflow d = row_stationary_base();
  d.name = "rs-estimation-tool";
  d.summary = "row stationary as in the published energy estimation tool";
  d.source =
      "Yang, Chen, Emer, Sze: A Method to Estimate the Energy Consumption of Deep Neural Networks, "
      "Asilomar 2017; recovered from its Fig. 6";
  Ways ways;
  ways.filter.glb = false;
  ways.filter.refetch = Refetch::Always;
  d.schemes = {{"single",
                "psums stay in the GLB over all channels; filters pass it by, for each image again",
                LoopOrder({M, N, E, F, C}, {M, R, S}, {N, F}),
                ways,
                {{N, Tile::One}}},
               {"images",
                "psums of all filters of several whole images stay in the GLB over all channels",
                LoopOrder({M, N, E, F, C}, {M, R, S, E}, {N, F}),
                ways,
                {{M, Tile::Whole}, {E, Tile::Whole}},
                /*one_group=*/true}};
  return d;
}

}  // namespace energysim
