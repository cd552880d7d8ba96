#include "convert.h"

#include <pybind11/stl.h>

#include <algorithm>

#include "errors.h"

namespace energysim::bindings {
namespace {

constexpr std::array<const char*, 3> kStoreyNames{"dram", "glb", "pe"};

template <class Names>
int find(const Names& names, const std::string& kind, const std::string& name) {
  const auto found = std::find(std::begin(names), std::end(names), name);
  if (found == std::end(names)) {
    throw_unknown(kind, name, std::vector<std::string>(std::begin(names), std::end(names)));
  }
  return static_cast<int>(found - std::begin(names));
}

}  // namespace

std::string show(py::handle value) {
  return py::module_::import("energysim.errors").attr("show")(value).cast<std::string>();
}

Count whole(py::handle value, const std::string& what) {
  py::object number;
  if (!PyBool_Check(value.ptr()) && PyIndex_Check(value.ptr())) {
    number = py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
    if (!number) PyErr_Clear();
  }
  if (!number) throw InvalidInput(what + " must be a whole number, not " + show(value));
  int overflow = 0;
  const long long converted = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
  if (overflow != 0) {
    throw CountOverflow(what + " does not fit 64 bits (limit 9223372036854775807)");
  }
  return converted;
}

std::vector<Count> wholes(py::handle value, const std::string& what, const std::string& expected,
                          std::initializer_list<std::size_t> lengths) {
  std::vector<Count> numbers;
  if (PySequence_Check(value.ptr()) && !py::isinstance<py::str>(value)) {
    for (const py::handle item : value) numbers.push_back(whole(item, what));
  }
  if (std::find(lengths.begin(), lengths.end(), numbers.size()) == lengths.end()) {
    throw InvalidInput(what + " must be " + expected + ", not " + show(value));
  }
  return numbers;
}

std::string text(py::handle value, const std::string& what) {
  if (!py::isinstance<py::str>(value)) {
    throw InvalidInput(what + " must be text, not " + show(value));
  }
  Py_ssize_t size = 0;
  const char* bytes = PyUnicode_AsUTF8AndSize(value.ptr(), &size);
  if (bytes == nullptr) {
    PyErr_Clear();
    throw InvalidInput(what + " must be text that UTF-8 can write, not " + show(value));
  }
  return std::string(bytes, static_cast<std::size_t>(size));
}

bool truth(py::handle value, const std::string& what) {
  if (!PyBool_Check(value.ptr())) {
    throw InvalidInput(what + " must be True or False, not " + show(value));
  }
  return value.ptr() == Py_True;
}

std::vector<std::pair<std::string, py::object>> items(py::handle value, const std::string& what) {
  if (!PyMapping_Check(value.ptr()) || !py::hasattr(value, "items")) {
    throw InvalidInput(what + " must be a dict, not " + show(value));
  }
  std::vector<std::pair<std::string, py::object>> all;
  for (const py::handle item : value.attr("items")()) {
    const auto pair = item.cast<py::tuple>();
    all.emplace_back(text(pair[0], "a key of " + what), pair[1]);
  }
  return all;
}

void throw_unknown(const std::string& kind, const std::string& name,
                   const std::vector<std::string>& known) {
  const py::object make = py::module_::import("energysim.errors").attr("unknown_name");
  const py::object error = make(kind, name, known);
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.ptr())), error.ptr());
  throw py::error_already_set();
}

std::string dim_name(Dim dim) {
  return std::string(1, kDimLetters[static_cast<std::size_t>(index(dim))]);
}

Dim dim_of(const std::string& name) {
  std::vector<std::string> names;
  for (const Dim dim : kAllDims) names.push_back(dim_name(dim));
  return kAllDims[static_cast<std::size_t>(find(names, "dimension", name))];
}

std::string storey_name(Storey storey) {
  return kStoreyNames[static_cast<std::size_t>(index(storey))];
}

Storey storey_of(const std::string& name) {
  return static_cast<Storey>(find(kStoreyNames, "storey of loops", name));
}

Operand operand_of(const std::string& name) {
  return static_cast<Operand>(find(kOperandNames, "operand", name));
}

}  // namespace energysim::bindings

bool pybind11::detail::type_caster<energysim::bindings::ArchitectureArgument>::load(handle source,
                                                                                    bool) {
  using energysim::Architecture;
  object native = reinterpret_borrow<object>(source);
  if (!isinstance<Architecture>(native)) native = getattr(source, "native", none());
  if (!isinstance<Architecture>(native)) {
    throw energysim::InvalidInput("arch must be an Architecture, not " +
                                  energysim::bindings::show(source));
  }
  value.native = native.cast<std::shared_ptr<Architecture>>();
  return true;
}
