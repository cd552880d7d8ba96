#include "declaration.h"

#include <algorithm>
#include <set>

#include "errors.h"

namespace energysim {
namespace {

using At = Variable::At;

std::string name_of(Dim dim) { return std::string(1, kDimLetters[index(dim)]); }

bool one_of(Tile tile, std::initializer_list<Tile> tiles) {
  return std::find(tiles.begin(), tiles.end(), tile) != tiles.end();
}

class Checker {
 public:
  explicit Checker(const Dataflow& dataflow) : d_(dataflow) {}

  void run() const {
    require(!d_.name.empty(), "it has no name");
    require(!d_.schemes.empty(), "schemes: it has no loop orders; name one at least");
    std::set<std::string> names;
    for (const Scheme& scheme : d_.schemes) {
      require(!scheme.name.empty(), "schemes: one has no name");
      require(names.insert(scheme.name).second, "schemes: " + scheme.name + ": two have this name");
      check_scheme(scheme);
    }
    check_letters();
    check_array();
  }

 private:
  void require(bool holds, const std::string& otherwise) const {
    if (!holds) throw InvalidInput("dataflow '" + d_.name + "': " + otherwise);
  }

  void check_scheme(const Scheme& scheme) const {
    try {
      check_ways(scheme.ways);
    } catch (const InvalidInput& error) {
      require(false, "schemes: " + scheme.name + ": operands: " + error.what());
    }
    for (Dim dim : kAllDims) {
      if (dim == Dim::G) continue;
      const DimRule rule = d_.rule(dim, scheme);
      check_rule(dim, rule);
      check_loops(scheme, dim, rule);
    }
  }

  void check_rule(Dim dim, const DimRule& rule) const {
    const std::string who = "tiles: " + name_of(dim) + ": ";
    const bool pe_is_all = one_of(rule.pe, {Tile::Whole, Tile::Untiled});
    require(rule.pe != Tile::Same, who + "a PE's tile must be one, free, whole or untiled");
    require(one_of(rule.rf, {Tile::One, Tile::Same}),
            who + "the pads' tile must be one or the same as the PE's");
    require(rule.pass != Tile::One,
            who + "the array's tile cannot be one; say same, and one in a PE");
    require(one_of(rule.glb, {Tile::Same, Tile::Free, Tile::Whole}),
            who + "the GLB's tile must be the same as the array's, free or whole");
    const bool tap = dim == Dim::R || dim == Dim::S;
    require(!tap || (rule.glb != Tile::Free && rule.pass != Tile::Free && rule.pe != Tile::Free),
            who + "filter rows and columns cannot be free, as the search has no bounds for them");
    require(
        rule.pass == Tile::Same || !pe_is_all,
        who +
            "a PE that takes all of it leaves nothing to other PEs; on the array it must be same");
    require(!one_of(rule.pass, {Tile::Whole, Tile::Untiled}) || rule.pe == Tile::One,
            who + "all of it stands on the array, so that a PE's tile must be one");
    require(
        rule.pass == Tile::Same || rule.pe == Tile::One || rule.rf == Tile::Same,
        who + "it is cut in space and streamed inside the PE at once; in the pads it must be same");
  }

  // Each tile that can be smaller than the one around it needs a loop to step over it.
  void check_loops(const Scheme& scheme, Dim dim, const DimRule& rule) const {
    const bool pass_is_all =
        rule.pass == Tile::Untiled || (rule.pass == Tile::Same && rule.pe == Tile::Untiled);
    const bool streams = rule.pass == Tile::Same && rule.rf == Tile::One && rule.pe != Tile::One;
    const auto need = [&](bool turns, Storey storey, const std::string& loops) {
      require(!turns || scheme.order.lists(dim, storey),
              "schemes: " + scheme.name + ": " + loops + ": the loops leave out " + name_of(dim) +
                  ", which is cut into tiles there");
    };
    need(rule.glb == Tile::Free || (rule.glb == Tile::Same && !pass_is_all), Storey::Dram, "dram");
    need(rule.glb != Tile::Same && !pass_is_all, Storey::Glb, "glb");
    need(streams, Storey::Pe, "pe");
  }

  // Every free tile has one letter, every letter a free tile.
  void check_letters() const {
    std::set<std::string> letters;
    std::set<std::pair<Dim, At>> places;
    for (const Variable& v : d_.variables) {
      const std::string who = "letters: " + v.letter + ": ";
      require(!v.letter.empty(), "letters: one has no name");
      require(letters.insert(v.letter).second, who + "two have this name");
      require(places.insert({v.dim, v.at}).second, who + "another letter stands for the same tile");
      // A GLB tile may have a name though it is the same as the array's.
      require(v.dim != Dim::G && (v.at == At::Glb || is_free(v.dim, v.at)),
              who + "it stands for a tile of " + name_of(v.dim) + " that is not free");
    }
    for (Dim dim : kAllDims) {
      if (dim == Dim::G) continue;
      for (const auto& [at, place] :
           {std::pair{At::Pe, "pe"}, {At::Pass, "pass"}, {At::Glb, "glb"}}) {
        require(!is_free(dim, at) || places.contains({dim, at}),
                "letters: the " + std::string(place) + " tile of " + name_of(dim) +
                    " is free; give it a letter");
      }
    }
  }

  bool is_free(Dim dim, At at) const {
    return std::any_of(d_.schemes.begin(), d_.schemes.end(), [&](const Scheme& scheme) {
      const DimRule rule = d_.rule(dim, scheme);
      return (at == At::Pe ? rule.pe : at == At::Pass ? rule.pass : rule.glb) == Tile::Free;
    });
  }

  void check_array() const {
    if (d_.array.packing == Packing::Pool) return;
    require(d_.array.vertical != d_.array.horizontal,
            "array: a grid needs two dimensions, not " + name_of(d_.array.vertical) + " twice");
    for (Dim dim : {d_.array.vertical, d_.array.horizontal}) {
      require(d_.rules[index(dim)].pass != Tile::Same,
              "array: the grid has " + name_of(dim) +
                  " for a side, which is not cut in space; on the array it must be free or whole");
    }
  }

  const Dataflow& d_;
};

}  // namespace

void check_dataflow(const Dataflow& dataflow) { Checker(dataflow).run(); }

}  // namespace energysim
