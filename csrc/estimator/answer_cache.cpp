#include "estimator/answer_cache.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace energysim {
namespace {

class Mixer {
 public:
  void add(std::uint64_t word) { state_ = (std::rotl(state_, 29) ^ word) * 0x9e3779b97f4a7c15ULL; }
  void add(Count number) { add(static_cast<std::uint64_t>(number)); }
  void add(double number) { add(std::bit_cast<std::uint64_t>(number)); }
  std::uint64_t mixed() const { return state_ ^ state_ >> 32; }

 private:
  std::uint64_t state_ = 0;
};

}  // namespace

std::size_t AnswerKeyHash::operator()(const AnswerKey& key) const {
  const LayerShape& s = key.shape;
  Mixer mixer;
  for (Count size : {s.N, s.G, s.M, s.C, s.H, s.W, s.R, s.S, s.stride_v, s.pad_top}) {
    mixer.add(size);
  }
  for (Count bits : key.data.bits) mixer.add(bits);
  for (double density : key.data.density) mixer.add(density);
  return static_cast<std::size_t>(mixer.mixed());
}

AnswerCache::AnswerCache(std::size_t most_answers)
    : most_young_(std::max<std::size_t>(1, most_answers / (2 * kShards))) {}

AnswerCache::Shard& AnswerCache::shard_of(const AnswerKey& key) {
  // The upper bits: the maps use the lower ones.
  return shards_[(AnswerKeyHash{}(key) >> 20) % kShards];
}

void AnswerCache::Shard::add(const AnswerKey& key, AnswerPtr answer, std::size_t most_young) {
  if (young.size() >= most_young) {
    old = std::move(young);
    young.clear();
  }
  young.emplace(key, std::move(answer));
}

AnswerPtr AnswerCache::find(const AnswerKey& key) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  if (const auto found = shard.young.find(key); found != shard.young.end()) {
    ++shard.hits;
    return found->second;
  }
  const auto found = shard.old.find(key);
  if (found == shard.old.end()) {
    ++shard.misses;
    return nullptr;
  }
  ++shard.hits;
  AnswerPtr answer = std::move(found->second);
  shard.old.erase(found);
  shard.add(key, answer, most_young_);
  return answer;
}

void AnswerCache::insert(const AnswerKey& key, AnswerPtr answer) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  shard.add(key, std::move(answer), most_young_);
}

CacheUse AnswerCache::use() const {
  CacheUse use;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    use.hits += shard.hits;
    use.misses += shard.misses;
    use.answers += shard.young.size() + shard.old.size();
  }
  return use;
}

}  // namespace energysim
