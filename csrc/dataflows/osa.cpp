// Output stationary, many pixels of a single ofmap channel (ISCA 2016, Section IV-B): a tile of E x
// F pixels stands in space.
#include "dataflows.h"
#include "output_stationary.h"

namespace energysim {

using enum Dim;

Dataflow output_stationary_a() {
  Dataflow d = output_stationary();
  d.name = "osa";
  d.summary = "output stationary as ISCA 2016 analyses it: many pixels of a single ofmap channel";
  d.rules[index(E)].pass = Tile::Free;
  d.rules[index(F)].pass = Tile::Free;
  d.variables = {{"e", E, Variable::At::Pass},
                 {"f", F, Variable::At::Pass},
                 {"n", N, Variable::At::Pass},
                 {"m", M, Variable::At::Glb}};
  return d;
}

Dataflow output_stationary_a_free() { return without_restrictions(output_stationary_a()); }

}  // namespace energysim
