#include "layer.h"

#include <utility>

#include "checked.h"
#include "errors.h"

namespace energysim {
namespace {

void require_at_least(const std::string& layer, const char* what, Count value, Count least) {
  if (value >= least) return;
  throw InvalidInput("layer '" + layer + "': " + what + " must be at least " +
                     std::to_string(least) + ", got " + std::to_string(value));
}

// Ofmap rows (or columns) that a filter makes of the padded input.
Count outputs(const std::string& layer, const char* axis, Count padded, Count filter, Count stride,
              Count dilation) {
  const Count reach = ((Checked(filter) - 1) * dilation + 1).value();
  if (reach > padded) {
    throw InvalidInput("layer '" + layer + "': the filter reaches over " + std::to_string(reach) +
                       " ifmap " + axis + " but the padded ifmap has " + std::to_string(padded) +
                       ": make the filter or its dilation smaller, or pad more");
  }
  return (padded - reach) / stride + 1;
}

void check_sizes(const std::string& name, const LayerShape& s) {
  const std::pair<const char*, Count> sizes[] = {
      {"N (batch)", s.N},
      {"G (groups)", s.G},
      {"M (filters per group)", s.M},
      {"C (channels per group)", s.C},
      {"H (ifmap rows)", s.H},
      {"W (ifmap columns)", s.W},
      {"R (filter rows)", s.R},
      {"S (filter columns)", s.S},
      {"the vertical stride", s.stride_v},
      {"the horizontal stride", s.stride_h},
      {"the vertical dilation", s.dilation_v},
      {"the horizontal dilation", s.dilation_h},
  };
  for (const auto& [what, value] : sizes) require_at_least(name, what, value, 1);
  const std::pair<const char*, Count> pads[] = {
      {"the top padding", s.pad_top},
      {"the bottom padding", s.pad_bottom},
      {"the left padding", s.pad_left},
      {"the right padding", s.pad_right},
  };
  for (const auto& [what, value] : pads) require_at_least(name, what, value, 0);
}

}  // namespace

Layer::Layer(std::string name, const LayerShape& shape) : name_(std::move(name)), shape_(shape) {
  const LayerShape& s = shape_;
  check_sizes(name_, s);
  const Checked rows = Checked(s.H) + s.pad_top + s.pad_bottom;
  const Checked columns = Checked(s.W) + s.pad_left + s.pad_right;
  e_ = outputs(name_, "rows", rows.value(), s.R, s.stride_v, s.dilation_v);
  f_ = outputs(name_, "columns", columns.value(), s.S, s.stride_h, s.dilation_h);
  const Checked n = s.own_filters ? 1 : s.N, g = s.own_filters ? Checked(s.N) * s.G : s.G;
  const Checked m = s.M, c = s.C;
  sizes_ = {n.value(), g.value(), s.M, s.C, s.R, s.S, e_, f_};
  ifmap_words_ = (n * g * c * s.H * s.W).value();
  // With the zeros around them, which tiles hold too: so no tile's words can overflow.
  static_cast<void>(n * g * c * rows * columns);
  filter_words_ = (g * m * c * s.R * s.S).value();
  ofmap_words_ = (n * g * m * e_ * f_).value();
  macs_ = (Checked(ofmap_words_) * c * s.R * s.S).value();
}

Layer Layer::with_batch(Count n) const {
  LayerShape shape = shape_;
  shape.N = n;
  return Layer(name_, shape);
}

}  // namespace energysim
