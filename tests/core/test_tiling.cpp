// Terms of one dimension against tiles listed one by one.

#include <vector>

#include "check.h"
#include "checked.h"
#include "tiling.h"

namespace energysim {
namespace {

// Sizes of the tiles that a loop cuts out of `size` coordinates.
std::vector<Count> cut(Count size, Count tile) {
  std::vector<Count> pieces;
  for (; size > 0; size -= tile) pieces.push_back(std::min(size, tile));
  return pieces;
}

template <class Of>
Count sum(const std::vector<Count>& tiles, Of of) {
  Count total = 0;
  for (Count tile : tiles) total += of(tile);
  return total;
}

// Residents that go through the pads in one pass, in a GLB tile, in the layer.
struct Nested {
  Tiles t;

  std::vector<Count> residents(Count pass) const { return cut(pass, t.resident()); }
  Count in_pass(Count pass) const { return static_cast<Count>(residents(pass).size()); }
  Count in_glb(Count glb) const {
    return sum(cut(glb, t.pass), [&](Count pass) { return in_pass(pass); });
  }
  Count in_layer() const {
    return sum(cut(t.layer, t.glb), [&](Count glb) { return in_glb(glb); });
  }
  std::vector<Count> passes() const {
    std::vector<Count> all;
    for (Count glb : cut(t.layer, t.glb)) {
      for (Count pass : cut(glb, t.pass)) all.push_back(pass);
    }
    return all;
  }
  // PEs that get a share of a pass.
  Count at_work(Count pass) const { return static_cast<Count>(cut(pass, t.pe).size()); }
};

DimTerms<Count> listed(const Tiles& t) {
  const Nested nested{t};
  const std::vector<Count> glb_tiles = cut(t.layer, t.glb), passes = nested.passes();
  const auto single = [](Count count, Count size) { return count == 1 ? size : 0; };
  const auto work = [&](Count pass) { return nested.at_work(pass); };
  DimTerms<Count> d;
  d.size = t.layer;
  d.states[1] = static_cast<Count>(glb_tiles.size());
  d.states[2] = static_cast<Count>(passes.size());
  d.states[3] = nested.in_layer();
  if (t.streams()) {
    for (int k = 0; k < 4; ++k) d.pes[k] = d.states[k];
  } else {
    d.pes[0] = work(passes.front());
    d.pes[1] = sum(glb_tiles, [&](Count glb) { return work(cut(glb, t.pass).front()); });
    d.pes[2] = d.pes[3] = sum(passes, work);
  }
  d.keep[0] = single(nested.in_layer(), t.layer);
  d.keep[1] = sum(glb_tiles, [&](Count glb) { return single(nested.in_glb(glb), glb); });
  d.keep[2] = sum(passes, [&](Count pass) { return single(nested.in_pass(pass), pass); });
  d.keep[3] = t.layer;
  d.keep_glb = single(static_cast<Count>(glb_tiles.size()), t.layer);
  return d;
}

void check_terms(const Tiles& t) {
  const DimTerms<Count> closed = dim_terms<Count>(t), expected = listed(t);
  CHECK_EQ(closed.size, expected.size);
  for (int k = 0; k < 4; ++k) {
    CHECK_EQ(closed.states[k], expected.states[k]);
    CHECK_EQ(closed.pes[k], expected.pes[k]);
    CHECK_EQ(closed.keep[k], expected.keep[k]);
  }
  CHECK_EQ(closed.keep_glb, expected.keep_glb);
}

// All tiles of a layer that are cut in space or streamed, never both.
template <class Visit>
void each_tiling(Count layer, Visit visit) {
  for (Count glb = 1; glb <= layer; ++glb) {
    for (Count pass = 1; pass <= glb; ++pass) {
      for (Count inner = 1; inner <= pass; ++inner) {
        visit(Tiles{layer, glb, pass, pass, inner});
        if (inner < pass) visit(Tiles{layer, glb, pass, inner, inner});
      }
    }
  }
}

TEST(terms_of_a_dimension_match_its_tiles_listed) {
  for (Count layer = 1; layer <= 13; ++layer) each_tiling(layer, check_terms);
}

TEST(terms_are_the_same_in_every_number) {
  each_tiling(9, [](const Tiles& t) {
    const DimTerms<Count> whole = dim_terms<Count>(t);
    const DimTerms<double> real = dim_terms<double>(t);
    const DimTerms<Checked> checked = dim_terms<Checked>(t);
    for (int k = 0; k < 4; ++k) {
      CHECK_EQ(real.states[k], static_cast<double>(whole.states[k]));
      CHECK_EQ(real.pes[k], static_cast<double>(whole.pes[k]));
      CHECK_EQ(checked.keep[k].value(), whole.keep[k]);
      CHECK_EQ(checked.pes[k].value(), whole.pes[k]);
    }
  });
}

TEST(terms_of_a_cut_in_space_with_an_edge) {
  // 10 coordinates: GLB tiles of 6 and 4, passes of 4, 2 and 4, PEs of 3.
  const DimTerms<Count> d = dim_terms<Count>({10, 6, 4, 3, 3});
  const Count states[] = {1, 2, 3, 3}, pes[] = {2, 4, 5, 5}, keep[] = {0, 4, 10, 10};
  for (int k = 0; k < 4; ++k) {
    CHECK_EQ(d.states[k], states[k]);
    CHECK_EQ(d.pes[k], pes[k]);
    CHECK_EQ(d.keep[k], keep[k]);
  }
  CHECK_EQ(d.keep_glb, 0);
}

TEST(tiles_know_how_they_are_used) {
  const Tiles streamed{12, 8, 6, 6, 2}, spread{12, 8, 7, 2, 2};
  CHECK(streamed.streams());
  CHECK_EQ(streamed.chunks(), 1);
  CHECK_EQ(streamed.resident(), 2);
  CHECK(!spread.streams());
  CHECK_EQ(spread.chunks(), 4);
  CHECK_EQ(spread.resident(), 7);
}

}  // namespace
}  // namespace energysim
