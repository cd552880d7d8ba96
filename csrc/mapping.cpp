#include "mapping.h"

#include <algorithm>

#include "errors.h"
#include "footprint.h"
#include "space.h"

namespace energysim {
namespace {

std::string name_of(Dim dim) { return std::string(1, kDimLetters[index(dim)]); }

// What the checks below throw: `naming` says of which layer.
struct Misfit {
  std::string why;
};

[[noreturn]] void refuse(const std::string& why) { throw Misfit{why}; }

template <class Check>
void naming(const Layer& layer, Check check) {
  try {
    check();
  } catch (const Misfit& misfit) {
    throw InvalidMapping("layer '" + layer.name() + "': the mapping does not fit: " + misfit.why);
  }
}

// Which of the mapping's letters to make smaller; `otherwise` if none that matter is above one.
template <class Matters>
std::string remedy(const Mapping& mapping, Matters matters, const std::string& otherwise) {
  std::vector<std::string> letters;
  for (const Variable& v : mapping.dataflow->variables) {
    if (matters(v) && mapping.letter(v) > 1) letters.push_back(v.letter);
  }
  if (letters.empty()) return "; " + otherwise;
  std::string text = "; make ";
  for (std::size_t i = 0; i < letters.size(); ++i) {
    text += (i == 0 ? "" : i + 1 < letters.size() ? ", " : " or ") + letters[i];
  }
  return text + " smaller";
}

void check_tiles(const Layer& layer, const Nest& nest) {
  for (Dim d : kAllDims) {
    const Tiles& t = nest[d];
    const Count chain[] = {layer.size(d), t.glb, t.pass, t.pe, t.rf};
    for (int k = 0; k < 4; ++k) {
      if (chain[k + 1] >= 1 && chain[k + 1] <= chain[k]) continue;
      refuse("tiles of " + name_of(d) +
             " must shrink from layer to GLB, pass, PE and RF and be at least 1, got " +
             std::to_string(chain[0]) + " > " + std::to_string(chain[1]) + " > " +
             std::to_string(chain[2]) + " > " + std::to_string(chain[3]) + " > " +
             std::to_string(chain[4]));
    }
    if (t.layer != layer.size(d)) {
      refuse("it was made for " + name_of(d) + " = " + std::to_string(t.layer) +
             ", the layer has " + std::to_string(layer.size(d)));
    }
    if (t.pe < t.pass && t.rf < t.pe) {
      refuse(name_of(d) +
             " is cut in space and streamed inside the PE at once; make its PE "
             "tile equal to its pass tile or to its RF tile");
    }
  }
}

void check_loops(const Nest& nest) {
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
        refuse(name_of(d) + " is cut into tiles that the " + names[index(storey)] +
               " loops would have to step over, but its loop order has no loop there; "
               "make the tile larger");
      }
    }
  }
}

void check_rule(const Layer& layer, const Mapping& mapping) {
  const Scheme& scheme = mapping.dataflow->scheme(mapping.scheme);
  if (!scheme.takes(layer)) {
    refuse("loop order '" + scheme.name + "' of dataflow '" + mapping.dataflow->name +
           "' is for layers of a single group; use another one");
  }
  for (Dim d : kAllDims) {
    const DimRule rule = mapping.dataflow->rule(d, scheme);
    const Tiles& t = mapping.nest[d];
    if (d == Dim::G) continue;
    const auto must = [&](bool holds, const std::string& what) {
      if (!holds) {
        refuse("dataflow '" + mapping.dataflow->name + "' (" + scheme.name + ") wants " + what);
      }
    };
    must(rule.rf != Tile::One || t.rf == 1, "a single " + name_of(d) + " in the scratch pads");
    must(rule.rf != Tile::Same || t.rf == t.pe, "the RF tile of " + name_of(d) + " to be the PE's");
    must(rule.pe != Tile::One || t.pe == 1, "a single " + name_of(d) + " in a PE");
    must(rule.pe != Tile::Untiled || t.pe == t.layer, "all of " + name_of(d) + " in a PE");
    must(rule.pass != Tile::Untiled || t.pass == t.layer, "all of " + name_of(d) + " on the array");
    must(rule.pass != Tile::Same || t.pass == t.pe,
         "the pass tile of " + name_of(d) + " to be the PE's");
    must(rule.glb != Tile::Same || t.glb == t.pass,
         "the GLB tile of " + name_of(d) + " to be the pass'");
    must(rule.glb != Tile::Whole || t.glb == t.layer, "all of " + name_of(d) + " in the GLB");
  }
  if (mapping.nest.order != scheme.order || mapping.nest.ways != scheme.ways) {
    refuse("its loops or its ways through the GLB are not those of loop order '" + scheme.name +
           "' of dataflow '" + mapping.dataflow->name +
           "'; leave them out, or name the loop order that they belong to");
  }
}

