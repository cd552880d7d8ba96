#include "dataflow.h"

#include "dataflows/dataflows.h"
#include "errors.h"

namespace energysim {

DimRule Dataflow::rule(Dim dim, const Scheme& scheme) const {
  DimRule rule = rules[index(dim)];
  for (const auto& [which, tile] : scheme.glb_tiles) {
    if (which == dim) rule.glb = tile;
    if (which == dim && tile == Tile::One) rule = {Tile::Same, Tile::Same, Tile::One, Tile::Same};
  }
  return rule;
}

const Scheme& Dataflow::scheme(const std::string& scheme_name) const {
  std::string known;
  for (const Scheme& s : schemes) {
    if (s.name == scheme_name) return s;
    known += (known.empty() ? "" : ", ") + s.name;
  }
  throw InvalidInput("dataflow '" + name + "' has no loop order '" + scheme_name +
                     "'; known: " + known);
}

const Variable& Dataflow::variable(const std::string& letter) const {
  std::string known;
  for (const Variable& v : variables) {
    if (v.letter == letter) return v;
    known += (known.empty() ? "" : ", ") + v.letter;
  }
  throw InvalidInput("dataflow '" + name + "' has no letter '" + letter + "'; known: " + known);
}

Count rectangles(Count rows, Count columns, Count height, Count width) {
  if (width <= columns) return floor_div(rows, height) * floor_div(columns, width);
  return floor_div(rows, height * ceil_div(width, columns));
}

Count sets_there(const ArrayRule& rule, Count rows, Count columns, const Nest& nest) {
  if (rule.packing == Packing::Pool) return rectangles(rows, columns, 1, 1);
  return rectangles(rows, columns, nest[rule.vertical].chunks(), nest[rule.horizontal].chunks());
}

PeSets pe_sets(const ArrayRule& rule, Count rows, Count columns, const Nest& nest) {
  PeSets sets;
  if (rule.packing == Packing::Grid) {
    sets.height = nest[rule.vertical].chunks();
    sets.width = nest[rule.horizontal].chunks();
  }
  sets.there = rectangles(rows, columns, sets.height, sets.width);
  for (Dim d : kAllDims) {
    if (nest[d].streams() || rule.spans(d)) continue;
    sets.need = saturating_product(sets.need, nest[d].chunks());
  }
  return sets;
}

const std::vector<DataflowPtr>& dataflows() {
  static const std::vector<DataflowPtr> all = [] {
    std::vector<DataflowPtr> list;
    for (Dataflow (*make)() : {
             row_stationary,
             row_stationary_chip,
             weight_stationary,
             output_stationary_a,
             output_stationary_b,
             output_stationary_c,
             no_local_reuse,
             input_stationary,
             weight_stationary_free,
             output_stationary_a_free,
             output_stationary_b_free,
             output_stationary_c_free,
             no_local_reuse_free,
             row_stationary_of_the_estimation_tool,
         }) {
      list.push_back(std::make_shared<const Dataflow>(make()));
    }
    return list;
  }();
  return all;
}

DataflowPtr find_dataflow(const std::string& name) {
  std::string known;
  for (const DataflowPtr& dataflow : dataflows()) {
    if (dataflow->name == name) return dataflow;
    known += (known.empty() ? "" : ", ") + dataflow->name;
  }
  throw InvalidInput("unknown dataflow '" + name + "'; known: " + known);
}

}  // namespace energysim
