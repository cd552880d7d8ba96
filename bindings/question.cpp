#include "question.h"

#include <optional>

#include "errors.h"

namespace energysim::bindings {
namespace {

constexpr std::array<std::pair<const char*, DataField>, 4> kWidths{{
    {"ifmap", DataField::IfmapBits},
    {"filter", DataField::FilterBits},
    {"psum", DataField::PsumBits},
    {"ofmap", DataField::OfmapBits},
}};

std::optional<DataField> width_named(const std::string& operand) {
  for (const auto& [name, field] : kWidths) {
    if (operand == name) return field;
  }
  return std::nullopt;
}

// A list, tuple or array, but neither text nor a dict.
bool is_list(py::handle value) {
  return PySequence_Check(value.ptr()) != 0 && !py::isinstance<py::str>(value) &&
         !py::isinstance<py::bytes>(value);
}

std::size_t named(const std::unordered_map<std::string, std::size_t>& known, const char* kind,
                  const std::string& name, const std::vector<std::string>& all) {
  const auto found = known.find(name);
  if (found == known.end()) throw_unknown(kind, name, all);
  return found->second;
}

// The items of a list that has one for each of `names`.
std::vector<py::object> one_each(py::handle list, const std::vector<std::string>& names,
                                 const std::string& what, const char* of) {
  std::vector<py::object> all;
  for (const py::handle item : list) all.push_back(py::reinterpret_borrow<py::object>(item));
  if (all.size() != names.size()) {
    throw InvalidInput(what + " must be a number for each of the " + std::to_string(names.size()) +
                       " " + of + ", got " + std::to_string(all.size()));
  }
  return all;
}

double share(py::handle value, const std::string& what) {
  if (PyFloat_Check(value.ptr())) {
    const double number = PyFloat_AS_DOUBLE(value.ptr());
    if (number >= 0 && number <= 1) return number;
  }
  return py::module_::import("energysim.checks").attr("number")(value, what, 0, 1).cast<double>();
}

double width(py::handle value, const std::string& what) {
  const Count bits = whole(value, what);
  if (bits >= 1 && bits <= (Count{1} << 32)) return static_cast<double>(bits);
  throw InvalidInput(what +
                     " must be a whole number of at least 1 and no more than a word has, not " +
                     show(value));
}

void add_channels(const Names& names, const Any& given, Question& question) {
  if (given.is_none()) return;
  if (names.groups.empty()) {
    throw InvalidInput(
        "the network has no groups of channels that can be pruned: say with feeds= which layer "
        "feeds which");
  }
  if (is_list(given) && !PyDict_Check(given.ptr())) {
    const auto all = one_each(given, names.groups, "channels", "groups");
    for (std::size_t group = 0; group < all.size(); ++group) {
      question.kept.emplace_back(
          group, whole(all[group], "the channels of '" + names.groups[group] + "'"));
    }
    return;
  }
  for (const auto& [name, value] : items(given, "channels")) {
    const std::size_t group = named(names.group, "group", name, names.groups);
    const Count kept = whole(value, "the channels of '" + name + "'");
    for (const auto& [other, channels] : question.kept) {
      if (other != group || channels == kept) continue;
      throw InvalidInput("channels: '" + name + "' keeps " + std::to_string(kept) +
                         ", but a layer of the same group, '" + names.groups[group] + "', " +
                         std::to_string(channels) +
                         ": their outputs are added up, give both the same");
    }
    question.kept.emplace_back(group, kept);
  }
}

void add_density(const Names& names, const Any& given, const std::string& what, DataField field,
                 Question& question) {
  if (given.is_none()) return;
  if (PyDict_Check(given.ptr())) {
    for (const auto& [key, value] : py::reinterpret_borrow<py::dict>(given)) {
      const std::string name = text(key, "a key of " + what);
      const std::size_t layer = named(names.layer, "layer", name, names.layers);
      question.data.push_back({layer, field, share(value, what + " of layer '" + name + "'")});
    }
  } else if (is_list(given)) {
    const auto all = one_each(given, names.layers, what, "layers");
    for (std::size_t i = 0; i < all.size(); ++i) {
      question.data.push_back(
          {i, field, share(all[i], what + " of layer '" + names.layers[i] + "'")});
    }
  } else {
    const double density = share(given, what);
    for (std::size_t i = 0; i < names.layers.size(); ++i) {
      question.data.push_back({i, field, density});
    }
  }
}

// Bits of all operands, or by operand.
std::vector<std::pair<DataField, double>> widths(py::handle given, const std::string& what) {
  std::vector<std::pair<DataField, double>> all;
  if (!PyDict_Check(given.ptr())) {
    const double bits = width(given, what);
    for (DataField field : {DataField::IfmapBits, DataField::FilterBits, DataField::PsumBits}) {
      all.emplace_back(field, bits);
    }
    return all;
  }
  for (const auto& [operand, value] : items(given, what)) {
    const std::optional<DataField> field = width_named(operand);
    if (!field) throw_unknown("operand", operand, {"ifmap", "filter", "psum", "ofmap"});
    all.emplace_back(*field, width(value, what + " of the " + operand));
  }
  return all;
}

void add_bits(const Names& names, const Any& given, Question& question) {
  if (given.is_none()) return;
  const auto add = [&question](std::size_t layer, const auto& fields) {
    for (const auto& [field, bits] : fields) question.data.push_back({layer, field, bits});
  };
  bool by_layer = false;
  if (PyDict_Check(given.ptr())) {
    for (const auto& [key, value] : items(given, "bits")) by_layer |= !width_named(key);
  }
  if (!by_layer) {
    const auto fields = widths(given, "bits");
    for (std::size_t i = 0; i < names.layers.size(); ++i) add(i, fields);
    return;
  }
  for (const auto& [name, value] : items(given, "bits")) {
    const std::size_t layer = named(names.layer, "layer or operand", name, names.layers);
    add(layer, widths(value, "bits of layer '" + name + "'"));
  }
}

}  // namespace

Question question_of(const Names& names, const Asked& asked) {
  Question question;
  add_channels(names, asked.channels, question);
  add_density(names, asked.ifmap_density, "the ifmap density", DataField::IfmapDensity, question);
  add_density(names, asked.weight_density, "the weight density", DataField::FilterDensity,
              question);
  add_density(names, asked.ofmap_density, "the ofmap density", DataField::OfmapDensity, question);
  add_bits(names, asked.bits, question);
  if (!asked.batch.is_none()) {
    question.batch = whole(asked.batch, "batch");
    if (question.batch < 1) {
      throw InvalidInput("batch must be a whole number of at least 1, not " + show(asked.batch));
    }
  }
  return question;
}

}  // namespace energysim::bindings
