// A mapping in words and drawings.
#pragma once

#include <string>

#include "mapping.h"

namespace energysim::bindings {

// Its letters in the order of the papers' tables: m=64 n=4 e=13 p=16 q=3 r=2 t=2.
std::string letters_text(const Mapping& mapping);

// Its loop nest, one loop a line; loops of a single trip are left out.
std::string nest_text(const Mapping& mapping);

// The variables of a dataflow in the order of JSSC 2017, Table III: m n e p q r t, then the rest.
std::vector<Variable> in_paper_order(const Dataflow& dataflow);

}  // namespace energysim::bindings
