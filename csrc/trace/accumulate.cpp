#include "trace/accumulate.h"

namespace energysim::trace {
namespace {

// A block of filters whose sums stay in registers over all terms.
template <class Sum>
void accumulate_block(const Work& work, const Word* values, const Word* filters, Sum* psums) {
  Sum sums[kLanes];
  for (Count i = 0; i < kLanes; ++i) sums[i] = psums[i];
  for (Count k = 0; k < work.terms; ++k) {
    const Word value = values[k];
    const Word* row = filters + k * work.lanes;
    for (Count i = 0; i < kLanes; ++i) sums[i] += Sum{int{row[i]} * int{value}};
  }
  for (Count i = 0; i < kLanes; ++i) psums[i] = sums[i];
}

template <class Sum>
void accumulate_one(const Work& work, Sum* psums) {
  for (Count o = 0; o < work.outs; ++o) {
    const Word* values = work.values + o * work.terms;
    Sum sum = psums[o];
    for (Count k = 0; k < work.terms; ++k) sum += Sum{int{values[k]} * int{work.filters[k]}};
    psums[o] = sum;
  }
}

template <class Sum>
void accumulate_few(const Work& work, Sum* psums) {
  for (Count o = 0; o < work.outs; ++o) {
    const Word* values = work.values + o * work.terms;
    for (Count i = 0; i < work.lanes; ++i) {
      Sum sum = psums[o * work.lanes + i];
      for (Count k = 0; k < work.terms; ++k) {
        sum += Sum{int{values[k]} * int{work.filters[k * work.lanes + i]}};
      }
      psums[o * work.lanes + i] = sum;
    }
  }
}

}  // namespace

template <class Sum>
void accumulate(const Work& work, Sum* psums) {
  if (work.lanes == 1) return accumulate_one(work, psums);
  if (work.lanes < kFewFilters) return accumulate_few(work, psums);
  for (Count o = 0; o < work.outs; ++o) {
    for (Count i = 0; i < work.lanes; i += kLanes) {
      accumulate_block(work, work.values + o * work.terms, work.filters + i,
                       psums + o * work.lanes + i);
    }
  }
}

template void accumulate<std::int32_t>(const Work&, std::int32_t*);
template void accumulate<std::int64_t>(const Work&, std::int64_t*);

Excess accumulate_checked(const Work& work, Count used_lanes, std::int64_t limit,
                          std::int64_t* psums) {
  for (Count o = 0; o < work.outs; ++o) {
    for (Count k = 0; k < work.terms; ++k) {
      const std::int64_t value = work.values[o * work.terms + k];
      for (Count i = 0; i < used_lanes; ++i) {
        std::int64_t& sum = psums[o * work.lanes + i];
        sum += value * work.filters[k * work.lanes + i];
        if (sum > limit || sum < -limit - 1) return {true, o, i, sum};
      }
    }
  }
  return {};
}

}  // namespace energysim::trace