void check_array(const Architecture& arch, const Mapping& mapping) {
  const PeSets sets = pe_sets(mapping.dataflow->array, arch.rows, arch.columns, mapping.nest);
  if (sets.need <= sets.there) return;
  const bool pool = mapping.dataflow->array.packing == Packing::Pool;
  const std::string what = pool ? "PEs"
                                : "PE sets of " + std::to_string(sets.height) + " x " +
                                      std::to_string(sets.width) + " PEs";
  refuse(
      "it needs " + std::to_string(sets.need) + " " + what + ", the array of " +
      std::to_string(arch.rows) + " x " + std::to_string(arch.columns) + " holds " +
      std::to_string(sets.there) +
      remedy(
          mapping, [](const Variable& v) { return v.at == Variable::At::Pass; }, "take more PEs"));
}

std::string sum_text(Count sum) {
  return (sum == kGreatestCount ? "at least " : "") + std::to_string(sum);
}

// Words of storage, with their width where it is not the usual one.
std::string storage_words(const Architecture& arch, const std::string& words) {
  constexpr Count kUsualBits = 16;
  return words + " words" +
         (arch.word_bits == kUsualBits ? "" : " of " + std::to_string(arch.word_bits) + " bits");
}

void check_capacity(const Layer& layer, const Architecture& arch, const Mapping& mapping) {
  const Nest& nest = mapping.nest;
  const Scheme& scheme = mapping.dataflow->scheme(mapping.scheme);
  const auto smaller_pads = [&](auto concerns) {
    const auto matters = [&](const Variable& v) {
      return v.at == Variable::At::Pe && concerns(v.dim) &&
             mapping.dataflow->rule(v.dim, scheme).rf == Tile::Same;
    };
    return remedy(mapping, matters, "take larger scratch pads");
  };
  const auto in_glb = [&](const Variable& v) {
    const bool held = std::any_of(kAllOperands.begin(), kAllOperands.end(), [&](Operand operand) {
      return nest.ways[operand].glb && relevant(operand, v.dim);
    });
    const Tile glb = mapping.dataflow->rule(v.dim, scheme).glb;
    return held && glb == (v.at == Variable::At::Glb ? Tile::Free : Tile::Same);
  };
  Count pool = 0, buffer = 0;
  std::string parts;
  for (Operand operand : kAllOperands) {
    const std::string who(kOperandNames[index(operand)]);
    const Count pad = rf_need(layer, arch, nest, operand), there = arch.rf.words[index(operand)];
    pool = saturating_sum(pool, pad);
    if (!arch.rf.pooled && pad > there) {
      refuse("the " + who + " needs " + storage_words(arch, std::to_string(pad)) +
             " of scratch pad in a PE, there are " + std::to_string(there) +
             smaller_pads([&](Dim d) { return relevant(operand, d); }));
    }
    if (nest.ways[operand].glb) {
      const Count words = glb_need(layer, arch, nest, operand);
      buffer = saturating_sum(buffer, words);
      parts += (parts.empty() ? "" : " + ") + who + " " + std::to_string(words);
    }
  }
  if (arch.rf.pooled && pool > arch.rf.pool) {
    refuse("a PE needs " + storage_words(arch, sum_text(pool)) + " of scratch pad, there are " +
           std::to_string(arch.rf.pool) + smaller_pads([](Dim) { return true; }));
  }
  if (buffer > arch.glb_words) {
    refuse("the GLB needs " + storage_words(arch, sum_text(buffer)) + " (" + parts +
           "), there are " + std::to_string(arch.glb_words) +
           remedy(mapping, in_glb, "take a larger GLB"));
  }
}

