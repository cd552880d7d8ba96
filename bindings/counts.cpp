// energysim._core.AccessCounts, and counting a mapping.
#include <pybind11/stl.h>

#include <algorithm>

#include "bindings.h"
#include "convert.h"
#include "count.h"
#include "effective_costs.h"
#include "errors.h"

namespace energysim::bindings {
namespace {

using Cell = Accesses<Checked>;
using Counts = AccessCounts<Checked>;

// The counts of one level.
struct LevelCounts {
  std::array<Cell, kOperands> of;

  bool operator==(const LevelCounts&) const = default;
};

struct Kind {
  const char* name;
  Checked Cell::* member;
};
constexpr std::array<Kind, 3> kKinds{
    {{"read", &Cell::read}, {"write", &Cell::write}, {"fill", &Cell::fill}}};

LevelCounts level_counts(const Counts& counts, Level level) {
  LevelCounts out;
  for (Operand operand : kAllOperands) {
    out.of[static_cast<std::size_t>(index(operand))] = counts(level, operand);
  }
  return out;
}

py::dict cell_dict(const Cell& cell) {
  py::dict out;
  for (const Kind& kind : kKinds) out[kind.name] = (cell.*kind.member).value();
  return out;
}

py::dict level_dict(const LevelCounts& level) {
  py::dict out;
  for (std::size_t o = 0; o < kOperands; ++o) {
    out[py::str(std::string(kOperandNames[o]))] = cell_dict(level.of[o]);
  }
  return out;
}

AnyDict to_dict(const Counts& counts) {
  py::dict out;
  out["macs"] = counts.macs.value();
  for (Level level : kAllLevels) {
    out[py::str(std::string(kLevelNames[static_cast<std::size_t>(index(level))]))] =
        level_dict(level_counts(counts, level));
  }
  return out;
}

// The value of a key; with its place, so that an error can name it.
struct Part {
  py::object value;
  std::string place;

