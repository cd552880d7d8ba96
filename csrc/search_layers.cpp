#include <unordered_map>

#include "answer_key.h"
#include "crew.h"
#include "errors.h"
#include "search.h"

namespace energysim {
namespace {

// Layers of one shape and data have one answer: `first[i]` is the first layer like layer i.
struct Alike {
  std::vector<std::size_t> first, distinct;

  Alike(const std::vector<Layer>& layers, const std::vector<LayerData>& data) {
    std::unordered_map<AnswerKey, std::size_t, AnswerKeyHash> known;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const auto [key, is_new] = known.try_emplace({layers[i].shape(), data[i]}, i);
      first.push_back(key->second);
      if (is_new) distinct.push_back(i);
    }
  }
};

void check(const std::vector<Layer>& layers, const Architecture& arch,
           const std::vector<LayerData>& data, int threads) {
  if (data.size() != layers.size()) {
    throw InvalidInput("there must be data for each layer: " + std::to_string(layers.size()) +
                       " layers, " + std::to_string(data.size()) + " data");
  }
  if (threads < 0) {
    throw InvalidInput("threads must be at least 0 (0 takes all cores), got " +
                       std::to_string(threads));
  }
  arch.validate();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    try {
      data[i].validate(arch.word_bits);
    } catch (const InvalidInput& error) {
      throw InvalidInput("layer '" + layers[i].name() + "': " + error.what());
    }
  }
}

// What `find(i, go_on)` finds for each layer i; those alike are asked for once.
template <class Find>
auto found_for(const std::vector<Layer>& layers, const std::vector<LayerData>& data, int threads,
               const std::function<bool(std::size_t)>& progress, Find find) {
  const Alike alike(layers, data);
  std::vector<decltype(find(0, GoOn{}))> found(layers.size());
  const auto find_one = [&](std::size_t job, const GoOn& go_on) {
    const std::size_t i = alike.distinct[job];
    found[i] = find(i, go_on);
  };
  work_off(alike.distinct.size(), threads, find_one, progress);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (alike.first[i] != i) found[i] = found[alike.first[i]];
  }
  return found;
}

}  // namespace

std::vector<Found> search_layers(const std::vector<Layer>& layers, const Architecture& arch,
                                 const DataflowPtr& dataflow, const std::vector<LayerData>& data,
                                 int threads, const std::function<bool(std::size_t)>& progress,
                                 Objective objective) {
  check(layers, arch, data, threads);
  return found_for(layers, data, threads, progress, [&](std::size_t i, const GoOn& go_on) {
    return search(layers[i], arch, dataflow, data[i], go_on, objective);
  });
}

std::vector<std::vector<Found>> search_fronts(const std::vector<Layer>& layers,
                                              const Architecture& arch, const DataflowPtr& dataflow,
                                              const std::vector<LayerData>& data, int threads,
                                              const std::function<bool(std::size_t)>& progress) {
  check(layers, arch, data, threads);
  return found_for(layers, data, threads, progress, [&](std::size_t i, const GoOn& go_on) {
    return search_front(layers[i], arch, dataflow, data[i], go_on);
  });
}

}  // namespace energysim