// What any nest must have, whatever its dataflow.
void check_any(const Layer& layer, const Nest& nest) {
  check_tiles(layer, nest);
  check_loops(nest);
}

void check_all(const Layer& layer, const Architecture& arch, const Mapping& mapping) {
  arch.validate();
  check_any(layer, mapping.nest);
  check_rule(layer, mapping);
  check_array(arch, mapping);
  check_capacity(layer, arch, mapping);
}

// Tiles are clipped to their dimension and to each other; what is counted has to be what was asked
// for. Where even the smaller tile does not fit, to ask for that would lead to the next error.
void check_letter(const Layer& layer, const Architecture& arch, const Mapping& mapping,
                  const Variable& variable, Count asked) {
  const Count got = mapping.letter(variable);
  if (got == asked) return;
  const std::string &letter = variable.letter, value = std::to_string(got);
  if (asked < 1) refuse(letter + " must be at least 1, got " + std::to_string(asked));
  const std::string beyond = got < asked ? misfit(layer, arch, mapping) : "";
  refuse(letter + " = " + std::to_string(asked) + " is not possible here, loop order '" +
         mapping.scheme + "' of dataflow '" + mapping.dataflow->name + "' makes it " + value +
         (beyond.empty() ? "; make " + letter + " " + value : ", and with that " + beyond));
}

}  // namespace

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

void check_ways(const Ways& ways) {
  for (Operand operand : kAllOperands) {
    const std::string who(kOperandNames[index(operand)]);
    const Way& way = ways[operand];
    const bool always = way.refetch == Refetch::Always, halo = way.halo == Halo::Refetch;
    const bool by_pass = always && operand == Operand::Filter && way.rf;
    if (!way.glb && !by_pass && (always || halo)) {
      throw InvalidInput(
          who + ": " + (always ? "refetch: always" : "halo: refetch") +
          " speaks of its tile in the GLB, which it passes by; add glb to its levels");
    }
    if (operand != Operand::Ifmap && halo) {
      throw InvalidInput(who + ": only the ifmap has a halo");
    }
    if (operand == Operand::Psum && always) {
      throw InvalidInput(
          "psum: a psum tile that does not change is never written up and read back");
    }
  }
  for (Dim d : kAllDims) {
    if (ways.psum_chain.has(d) && !kReduction.has(d)) {
      throw InvalidInput(
          "psum: PEs along " + name_of(d) +
          " work on different psums, which no chain joins; a chain is along C, R, S");
    }
  }
}

void check_nest(const Layer& layer, const Nest& nest) {
  naming(layer, [&] { check_any(layer, nest); });
}

std::string misfit(const Layer& layer, const Architecture& arch, const Mapping& mapping) {
  try {
    check_all(layer, arch, mapping);
  } catch (const Misfit& found) {
    return found.why;
  }
  return "";
}

void check_mapping(const Layer& layer, const Architecture& arch, const Mapping& mapping) {
  naming(layer, [&] { check_all(layer, arch, mapping); });
}

Mapping mapping_from_letters(const Layer& layer, const Architecture& arch, DataflowPtr dataflow,
                             const std::string& scheme_name,
                             const std::vector<std::pair<std::string, Count>>& letters) {
  const Scheme& scheme =
      scheme_name.empty() ? dataflow->schemes.front() : dataflow->scheme(scheme_name);
  arch.validate();
  const Space space(layer, arch, *dataflow, scheme);
  Choice choices[kDims];
  for (const auto& [letter, value] : letters) {
    const Variable& variable = dataflow->variable(letter);
    Choice& choice = choices[index(variable.dim)];
    (variable.at == Variable::At::Pe     ? choice.pe
     : variable.at == Variable::At::Pass ? choice.chunks
                                         : choice.glb) = std::max<Count>(1, value);
  }
  Mapping mapping{std::move(dataflow), scheme.name, space.smallest()};
  for (Dim d : kAllDims) mapping.nest[d] = space.tiles(d, choices[index(d)]);
  naming(layer, [&] {
    for (const auto& [letter, value] : letters) {
      check_letter(layer, arch, mapping, mapping.dataflow->variable(letter), value);
    }
    check_all(layer, arch, mapping);
  });
  return mapping;
}

}  // namespace energysim
