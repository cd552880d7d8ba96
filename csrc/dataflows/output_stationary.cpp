// Output stationary: a PE makes one ofmap pixel, its psum stays (ISCA 2016, Section IV-B).
//
// What the paper's bars say beyond its text: the GLB takes a tile's whole receptive field in again
// for every tile and group of filters, and a finished ofmap never passes the GLB.
#include "output_stationary.h"

#include <utility>

namespace energysim {

using enum Dim;

Dataflow output_stationary() {
  Dataflow d;
  d.source = "Chen, Emer, Sze: Eyeriss, ISCA 2016 (Sections IV-B and VII, Figs. 12 and 14)";
  //                    in the GLB  on the array   in a PE        in its scratch pad
  d.rules[index(N)] = {Tile::Same, Tile::Free, Tile::One, Tile::Same};
  d.rules[index(M)] = {Tile::Free, Tile::Same, Tile::One, Tile::Same};
  d.rules[index(C)] = {Tile::Whole, Tile::Same, Tile::Untiled, Tile::One};
  d.rules[index(R)] = {Tile::Whole, Tile::Same, Tile::Untiled, Tile::One};
  d.rules[index(S)] = {Tile::Whole, Tile::Same, Tile::Untiled, Tile::One};
  d.rules[index(E)] = {Tile::Same, Tile::Same, Tile::One, Tile::Same};
  d.rules[index(F)] = {Tile::Same, Tile::Same, Tile::One, Tile::Same};
  d.array = {Packing::Pool};
  const Ways ways{.ifmap = {.rf = false, .halo = Halo::Refetch, .refetch = Refetch::Always},
                  .filter = {.rf = false},
                  .psum = {.glb = false}};
  d.schemes = {{"filters",
                "a group of filters stays in the GLB over all images and pixels",
                LoopOrder({M, N, E, F}, {M}, {C, R, S}),
                ways,
                {}}};
  return d;
}

Dataflow without_restrictions(Dataflow kind) {
  Dataflow d = std::move(kind);
  d.source = "the same unrolling and scratch pad as " + d.name + ", without its restrictions";
  d.summary = d.name + " with every tile and order that the law of residence allows";
  d.name += "-free";
  d.rules[index(C)] = {Tile::Same, Tile::Same, Tile::Free, Tile::One};
  d.variables.insert(d.variables.begin(), {"q", C, Variable::At::Pe});
  const Ways ways{.ifmap = {.rf = false}, .filter = {.rf = false}, .psum = {.glb = false}};
  d.schemes = {
      {"filters",
       "a group of filters stays in the GLB over all images and pixels",
       LoopOrder({M, N, E, F, C}, {M}, {C, R, S}),
       ways,
       {}},
      {"ifmaps",
       "ifmaps stay in the GLB over the groups of filters",
       LoopOrder({N, E, F, M, C}, {M}, {C, R, S}),
       ways,
       {}},
  };
  return d;
}

}  // namespace energysim
