// Questions to an estimator, from the arguments that a user gives.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "convert.h"
#include "estimator/network_estimator.h"

namespace energysim::bindings {

// The names that a question may use.
struct Names {
  std::vector<std::string> layers;
  std::unordered_map<std::string, std::size_t> layer;
  std::vector<std::string> groups;
  std::unordered_map<std::string, std::size_t> group;  // by the name of each of its layers
};

// What is different from the estimator's state; None stands for what is not.
struct Asked {
  Any channels, ifmap_density, weight_density, ofmap_density, bits, batch;
};

// Throws InvalidInput or UnknownName for what has no meaning.
Question question_of(const Names& names, const Asked& asked);

}  // namespace energysim::bindings
