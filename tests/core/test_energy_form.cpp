// The bound from polynomials: exact for a mapping that is decided, for any order of deciding.

#include "check.h"
#include "energy_form.h"
#include "search.h"
#include "space.h"

namespace energysim {
namespace {

Architecture small_chip() {
  Architecture arch;
  arch.name = "small";
  arch.rows = 6, arch.columns = 7;
  arch.glb_words = 600;
  arch.rf.words[index(Operand::Ifmap)] = 6;
  arch.rf.words[index(Operand::Filter)] = 24;
  arch.rf.words[index(Operand::Psum)] = 4;
  const double level_costs[kLevels] = {200, 6, 2, 1};
  for (Level level : kAllLevels) {
    for (auto& of : arch.table.cost[index(level)]) {
      of = {level_costs[index(level)], level_costs[index(level)], 0};
    }
  }
  return arch;
}

// Energy of a mapping as the form has it: some dimensions multiplied in as stages, the rest fixed.
double energy_by_stages(const Layer& layer, const Architecture& arch, const Mapping& mapping,
                        std::vector<Stage> stages) {
  const NestTerms<Checked> exact = nest_terms(layer, mapping.nest);
  NestTerms<double> terms;
  for (Dim d : kAllDims) terms[d] = dim_terms<double>(mapping.nest[d]);
  for (auto axis : {&NestTerms<double>::rows, &NestTerms<double>::columns}) {
    const auto& from = axis == &NestTerms<double>::rows ? exact.rows : exact.columns;
    for (int reach = 0; reach < kReaches; ++reach) {
      (terms.*axis).gross[reach] = to_double(from.gross[reach]);
      for (int j = 0; j < kMaxLoops; ++j) {
        (terms.*axis).kept[reach][j] = to_double(from.kept[reach][j]);
      }
    }
  }
  AxisFactors places;
  for (Dim d : kAllDims) places[static_cast<std::size_t>(index(d))] = factors(terms[d]);
  places[kRows] = factors(terms.rows);
  places[kColumns] = factors(terms.columns);
  const Prices prices(layer, arch, arch.table, mapping.nest.ways);
  EnergyForm form(mapping.nest.order, mapping.nest.ways, prices, stages, places);
  for (std::size_t s = 0; s < stages.size(); ++s) form.decide(s);
  form.weigh(stages.size());
  return form.bound(factors(terms[Dim::M]));
}

TEST(decided_mappings_have_their_energy) {
  const std::vector<std::vector<Stage>> orders{
      {},
      {{Dim::E, kRows}, {Dim::N, 0}, {Dim::C, 0}},
      {{Dim::C, 0}, {Dim::F, kColumns}, {Dim::E, kRows}},
      {{Dim::R, 0}, {Dim::E, kRows}},
  };
  const Architecture arch = small_chip();
  for (Count channels : {1, 3, 7, 12}) {
    LayerShape shape;
    shape.N = 2, shape.M = 10, shape.C = channels, shape.H = shape.W = 9, shape.R = shape.S = 3;
    const Layer layer("layer", shape);
    for (const DataflowPtr& dataflow : dataflows()) {
      const Found found = search(layer, arch, dataflow);
      for (const auto& stages : orders) {
        CHECK_EQ(energy_by_stages(layer, arch, found.mapping, stages), found.energy);
      }
    }
  }
}

TEST(two_terms_of_one_axis_have_no_product) {
  const Polynomial a = Polynomial::term(index(Dim::C), 1), b = Polynomial::term(index(Dim::C), 2);
  CHECK_THROWS(a * b, std::logic_error);
}

TEST(polynomials_keep_alike_products_together) {
  const Polynomial a = Polynomial::term(index(Dim::C), 1), b = Polynomial::term(index(Dim::M), 1);
  CHECK_EQ((a * b + b * a).sum().size(), std::size_t{1});
  CHECK_EQ((a * b + b * a).sum()[0].factor, 2.0);
  CHECK((a * b - b * a).sum().empty());
}

}  // namespace
}  // namespace energysim
