// Mappings: what is refused and why, and the letters of the papers.

#include "check.h"
#include "errors.h"
#include "mapping.h"

namespace energysim {
namespace {

Architecture chip() {
  Architecture arch;
  arch.name = "chip";
  arch.rows = 12, arch.columns = 14;
  arch.glb_words = 51200;
  arch.rf.words[index(Operand::Ifmap)] = 12;
  arch.rf.words[index(Operand::Filter)] = 224;
  arch.rf.words[index(Operand::Psum)] = 24;
  return arch;
}

Architecture pooled_chip(Count words) {
  Architecture arch = chip();
  arch.rf = {.pooled = true, .pool = words};
  return arch;
}

// AlexNet's CONV3 on an ifmap of 13 x 13.
Layer conv3() {
  return Layer("conv3", {.N = 4,
                         .M = 384,
                         .C = 256,
                         .H = 13,
                         .W = 13,
                         .R = 3,
                         .S = 3,
                         .pad_top = 1,
                         .pad_bottom = 1,
                         .pad_left = 1,
                         .pad_right = 1});
}

using Letters = std::vector<std::pair<std::string, Count>>;

Mapping mapped(const Letters& letters, const Architecture& arch = chip(),
               const std::string& dataflow = "rs-chip", const std::string& scheme = "") {
  return mapping_from_letters(conv3(), arch, find_dataflow(dataflow), scheme, letters);
}

const Letters kPublished{{"m", 64}, {"n", 4}, {"e", 13}, {"p", 16}, {"q", 3}, {"r", 2}, {"t", 2}};

// What an InvalidMapping says; empty if there was none.
std::string refusal(const Mapping& mapping, const Architecture& arch = chip(),
                    const Layer& layer = conv3()) {
  try {
    check_mapping(layer, arch, mapping);
  } catch (const InvalidMapping& error) {
    return error.what();
  }
  return "";
}

std::string letters_refusal(const Letters& letters, const Architecture& arch = chip()) {
  try {
    mapped(letters, arch);
  } catch (const InvalidMapping& error) {
    return error.what();
  }
  return "";
}

bool says(const std::string& message, const std::string& part) {
  return message.find(part) != std::string::npos;
}

// A legal mapping with one tile of one dimension changed.
Mapping changed(Dim dim, const Tiles& tiles) {
  Mapping mapping = mapped(kPublished);
  mapping.nest[dim] = tiles;
  return mapping;
}

TEST(the_published_mapping_is_legal) {
  const Mapping mapping = mapped(kPublished);
  CHECK_EQ(refusal(mapping), "");
  CHECK_EQ(mapping.scheme, "chip");
  CHECK((mapping.nest[Dim::M] == Tiles{384, 64, 32, 16, 16}));
  CHECK((mapping.nest[Dim::C] == Tiles{256, 6, 6, 3, 3}));
  CHECK((mapping.nest[Dim::N] == Tiles{4, 4, 4, 4, 1}));
  CHECK((mapping.nest[Dim::E] == Tiles{13, 13, 13, 1, 1}));
  CHECK((mapping.nest[Dim::F] == Tiles{13, 13, 13, 13, 1}));
  CHECK((mapping.nest[Dim::R] == Tiles{3, 3, 3, 1, 1}));
  CHECK((mapping.nest[Dim::S] == Tiles{3, 3, 3, 3, 3}));
}

TEST(letters_read_back_as_they_were_given) {
  const Mapping mapping = mapped(kPublished);
  for (const auto& [letter, value] : kPublished) {
    for (const Variable& variable : mapping.dataflow->variables) {
      if (variable.letter == letter) CHECK_EQ(mapping.letter(variable), value);
    }
  }
}

TEST(letters_not_given_are_the_smallest) {
  const Mapping mapping = mapped({});
  CHECK((mapping.nest[Dim::M] == Tiles{384, 1, 1, 1, 1}));
  CHECK((mapping.nest[Dim::E] == Tiles{13, 1, 1, 1, 1}));
  CHECK((mapping.nest[Dim::N] == Tiles{4, 1, 1, 1, 1}));
}

TEST(a_scheme_is_taken_by_name_or_the_first) {
  CHECK_EQ(mapped({}, chip(), "rs").scheme, find_dataflow("rs")->schemes.front().name);
  CHECK_EQ(mapped({}, pooled_chip(256), "rs", "ifmaps").scheme, "ifmaps");
  CHECK_THROWS(mapped({}, chip(), "rs", "none such"), InvalidInput);
}

TEST(letters_that_do_not_exist_are_refused) {
  CHECK_THROWS(mapped({{"z", 1}}), InvalidInput);
  CHECK_THROWS(mapped({{"", 1}}), InvalidInput);
  CHECK(says(letters_refusal({{"q", 0}}), "q must be at least 1"));
  CHECK(says(letters_refusal({{"m", -3}}), "m must be at least 1"));
}

TEST(tiles_that_grow_inwards_are_refused) {
  const std::string reason = "tiles of M must shrink";
  CHECK(says(refusal(changed(Dim::M, {384, 385, 32, 16, 16})), reason));
  CHECK(says(refusal(changed(Dim::M, {384, 16, 32, 16, 16})), reason));
  CHECK(says(refusal(changed(Dim::M, {384, 64, 16, 32, 32})), reason));
  CHECK(says(refusal(changed(Dim::M, {384, 64, 32, 16, 17})), reason));
}

TEST(tiles_below_one_are_refused) {
  const std::string reason = "tiles of N must shrink";
  CHECK(says(refusal(changed(Dim::N, {4, 4, 4, 4, 0})), reason));
  CHECK(says(refusal(changed(Dim::N, {4, 0, 0, 0, 0})), reason));
  CHECK(says(refusal(changed(Dim::N, {4, 4, 4, -1, -1})), reason));
}

TEST(a_mapping_of_another_layer_is_refused) {
  const Mapping mapping = mapped(kPublished);
  const Layer more = conv3().with_batch(8);
  CHECK(says(refusal(mapping, chip(), more), "made for N = 4, the layer has 8"));
}

TEST(a_tile_both_spread_and_streamed_is_refused) {
  CHECK(says(refusal(changed(Dim::M, {384, 64, 32, 16, 8})), "cut in space and streamed"));
}

TEST(tiles_without_a_loop_are_refused) {
  // The chip has no GLB loops over rows, columns, images or channels, no PE loops over filters.
  CHECK(says(refusal(changed(Dim::E, {13, 13, 7, 1, 1})), "GLB loops"));
  CHECK(says(refusal(changed(Dim::N, {4, 4, 2, 2, 1})), "GLB loops"));
  CHECK(says(refusal(changed(Dim::S, {3, 2, 2, 2, 2})), "DRAM loops"));
  CHECK(says(refusal(changed(Dim::M, {384, 64, 32, 32, 16})), "PE loops"));
}

TEST(tiles_against_the_rules_of_the_dataflow_are_refused) {
  CHECK(says(refusal(changed(Dim::F, {13, 13, 13, 13, 13})), "a single F in the scratch pads"));
  CHECK(says(refusal(changed(Dim::E, {13, 13, 13, 13, 13})), "a single E in a PE"));
  CHECK(says(refusal(changed(Dim::R, {3, 3, 3, 3, 3})), "a single R in a PE"));
  CHECK(says(refusal(changed(Dim::N, {4, 4, 4, 1, 1})), "the pass tile of N to be the PE's"));
  Mapping streamed = changed(Dim::M, {384, 64, 32, 32, 16});
  streamed.nest.order.push({Dim::M, Storey::Pe});
  CHECK(says(refusal(streamed), "the RF tile of M to be the PE's"));
  Mapping passes = changed(Dim::E, {13, 13, 7, 1, 1});
  passes.nest.order = LoopOrder({Dim::M, Dim::N, Dim::C}, {Dim::M, Dim::E}, {Dim::N, Dim::F});
  CHECK(says(refusal(passes), "the GLB tile of E to be the pass'"));
  Mapping cut = changed(Dim::R, {3, 2, 2, 1, 1});
  cut.nest.order = LoopOrder({Dim::M, Dim::C, Dim::R}, {Dim::M}, {Dim::N, Dim::F});
  CHECK(says(refusal(cut), "all of R in the GLB"));
}

TEST(loops_of_another_scheme_are_refused) {
  const std::string reason = "not those of loop order 'chip' of dataflow 'rs-chip'";
  Mapping swapped = mapped(kPublished);
  swapped.nest.order = LoopOrder({Dim::N, Dim::M, Dim::E, Dim::F, Dim::C}, {Dim::M, Dim::R, Dim::S},
                                 {Dim::N, Dim::F});
  CHECK(says(refusal(swapped), reason));
  Mapping held = mapped(kPublished);
  held.nest.ways.filter.glb = true;
  CHECK(says(refusal(held), reason));
}

TEST(letters_that_cannot_be_are_refused) {
  CHECK(says(letters_refusal({{"e", 14}}), "e = 14 is not possible here"));
  CHECK(says(letters_refusal({{"e", 14}}), "make e 13"));
  CHECK(says(letters_refusal({{"p", 16}, {"t", 2}, {"m", 31}}), "make m 32"));
  CHECK(says(letters_refusal({{"e", 4}, {"E1", 13}}), "make E1 4"));
  CHECK(says(letters_refusal({{"p", 9999}}), "and with that the filter needs"));
  CHECK_EQ(letters_refusal({{"e", 4}, {"E1", 4}}), "");
}

TEST(a_misfit_does_not_name_the_layer) {
  Mapping mapping = mapped(kPublished);
  CHECK_EQ(misfit(conv3(), chip(), mapping), "");
  mapping.nest[Dim::F].rf = 13;
  CHECK_EQ(refusal(mapping),
           "layer 'conv3': the mapping does not fit: " + misfit(conv3(), chip(), mapping));
}

TEST(a_mapping_of_an_unknown_scheme_is_refused) {
  Mapping mapping = mapped(kPublished);
  mapping.scheme = "none such";
  CHECK_THROWS(check_mapping(conv3(), chip(), mapping), InvalidInput);
}

TEST(rectangles_that_do_not_fit_the_array_are_refused) {
  CHECK_EQ(pe_sets({}, 12, 14, mapped(kPublished).nest).need, 4);
  CHECK_EQ(letters_refusal({{"e", 13}, {"t", 4}}), "");
  CHECK(says(letters_refusal({{"e", 13}, {"t", 5}}), "needs 5 PE sets of 3 x 13"));
  CHECK_EQ(letters_refusal({{"e", 7}, {"r", 4}, {"t", 2}}), "");
  CHECK(says(letters_refusal({{"e", 7}, {"r", 3}, {"t", 3}}), "needs 9 PE sets"));
}

TEST(tiles_that_do_not_fit_their_scratch_pad_are_refused) {
  CHECK_EQ(letters_refusal({{"q", 4}, {"p", 18}}), "");
  CHECK(says(letters_refusal({{"q", 5}}), "ifmap needs 15 words of scratch pad"));
  CHECK(says(letters_refusal({{"q", 4}, {"p", 19}}), "filter needs 228 words of scratch pad"));
  CHECK_EQ(letters_refusal({{"p", 24}}), "");
  CHECK(says(letters_refusal({{"p", 25}}), "psum needs 25 words of scratch pad"));
}

TEST(tiles_that_do_not_fit_the_pool_are_refused) {
  // 3 q ifmap words, 3 p q filter words, p psums.
  const Letters letters{{"q", 4}, {"p", 16}};
  CHECK_EQ(letters_refusal(letters, pooled_chip(220)), "");
  CHECK(says(letters_refusal(letters, pooled_chip(219)), "needs 220 words of scratch pad"));
}

TEST(tiles_that_do_not_fit_the_glb_are_refused) {
  // Ifmap 15 x 15 x q r n and ofmap 13 x 13 x m n; filters pass the GLB by.
  Architecture arch = chip();
  arch.glb_words = 15 * 15 * 6 * 4 + 13 * 13 * 64 * 4;
  CHECK_EQ(letters_refusal(kPublished, arch), "");
  --arch.glb_words;
  CHECK(says(letters_refusal(kPublished, arch), "the GLB needs 48664 words"));
}

TEST(filters_take_room_in_the_glb_only_where_they_pass_it) {
  Architecture arch = pooled_chip(256);
  const Letters letters{{"q", 1}, {"m", 2}, {"e", 1}};
  // Ifmap 3 x 15 x 256, ofmap 13 x 2, filters 3 x 3 x 256 x 2.
  arch.glb_words = 3 * 15 * 256 + 13 * 2 + 9 * 256 * 2;
  CHECK_EQ(mapped(letters, arch, "rs", "filters").scheme, "filters");
  --arch.glb_words;
  CHECK_THROWS(mapped(letters, arch, "rs", "filters"), InvalidMapping);
}

}  // namespace
}  // namespace energysim
