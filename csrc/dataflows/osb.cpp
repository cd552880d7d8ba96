// Output stationary, many pixels of many ofmap channels (ISCA 2016, Section IV-B): part of an ofmap
// row of several channels stands in space.
#include "dataflows.h"
#include "output_stationary.h"

namespace energysim {

using enum Dim;

Dataflow output_stationary_b() {
  Dataflow d = output_stationary();
  d.name = "osb";
  d.summary = "output stationary as ISCA 2016 analyses it: many pixels of many ofmap channels";
  d.rules[index(F)].pass = Tile::Free;
  d.rules[index(M)].pass = Tile::Free;
  d.variables = {{"f", F, Variable::At::Pass},
                 {"n", N, Variable::At::Pass},
                 {"t", M, Variable::At::Pass},
                 {"m", M, Variable::At::Glb}};
  return d;
}

Dataflow output_stationary_b_free() { return without_restrictions(output_stationary_b()); }

}  // namespace energysim
