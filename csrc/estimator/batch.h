// Many questions at once, on many threads.
#pragma once

#include "estimator/network_estimator.h"

namespace energysim {

// Called from the calling thread with the number of jobs done; false stops the work.
using Progress = std::function<bool(std::size_t)>;

// Rows of questions, each a change of the same state. An empty part is not changed.
struct Rows {
  std::size_t rows = 0;
  std::span<const Count> kept;                   // rows x groups
  std::span<const double> densities[kOperands];  // rows x layers
};

// What is asked of every row: the energy of the network, of each layer, or of all layers by level
// (dram, glb, noc, rf, MACs).
enum class Per : std::uint8_t { Network, Layer, Level };
inline constexpr std::size_t kLevelColumns = kLevels + 1;

// Numbers per row.
std::size_t columns(Per per, const NetworkEstimator& estimator);

// Fills rows x columns. Throws InvalidInput, naming the row, for a row that has no meaning.
// `progress` counts rows.
void energy_batch(const NetworkEstimator& estimator, const Question& question, const Rows& rows,
                  Per per, std::span<double> energies, int threads, const Progress& progress);

// The energy of a layer for all pairs of input and output channels, counted over all of its groups;
// row by row of inputs. Fills inputs x outputs. A depthwise layer has one output per input times
// its M; `outputs` is then empty, and a row is one number. What is new is searched and not kept.
// `progress` counts pairs.
void energy_table(const NetworkEstimator& estimator, const Question& question, std::size_t layer,
                  std::span<const Count> inputs, std::span<const Count> outputs,
                  std::span<double> energies, int threads, const Progress& progress);

}  // namespace energysim
