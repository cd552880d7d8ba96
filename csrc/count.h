// Counts of one mapping, exact, in 64 bits.
#pragma once

#include "access_counts.h"
#include "mapping.h"
#include "residence.h"

namespace energysim {

// Accesses of all groups and the whole batch. Throws InvalidMapping or CountOverflow.
AccessCounts<Checked> count(const Layer& layer, const Architecture& arch, const Mapping& mapping);

// The same for a nest that is known to be legal.
AccessCounts<Checked> count_nest(const Layer& layer, const Architecture& arch, const Nest& nest);

// Terms of every dimension and both window axes of a nest.
NestTerms<Checked> nest_terms(const Layer& layer, const Nest& nest);

// Accesses that follow from the words moved: which storage is read, written and filled for each
// flow, under the architecture's ways. Linear in `flows`, so that the search can ask it for the
// price of each flow instead of having formulas of its own.
template <class Real>
AccessCounts<Real> accesses(const Flows<Real>& flows, Real macs, Real ofmap_words, const Ways& ways,
                            OfmapPath ofmap_path, PsumPad psum_pad) {
  AccessCounts<Real> counts;
  counts.macs = macs;
  for (Operand operand : {Operand::Ifmap, Operand::Filter}) {
    const int o = index(operand);
    const Way& way = ways[operand];
    if (way.glb) {
      counts(Level::Dram, operand).read = flows.glb[o];
      counts(Level::Glb, operand).fill = flows.glb[o];
      counts(Level::Glb, operand).read = flows.array[o];
    } else {
      counts(Level::Dram, operand).read = flows.array[o];
    }
    if (way.noc) counts(Level::Noc, operand).read = flows.pes[o];
    if (way.rf) {
      counts(Level::Rf, operand).fill = flows.pes[o];
      counts(Level::Rf, operand).read = macs;
    }
  }

  // A psum seen for the first time is not read; one that leaves unfinished is read back.
  const Way& way = ways.psum;
  const Operand psum = Operand::Psum;
  const Real array_stays = flows.array[index(psum)];
  const Real glb_stays = way.glb ? flows.glb[index(psum)] : array_stays;
  const Real contributions = flows.pes[index(psum)];
  counts(Level::Dram, psum).write = glb_stays;
  counts(Level::Dram, psum).read = glb_stays - ofmap_words;
  auto& buffer = counts(Level::Glb, psum);
  if (!way.glb) {
    // Straight between the array and DRAM.
  } else if (ofmap_path == OfmapPath::ThroughGlb) {
    buffer.write = array_stays;
    buffer.read = array_stays - ofmap_words + glb_stays;
    buffer.fill = glb_stays - ofmap_words;
  } else {
    buffer.write = array_stays - glb_stays;
    buffer.read = array_stays - glb_stays;
  }
  if (way.noc) counts(Level::Noc, psum).read = contributions - array_stays;
  if (way.rf) {
    auto& pad = counts(Level::Rf, psum);
    pad.read = pad.write = psum_pad == PsumPad::EveryMac ? macs : macs - contributions;
    pad.fill = array_stays - ofmap_words;
  }
  return counts;
}

}  // namespace energysim
