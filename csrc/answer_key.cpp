#include "answer_key.h"

#include <bit>

namespace energysim {
namespace {

class Mixer {
 public:
  void add(std::uint64_t word) { state_ = (std::rotl(state_, 29) ^ word) * 0x9e3779b97f4a7c15ULL; }
  void add(Count number) { add(static_cast<std::uint64_t>(number)); }
  // Equal numbers are to be alike: -0.0 is 0.0.
  void add(double number) { add(std::bit_cast<std::uint64_t>(number + 0.0)); }
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

}  // namespace energysim
