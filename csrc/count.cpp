#include "count.h"

#include "footprint.h"

namespace energysim {
namespace {

WindowTerms<Checked> checked(const WindowTerms<Count>& terms) {
  WindowTerms<Checked> out;
  for (int reach = 0; reach < kReaches; ++reach) {
    out.gross[reach] = terms.gross[reach];
    for (int j = 0; j < kMaxLoops; ++j) out.kept[reach][j] = terms.kept[reach][j];
  }
  return out;
}

}  // namespace

NestTerms<Checked> nest_terms(const Layer& layer, const Nest& nest) {
  NestTerms<Checked> terms;
  for (Dim d : kAllDims) terms[d] = dim_terms<Checked>(nest[d]);
  terms.rows = checked(window_terms(row_axis(layer), nest));
  terms.columns = checked(window_terms(column_axis(layer), nest));
  return terms;
}

AccessCounts<Checked> count_nest(const Layer& layer, const Architecture& arch, const Nest& nest) {
  Flows<Checked> moved = flows(nest_terms(layer, nest), nest.order, nest.ways);
  const Checked groups = layer.size(Dim::G);
  for (int o = 0; o < kOperands; ++o) {
    moved.glb[o] *= groups;
    moved.array[o] *= groups;
    moved.pes[o] *= groups;
  }
  return accesses<Checked>(moved, layer.macs(), layer.ofmap_words(), nest.ways, arch.ofmap_path,
                           arch.psum_pad);
}

AccessCounts<Checked> count(const Layer& layer, const Architecture& arch, const Mapping& mapping) {
  check_mapping(layer, arch, mapping);
  return count_nest(layer, arch, mapping.nest);
}

}  // namespace energysim
