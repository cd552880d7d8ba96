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

}  // namespace energysim
