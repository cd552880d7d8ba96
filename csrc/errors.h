// Errors a user can cause. Each message names what is wrong, the limit, and what to change.
#pragma once

#include <stdexcept>
#include <string>

namespace energysim {

// A size, name or number that no layer, architecture or table can have.
struct InvalidInput : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

// A mapping that does not fit the architecture or breaks a rule of its dataflow.
struct InvalidMapping : InvalidInput {
  using InvalidInput::InvalidInput;
};

// No mapping of the dataflow's space fits the architecture.
struct NoMapping : InvalidMapping {
  using InvalidMapping::InvalidMapping;
};

// A count that does not fit 64 bits: an error, never a wrapped number.
struct CountOverflow : std::overflow_error {
  using std::overflow_error::overflow_error;
};

// A partial sum that does not fit the bits of a psum.
struct PsumOverflow : std::overflow_error {
  using std::overflow_error::overflow_error;
};

// The caller asked a long run to stop.
struct Interrupted : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace energysim
