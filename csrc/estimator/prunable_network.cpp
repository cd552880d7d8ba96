#include "estimator/prunable_network.h"

#include <algorithm>
#include <utility>

#include "errors.h"

namespace energysim {
namespace {

bool depthwise(const LayerShape& shape) { return shape.G > 1 && shape.C == 1; }

// "'CONV1' keeps 95": the groups that a number of channels comes from.
std::string who_keeps(const Channels& channels, std::span<const Count> kept,
                      const std::vector<ChannelGroup>& groups) {
  std::string all;
  for (const Channels::Term& term : channels.terms) {
    all += (all.empty() ? "group '" : ", group '") + groups[term.group].name + "' keeps " +
           std::to_string(kept[term.group]);
  }
  return all;
}

}  // namespace

Count Channels::of(std::span<const Count> kept) const {
  Count sum = fixed;
  for (const Term& term : terms) sum += term.factor * kept[term.group];
  return sum;
}

PrunableNetwork::PrunableNetwork(std::vector<PrunableLayer> layers,
                                 std::vector<ChannelGroup> groups, Count batch)
    : layers_(std::move(layers)),
      groups_(std::move(groups)),
      batch_(batch),
      shaped_by_(groups_.size()) {
  std::vector<Count> all;
  for (const ChannelGroup& group : groups_) all.push_back(group.channels);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    for (const Channels* channels : {&layers_[i].inputs, &layers_[i].outputs}) {
      for (const Channels::Term& term : channels->terms) {
        std::vector<std::size_t>& shaped = shaped_by_.at(term.group);
        if (shaped.empty() || shaped.back() != i) shaped.push_back(i);
      }
    }
    if (shape(i, all, batch) != layer(i).shape()) {
      throw InvalidInput("layer '" + layer(i).name() +
                         "': its channels are not those of the groups that it belongs to");
    }
  }
}

void PrunableNetwork::check_kept(std::size_t group, Count kept) const {
  const ChannelGroup& of = groups_.at(group);
  if (kept >= 1 && kept <= of.channels) return;
  throw InvalidInput("group '" + of.name + "' must keep between 1 and its " +
                     std::to_string(of.channels) + " channels, got " + std::to_string(kept));
}

Count PrunableNetwork::per_group(const PrunableLayer& part, const Channels& channels,
                                 const char* what, std::span<const Count> kept) const {
  const Count all = channels.of(kept), groups = part.layer.shape().G;
  if (all % groups == 0) return all / groups;
  throw InvalidInput(who_keeps(channels, kept, groups_) + ", but layer '" + part.layer.name() +
                     "' must share its " + what + ", then " + std::to_string(all) +
                     ", evenly among its " + std::to_string(groups) +
                     " groups: make them a multiple of " + std::to_string(groups));
}

LayerShape PrunableNetwork::shape(std::size_t i, std::span<const Count> kept, Count batch) const {
  const PrunableLayer& part = layers_[i];
  LayerShape shape = part.layer.shape();
  shape.N = shape.N / batch_ * batch;
  if (depthwise(shape)) {
    shape.G = part.inputs.of(kept);
  } else {
    shape.C = per_group(part, part.inputs, "inputs", kept);
    shape.M = per_group(part, part.outputs, "outputs", kept);
  }
  return shape;
}

}  // namespace energysim
