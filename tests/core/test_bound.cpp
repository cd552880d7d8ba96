// Optimistic terms against the terms of everything that a partial choice may still become.

#include "bound.h"
#include "check.h"

namespace energysim {
namespace {

DimTerms<double> optimistic(const Partial& partial) {
  DimTerms<double> terms;
  optimistic_terms(partial, terms);
  return terms;
}

// Does the GLB tile stand to the pass tile as the case says?
bool belongs(const Partial& p, const Tiles& t) {
  switch (p.glb_case) {
    case GlbCase::Same:
      return t.glb == t.pass;
    case GlbCase::Between:
      return t.pass < t.glb && t.glb < t.layer && t.glb <= p.most_glb;
    case GlbCase::Whole:
      return t.glb == t.layer;
  }
  return false;
}

// Calls `visit` with all tiles that respect what is decided.
template <class Visit>
void each_completion(const Partial& p, Visit visit) {
  for (Count pe = p.least_pe; pe <= p.most_pe; ++pe) {
    for (Count pass = pe; pass <= (p.streams ? pe : p.most_pass); ++pass) {
      if (pass > p.most_pass) continue;
      for (Count glb = pass; glb <= p.layer; ++glb) {
        const Tiles t{p.layer, glb, pass, pe, p.single_in_rf ? 1 : pe};
        if (belongs(p, t) && t.chunks() >= p.least_chunks) visit(t);
      }
    }
  }
}

// Calls `visit` with every relation of the GLB tile to the pass tile.
template <class Visit>
void each_glb_case(Partial p, Visit visit) {
  for (GlbCase which : {GlbCase::Same, GlbCase::Whole}) {
    p.glb_case = which;
    p.most_glb = p.layer;
    visit(p);
  }
  // No dataflow frees the GLB tile of what goes through the pads one by one (test_dataflow.cpp).
  if (p.single_in_rf) return;
  p.glb_case = GlbCase::Between;
  for (p.most_glb = p.most_pass + 1; p.most_glb < p.layer; ++p.most_glb) visit(p);
}

// Calls `visit` with everything that may be known of a dimension of that size.
template <class Visit>
void each_partial(Partial p, Visit visit) {
  const Count most_chunks = p.streams ? 1 : 3;
  for (p.most_pe = 1; p.most_pe <= p.layer; ++p.most_pe) {
    for (p.least_pe = 1; p.least_pe <= p.most_pe; ++p.least_pe) {
      for (p.most_pass = 1; p.most_pass <= p.layer; ++p.most_pass) {
        for (p.least_chunks = 1; p.least_chunks <= most_chunks; ++p.least_chunks) {
          each_glb_case(p, visit);
        }
      }
    }
  }
}

// Whether the bound is one for these tiles.
bool optimistic(const DimTerms<double>& bound, const DimTerms<double>& exact) {
  bool holds = bound.size == exact.size && bound.keep_glb >= exact.keep_glb;
  for (int k = 0; k < 4; ++k) {
    holds = holds && bound.states[k] <= exact.states[k] && bound.pes[k] <= exact.pes[k] &&
            bound.keep[k] >= exact.keep[k];
  }
  return holds;
}

struct Seen {
  int completions = 0, beaten = 0;
};

Seen check_completions(const Partial& start) {
  Seen seen;
  each_partial(start, [&](const Partial& p) {
    const DimTerms<double> bound = optimistic(p);
    each_completion(p, [&](const Tiles& t) {
      ++seen.completions;
      seen.beaten += optimistic(bound, dim_terms<double>(t)) ? 0 : 1;
    });
  });
  return seen;
}

void check_never_beaten(const Partial& start) {
  const Seen seen = check_completions(start);
  CHECK(seen.completions > 0);
  CHECK_EQ(seen.beaten, 0);
}

TEST(no_completion_cut_in_space_beats_the_bound) {
  for (Count layer = 1; layer <= 9; ++layer) {
    check_never_beaten({.layer = layer});
  }
}

TEST(no_streamed_completion_beats_the_bound) {
  for (Count layer = 1; layer <= 12; ++layer) {
    check_never_beaten({.layer = layer, .streams = true, .single_in_rf = true});
    check_never_beaten({.layer = layer, .streams = true});
  }
}

TEST(the_bound_of_a_whole_dimension_is_exact) {
  const Partial p{.layer = 8,
                  .streams = true,
                  .glb_case = GlbCase::Whole,
                  .least_pe = 8,
                  .most_pe = 8,
                  .most_pass = 8,
                  .most_glb = 8};
  CHECK(optimistic(p) == dim_terms<double>({8, 8, 8, 8, 8}));
}

TEST(small_limits_are_felt_in_the_bound) {
  const Partial p{
      .layer = 12, .glb_case = GlbCase::Same, .most_pe = 2, .most_pass = 4, .most_glb = 12};
  const DimTerms<double> bound = optimistic(p);
  CHECK_EQ(bound.states[1], 3.0);
  CHECK_EQ(bound.states[2], 3.0);
  CHECK_EQ(bound.pes[2], 6.0);
  CHECK_EQ(bound.keep[0], 0.0);
  CHECK_EQ(bound.keep_glb, 0.0);
}

}  // namespace
}  // namespace energysim
