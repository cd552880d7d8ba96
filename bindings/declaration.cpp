// Declarations of dataflows as plain data: what a user writes in Python or YAML.
//
// Messages of errors begin with the way to what is wrong, such as "schemes: psums: dram: ...".
#include "declaration.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <functional>
#include <map>

#include "declarations.h"
#include "errors.h"
#include "ways.h"

namespace energysim::bindings {
namespace {

using At = Variable::At;

const std::vector<std::string> kTiles{"one", "same", "free", "whole", "untiled"};
const std::vector<std::string> kPlaces{"pe", "pass", "glb"};
const std::vector<std::string> kStoreys{"dram", "glb", "pe"};

std::string tile_name(Tile tile) { return kTiles[static_cast<std::size_t>(tile)]; }

int number_of(const std::vector<std::string>& names, const std::string& kind,
              const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw_unknown(kind, name, names);
  return static_cast<int>(found - names.begin());
}

// Puts `place` before the message of an error that `read` throws.
template <class Read>
void within(const std::string& place, Read read) {
  try {
    read();
  } catch (const InvalidInput& error) {
    throw InvalidInput(place + ": " + error.what());
  } catch (py::error_already_set& error) {
    const py::object invalid = py::module_::import("energysim.errors").attr("InvalidInput");
    if (!error.matches(invalid)) throw;
    throw InvalidInput(place + ": " + py::str(error.value()).cast<std::string>());
  }
}

// Reads a dict: each key with its reader, unknown keys and missing ones refused.
class Reader {
 public:
  explicit Reader(const std::string& kind) : kind_(kind) {}

  template <class Read>
  Reader& on(const std::string& key, bool required, Read read) {
    keys_.push_back(key);
    if (required) required_.push_back(key);
    readers_[key] = read;
    return *this;
  }

  void read(py::handle words) const {
    std::vector<std::string> given;
    const auto all = items(words, kind_);
    for (const auto& [key, value] : all) {
      if (!readers_.contains(key)) {
        within(key, [&, k = key] { throw_unknown("word of " + kind_, k, keys_); });
      }
      given.push_back(key);
    }
    for (const std::string& key : required_) {
      if (std::find(given.begin(), given.end(), key) == given.end()) {
        throw InvalidInput(key + " is missing");
      }
    }
    // In the order of the readers, some of which need what others have read.
    for (const std::string& key : keys_) {
      for (const auto& [name, value] : all) {
        if (name == key) within(key, [&, v = value] { readers_.at(key)(v); });
      }
    }
  }

