// The registry, and that every dataflow in it is well formed.

#include <algorithm>
#include <set>

#include "check.h"
#include "dataflows/dataflows.h"
#include "declaration.h"
#include "errors.h"

namespace energysim {
namespace {

TEST(rectangles_stand_side_by_side_and_above_each_other) {
  CHECK_EQ(rectangles(12, 14, 3, 13), 4);
  CHECK_EQ(rectangles(12, 14, 3, 7), 8);
  CHECK_EQ(rectangles(12, 14, 11, 7), 2);
  CHECK_EQ(rectangles(12, 14, 12, 14), 1);
  CHECK_EQ(rectangles(12, 14, 1, 1), 168);
}

TEST(rectangles_that_are_too_high_do_not_fit) {
  CHECK_EQ(rectangles(12, 14, 13, 1), 0);
  CHECK_EQ(rectangles(2, 14, 3, 14), 0);
}

TEST(wide_rectangles_are_folded) {
  CHECK_EQ(rectangles(12, 14, 5, 27), 1);
  CHECK_EQ(rectangles(12, 14, 3, 27), 2);
  CHECK_EQ(rectangles(12, 14, 3, 15), 2);
  CHECK_EQ(rectangles(12, 14, 3, 56), 1);
  CHECK_EQ(rectangles(12, 14, 3, 57), 0);
  CHECK_EQ(rectangles(4, 1, 1, 4), 1);
}

TEST(dataflows_are_found_by_name) {
  CHECK(!dataflows().empty());
  for (const DataflowPtr& dataflow : dataflows()) {
    CHECK(find_dataflow(dataflow->name) == dataflow);
  }
  CHECK_EQ(find_dataflow("rs")->name, "rs");
  CHECK_EQ(find_dataflow("rs-chip")->name, "rs-chip");
}

TEST(unknown_dataflows_and_schemes_are_refused) {
  CHECK_THROWS(find_dataflow("none such"), InvalidInput);
  CHECK_THROWS(find_dataflow(""), InvalidInput);
  for (const DataflowPtr& dataflow : dataflows()) {
    CHECK_THROWS(dataflow->scheme("none such"), InvalidInput);
    CHECK_THROWS(dataflow->scheme(""), InvalidInput);
  }
}

TEST(a_refusal_names_what_there_is) {
  try {
    find_dataflow("none such");
  } catch (const InvalidInput& error) {
    const std::string message = error.what();
    for (const DataflowPtr& dataflow : dataflows()) {
      CHECK(message.find(dataflow->name) != std::string::npos);
    }
  }
}

TEST(every_registered_declaration_is_a_dataflow) {
  std::set<std::string> names;
  for (const DataflowPtr& dataflow : dataflows()) {
    check_dataflow(*dataflow);
    CHECK(names.insert(dataflow->name).second);
    CHECK(!dataflow->summary.empty());
    CHECK(!dataflow->source.empty());
    for (const Scheme& scheme : dataflow->schemes) {
      CHECK(&dataflow->scheme(scheme.name) == &scheme);
      CHECK(!scheme.keeps.empty());
    }
  }
}

// Changes row stationary, which must then be refused for that reason.
template <class Change>
void check_refused(const std::string& reason, Change change) {
  Dataflow changed = row_stationary_chip();
  check_dataflow(changed);
  change(changed);
  try {
    check_dataflow(changed);
    CHECK_EQ("accepted", reason);
  } catch (const InvalidInput& error) {
    CHECK(std::string(error.what()).find(reason) != std::string::npos);
  }
}

TEST(contradictory_declarations_are_refused_with_the_reason) {
  using enum Dim;
  const auto rule = [](Dataflow& d, Dim dim) -> DimRule& { return d.rules[index(dim)]; };
  check_refused("no name", [](Dataflow& d) { d.name = ""; });
  check_refused("no loop orders", [](Dataflow& d) { d.schemes.clear(); });
  check_refused("schemes: chip: two have this name",
                [](Dataflow& d) { d.schemes.push_back(d.schemes[0]); });
  check_refused("schemes: chip: operands: ifmap: refetch: always", [](Dataflow& d) {
    d.schemes[0].ways.ifmap = {.glb = false, .refetch = Refetch::Always};
  });
  check_refused("tiles: C: it is cut in space and streamed",
                [&](Dataflow& d) { rule(d, C).rf = Tile::One; });
  check_refused("tiles: C: a PE that takes all of it",
                [&](Dataflow& d) { rule(d, C).pe = Tile::Untiled; });
  check_refused("tiles: E: all of it stands on the array", [&](Dataflow& d) {
    rule(d, E) = {Tile::Same, Tile::Whole, Tile::Free, Tile::Same};
  });
  check_refused("tiles: N: a PE's tile must", [&](Dataflow& d) { rule(d, N).pe = Tile::Same; });
  check_refused("tiles: S: filter rows and columns cannot be free",
                [&](Dataflow& d) { rule(d, S).pe = Tile::Free; });
  check_refused("tiles: N: the pads'", [&](Dataflow& d) { rule(d, N).rf = Tile::Free; });
  check_refused("tiles: N: the array's", [&](Dataflow& d) { rule(d, N).pass = Tile::One; });
  check_refused("tiles: N: the GLB's", [&](Dataflow& d) { rule(d, N).glb = Tile::One; });
  check_refused("schemes: chip: dram: the loops leave out C", [](Dataflow& d) {
    d.schemes[0].order = LoopOrder({M, N, E, F}, {M, R, S}, {N, F});
  });
  check_refused("schemes: chip: glb: the loops leave out M", [](Dataflow& d) {
    d.schemes[0].order = LoopOrder({M, N, E, F, C}, {R, S}, {N, F});
  });
  check_refused("schemes: chip: pe: the loops leave out F", [](Dataflow& d) {
    d.schemes[0].order = LoopOrder({M, N, E, F, C}, {M, R, S}, {N});
  });
  check_refused("letters: e: two have this name", [](Dataflow& d) { d.variables[2].letter = "e"; });
  check_refused("letters: x: another letter",
                [](Dataflow& d) { d.variables.push_back({"x", M, Variable::At::Glb}); });
  check_refused("letters: x: it stands for a tile of S that is not free",
                [](Dataflow& d) { d.variables.push_back({"x", S, Variable::At::Pe}); });
  check_refused("tile of M is free; give it a letter", [](Dataflow& d) { d.variables.pop_back(); });
  check_refused("not R twice", [](Dataflow& d) { d.array.horizontal = R; });
  check_refused("the grid has F for a side", [](Dataflow& d) { d.array.horizontal = F; });
}

TEST(ways_do_not_contradict_themselves) {
  for (const DataflowPtr& dataflow : dataflows()) {
    for (const Scheme& scheme : dataflow->schemes) check_ways(scheme.ways);
  }
  CHECK_THROWS(check_ways({.ifmap = {.glb = false, .halo = Halo::Refetch}}), InvalidInput);
  CHECK_THROWS(check_ways({.filter = {.glb = false, .rf = false, .refetch = Refetch::Always}}),
               InvalidInput);
  CHECK_THROWS(check_ways({.ifmap = {.glb = false, .refetch = Refetch::Always}}), InvalidInput);
  check_ways({.filter = {.glb = false, .refetch = Refetch::Always}});
  CHECK_THROWS(check_ways({.filter = {.halo = Halo::Refetch}}), InvalidInput);
  CHECK_THROWS(check_ways({.psum = {.refetch = Refetch::Always}}), InvalidInput);
  CHECK_THROWS(check_ways({.psum_chain = {Dim::M}}), InvalidInput);
}

TEST(pe_sets_of_a_grid_are_rectangles_and_of_a_pool_single_pes) {
  Nest nest;
  nest[Dim::R] = {3, 3, 3, 1, 1};
  nest[Dim::E] = {4, 4, 4, 2, 2};
  nest[Dim::M] = {10, 10, 10, 2, 2};
  const PeSets grid = pe_sets({Packing::Grid, Dim::R, Dim::E}, 7, 5, nest);
  CHECK_EQ(grid.height, 3);
  CHECK_EQ(grid.width, 2);
  CHECK_EQ(grid.need, 5);
  CHECK_EQ(grid.there, 4);
  const PeSets pool = pe_sets({Packing::Pool}, 7, 5, nest);
  CHECK_EQ(pool.need, 30);
  CHECK_EQ(pool.there, 35);
}

TEST(a_scheme_overrides_the_glb_rule_of_a_dimension_only) {
  const DataflowPtr rs = find_dataflow("rs");
  const DimRule stated = rs->rules[index(Dim::C)];
  const DimRule ruled = rs->rule(Dim::C, rs->scheme("ifmaps"));
  CHECK_EQ(ruled.glb, Tile::Whole);
  CHECK_EQ(ruled.pass, stated.pass);
  CHECK_EQ(ruled.pe, stated.pe);
  CHECK_EQ(ruled.rf, stated.rf);
  CHECK((rs->rule(Dim::C, rs->scheme("psums")) == stated));
}

}  // namespace
}  // namespace energysim
