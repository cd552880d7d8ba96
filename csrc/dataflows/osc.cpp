// Output stationary, a single pixel of many ofmap channels (ISCA 2016, Section IV-B): one pixel of
// several channels stands in space.
#include "dataflows.h"
#include "output_stationary.h"

namespace energysim {

using enum Dim;

Dataflow output_stationary_c() {
  Dataflow d = output_stationary();
  d.name = "osc";
  d.summary = "output stationary as ISCA 2016 analyses it: a single pixel of many ofmap channels";
  d.rules[index(M)].pass = Tile::Free;
  d.variables = {
      {"n", N, Variable::At::Pass}, {"t", M, Variable::At::Pass}, {"m", M, Variable::At::Glb}};
  return d;
}

Dataflow output_stationary_c_free() { return without_restrictions(output_stationary_c()); }

}  // namespace energysim
