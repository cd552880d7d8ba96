#include "effective_costs.h"

#include <numeric>

namespace energysim {
namespace {

double real(Count value) { return static_cast<double>(value); }

void scale(Accesses<double>& cost, double factor) {
  cost.read *= factor;
  cost.write *= factor;
  cost.fill *= factor;
}

double density(const LayerData& data, Operand operand) { return data.density[index(operand)]; }

// The share of MACs left when zeros of these operands drop out.
double left_by(const Zeros& zeros, const LayerData& data) {
  double share = 1;
  for (Operand operand : {Operand::Ifmap, Operand::Filter}) {
    if (zeros[operand]) share *= density(data, operand);
  }
  return share;
}

// Shares of MACs. Of those visited (not skipped), gates silence some: one operand is looked at
// first, and the other is read only if it is not zero (on the chip, the ifmap is first).
struct Shares {
  double visited = 1, active = 1;
  double reads[kOperands] = {1, 1, 1};

  Shares(const Sparsity& sparsity, const LayerData& data) {
    const Zeros gates{sparsity.gates.ifmap && !sparsity.skips.ifmap,
                      sparsity.gates.filter && !sparsity.skips.filter};
    visited = left_by(sparsity.skips, data);
    active = visited * left_by(gates, data);
    const double of_filter = gates.ifmap ? density(data, Operand::Ifmap) : 1;
    const double of_ifmap = gates.filter && !gates.ifmap ? density(data, Operand::Filter) : 1;
    reads[index(Operand::Ifmap)] = visited * of_ifmap;
    reads[index(Operand::Filter)] = visited * of_filter;
    reads[index(Operand::Psum)] = active;
  }
};

// Words that the RF reads of an operand per MAC. Flags tell zeros without reading values: a flag
// for every MAC, a value for those that happen. Lists without zeros are read from end to end.
double words_per_rf_read(const Sparsity& sparsity, const Shares& shares, const LayerData& data,
                         Operand operand, Count word_bits) {
  const double bits = real(data.bits[index(operand)]), word = real(word_bits);
  const Coding& coding = sparsity.at(Level::Rf, operand);
  switch (coding.format) {
    case Format::Raw:
      return shares.reads[index(operand)] * (bits / word);
    case Format::SignificanceMap:
      return 1 / word + shares.active * (bits / word);
    case Format::Rlc:
    case Format::Csc: {
      Zeros others = sparsity.skips;
      (operand == Operand::Ifmap ? others.ifmap : others.filter) = false;
      return left_by(others, data) *
             (coding.bits_per_value(density(data, operand), data.bits[index(operand)]) / word);
    }
  }
  return 1;
}

}  // namespace

EnergyTable effective_costs(const EnergyTable& table, const Sparsity& sparsity, Count word_bits,
                            const LayerData& given) {
  given.validate(word_bits);
  const LayerData data = given.with_bits_of(word_bits);
  const Shares shares(sparsity, data);
  const double word = real(word_bits);
  EnergyTable seen = table;
  const auto cost = [&](Level level, Operand operand) -> Accesses<double>& {
    return seen.cost[index(level)][index(operand)];
  };
  for (Operand operand : {Operand::Ifmap, Operand::Filter}) {
    const Count bits = data.bits[index(operand)];
    for (Level level : kAllLevels) {
      const bool raw = level == Level::Dram && operand == Operand::Ifmap && data.network_input &&
                       !sparsity.codes_network_input;
      const Coding coding = raw ? Coding{} : sparsity.at(level, operand);
      Accesses<double>& c = cost(level, operand);
      const double read = c.read;
      scale(c, coding.bits_per_value(density(data, operand), bits) / word);
      if (level == Level::Rf) {
        c.read = read * words_per_rf_read(sparsity, shares, data, operand, word_bits);
      }
    }
  }

  const double psum_share = real(data.bits[index(Operand::Psum)]) / word;
  for (Level level : kAllLevels) scale(cost(level, Operand::Psum), psum_share);
  Accesses<double>& pad = cost(Level::Rf, Operand::Psum);
  pad.read *= shares.active;
  pad.write *= shares.active;

  // Every psum that is read back from DRAM was written there unfinished; all other writes are
  // finished ones, the ofmap. So the price of a write is the ofmap's, and a read makes up for the
  // difference.
  Accesses<double>& dram = cost(Level::Dram, Operand::Psum);
  const double ofmap_write = table.cost[index(Level::Dram)][index(Operand::Psum)].write *
                             (sparsity.at(Level::Dram, Operand::Psum)
                                  .bits_per_value(density(data, Operand::Psum), data.ofmap_bits) /
                              word);
  dram.read += dram.write - ofmap_write;
  dram.write = ofmap_write;

  seen.mac *= real(data.bits[index(Operand::Ifmap)] * data.bits[index(Operand::Filter)]) /
              (word * word) * shares.active;
  return seen;
}

EnergyTable dram_bits(Count word_bits) {
  EnergyTable bits;
  bits.mac = 0;
  for (auto& cost : bits.cost[index(Level::Dram)]) cost = {real(word_bits), real(word_bits), 0};
  return bits;
}

double macs_in_time(const Sparsity& sparsity, const LayerData& data) {
  return left_by(sparsity.skips, data);
}

Architecture seen_by(const LayerData& given, const Architecture& arch) {
  arch.validate();
  Architecture seen = arch;
  seen.seen = true;
  seen.table = effective_costs(arch.table, arch.sparsity, arch.word_bits, given);
  const LayerData data = given.with_bits_of(arch.word_bits);
  Count unit = arch.word_bits;
  for (Count bits : data.bits) unit = std::gcd(unit, bits);
  const Count units_per_word = arch.word_bits / unit;
  seen.word_bits = unit;
  seen.glb_words *= units_per_word;
  seen.rf.pool *= units_per_word;
  for (Operand operand : kAllOperands) {
    const int o = index(operand);
    seen.rf.words[o] *= units_per_word;
    seen.value_words[o] = data.bits[o] / unit;
    seen.buses.words_per_cycle[o] *= real(arch.word_bits) / real(data.bits[o]);
  }
  seen.macs_in_time = macs_in_time(arch.sparsity, data);
  return seen;
}

}  // namespace energysim
