// The shape of one convolutional or fully connected layer.
#pragma once

#include <string>

#include "dims.h"

namespace energysim {

// What a user states. M and C are per group; H and W exclude padding. A fully connected layer is a
// convolution with R = H, S = W; a depthwise one has G groups of C = 1.
struct LayerShape {
  Count N = 1, G = 1, M = 1, C = 1, H = 1, W = 1, R = 1, S = 1;
  Count stride_v = 1, stride_h = 1;
  Count pad_top = 0, pad_bottom = 0, pad_left = 0, pad_right = 0;
  Count dilation_v = 1, dilation_h = 1;
  // Every image has filters of its own: what stands in their place is an fmap too, as in attention.
  bool own_filters = false;

  bool operator==(const LayerShape&) const = default;
};

// A checked shape with what follows from it. Immutable.
class Layer {
 public:
  // Throws InvalidInput for a shape that no layer has, CountOverflow where a total of words or
  // MACs does not fit 64 bits.
  Layer(std::string name, const LayerShape& shape);

  const std::string& name() const { return name_; }
  const LayerShape& shape() const { return shape_; }
  Count E() const { return e_; }
  Count F() const { return f_; }

  // Size of a dimension. All loops of a nest run over these. Images with filters of their own share
  // no word: they are groups here, and N is 1.
  Count size(Dim dim) const { return sizes_[index(dim)]; }

  // Totals over the batch and all groups. Ifmap words exclude padding.
  Count macs() const { return macs_; }
  Count ifmap_words() const { return ifmap_words_; }
  Count filter_words() const { return filter_words_; }
  Count ofmap_words() const { return ofmap_words_; }

  Layer with_batch(Count n) const;

  bool operator==(const Layer&) const = default;

 private:
  std::string name_;
  LayerShape shape_;
  Count e_ = 0, f_ = 0;
  std::array<Count, kDims> sizes_{};
  Count macs_ = 0, ifmap_words_ = 0, filter_words_ = 0, ofmap_words_ = 0;
};

}  // namespace energysim
