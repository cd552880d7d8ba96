// A list of a few things, held in place.
#pragma once

#include <cassert>
#include <cstddef>

namespace energysim {

template <class T, std::size_t kMost>
class ShortList {
 public:
  void push_back(const T& one) { extend() = one; }
  // Adds one, to be filled in.
  T& extend() {
    assert(size_ < kMost);
    return items_[size_++];
  }
  void clear() { size_ = 0; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](std::size_t i) { return items_[i]; }
  const T& operator[](std::size_t i) const { return items_[i]; }
  T& back() { return items_[size_ - 1]; }
  T* begin() { return items_; }
  T* end() { return items_ + size_; }
  const T* begin() const { return items_; }
  const T* end() const { return items_ + size_; }
  T* data() { return items_; }
  const T* data() const { return items_; }

 private:
  T items_[kMost];
  std::size_t size_ = 0;
};

}  // namespace energysim
