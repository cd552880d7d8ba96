// Input stationary: a PE keeps the ifmap rows that one ofmap row of one channel needs, filters and
// psums pass by (the planar tiles of SCNN, Parashar et al., ISCA 2017, without its sparsity).
#include "dataflows.h"

namespace energysim {

using enum Dim;

Dataflow input_stationary() {
  Dataflow d;
  d.name = "is";
  d.summary = "input stationary: ifmap rows stay in a PE over all filters";
  d.source =
      "Parashar et al.: SCNN, ISCA 2017 (Section III, planar tiles); Sze, Chen, Yang, Emer: "
      "Efficient Processing of Deep Neural Networks, 2020 (Section 5.7)";
  //                    in the GLB   on the array  in a PE       in its scratch pad
  d.rules[index(N)] = {Tile::Same, Tile::Free, Tile::One, Tile::Same};
  d.rules[index(M)] = {Tile::Free, Tile::Same, Tile::One, Tile::Same};
  d.rules[index(C)] = {Tile::Same, Tile::Free, Tile::One, Tile::Same};
  d.rules[index(R)] = {Tile::Whole, Tile::Same, Tile::Whole, Tile::Same};
  d.rules[index(S)] = {Tile::Whole, Tile::Same, Tile::Whole, Tile::Same};
  d.rules[index(E)] = {Tile::Same, Tile::Free, Tile::One, Tile::Same};
  d.rules[index(F)] = {Tile::Same, Tile::Same, Tile::Whole, Tile::Same};
  d.array = {Packing::Pool};
  d.variables = {{"e", E, Variable::At::Pass},
                 {"n", N, Variable::At::Pass},
                 {"r", C, Variable::At::Pass},
                 {"m", M, Variable::At::Glb}};
  const Ways ways{.ifmap = {.glb = false}, .filter = {.rf = false}, .psum = {.rf = false}};
  d.schemes = {
      {"psums",
       "psums stay in the GLB over all channels; ifmaps pass it by",
       LoopOrder({N, E, F, M, C}, {R, S, M}, {}),
       ways,
       {}},
      {"filters",
       "a group of filters with all channels stays in the GLB over strips and images; ifmaps pass "
       "it by",
       LoopOrder({M, N, E, F}, {C, R, S, M}, {}),
       ways,
       {{C, Tile::Whole}}},
  };
  return d;
}

}  // namespace energysim