  Part operator[](const std::string& key) const {
    for (const auto& [name, part] : items(value, place)) {
      if (name == key) return {part, place + " " + key};
    }
    throw InvalidInput(place + ": missing key: " + key);
  }
};

Counts from_dict(const py::object& given) {
  const Part all{given, "counts"};
  const auto count_at = [](const Part& part) { return whole(part.value, part.place); };
  Counts counts;
  counts.macs = count_at(all["macs"]);
  for (Level level : kAllLevels) {
    const Part row = all[std::string(kLevelNames[static_cast<std::size_t>(index(level))])];
    for (Operand operand : kAllOperands) {
      const Part cell = row[std::string(kOperandNames[static_cast<std::size_t>(index(operand))])];
      for (const Kind& kind : kKinds) {
        counts(level, operand).*kind.member = count_at(cell[kind.name]);
      }
    }
  }
  return counts;
}

template <class Combine>
Counts combined(Counts a, const Counts& b, Combine combine) {
  combine(a.macs, b.macs);
  for (Level level : kAllLevels) {
    for (Operand operand : kAllOperands) {
      for (const Kind& kind : kKinds) {
        combine(a(level, operand).*kind.member, b(level, operand).*kind.member);
      }
    }
  }
  return a;
}

Counts sum(const Counts& a, const Counts& b) {
  return combined(a, b, [](Checked& x, Checked y) { x += y; });
}

Counts difference(const Counts& a, const Counts& b) {
  return combined(a, b, [](Checked& x, Checked y) {
    x -= y;
    if (x.value() < 0) throw InvalidInput("counts: the second ones are larger than the first");
  });
}

std::string cell_text(const Cell& cell) {
  std::string out;
  for (const Kind& kind : kKinds) {
    out += (out.empty() ? "" : ", ") + std::string(kind.name) + "=" +
           std::to_string((cell.*kind.member).value());
  }
  return out;
}

std::string level_text(const LevelCounts& level) {
  std::string out;
  for (std::size_t o = 0; o < kOperands; ++o) {
    out +=
        (o == 0 ? "" : ", ") + std::string(kOperandNames[o]) + "=(" + cell_text(level.of[o]) + ")";
  }
  return out;
}

// A table: one line per level and operand.
std::string table_text(const Counts& counts) {
  std::vector<std::array<std::string, 5>> rows{{"level", "operand", "read", "write", "fill"}};
  for (Level level : kAllLevels) {
    for (Operand operand : kAllOperands) {
      const Cell& cell = counts(level, operand);
      rows.push_back({std::string(kLevelNames[static_cast<std::size_t>(index(level))]),
                      std::string(kOperandNames[static_cast<std::size_t>(index(operand))]),
                      std::to_string(cell.read.value()), std::to_string(cell.write.value()),
                      std::to_string(cell.fill.value())});
    }
  }
  std::size_t width = 6;
  for (const auto& row : rows) {
    for (std::size_t i = 2; i < row.size(); ++i) width = std::max(width, row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    out +=
        row[0] + std::string(7 - row[0].size(), ' ') + row[1] + std::string(8 - row[1].size(), ' ');
    for (std::size_t i = 2; i < row.size(); ++i) {
      out += std::string(width + 2 - row[i].size(), ' ') + row[i];
    }
    out += "\n";
  }
  return out + "macs   " + std::to_string(counts.macs.value());
}

double energy_of(const Counts& counts, const ArchitectureArgument& arch, const LayerData& data) {
  return energy(counts, seen_by(data, *arch.native).table);
}

// The counts that `count` gives; an overflow names the layer.
template <class Count>
Counts named(const Layer& layer, Count count) {
  const py::gil_scoped_release released;
  try {
    return count();
  } catch (const CountOverflow& error) {
    throw CountOverflow("layer '" + layer.name() + "': " + error.what());
  }
}

Counts counted(const Layer& layer, const ArchitectureArgument& arch, const Mapping& mapping,
               const LayerData& data) {
  return named(layer, [&] { return count(layer, seen_by(data, *arch.native), mapping); });
}

// For tests of arbitrary nests: neither the dataflow's rules nor the capacities have to hold.
Counts counted_unchecked(const Layer& layer, const ArchitectureArgument& arch,
                         const Mapping& mapping) {
  return named(layer, [&] {
    check_nest(layer, mapping.nest);
    return count_nest(layer, *arch.native, mapping.nest);
  });
}

constexpr const char* kCountsDoc = R"(Words moved at each level of the memory hierarchy, and MACs.

Immutable.  ``counts.dram.ifmap.read`` and so on are exact numbers of words, for all groups and the
whole batch.  At the NoC a read is a word delivered to a PE or, of psums, a hop from PE to PE.
Counts can be added, and smaller ones subtracted.

Examples
--------
>>> import energysim as es
>>> fc = es.Layer("fc", M=10, C=8, H=1, W=1, R=1, S=1)
>>> counts = es.search(fc, "eyeriss").counts
>>> counts.dram.filter
Accesses(read=80, write=0, fill=0)
>>> es.AccessCounts.from_dict(counts.to_dict()) == counts
True
)";

void bind_cells(py::module_& module) {
  py::class_<Cell> cell(module, "Accesses", py::is_final(),
                        "Words of one operand moved at one level.");
  const char* docs[] = {"Words read from the level; at the NoC: words delivered, psum hops.",
                        "Words written by the level below.",
                        "Words written because they came from the level above."};
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    const auto member = kKinds[i].member;
    cell.def_property_readonly(
        kKinds[i].name, [member](const Cell& c) { return (c.*member).value(); }, docs[i]);
  }
  cell.def("__repr__", [](const Cell& c) { return "Accesses(" + cell_text(c) + ")"; })
      .def(
          "__eq__", [](const Cell& a, const Cell& b) { return a == b; }, py::is_operator())
      .def("__hash__", [](const Cell& c) { return py::hash(py::str(cell_text(c))); });

