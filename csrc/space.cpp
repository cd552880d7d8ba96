#include "space.h"

#include <algorithm>

#include "bisect.h"
#include "footprint.h"

namespace energysim {

Space::Space(const Layer& layer, const Architecture& arch, const Dataflow& dataflow,
             const Scheme& scheme)
    : layer_(&layer), arch_(&arch), dataflow_(&dataflow), scheme_(&scheme) {
  for (Dim d : kAllDims) {
    rules_[index(d)] = dataflow.rule(d, scheme);
    whole_[index(d)] = layer.size(d);
  }
  fold_whole_tiles();
}

Tiles Space::tiles(Dim dim, const Choice& choice) const {
  const DimRule& rule = rules_[index(dim)];
  const Count size = layer_->size(dim), whole = whole_[index(dim)];
  Tiles t;
  t.layer = size;
  if (dim == Dim::G) return t;
  const bool pe_whole = rule.pe == Tile::Whole || rule.pe == Tile::Untiled;
  t.pe = rule.pe == Tile::One ? 1 : pe_whole ? whole : std::min(choice.pe, size);
  t.rf = rule.rf == Tile::One ? 1 : t.pe;
  const auto takes_all = [&] {
    return choice.chunks > 1 ? choice.chunks >= ceil_div(size, t.pe) : t.pe == size;
  };
  t.pass = rule.pass == Tile::Same                     ? t.pe
           : rule.pass == Tile::Whole                  ? whole
           : rule.pass == Tile::Untiled || takes_all() ? size
                                                       : t.pe * choice.chunks;
  t.glb = rule.glb == Tile::Same    ? t.pass
          : rule.glb == Tile::Whole ? size
                                    : std::clamp(choice.glb, t.pass, size);
  return t;
}

// A dimension that is to stay whole is cut over time only as far as it could never fit otherwise,
// whatever the other sizes. That depends on the filter, the row length and the architecture alone,
// not on batch or channels, so that pruning a channel never changes it.
void Space::fold_whole_tiles() {
  const auto folds = [&](Dim d) {
    return d != Dim::G &&
           (rules_[index(d)].pe == Tile::Whole || rules_[index(d)].pass == Tile::Whole);
  };
  for (Dim d : kAllDims) {
    if (folds(d)) whole_[index(d)] = 1;
  }
  smallest_.order = scheme_->order;
  smallest_.ways = scheme_->ways;
  for (Dim d : kAllDims) smallest_[d] = tiles(d, Choice{});
  // Of batch and channels, what a scheme wants whole in the GLB counts as a single pass here.
  Nest nest = smallest_;
  const auto take = [&](Dim d) {
    nest[d] = tiles(d, Choice{});
    if (d == Dim::N || d == Dim::M || d == Dim::C) nest[d].glb = nest[d].pass;
  };
  for (Dim d : kAllDims) take(d);
  for (Dim d : kAllDims) {
    if (!folds(d)) continue;
    const Count size = layer_->size(d);
    const auto fits_with = [&](Count tile) {
      whole_[index(d)] = tile;
      take(d);
      return fits(nest);
    };
    if (!fits_with(size)) {
      // As few cuts as any tile that fits needs, and tiles as even as so many cuts allow.
      const Count greatest = greatest_that(size, fits_with);
      whole_[index(d)] = greatest > 0 ? ceil_div(size, ceil_div(size, greatest)) : 1;
    }
    take(d);
    smallest_[d] = tiles(d, Choice{});
  }
}

bool Space::fits_glb(const Nest& nest) const {
  Count left = arch_->glb_words;
  for (Operand operand : kAllOperands) {
    left -= std::min(left + 1, glb_need(*layer_, *arch_, nest, operand));
  }
  return left >= 0;
}

bool Space::fits_rf(const Nest& nest) const {
  const Scratchpads& rf = arch_->rf;
  Count left = rf.pool;
  for (Operand operand : kAllOperands) {
    const Count need = rf_need(*layer_, *arch_, nest, operand);
    if (!rf.pooled && need > rf.words[index(operand)]) return false;
    left -= std::min(left + 1, need);
  }
  return !rf.pooled || left >= 0;
}

bool Space::fits_array(const Nest& nest) const {
  const PeSets sets = pe_sets(dataflow_->array, arch_->rows, arch_->columns, nest);
  return sets.need <= sets.there;
}

bool Space::fits(const Nest& nest) const {
  return fits_array(nest) && fits_rf(nest) && fits_glb(nest);
}

}  // namespace energysim
