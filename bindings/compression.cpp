// energysim._core: the codes of compressed tensors.
#include <pybind11/numpy.h>

#include "bindings.h"
#include "compression/rlc.h"

namespace energysim::bindings {
namespace {

using Values = py::array_t<rlc::Value, py::array::c_style>;
using Words = py::array_t<std::uint64_t, py::array::c_style>;

template <class T>
std::span<const T> view(const py::array_t<T, py::array::c_style>& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

}  // namespace

void bind_compression(py::module_& module) {
  module.def(
      "rlc_encode",
      [](const Values& values) {
        const std::vector<std::uint64_t> words = rlc::encode(view(values));
        return Words(static_cast<py::ssize_t>(words.size()), words.data());
      },
      py::arg("values").noconvert(), "Return the RLC stream of 16-bit values, as 64-bit words.");
  module.def(
      "rlc_decode",
      [](const Words& words, std::size_t count) {
        const std::vector<rlc::Value> values = rlc::decode(view(words), count);
        return Values(static_cast<py::ssize_t>(values.size()), values.data());
      },
      py::arg("words").noconvert(), py::arg("count"),
      "Return the 16-bit values of an RLC stream of that many.");
}

}  // namespace energysim::bindings