  py::class_<LevelCounts> level(module, "LevelCounts", py::is_final(),
                                "Words moved at one level, by operand.");
  for (std::size_t o = 0; o < kOperands; ++o) {
    const std::string name(kOperandNames[o]);
    level.def_property_readonly(
        name.c_str(), [o](const LevelCounts& l) { return l.of[o]; },
        ("Words of the " + name + ".").c_str());
  }
  level.def("__repr__", [](const LevelCounts& l) { return "LevelCounts(" + level_text(l) + ")"; })
      .def(
          "__eq__", [](const LevelCounts& a, const LevelCounts& b) { return a == b; },
          py::is_operator())
      .def("__hash__", [](const LevelCounts& l) { return py::hash(py::str(level_text(l))); });
}

}  // namespace

std::vector<double> energies_of(const Counts& counts, const Architecture& arch,
                                const LayerData& data) {
  const EnergyTable table = seen_by(data, arch).table;
  std::vector<double> all;
  for (Level level : kAllLevels) {
    for (Operand operand : kAllOperands) {
      all.push_back(energy_at(counts, table, level, operand));
    }
  }
  all.push_back(to_double(counts.macs) * table.mac);
  return all;
}

void bind_counts(py::module_& module) {
  bind_cells(module);
  py::class_<Counts> cls(module, "AccessCounts", py::is_final(), kCountsDoc);
  for (Level level : kAllLevels) {
    const std::string name(kLevelNames[static_cast<std::size_t>(index(level))]);
    cls.def_property_readonly(
        name.c_str(), [level](const Counts& counts) { return level_counts(counts, level); },
        ("Words moved at the level " + name + ".").c_str());
  }
  cls.def_property_readonly(
         "macs", [](const Counts& counts) { return counts.macs.value(); },
         "Multiply-accumulate operations.")
      .def("to_dict", &to_dict, "Return nested dicts: level, operand, kind; and the MACs.")
      .def_static(
          "from_dict", [](const AnyMapping& given) { return from_dict(given); }, py::arg("counts"),
          "Return what `to_dict` was made from.")
      .def("energy", &energy_of, py::arg("arch"), py::arg("data") = LayerData{},
           "Return the energy, in the unit of the architecture's energy table.")
      .def(
          "energies",
          [](const Counts& counts, const ArchitectureArgument& arch, const LayerData& data) {
            return energies_of(counts, *arch.native, data);
          },
          py::arg("arch"), py::arg("data") = LayerData{},
          "Return the energies of ifmap, filter and psum at dram, glb, noc and rf, and of the "
          "MACs.")
      .def("__add__", &sum, py::is_operator())
      .def("__sub__", &difference, py::is_operator())
      .def(
          "__eq__", [](const Counts& a, const Counts& b) { return a == b; }, py::is_operator())
      .def("__hash__", [](const Counts& counts) { return py::hash(py::str(table_text(counts))); })
      .def("__repr__",
           [](const Counts& counts) {
             return "<AccessCounts of " + std::to_string(counts.macs.value()) + " MACs>";
           })
      .def("__str__", &table_text)
      .def(py::pickle([](const Counts& counts) { return to_dict(counts); },
                      [](const AnyDict& state) { return from_dict(state); }));
  module.def(
      "check",
      [](const Layer& layer, const ArchitectureArgument& arch, const Mapping& mapping,
         const LayerData& data) { check_mapping(layer, seen_by(data, *arch.native), mapping); },
      py::arg("layer"), py::arg("arch"), py::arg("mapping"), py::arg("data") = LayerData{},
      "Raise InvalidMapping unless a mapping fits and follows its dataflow.");
  module.def("count", &counted, py::arg("layer"), py::arg("arch"), py::arg("mapping"),
             py::arg("data") = LayerData{},
             "Return the exact counts of a mapping that fits and follows its dataflow.");
  module.def("count_unchecked", &counted_unchecked, py::arg("layer"), py::arg("arch"),
             py::arg("mapping"), "Return the exact counts of any nest whose tiles and loops fit.");
}

}  // namespace energysim::bindings
