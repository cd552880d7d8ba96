// What is known already: optimal mappings by all that they depend on.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "search.h"

namespace energysim {

// All that the optimum of a layer depends on, for one architecture, dataflow and objective. Names
// are not in it.
struct AnswerKey {
  LayerShape shape;
  LayerData data;

  bool operator==(const AnswerKey&) const = default;
};

// Not of all of a key: what is left out only makes more keys alike.
struct AnswerKeyHash {
  std::size_t operator()(const AnswerKey& key) const;
};

struct Answer {
  Found found;
  // Shares of `found.energy`.
  double moved[kLevels][kOperands] = {};
  double mac = 0;
};
using AnswerPtr = std::shared_ptr<const Answer>;

struct CacheUse {
  std::size_t hits = 0, misses = 0, answers = 0;
};

// A table of bounded size, safe to use from many threads. When it is full, the answers that were
// not asked for lately are forgotten: it keeps two generations, and an old answer that is asked for
// becomes a young one.
class AnswerCache {
 public:
  explicit AnswerCache(std::size_t most_answers);

  AnswerPtr find(const AnswerKey& key);
  void insert(const AnswerKey& key, AnswerPtr answer);
  CacheUse use() const;

 private:
  using Answers = std::unordered_map<AnswerKey, AnswerPtr, AnswerKeyHash>;
  // Threads that ask for different layers seldom wait for each other.
  struct Shard {
    mutable std::mutex mutex;
    Answers young, old;
    std::size_t hits = 0, misses = 0;

    void add(const AnswerKey& key, AnswerPtr answer, std::size_t most_young);
  };
  static constexpr std::size_t kShards = 32;

  Shard& shard_of(const AnswerKey& key);

  const std::size_t most_young_;  // per shard
  std::array<Shard, kShards> shards_;
};

}  // namespace energysim
