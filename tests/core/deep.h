// How much the tests with random input try: little, or much where ENERGYSIM_DEEP=1.
#pragma once

#include <cstdlib>
#include <string_view>

namespace energysim {

inline int tries(int usual, int deep) {
  const char* set = std::getenv("ENERGYSIM_DEEP");
  return set && std::string_view(set) == "1" ? deep : usual;
}

}  // namespace energysim
