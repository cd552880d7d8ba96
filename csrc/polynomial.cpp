#include "polynomial.h"

#include <algorithm>
#include <stdexcept>

namespace energysim {

void Polynomial::add(const Monomial& monomial) {
  const auto same = std::find_if(sum_.begin(), sum_.end(),
                                 [&](const Monomial& m) { return m.place == monomial.place; });
  if (same == sum_.end()) {
    sum_.push_back(monomial);
  } else if ((same->factor += monomial.factor) == 0) {
    sum_.erase(same);
  }
}

Polynomial operator+(const Polynomial& a, const Polynomial& b) {
  Polynomial sum = a;
  for (const Monomial& m : b.sum_) sum.add(m);
  return sum;
}

Polynomial operator-(const Polynomial& a, const Polynomial& b) { return a + Polynomial(-1) * b; }

Polynomial operator*(const Polynomial& a, const Polynomial& b) {
  Polynomial product;
  for (const Monomial& x : a.sum_) {
    for (Monomial y : b.sum_) {
      y.factor *= x.factor;
      for (std::size_t axis = 0; axis < kAxes; ++axis) {
        if (x.place[axis] == 0) continue;
        if (y.place[axis] != 0) throw std::logic_error("two terms of one axis in a product");
        y.place[axis] = x.place[axis];
      }
      product.add(y);
    }
  }
  return product;
}

}  // namespace energysim