 private:
  std::string kind_;
  std::vector<std::string> keys_, required_;
  std::map<std::string, std::function<void(py::handle)>> readers_;
};

Tile tile_of(const std::string& word) { return static_cast<Tile>(number_of(kTiles, "tile", word)); }

Dim own_dim(const std::string& name) {
  const Dim dim = dim_of(name);
  if (dim == Dim::G) {
    throw InvalidInput("the loop over groups is always outermost and has no tiles; leave out G");
  }
  return dim;
}

void read_tiles(Dataflow& dataflow, py::handle words) {
  bool given[kDims] = {};
  for (const auto& [name, value] : items(words, "tiles")) {
    within(name, [&, n = name, v = value] {
      const Dim dim = own_dim(n);
      const std::vector<std::string> four = words_of(v, "tiles");
      if (four.size() != 4) {
        throw InvalidInput(
            "give four words, for its tile in the GLB, on the array, in a PE and in "
            "the pads, such as 'whole same free one'");
      }
      dataflow.rules[index(dim)] = {tile_of(four[0]), tile_of(four[1]), tile_of(four[2]),
                                    tile_of(four[3])};
      given[index(dim)] = true;
    });
  }
  for (const Dim dim : kAllDims) {
    if (dim != Dim::G && !given[index(dim)]) {
      throw InvalidInput("dimension " + dim_name(dim) + " is left out");
    }
  }
}

void read_letters(Dataflow& dataflow, py::handle words) {
  for (const auto& [name, value] : items(words, "letters")) {
    within(name, [&, n = name, v = value] {
      const std::vector<std::string> two = words_of(v, "a letter");
      if (two.size() != 2) {
        throw InvalidInput("give a dimension and a place, such as 'M glb'");
      }
      dataflow.variables.push_back(
          {n, own_dim(two[0]), static_cast<At>(number_of(kPlaces, "place", two[1]))});
    });
  }
}

void read_array(Dataflow& dataflow, py::handle words) {
  if (py::isinstance<py::str>(words)) {
    const std::vector<std::string> known{"pool"};
    number_of(known, "array (or give vertical and horizontal of a grid)", text(words, "array"));
    dataflow.array.packing = Packing::Pool;
    return;
  }
  dataflow.array.packing = Packing::Grid;
  Reader("array")
      .on("vertical", true,
          [&](py::handle v) { dataflow.array.vertical = own_dim(text(v, "vertical")); })
      .on("horizontal", true,
          [&](py::handle v) { dataflow.array.horizontal = own_dim(text(v, "horizontal")); })
      .read(words);
}

void read_loops(Scheme& scheme, Storey storey, py::handle words) {
  for (const Dim dim : dims_of(words, "loops")) {
    if (dim == Dim::G) {
      throw InvalidInput("the loop over groups is always outermost: do not list G");
    }
    if (scheme.order.lists(dim, storey)) throw InvalidInput(dim_name(dim) + " is there twice");
    scheme.order.push({dim, storey});
  }
}

Scheme read_scheme(const std::string& name, const Ways& ways, py::handle words) {
  Scheme scheme;
  scheme.name = name;
  scheme.ways = ways;
  Reader reader("a scheme");
  reader.on("keeps", false, [&](py::handle v) { scheme.keeps = text(v, "keeps"); });
  for (const Storey storey : {Storey::Dram, Storey::Glb, Storey::Pe}) {
    reader.on(kStoreys[static_cast<std::size_t>(index(storey))], false,
              [&scheme, storey](py::handle v) { read_loops(scheme, storey, v); });
  }
  reader.on("operands", false,
            [&](py::handle v) { scheme.ways = changed_ways(ways, v, "operands"); });
  reader.on("tiles", false, [&](py::handle v) {
    for (const auto& [dim, tile] : items(v, "tiles")) {
      within(dim, [&, d = dim, t = tile] {
        scheme.glb_tiles.emplace_back(own_dim(d), tile_of(text(t, "a GLB tile")));
      });
    }
  });
  reader.on("one_group", false, [&](py::handle v) {
    if (!py::isinstance<py::bool_>(v)) {
      throw InvalidInput("one_group must be true or false, not " + show(v));
    }
    scheme.one_group = v.cast<bool>();
  });
  reader.read(words);
  return scheme;
}

}  // namespace

DataflowPtr dataflow_of_words(py::handle words) {
  auto dataflow = std::make_shared<Dataflow>();
  Ways ways;
  Reader("a dataflow")
      .on("name", true, [&](py::handle v) { dataflow->name = text(v, "name"); })
      .on("summary", false, [&](py::handle v) { dataflow->summary = text(v, "summary"); })
      .on("source", false, [&](py::handle v) { dataflow->source = text(v, "source"); })
      .on("array", true, [&](py::handle v) { read_array(*dataflow, v); })
      .on("tiles", true, [&](py::handle v) { read_tiles(*dataflow, v); })
      .on("letters", true, [&](py::handle v) { read_letters(*dataflow, v); })
      .on("operands", false, [&](py::handle v) { ways = changed_ways(ways, v, "operands"); })
      .on("schemes", true,
          [&](py::handle v) {
            for (const auto& [name, scheme] : items(v, "schemes")) {
              within(name, [&, n = name, s = scheme] {
                dataflow->schemes.push_back(read_scheme(n, ways, s));
              });
            }
          })
      .read(words);
  check_dataflow(*dataflow);
  for (const DataflowPtr& built_in : dataflows()) {
    if (built_in->name != dataflow->name) continue;
    if (*built_in == *dataflow) return built_in;
    throw InvalidInput("name: '" + dataflow->name +
                       "' is the name of a built-in dataflow; take "
                       "another");
  }
  return dataflow;
}

AnyDict dataflow_dict(const Dataflow& dataflow) {
  py::dict out, tiles, letters, schemes;
  for (const Dim dim : kAllDims) {
    const DimRule& rule = dataflow.rules[index(dim)];
    if (dim == Dim::G) continue;
    tiles[py::str(dim_name(dim))] = tile_name(rule.glb) + " " + tile_name(rule.pass) + " " +
                                    tile_name(rule.pe) + " " + tile_name(rule.rf);
  }
  for (const Variable& v : dataflow.variables) {
    letters[py::str(v.letter)] = dim_name(v.dim) + " " + kPlaces[static_cast<std::size_t>(v.at)];
  }
  for (const Scheme& scheme : dataflow.schemes) {
    py::dict row, glb_tiles;
    row["keeps"] = scheme.keeps;
    for (const Storey storey : {Storey::Dram, Storey::Glb, Storey::Pe}) {
      std::string loops;
      for (int j = 0; j < scheme.order.size(); ++j) {
        if (scheme.order[j].storey != storey) continue;
        loops += (loops.empty() ? "" : " ") + dim_name(scheme.order[j].dim);
      }
      row[py::str(kStoreys[static_cast<std::size_t>(index(storey))])] = loops;
    }
    row["operands"] = ways_dict(scheme.ways);
    for (const auto& [dim, tile] : scheme.glb_tiles) {
      glb_tiles[py::str(dim_name(dim))] = tile_name(tile);
    }
    row["tiles"] = glb_tiles;
    if (scheme.one_group) row["one_group"] = true;
    schemes[py::str(scheme.name)] = row;
  }
  out["name"] = dataflow.name;
  out["summary"] = dataflow.summary;
  out["source"] = dataflow.source;
  if (dataflow.array.packing == Packing::Pool) {
    out["array"] = "pool";
  } else {
    py::dict grid;
    grid["vertical"] = dim_name(dataflow.array.vertical);
    grid["horizontal"] = dim_name(dataflow.array.horizontal);
    out["array"] = grid;
  }
  out["tiles"] = tiles;
  out["letters"] = letters;
  out["schemes"] = schemes;
  return out;
}

py::object dataflow_state(const DataflowPtr& dataflow) {
  const auto& all = dataflows();
  if (std::find(all.begin(), all.end(), dataflow) != all.end()) return py::str(dataflow->name);
  return dataflow_dict(*dataflow);
}

DataflowPtr dataflow_of(py::handle value) {
  if (py::isinstance<Dataflow>(value)) return value.cast<std::shared_ptr<Dataflow>>();
  if (py::isinstance<py::dict>(value)) return dataflow_of_words(value);
  if (!py::isinstance<py::str>(value)) {
    throw InvalidInput("dataflow must be a name or a Dataflow, not " + show(value));
  }
  return dataflow_named(text(value, "dataflow"));
}

}  // namespace energysim::bindings
