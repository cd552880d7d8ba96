#include "trace/nest_walk.h"

#include <algorithm>
#include <stdexcept>

namespace energysim::trace {
namespace {

bool apart(const Span& a, const Span& b) { return a.high <= b.low || b.high <= a.low; }

}  // namespace

bool same_words(Operand operand, const Box& a, const Box& b) {
  return std::all_of(kAllDims.begin(), kAllDims.end(),
                     [&](Dim d) { return !relevant(operand, d) || a[d] == b[d]; });
}

bool no_words(Operand operand, const Box& box) {
  return std::any_of(kAllDims.begin(), kAllDims.end(),
                     [&](Dim d) { return relevant(operand, d) && box.size(d) == 0; });
}

bool same_or_apart(Operand operand, const Box& held, const Box& wanted) {
  if (same_words(operand, held, wanted)) return true;
  const bool nothing_shared = std::any_of(kAllDims.begin(), kAllDims.end(), [&](Dim d) {
    return relevant(operand, d) && apart(held[d], wanted[d]);
  });
  if (!nothing_shared) throw std::logic_error("tensor simulator: tiles overlap in part");
  return false;
}

NestWalk::NestWalk(const Layer& layer, const Nest& nest) : ways_(nest.ways) {
  for (Dim d : kAllDims) {
    const auto i = static_cast<std::size_t>(index(d));
    // Groups are walked one after another, each as a layer of its own.
    const Tiles tiles = d == Dim::G ? Tiles{} : nest[d];
    layer_[d] = {0, d == Dim::G ? 1 : layer.size(d)};
    glb_[i] = tiles.glb;
    pass_[i] = tiles.pass;
    chunk_[i] = tiles.pe;
    const bool streams = tiles.pe == tiles.pass;
    step_[i] = streams ? tiles.rf : tiles.pass;
    pe_step_[i] = streams ? tiles.rf : tiles.pe;
    grid_[i] = ceil_div(tiles.pass, tiles.pe);
  }
  bool of_psum = true;
  for (int j = 0; j < nest.order.size(); ++j) {
    const Loop& loop = nest.order[j];
    if (loop.dim == Dim::G) continue;
    loops_[static_cast<std::size_t>(index(loop.storey))].push_back(loop.dim);
    if (loop.storey != Storey::Dram) continue;
    const Count trips =
        ceil_div(layer.size(loop.dim), glb_[static_cast<std::size_t>(index(loop.dim))]);
    glb_tiles_ *= trips;
    of_psum = of_psum && (trips == 1 || relevant(Operand::Psum, loop.dim));
    if (!of_psum) independent_stride_ *= trips;
  }
}

Box NestWalk::first(const Box& outer, const Sizes& sizes) {
  Box tile;
  for (std::size_t i = 0; i < kDims; ++i) {
    const Span& whole = outer.side[i];
    tile.side[i] = {whole.low, std::min(whole.low + sizes[i], whole.high)};
  }
  return tile;
}

bool NestWalk::next(Storey storey, const Box& outer, const Sizes& sizes, Box& tile) const {
  const auto& loops = loops_[static_cast<std::size_t>(index(storey))];
  for (auto loop = loops.rbegin(); loop != loops.rend(); ++loop) {
    const Span& whole = outer[*loop];
    const Count size = sizes[static_cast<std::size_t>(index(*loop))];
    Span& span = tile[*loop];
    const bool more = span.high < whole.high;
    span.low = more ? span.high : whole.low;
    span.high = std::min(span.low + size, whole.high);
    if (more) return true;
  }
  return false;
}

Box NestWalk::glb_tile(Count number) const {
  Box tile = first(layer_, glb_);
  const auto& loops = loops_[static_cast<std::size_t>(index(Storey::Dram))];
  for (auto loop = loops.rbegin(); loop != loops.rend(); ++loop) {
    const Count size = glb_[static_cast<std::size_t>(index(*loop))];
    const Count trips = ceil_div(layer_.size(*loop), size);
    const Count low = number % trips * size;
    tile[*loop] = {low, std::min(low + size, layer_[*loop].high)};
    number /= trips;
  }
  return tile;
}

bool NestWalk::employs_all_pes(const Box& glb_tile) const {
  for (Dim d : kAllDims) {
    // Loops over the psum's other dimensions begin anew, with a full tile.
    if (relevant(Operand::Psum, d) &&
        glb_tile.size(d) < pass_[static_cast<std::size_t>(index(d))]) {
      return false;
    }
  }
  return true;
}

Box NestWalk::last_step(const Box& pass) const {
  Box step = first(pass, step_);
  for (std::size_t i = 0; i < kDims; ++i) {
    Span& span = step.side[i];
    const Count whole = pass.side[i].size();
    span.low += (whole - 1) / step_[i] * step_[i];
    span.high = std::min(span.low + step_[i], pass.side[i].high);
  }
  return step;
}

Span NestWalk::share(Dim dim, Count place, const Box& pass, const Box& step) const {
  const Count chunk = chunk_[static_cast<std::size_t>(index(dim))];
  const Count low = pass[dim].low + place * chunk;
  return {std::max(low, step[dim].low), std::min(low + chunk, step[dim].high)};
}

}  // namespace energysim::trace
