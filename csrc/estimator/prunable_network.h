// What happens to the layers of a network when channels are pruned.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "layer.h"

namespace energysim {

// Channels that are pruned together: outputs of one layer, or of several that are added up.
struct ChannelGroup {
  std::string name;
  Count channels = 0;  // of the network as it is
};

// A number of channels that depends on how many each group keeps: a concatenation is a sum, a
// flattened fmap a multiple.
struct Channels {
  struct Term {
    std::size_t group = 0;
    Count factor = 1;
  };
  Count fixed = 0;
  std::vector<Term> terms;

  Count of(std::span<const Count> kept) const;
};

// Layers with their channels, over all of a layer's groups (in the sense of convolution).
struct PrunableLayer {
  Layer layer;
  Channels inputs, outputs;
};

class PrunableNetwork {
 public:
  // Throws InvalidInput unless every layer is what its channels say when every group keeps all.
  PrunableNetwork(std::vector<PrunableLayer> layers, std::vector<ChannelGroup> groups, Count batch);

  std::size_t layers() const { return layers_.size(); }
  const Layer& layer(std::size_t i) const { return layers_[i].layer; }
  const std::vector<ChannelGroup>& groups() const { return groups_; }
  Count batch() const { return batch_; }
  // Layers whose shape a group decides.
  const std::vector<std::size_t>& shaped_by(std::size_t group) const { return shaped_by_[group]; }

  // Throws InvalidInput unless a group can keep so many.
  void check_kept(std::size_t group, Count kept) const;

  // The shape of a layer. A depthwise layer (one channel per group) has as many groups as inputs;
  // other grouped layers keep their groups, which share the channels evenly. Throws InvalidInput
  // where they cannot.
  LayerShape shape(std::size_t i, std::span<const Count> kept, Count batch) const;

 private:
  Count per_group(const PrunableLayer& part, const Channels& channels, const char* what,
                  std::span<const Count> kept) const;

  std::vector<PrunableLayer> layers_;
  std::vector<ChannelGroup> groups_;
  Count batch_;
  std::vector<std::vector<std::size_t>> shaped_by_;
};

}  // namespace energysim
