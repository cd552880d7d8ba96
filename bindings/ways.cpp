#include "ways.h"

#include <algorithm>
#include <sstream>

#include "errors.h"

namespace energysim::bindings {
namespace {

constexpr std::array<const char*, 2> kHalo{"slide", "refetch"};
constexpr std::array<const char*, 2> kRefetch{"on_change", "always"};

py::list levels_list(const Way& way) {
  py::list levels;
  for (const Level level : kAllLevels) {
    if (way.passes(level)) {
      levels.append(std::string(kLevelNames[static_cast<std::size_t>(index(level))]));
    }
  }
  return levels;
}

template <class Names>
int choice(const Names& names, py::handle value, const std::string& what) {
  const std::string word = text(value, what);
  const auto found = std::find(names.begin(), names.end(), word);
  if (found == names.end()) throw_unknown(what, word, {names.begin(), names.end()});
  return static_cast<int>(found - names.begin());
}

void read_levels(Way& way, py::handle value, const std::string& what) {
  bool passed[kLevels] = {};
  for (const std::string& word : words_of(value, what)) {
    const auto found = std::find(kLevelNames.begin(), kLevelNames.end(), word);
    if (found == kLevelNames.end()) {
      throw_unknown(what, word, {kLevelNames.begin(), kLevelNames.end()});
    }
    passed[found - kLevelNames.begin()] = true;
  }
  if (!passed[index(Level::Dram)]) {
    throw InvalidInput(what + " must have dram, where all words come from or go to");
  }
  way.glb = passed[index(Level::Glb)];
  way.noc = passed[index(Level::Noc)];
  way.rf = passed[index(Level::Rf)];
}

void change_way(Ways& ways, Operand operand, py::handle changes, const std::string& what) {
  Way& way = ways[operand];
  std::vector<std::string> known{"levels"};
  if (operand == Operand::Ifmap) known.push_back("halo");
  known.push_back(operand == Operand::Psum ? "chain" : "refetch");
  for (const auto& [word, value] : items(changes, what)) {
    const std::string subject = what + ": " + word;
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      throw_unknown("word of " + what, word, known);
    }
    if (word == "levels") {
      read_levels(way, value, subject);
    } else if (word == "halo") {
      way.halo = static_cast<Halo>(choice(kHalo, value, subject));
    } else if (word == "refetch") {
      way.refetch = static_cast<Refetch>(choice(kRefetch, value, subject));
    } else {
      ways.psum_chain = {};
      for (const Dim dim : dims_of(value, subject)) ways.psum_chain.add(dim);
    }
  }
}

}  // namespace

std::vector<std::string> words_of(py::handle value, const std::string& what) {
  std::vector<std::string> words;
  if (py::isinstance<py::str>(value)) {
    std::istringstream line(text(value, what));
    for (std::string word; line >> word;) words.push_back(word);
    return words;
  }
  if (!PySequence_Check(value.ptr())) {
    throw InvalidInput(what + " must be a list of names, not " + show(value));
  }
  for (const py::handle item : value) words.push_back(text(item, what));
  return words;
}

std::vector<Dim> dims_of(py::handle value, const std::string& what) {
  std::vector<Dim> dims;
  for (const std::string& word : words_of(value, what)) dims.push_back(dim_of(word));
  return dims;
}

AnyDict ways_dict(const Ways& ways) {
  py::dict out;
  for (const Operand operand : kAllOperands) {
    const Way& way = ways[operand];
    py::dict row;
    row["levels"] = levels_list(way);
    if (operand == Operand::Ifmap) row["halo"] = kHalo[static_cast<std::size_t>(way.halo)];
    if (operand != Operand::Psum) row["refetch"] = kRefetch[static_cast<std::size_t>(way.refetch)];
    if (operand == Operand::Psum) {
      py::list chain;
      for (const Dim dim : kAllDims) {
        if (ways.psum_chain.has(dim)) chain.append(dim_name(dim));
      }
      row["chain"] = chain;
    }
    out[py::str(std::string(kOperandNames[static_cast<std::size_t>(index(operand))]))] = row;
  }
  return out;
}

Ways changed_ways(const Ways& ways, py::handle changes, const std::string& what) {
  Ways changed = ways;
  for (const auto& [name, value] : items(changes, what)) {
    change_way(changed, operand_of(name), value, what + ": " + name);
  }
  check_ways(changed);
  return changed;
}

}  // namespace energysim::bindings
