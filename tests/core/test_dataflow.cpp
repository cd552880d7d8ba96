// The registry, and that every dataflow in it is well formed.

#include <algorithm>
#include <set>

#include "check.h"
#include "dataflow.h"
#include "errors.h"

namespace energysim {
namespace {

bool has_variable(const Dataflow& dataflow, Dim dim, Variable::At at) {
  return std::any_of(dataflow.variables.begin(), dataflow.variables.end(),
                     [&](const Variable& v) { return v.dim == dim && v.at == at; });
}

// Is the GLB tile of a dimension free in some scheme?
bool free_in_glb(const Dataflow& dataflow, Dim dim) {
  return std::any_of(dataflow.schemes.begin(), dataflow.schemes.end(), [&](const Scheme& scheme) {
    return dataflow.rule(dim, scheme).glb == Tile::Free;
  });
}

template <class Visit>
void each_rule(Visit visit) {
  for (const DataflowPtr& dataflow : dataflows()) {
    for (const Scheme& scheme : dataflow->schemes) {
      for (Dim d : kAllDims) {
        if (d != Dim::G) visit(scheme, d, dataflow->rule(d, scheme));
      }
    }
  }
}

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

TEST(names_of_dataflows_schemes_and_letters_are_unique) {
  std::set<std::string> names;
  for (const DataflowPtr& dataflow : dataflows()) {
    CHECK(names.insert(dataflow->name).second);
    std::set<std::string> schemes, letters;
    CHECK(!dataflow->schemes.empty());
    for (const Scheme& scheme : dataflow->schemes) {
      CHECK(schemes.insert(scheme.name).second);
      CHECK(&dataflow->scheme(scheme.name) == &scheme);
    }
    for (const Variable& v : dataflow->variables) CHECK(letters.insert(v.letter).second);
  }
}

TEST(everything_has_a_name_and_words_about_it) {
  for (const DataflowPtr& dataflow : dataflows()) {
    CHECK(!dataflow->name.empty());
    CHECK(!dataflow->summary.empty());
    CHECK(!dataflow->source.empty());
    for (const Variable& v : dataflow->variables) CHECK(!v.letter.empty());
    for (const Scheme& scheme : dataflow->schemes) {
      CHECK(!scheme.name.empty());
      CHECK(!scheme.keeps.empty());
    }
  }
}

TEST(every_free_tile_has_a_letter) {
  for (const DataflowPtr& dataflow : dataflows()) {
    for (Dim d : kAllDims) {
      if (d == Dim::G) continue;
      const DimRule& rule = dataflow->rules[index(d)];
      CHECK_EQ(has_variable(*dataflow, d, Variable::At::Pe), rule.pe == Tile::Free);
      CHECK_EQ(has_variable(*dataflow, d, Variable::At::Pass), rule.pass == Tile::Free);
      CHECK(has_variable(*dataflow, d, Variable::At::Glb) || !free_in_glb(*dataflow, d));
    }
  }
}

TEST(no_place_has_two_letters) {
  for (const DataflowPtr& dataflow : dataflows()) {
    std::set<std::pair<Dim, Variable::At>> places;
    for (const Variable& v : dataflow->variables) CHECK(places.insert({v.dim, v.at}).second);
  }
}

TEST(every_tile_that_can_turn_has_its_loop) {
  each_rule([](const Scheme& scheme, Dim d, const DimRule& rule) {
    // A whole tile may be cut if it does not fit, so that only a GLB tile stays whole for sure.
    if (rule.glb != Tile::Whole) CHECK(scheme.order.lists(d, Storey::Dram));
    if (rule.glb != Tile::Same) CHECK(scheme.order.lists(d, Storey::Glb));
    const bool streams = rule.pass == Tile::Same && rule.rf == Tile::One && rule.pe != Tile::One;
    if (streams) CHECK(scheme.order.lists(d, Storey::Pe));
  });
}

TEST(loops_are_listed_once_and_outside_in) {
  each_rule([](const Scheme& scheme, Dim, const DimRule&) {
    std::set<std::pair<Dim, Storey>> listed;
    for (int j = 0; j < scheme.order.size(); ++j) {
      const Loop& loop = scheme.order[j];
      CHECK(loop.dim != Dim::G);
      CHECK(listed.insert({loop.dim, loop.storey}).second);
      CHECK(j == 0 || scheme.order[j - 1].storey <= loop.storey);
    }
  });
}

TEST(no_tile_is_both_spread_and_streamed) {
  each_rule([](const Scheme&, Dim, const DimRule& rule) {
    if (rule.pass != Tile::Same) CHECK(rule.rf == Tile::Same || rule.pe == Tile::One);
    CHECK(rule.pass != Tile::One && rule.glb != Tile::One);
    CHECK(rule.rf == Tile::One || rule.rf == Tile::Same);
  });
}

// The bounds of the search rely on it.
TEST(what_streams_one_by_one_is_not_free_in_the_glb) {
  each_rule([](const Scheme&, Dim, const DimRule& rule) {
    const bool one_by_one = rule.pass == Tile::Same && rule.rf == Tile::One;
    CHECK(!one_by_one || rule.glb != Tile::Free);
  });
}

TEST(psums_always_pass_through_the_glb) {
  for (const DataflowPtr& dataflow : dataflows()) {
    for (const Scheme& scheme : dataflow->schemes) CHECK(scheme.glb[Operand::Psum]);
  }
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
