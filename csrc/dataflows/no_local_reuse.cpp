// No local reuse: PEs have no scratch pads; filters side by side share an ifmap word, and psums run
// along the channels (ISCA 2016, Section IV-B).
//
// What the paper's bars say beyond its text: filters are never charged in the array, and the GLB
// takes its chunks of ifmaps and filters in again even when they did not change.
#include "dataflows.h"

namespace energysim {

using enum Dim;

Dataflow no_local_reuse() {
  Dataflow d;
  d.name = "nlr";
  d.summary = "no local reuse as ISCA 2016 analyses it";
  d.source = "Chen, Emer, Sze: Eyeriss, ISCA 2016 (Sections IV-B and VII, Figs. 12 and 14)";
  //                    in the GLB   on the array  in a PE     (no scratch pad)
  d.rules[index(N)] = {Tile::Free, Tile::Same, Tile::One, Tile::Same};
  d.rules[index(M)] = {Tile::Free, Tile::Free, Tile::One, Tile::Same};
  d.rules[index(C)] = {Tile::Same, Tile::Free, Tile::One, Tile::Same};
  d.rules[index(R)] = {Tile::Whole, Tile::Same, Tile::One, Tile::Same};
  d.rules[index(S)] = {Tile::Whole, Tile::Same, Tile::One, Tile::Same};
  d.rules[index(E)] = {Tile::Free, Tile::Same, Tile::One, Tile::Same};
  d.rules[index(F)] = {Tile::Whole, Tile::Same, Tile::One, Tile::Same};
  d.array = {Packing::Pool};
  d.variables = {{"r", C, Variable::At::Pass},
                 {"n", N, Variable::At::Glb},
                 {"E1", E, Variable::At::Glb},
                 {"t", M, Variable::At::Pass},
                 {"m", M, Variable::At::Glb}};
  const Ways ways{.ifmap = {.rf = false, .halo = Halo::Refetch, .refetch = Refetch::Always},
                  .filter = {.noc = false, .rf = false, .refetch = Refetch::Always},
                  .psum = {.rf = false}};
  d.schemes = {{"psums",
                "psums stay in the GLB over all channels",
                LoopOrder({N, E, M, C}, {R, S, M, N, E, F}, {}),
                ways,
                {}}};
  return d;
}

Dataflow no_local_reuse_free() {
  Dataflow d = no_local_reuse();
  d.name = "nlr-free";
  d.summary = "no local reuse with every tile and order that the law of residence allows";
  d.source = "the same unrolling as nlr, without its restrictions";
  const Ways ways{
      .ifmap = {.rf = false}, .filter = {.noc = false, .rf = false}, .psum = {.rf = false}};
  d.schemes = {
      {"psums",
       "psums stay in the GLB over all channels",
       LoopOrder({N, E, M, C}, {R, S, M, N, E, F}, {}),
       ways,
       {}},
      {"ifmaps",
       "ifmaps of all channels stay in the GLB over the groups of filters",
       LoopOrder({N, E, M}, {C, R, S, M, N, E, F}, {}),
       ways,
       {{C, Tile::Whole}}},
      {"filters",
       "a group of filters with all channels stays in the GLB over strips and images",
       LoopOrder({M, N, E}, {C, R, S, M, N, E, F}, {}),
       ways,
       {{C, Tile::Whole}}},
  };
  return d;
}

}  // namespace energysim
