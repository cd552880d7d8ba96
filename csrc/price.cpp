#include "price.h"

#include <algorithm>

namespace energysim {
namespace {

template <class Visit>
void each_flow(Visit visit) {
  for (auto reach : {&Flows<double>::glb, &Flows<double>::array, &Flows<double>::pes}) {
    for (int o = 0; o < kOperands; ++o) visit(reach, o);
  }
}

double dot(const Flows<double>& a, const Flows<double>& b) {
  double sum = 0;
  each_flow([&](auto reach, int o) { sum += (a.*reach)[o] * (b.*reach)[o]; });
  return sum;
}

}  // namespace

Prices::Prices(const Layer& layer, const Architecture& arch, const EnergyTable& table,
               const Ways& ways) {
  const double macs = to_double(layer.macs()), ofmap = to_double(layer.ofmap_words());
  const double groups = to_double(layer.size(Dim::G));
  const auto energy_of = [&](const Flows<double>& flows, double mac_count, double ofmap_words) {
    return energysim::energy(
        accesses<double>(flows, mac_count, ofmap_words, ways, arch.ofmap_path, arch.psum_pad),
        table);
  };
  base_ = energy_of({}, macs, ofmap);
  discounted_base_ = base_;
  each_flow([&](auto reach, int o) {
    Flows<double> one;
    (one.*reach)[o] = 1;
    const double price = energy_of(one, 0, 0) * groups;
    (price_.*reach)[o] = price;
    (floor_.*reach)[o] = std::max(0.0, price);
    if (price < 0) {
      monotone_ = false;
      discounted_base_ += price * (macs / groups);
    }
  });
}

double Prices::energy(const Flows<double>& flows) const { return base_ + dot(price_, flows); }

}  // namespace energysim
