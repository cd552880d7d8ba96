// The search: exact on small layers, the same on any number of threads, monotone under pruning.

#include "check.h"
#include "declaration.h"
#include "deep.h"
#include "effective_costs.h"
#include "search.h"
#include "search_cases.h"

namespace energysim {
namespace {

std::vector<LayerData> with_ifmap_densities(const std::vector<double>& densities) {
  std::vector<LayerData> data(densities.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i].density[index(Operand::Ifmap)] = densities[i];
  }
  return data;
}

// Checks that an answer is what it says it is.
void check_found(const Found& found, const Layer& layer, const Architecture& arch,
                 const LayerData& data) {
  const Architecture seen = seen_by(data, arch);
  check_mapping(layer, seen, found.mapping);
  CHECK(found.counts == count(layer, seen, found.mapping));
  CHECK_EQ(found.energy, energy(found.counts, seen.table));
  CHECK_EQ(found.proof.optimum, found.energy);
  CHECK_EQ(found.proof.lower_bound, found.proof.optimum);
}

// Returns whether there was a mapping.
bool check_exact(const Layer& layer, const Architecture& arch, const DataflowPtr& dataflow,
                 const LayerData& data) {
  const auto best = found_by([&] { return search(layer, arch, dataflow, data); });
  const auto all = found_by([&] { return search_exhaustive(layer, arch, dataflow, data); });
  CHECK_EQ(best.has_value(), all.has_value());
  if (!best || !all) return false;
  CHECK_EQ(best->energy, all->energy);
  check_found(*best, layer, arch, data);
  check_found(*all, layer, arch, data);
  const Proof& proof = all->proof;
  CHECK_EQ(static_cast<double>(proof.evaluated + proof.cut_by_capacity),
           space_size(layer, *dataflow));
  return true;
}

// Compares so many searches of random layers on random architectures; costs and densities are such
// that all sums are exact.
void check_random(const std::string& name, int cases, std::uint64_t seed,
                  Layer (*draw)(Random&) = random_layer) {
  const DataflowPtr dataflow = find_dataflow(name);
  Random random(seed);
  int mapped = 0;
  for (int done = 0; done < cases;) {
    const Layer layer = draw(random);
    const Architecture arch = random_architecture(random);
    const LayerData data = random_data(random);
    if (space_size(layer, *dataflow) > kMostMappings) continue;
    mapped += check_exact(layer, arch, dataflow, data) ? 1 : 0;
    ++done;
  }
  CHECK(mapped > cases / 2);
}

TEST(the_search_of_rs_is_exact) { check_random("rs", 150, 1); }

TEST(the_search_of_rs_chip_is_exact) { check_random("rs-chip", 150, 2); }

TEST(the_search_is_exact_where_channels_and_filters_compete_for_the_glb) {
  check_random("rs", tries(60, 2000), 3, random_deep_layer);
  check_random("nlr-free", tries(150, 2000), 4, random_deep_layer);
}

// No dataflow of the package has such rows; those that users declare may.
TEST(the_search_is_exact_where_rows_stream_through_pads_that_hold_one_pixel) {
  using enum Dim;
  Dataflow streaming;
  streaming.name = "streaming";
  for (Dim d : {N, C, R, S, F}) {
    streaming.rules[index(d)] = {Tile::Whole, Tile::Same, Tile::Whole, Tile::Same};
  }
  streaming.rules[index(M)] = {Tile::Same, Tile::Free, Tile::One, Tile::Same};
  streaming.rules[index(E)] = {Tile::Same, Tile::Same, Tile::Free, Tile::One};
  streaming.variables = {{"t", M, Variable::At::Pass}, {"e", E, Variable::At::Pe}};
  streaming.array = {Packing::Pool};
  Ways ways;
  ways.ifmap.glb = false;
  streaming.schemes = {{"only", "", LoopOrder({E, M}, {N, C, R, S, F}, {E}), ways, {}}};
  check_dataflow(streaming);
  const auto dataflow = std::make_shared<const Dataflow>(streaming);
  int mapped = 0;
  Random random(6);
  for (int i = 0; i < 200; ++i) {
    Architecture arch = chip();
    arch.rows = 1, arch.columns = random.between(1, 3);
    arch.glb_words = random.between(100, 400);
    for (Count& words : arch.rf.words) words = random.between(4, 30);
    const Layer layer("drawn", {.M = random.between(2, 9),
                                .C = random.between(1, 2),
                                .H = random.between(2, 5),
                                .W = random.between(1, 5)});
    mapped += check_exact(layer, arch, dataflow, {}) ? 1 : 0;
  }
  CHECK(mapped > 100);
}

TEST(a_layer_of_one_word_has_one_mapping_in_each_scheme) {
  const Layer layer("one", {});
  CHECK_EQ(space_size(layer, *find_dataflow("rs-chip")), 1.0);
  const Found found = search_exhaustive(layer, chip(), find_dataflow("rs-chip"));
  CHECK_EQ(found.proof.evaluated, 1);
  CHECK_EQ(found.proof.cut_by_capacity, 0);
  CHECK(search(layer, chip(), find_dataflow("rs-chip")).counts == found.counts);
}

TEST(the_space_of_a_small_layer_is_counted_by_hand) {
  // Three images: n of 1, 2 or 3. Two filters: p, t and m of (1 1 1), (1 1 2), (1 2 2), (2 1 2).
  CHECK_EQ(space_size(Layer("images", {.N = 3}), *find_dataflow("rs-chip")), 3.0);
  CHECK_EQ(space_size(Layer("filters", {.M = 2}), *find_dataflow("rs-chip")), 4.0);
  // Two channels: q and r of (1 1), (1 2), (2 1).
  CHECK_EQ(space_size(Layer("channels", {.C = 2}), *find_dataflow("rs-chip")), 3.0);
}

TEST(the_search_says_so_if_nothing_fits) {
  const Layer layer("drawn", {.M = 2, .C = 2, .H = 4, .W = 4, .R = 2, .S = 2});
  Architecture no_pads = chip();
  no_pads.rf = {.pooled = true, .pool = 2};
  Architecture no_buffer = chip();
  no_buffer.glb_words = 2;
  const DataflowPtr dataflow = find_dataflow("rs");
  for (const Architecture& arch : {no_pads, no_buffer}) {
    CHECK_THROWS(search(layer, arch, dataflow), NoMapping);
    CHECK_THROWS(search_exhaustive(layer, arch, dataflow), NoMapping);
  }
}

TEST(the_search_refuses_densities_that_are_none) {
  const Layer layer("one", {});
  for (double bad : {-0.5, 1.5}) {
    CHECK_THROWS(search(layer, chip(), find_dataflow("rs"), with_ifmap_densities({bad})[0]),
                 InvalidInput);
  }
}

TEST(more_loop_orders_and_larger_storages_never_cost_more) {
  const Layer layer("drawn", {.N = 2, .M = 24, .C = 20, .H = 15, .W = 15, .R = 3, .S = 3});
  Architecture larger = chip();
  larger.glb_words *= 2;
  for (Count& words : larger.rf.words) words *= 2;
  const double fixed = search(layer, chip(), find_dataflow("rs-chip")).energy;
  const double free = search(layer, chip(), find_dataflow("rs")).energy;
  CHECK(free <= fixed);
  CHECK(search(layer, larger, find_dataflow("rs")).energy <= free);
  CHECK(search(layer, larger, find_dataflow("rs-chip")).energy <= fixed);
}

Layer prunable(Count m, Count c) {
  return Layer("pruned", {.M = m,
                          .C = c,
                          .H = 14,
                          .W = 14,
                          .R = 3,
                          .S = 3,
                          .pad_top = 1,
                          .pad_bottom = 1,
                          .pad_left = 1,
                          .pad_right = 1});
}

// Searches all layers of up to 64 filters and 48 channels, and compares each with the two that have
// one filter or one channel less.
void check_pruning(const std::string& name) {
  const DataflowPtr dataflow = find_dataflow(name);
  std::vector<double> fewer_filters(49, 0);
  int raised = 0;
  for (Count m = 1; m <= 64; ++m) {
    double fewer_channels = 0;
    for (Count c = 1; c <= 48; ++c) {
      double& fewer = fewer_filters[static_cast<std::size_t>(c)];
      const double now = search(prunable(m, c), chip(), dataflow).energy;
      raised += fewer > now || fewer_channels > now ? 1 : 0;
      fewer = fewer_channels = now;
    }
  }
  CHECK_EQ(raised, 0);
}

TEST(removing_a_filter_or_channel_never_raises_the_optimum_of_rs) { check_pruning("rs"); }

TEST(removing_a_filter_or_channel_never_raises_the_optimum_of_rs_chip) { check_pruning("rs-chip"); }

// Layers of a small network; the first and the last have the same shape.
std::vector<Layer> network() {
  return {Layer("first", {.M = 8, .C = 3, .H = 16, .W = 16, .R = 3, .S = 3}),
          Layer("depthwise", {.G = 8, .H = 14, .W = 14, .R = 3, .S = 3}),
          Layer("pointwise", {.N = 2, .M = 16, .C = 8, .H = 12, .W = 12}),
          Layer("full", {.M = 10, .C = 16, .H = 6, .W = 6, .R = 6, .S = 6}),
          Layer("again", {.M = 8, .C = 3, .H = 16, .W = 16, .R = 3, .S = 3})};
}

std::vector<Found> searched(const std::vector<Layer>& layers, const Architecture& arch,
                            const std::vector<LayerData>& data, int threads) {
  return search_layers(layers, arch, find_dataflow("rs"), data, threads,
                       [](std::size_t) { return true; });
}

void check_same(const Found& a, const Found& b) {
  CHECK(a.mapping.dataflow == b.mapping.dataflow);
  CHECK_EQ(a.mapping.scheme, b.mapping.scheme);
  CHECK(a.mapping.nest == b.mapping.nest);
  CHECK(a.counts == b.counts);
  CHECK_EQ(a.energy, b.energy);
  CHECK(a.proof == b.proof);
}

TEST(layers_are_searched_like_each_alone) {
  Architecture arch = chip();
  arch.sparsity.gates.ifmap = true;
  const std::vector<Layer> layers = network();
  const std::vector<LayerData> data = with_ifmap_densities({1, 0.5, 0.25, 1, 0});
  const std::vector<Found> found = searched(layers, arch, data, 1);
  CHECK_EQ(found.size(), layers.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    check_same(found[i], search(layers[i], arch, find_dataflow("rs"), data[i]));
  }
}

TEST(the_answers_are_the_same_on_any_number_of_threads) {
  const std::vector<Layer> layers = network();
  const std::vector<LayerData> data(layers.size());
  const std::vector<Found> one = searched(layers, chip(), data, 1);
  for (int threads : {2, 0}) {
    const std::vector<Found> more = searched(layers, chip(), data, threads);
    CHECK_EQ(more.size(), one.size());
    for (std::size_t i = 0; i < more.size(); ++i) check_same(more[i], one[i]);
  }
}

TEST(no_layers_have_no_answers) { CHECK(searched({}, chip(), {}, 2).empty()); }

TEST(a_search_of_layers_says_so_if_nothing_fits) {
  Architecture arch = chip();
  arch.glb_words = 1;
  const std::vector<LayerData> data(network().size());
  for (int threads : {1, 2}) CHECK_THROWS(searched(network(), arch, data, threads), NoMapping);
}

TEST(progress_is_told_and_counts_up) {
  const std::vector<Layer> layers = network();
  std::vector<std::size_t> told;
  search_layers(layers, chip(), find_dataflow("rs"), std::vector<LayerData>(layers.size()), 2,
                [&](std::size_t done) {
                  told.push_back(done);
                  return true;
                });
  for (std::size_t i = 0; i < told.size(); ++i) {
    CHECK(told[i] <= layers.size());
    CHECK(i == 0 || told[i - 1] <= told[i]);
  }
}

TEST(a_search_stops_when_asked_to) {
  const std::vector<Layer> layers = network();
  for (int threads : {1, 2}) {
    CHECK_THROWS(
        search_layers(layers, chip(), find_dataflow("rs"), std::vector<LayerData>(layers.size()),
                      threads, [](std::size_t) { return false; }),
        Interrupted);
  }
}

TEST(threads_below_zero_are_refused) {
  CHECK_THROWS(
      search_layers({Layer("one", {})}, chip(), find_dataflow("rs"), {LayerData{}}, -1, nullptr),
      InvalidInput);
}

TEST(a_layer_that_does_not_fit_is_named_once) {
  try {
    search(Layer("wide", {.W = 60'000, .S = 60'000}), chip(), find_dataflow("rs"));
    CHECK(false);
  } catch (const NoMapping& error) {
    const std::string message = error.what();
    CHECK_EQ(message.find("wide"), message.rfind("wide"));
    CHECK(message.find("the GLB needs 60001 words") != std::string::npos);
  }
}

TEST(a_search_without_progress_runs_to_its_end) {
  const std::vector<Found> found =
      search_layers({Layer("one", {})}, chip(), find_dataflow("rs"), {LayerData{}}, 1, nullptr);
  CHECK_EQ(found.size(), 1);
}

}  // namespace
}  // namespace energysim
