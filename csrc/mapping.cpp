#include "mapping.h"

#include <algorithm>

#include "checked.h"
#include "errors.h"
#include "footprint.h"
#include "space.h"

namespace energysim {
namespace {

std::string name_of(Dim dim) { return std::string(1, kDimLetters[index(dim)]); }

[[noreturn]] void refuse(const Layer& layer, const std::string& why) {
  throw InvalidMapping("layer '" + layer.name() + "': the mapping does not fit: " + why);
}

void check_tiles(const Layer& layer, const Nest& nest) {
  for (Dim d : kAllDims) {
    const Tiles& t = nest[d];
    const Count chain[] = {layer.size(d), t.glb, t.pass, t.pe, t.rf};
    for (int k = 0; k < 4; ++k) {
      if (chain[k + 1] >= 1 && chain[k + 1] <= chain[k]) continue;
      refuse(layer, "tiles of " + name_of(d) +
                        " must shrink from layer to GLB, pass, PE and RF and be at least 1, got " +
                        std::to_string(chain[0]) + " > " + std::to_string(chain[1]) + " > " +
                        std::to_string(chain[2]) + " > " + std::to_string(chain[3]) + " > " +
                        std::to_string(chain[4]));
    }
    if (t.layer != layer.size(d)) {
      refuse(layer, "it was made for " + name_of(d) + " = " + std::to_string(t.layer) +
                        ", the layer has " + std::to_string(layer.size(d)));
    }
    if (t.pe < t.pass && t.rf < t.pe) {
      refuse(layer, name_of(d) +
                        " is cut in space and streamed inside the PE at once; make its PE "
                        "tile equal to its pass tile or to its RF tile");
    }
  }
}

void check_loops(const Layer& layer, const Nest& nest) {
  for (Dim d : kAllDims) {
    if (d == Dim::G) continue;
    const Tiles& t = nest[d];
    const std::pair<Storey, bool> turns[] = {
        {Storey::Dram, t.glb < t.layer},
        {Storey::Glb, t.pass < t.glb},
        {Storey::Pe, t.streams() && t.rf < t.pe},
    };
    const char* names[] = {"DRAM", "GLB", "PE"};
    for (const auto& [storey, turning] : turns) {
      if (turning && !nest.order.lists(d, storey)) {
        refuse(layer, name_of(d) + " is cut into tiles that the " + names[index(storey)] +
                          " loops would have to step over, but its loop order has no loop there; "
                          "make the tile larger");
      }
    }
  }
}

void check_rule(const Layer& layer, const Mapping& mapping) {
  const Scheme& scheme = mapping.dataflow->scheme(mapping.scheme);
  for (Dim d : kAllDims) {
    const DimRule rule = mapping.dataflow->rule(d, scheme);
    const Tiles& t = mapping.nest[d];
    if (d == Dim::G) continue;
    const auto must = [&](bool holds, const std::string& what) {
      if (!holds) {
        refuse(layer,
               "dataflow '" + mapping.dataflow->name + "' (" + scheme.name + ") wants " + what);
      }
    };
    must(rule.rf != Tile::One || t.rf == 1, "a single " + name_of(d) + " in the scratch pads");
    must(rule.rf != Tile::Same || t.rf == t.pe, "the RF tile of " + name_of(d) + " to be the PE's");
    must(rule.pe != Tile::One || t.pe == 1, "a single " + name_of(d) + " in a PE");
    must(rule.pass != Tile::Same || t.pass == t.pe,
         "the pass tile of " + name_of(d) + " to be the PE's");
    must(rule.glb != Tile::Same || t.glb == t.pass,
         "the GLB tile of " + name_of(d) + " to be the pass'");
    must(rule.glb != Tile::Whole || t.glb == t.layer, "all of " + name_of(d) + " in the GLB");
  }
}

void check_array(const Layer& layer, const Architecture& arch, const Mapping& mapping) {
  const Grid& grid = mapping.dataflow->grid;
  const Count height = mapping.nest[grid.vertical].chunks();
  const Count width = mapping.nest[grid.horizontal].chunks();
  const Count there = rectangles(arch.rows, arch.columns, height, width);
  const Count need = rectangles_needed(*mapping.dataflow, mapping.nest);
  if (need <= there) return;
  refuse(layer, "it needs " + std::to_string(need) + " PE sets of " + std::to_string(height) +
                    " x " + std::to_string(width) + " PEs, the array of " +
                    std::to_string(arch.rows) + " x " + std::to_string(arch.columns) + " holds " +
                    std::to_string(there) + "; make r * t or e smaller");
}

void check_capacity(const Layer& layer, const Architecture& arch, const Nest& nest) {
  Checked pool = 0, buffer = 0;
  std::string parts;
  for (Operand operand : kAllOperands) {
    const std::string who(kOperandNames[index(operand)]);
    const Count pad = rf_need(layer, nest, operand), there = arch.rf.words[index(operand)];
    pool += pad;
    if (!arch.rf.pooled && pad > there) {
      refuse(layer, "the " + who + " needs " + std::to_string(pad) +
                        " words of scratch pad in a PE, there are " + std::to_string(there) +
                        "; make " + (operand == Operand::Ifmap ? "q" : "p or q") + " smaller");
    }
    if (nest.glb[operand]) {
      const Count words = glb_need(layer, nest, operand);
      buffer += words;
      parts += (parts.empty() ? "" : " + ") + who + " " + std::to_string(words);
    }
  }
  if (arch.rf.pooled && pool.value() > arch.rf.pool) {
    refuse(layer, "a PE needs " + std::to_string(pool.value()) +
                      " words of scratch pad, there are " + std::to_string(arch.rf.pool) +
                      "; make p or q smaller");
  }
  if (buffer.value() > arch.glb_words) {
    refuse(layer, "the GLB needs " + std::to_string(buffer.value()) + " words (" + parts +
                      "), there are " + std::to_string(arch.glb_words) +
                      "; make m, n or e smaller");
  }
}

}  // namespace

Count rectangles_needed(const Dataflow& dataflow, const Nest& nest) {
  Count need = 1;
  for (Dim d : kAllDims) {
    if (d != dataflow.grid.vertical && d != dataflow.grid.horizontal) need *= nest[d].chunks();
  }
  return need;
}

Count Mapping::letter(const Variable& variable) const {
  const Tiles& t = nest[variable.dim];
  switch (variable.at) {
    case Variable::At::Pe:
      return t.pe;
    case Variable::At::Pass:
      return t.chunks();
    case Variable::At::Glb:
      return t.glb;
  }
  return 0;
}

void check_nest(const Layer& layer, const Nest& nest) {
  check_tiles(layer, nest);
  check_loops(layer, nest);
  if (!nest.glb[Operand::Psum]) {
    refuse(layer,
           "psums must be held in the GLB, where unfinished ones wait; only ifmaps and filters "
           "may pass it by");
  }
}

void check_mapping(const Layer& layer, const Architecture& arch, const Mapping& mapping) {
  check_nest(layer, mapping.nest);
  check_rule(layer, mapping);
  check_array(layer, arch, mapping);
  check_capacity(layer, arch, mapping.nest);
}

Mapping mapping_from_letters(const Layer& layer, const Architecture& arch, DataflowPtr dataflow,
                             const std::string& scheme_name,
                             const std::vector<std::pair<std::string, Count>>& letters) {
  const Scheme& scheme =
      scheme_name.empty() ? dataflow->schemes.front() : dataflow->scheme(scheme_name);
  const Space space(layer, arch, *dataflow, scheme);
  Choice choices[kDims];
  for (const auto& [letter, value] : letters) {
    const auto variable = std::find_if(dataflow->variables.begin(), dataflow->variables.end(),
                                       [&](const Variable& v) { return v.letter == letter; });
    if (variable == dataflow->variables.end()) {
      std::string known;
      for (const Variable& v : dataflow->variables) known += (known.empty() ? "" : ", ") + v.letter;
      throw InvalidInput("dataflow '" + dataflow->name + "' has no letter '" + letter +
                         "'; known: " + known);
    }
    if (value < 1) {
      refuse(layer, letter + " must be at least 1, got " + std::to_string(value));
    }
    Choice& choice = choices[index(variable->dim)];
    (variable->at == Variable::At::Pe     ? choice.pe
     : variable->at == Variable::At::Pass ? choice.chunks
                                          : choice.glb) = value;
  }
  Mapping mapping{std::move(dataflow), scheme.name, space.smallest()};
  for (Dim d : kAllDims) mapping.nest[d] = space.tiles(d, choices[index(d)]);
  check_mapping(layer, arch, mapping);
  return mapping;
}

}  // namespace energysim
