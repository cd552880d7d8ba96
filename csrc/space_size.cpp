// How many mappings a space has, without going through them.
#include <cmath>
#include <numbers>

#include "search.h"

namespace energysim {
namespace {

// Pairs (a, b) with a b <= most: how many there are, and the sum of their products.
struct Pairs {
  double number = 0, products = 0;
};

double whole_sum(double n) { return n * (n + 1) / 2; }

// By Dirichlet's hyperbola: the pairs with a up to the root, those with b up to it, less those with
// both.
Pairs pairs_one_by_one(Count most) {
  Pairs pairs;
  Count root = 0;
  for (Count a = 1; a <= most / a; ++a) {
    const double real_a = static_cast<double>(a), b = static_cast<double>(most / a);
    pairs.number += 2 * b;
    pairs.products += 2 * real_a * whole_sum(b);
    root = a;
  }
  const double r = static_cast<double>(root);
  pairs.number -= r * r;
  pairs.products -= whole_sum(r) * whole_sum(r);
  return pairs;
}

// Their asymptotic expansions (Hardy and Wright, An Introduction to the Theory of Numbers, theorem
// 320, and Abel summation of it). The first is off by about the cube root of `most`, the second by
// about `most` times that.
Pairs pairs_of_many(Count most) {
  using std::numbers::egamma;
  const double x = static_cast<double>(most), log = std::log(x);
  return {x * (log + 2 * egamma - 1), x * x * (log / 2 + egamma - 0.25)};
}

Pairs pairs_up_to(Count most) {
  constexpr Count kMostOneByOne = Count{1} << 40;  // a million steps; beyond, nine digits are right
  return most <= kMostOneByOne ? pairs_one_by_one(most) : pairs_of_many(most);
}

// Choices of a dimension's letters. A pass tile smaller than the dimension can be made in as many
// ways as there are (PE tile, PEs side by side) of that product, the whole dimension with any PE
// tile; each allows any GLB tile from its own size up.
double choices(const DimRule& rule, Count size) {
  const double n = static_cast<double>(size);
  const bool pe = rule.pe == Tile::Free, pass = rule.pass == Tile::Free;
  const bool glb = rule.glb == Tile::Free;
  if (!pe && !pass) return glb ? n : 1;
  if (!pe || !pass) return glb ? whole_sum(n) : n;
  const Pairs smaller = pairs_up_to(size - 1);
  return glb ? (n + 1) * smaller.number - smaller.products + n : smaller.number + n;
}

}  // namespace

double space_size(const Layer& layer, const Dataflow& dataflow) {
  double total = 0;
  for (const Scheme& scheme : dataflow.schemes) {
    if (!scheme.takes(layer)) continue;
    double product = 1;
    for (Dim dim : kAllDims) {
      if (dim != Dim::G) product *= choices(dataflow.rule(dim, scheme), layer.size(dim));
    }
    total += product;
  }
  return total;
}

}  // namespace energysim
