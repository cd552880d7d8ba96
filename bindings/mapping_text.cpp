#include "mapping_text.h"

#include <algorithm>
#include <utility>

#include "convert.h"

namespace energysim::bindings {
namespace {

class Drawing {
 public:
  explicit Drawing(const Mapping& mapping) : mapping_(mapping), nest_(mapping.nest) {}

  std::string text() {
    const std::string title = "dataflow '" + mapping_.dataflow->name + "', loop order '" +
                              mapping_.scheme + "': " + letters_text(mapping_);
    lines_.emplace_back(title, "");
    const Count groups = nest_[Dim::G].layer;
    if (groups > 1) open("for each of " + std::to_string(groups) + " groups", "");
    loops(Storey::Dram);
    note(
        "GLB holds", [&](Operand operand) { return nest_.ways[operand].glb; },
        [](const Tiles& t) { return t.glb; });
    loops(Storey::Glb);
    array();
    loops(Storey::Pe);
    note(
        "PE holds", [&](Operand operand) { return nest_.ways[operand].rf; },
        [](const Tiles& t) { return t.rf; });
    return joined();
  }

 private:
  void open(const std::string& loop, const std::string& where) {
    lines_.emplace_back(indent_ + loop + ":", where);
    indent_ += "  ";
  }

  void loops(Storey storey) {
    const char* names[] = {"DRAM loop", "GLB loop", "PE loop"};
    for (int j = 0; j < nest_.order.size(); ++j) {
      const Loop& loop = nest_.order[j];
      if (loop.storey != storey) continue;
      const Tiles& t = nest_[loop.dim];
      const auto [whole, tile] = storey == Storey::Dram  ? std::pair{t.layer, t.glb}
                                 : storey == Storey::Glb ? std::pair{t.glb, t.pass}
                                                         : std::pair{t.pe, t.rf};
      if (tile < whole) open(step(loop.dim, whole, tile), names[index(storey)]);
    }
  }

  static std::string step(Dim dim, Count whole, Count tile) {
    return "for " + dim_name(dim) + " in " + std::to_string(whole) + " by " + std::to_string(tile);
  }

  void array() {
    std::string cuts;
    for (Dim dim : kAllDims) {
      const Tiles& t = nest_[dim];
      if (t.chunks() == 1) continue;
      cuts += (cuts.empty() ? "" : ", ") + dim_name(dim) + " in " + std::to_string(t.pass) +
              " by " + std::to_string(t.pe);
    }
    if (!cuts.empty()) open("all at once " + cuts, "array");
  }

  // The tiles of the operands that a storage holds.
  template <class Holds, class TileOf>
  void note(const std::string& subject, Holds holds, TileOf tile) {
    std::string held;
    for (Operand operand : kAllOperands) {
      if (!holds(operand)) continue;
      held += (held.empty() ? " " : ", ") +
              std::string(kOperandNames[static_cast<std::size_t>(index(operand))]);
    }
    std::string sizes;
    for (Dim dim : kAllDims) {
      if (dim == Dim::G || tile(nest_[dim]) == 1) continue;
      sizes += (sizes.empty() ? "" : " ") + dim_name(dim) + "=" + std::to_string(tile(nest_[dim]));
    }
    lines_.emplace_back(indent_ + subject + (held.empty() ? " nothing" : held) +
                            (sizes.empty() || held.empty() ? "" : " of " + sizes),
                        "");
  }

  // Lines with their comments in one column.
  std::string joined() const {
    std::size_t width = 0;
    for (const auto& [line, comment] : lines_) {
      if (!comment.empty()) width = std::max(width, line.size());
    }
    std::string out;
    for (const auto& [line, comment] : lines_) {
      out += (out.empty() ? "" : "\n") + line;
      if (!comment.empty()) out += std::string(width - line.size(), ' ') + "  # " + comment;
    }
    return out;
  }

  const Mapping& mapping_;
  const Nest& nest_;
  std::string indent_;
  std::vector<std::pair<std::string, std::string>> lines_;
};

}  // namespace

std::vector<Variable> in_paper_order(const Dataflow& dataflow) {
  const std::string paper = "mnepqrt";
  std::vector<Variable> ordered = dataflow.variables;
  const auto place = [&](const Variable& v) {
    return v.letter.size() == 1 ? std::min(paper.find(v.letter), paper.size()) : paper.size();
  };
  std::stable_sort(ordered.begin(), ordered.end(),
                   [&](const Variable& a, const Variable& b) { return place(a) < place(b); });
  return ordered;
}

std::string letters_text(const Mapping& mapping) {
  std::string out;
  for (const Variable& variable : in_paper_order(*mapping.dataflow)) {
    // A GLB tile of the ofmap rows is worth a word only where it is larger than a strip.
    const Tiles& t = mapping.nest[variable.dim];
    if (variable.letter.size() > 1 && t.glb == t.pass) continue;
    out +=
        (out.empty() ? "" : " ") + variable.letter + "=" + std::to_string(mapping.letter(variable));
  }
  return out;
}

std::string nest_text(const Mapping& mapping) { return Drawing(mapping).text(); }

}  // namespace energysim::bindings
