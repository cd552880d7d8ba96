// Weight stationary: a PE keeps one weight while all pixels of the batch pass by; R x S PEs hold a
// filter plane, and psums run along a filter row and the channels (ISCA 2016, Section IV-B).
//
// What the paper's bars say beyond its text: ifmaps and filters are never charged in the GLB, nor
// filters in the array; the batch is not tiled; the sums of the filter's rows meet in the GLB.
#include "dataflows.h"

namespace energysim {

using enum Dim;

Dataflow weight_stationary() {
  Dataflow d;
  d.name = "ws";
  d.summary = "weight stationary as ISCA 2016 analyses it";
  d.source = "Chen, Emer, Sze: Eyeriss, ISCA 2016 (Sections IV-B and VII, Figs. 12 and 14)";
  //                    in the GLB   on the array   in a PE        in its scratch pad
  d.rules[index(N)] = {Tile::Whole, Tile::Same, Tile::Untiled, Tile::One};
  d.rules[index(M)] = {Tile::Same, Tile::Free, Tile::One, Tile::Same};
  d.rules[index(C)] = {Tile::Whole, Tile::Free, Tile::One, Tile::Same};
  d.rules[index(R)] = {Tile::Whole, Tile::Whole, Tile::One, Tile::Same};
  d.rules[index(S)] = {Tile::Whole, Tile::Whole, Tile::One, Tile::Same};
  d.rules[index(E)] = {Tile::Whole, Tile::Same, Tile::Untiled, Tile::One};
  d.rules[index(F)] = {Tile::Whole, Tile::Same, Tile::Untiled, Tile::One};
  d.array = {Packing::Pool};
  d.variables = {{"r", C, Variable::At::Pass}, {"t", M, Variable::At::Pass}};
  const Ways ways{.ifmap = {.glb = false, .rf = false},
                  .filter = {.glb = false, .noc = false},
                  .psum = {.rf = false},
                  .psum_chain = {C, S}};
  d.schemes = {{"psums",
                "psums of a group of filters stay in the GLB over all channels",
                LoopOrder({M}, {C, R, S}, {N, E, F}),
                ways,
                {}}};
  return d;
}

Dataflow weight_stationary_free() {
  Dataflow d = weight_stationary();
  d.name = "ws-free";
  d.summary = "weight stationary with every tile and order that the law of residence allows";
  d.source = "the same unrolling and scratch pad as ws, without its restrictions";
  d.rules[index(N)] = {Tile::Same, Tile::Same, Tile::Free, Tile::One};
  d.rules[index(M)] = {Tile::Free, Tile::Free, Tile::One, Tile::Same};
  d.rules[index(C)] = {Tile::Same, Tile::Free, Tile::One, Tile::Same};
  d.rules[index(E)] = {Tile::Same, Tile::Same, Tile::Free, Tile::One};
  d.rules[index(F)] = {Tile::Same, Tile::Same, Tile::Whole, Tile::One};
  d.variables = {{"e", E, Variable::At::Pe},
                 {"n", N, Variable::At::Pe},
                 {"r", C, Variable::At::Pass},
                 {"t", M, Variable::At::Pass},
                 {"m", M, Variable::At::Glb}};
  Ways all{.ifmap = {.rf = false}, .filter = {.noc = false}, .psum = {.rf = false}};
  all.psum_chain = {C, S};
  Ways past_filters = all;
  past_filters.filter.glb = false;
  Ways past_both = past_filters;
  past_both.ifmap.glb = false;
  d.schemes = {
      {"past",
       "psums stay in the GLB over all channels; ifmaps and filters pass it by",
       LoopOrder({M, N, E, F, C}, {R, S}, {N, E, F}),
       past_both,
       {{M, Tile::Same}}},
      {"psums",
       "psums stay in the GLB over all channels; filters pass it by",
       LoopOrder({M, N, E, F, C}, {M, R, S}, {N, E, F}),
       past_filters,
       {}},
      {"ifmaps",
       "ifmaps of all channels stay in the GLB over the groups of filters; filters pass it by",
       LoopOrder({N, E, F, M}, {C, R, S}, {N, E, F}),
       past_filters,
       {{C, Tile::Whole}, {M, Tile::Same}}},
      {"filters",
       "a group of filters with all channels stays in the GLB over strips and images",
       LoopOrder({M, N, E, F}, {C, R, S, M}, {N, E, F}),
       all,
       {{C, Tile::Whole}}},
  };
  return d;
}

}  // namespace energysim
