// energysim._core.Layer: a checked layer shape.
#include "layer.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <utility>

#include "bindings.h"
#include "convert.h"
#include "errors.h"

namespace energysim::bindings {
namespace {

using Pair = std::tuple<Count, Count>;
using Quad = std::tuple<Count, Count, Count, Count>;

constexpr std::array<std::pair<const char*, Count LayerShape::*>, 8> kSizes{{
    {"N", &LayerShape::N},
    {"G", &LayerShape::G},
    {"M", &LayerShape::M},
    {"C", &LayerShape::C},
    {"H", &LayerShape::H},
    {"W", &LayerShape::W},
    {"R", &LayerShape::R},
    {"S", &LayerShape::S},
}};
constexpr std::size_t kOptionalSizes = 2;  // N and G are 1 unless given

std::vector<std::string> argument_names() {
  std::vector<std::string> names{"name"};
  for (const auto& [name, member] : kSizes) names.emplace_back(name);
  names.insert(names.end(), {"stride", "padding", "dilation", "own_filters"});
  return names;
}

// One number for both axes, or a list.
std::vector<Count> per_axis(py::handle value, const std::string& what, const std::string& lists,
                            std::initializer_list<std::size_t> lengths) {
  if (PySequence_Check(value.ptr()) && !py::isinstance<py::str>(value)) {
    return wholes(value, what, "a whole number or " + lists, lengths);
  }
  const Count number = whole(value, what);
  return {number, number};
}

void read_window(const py::dict& given, const std::string& where, LayerShape& shape) {
  if (given.contains("stride")) {
    const auto v = per_axis(given["stride"], where + "stride", "a list of 2", {2});
    shape.stride_v = v[0], shape.stride_h = v[1];
  }
  if (given.contains("dilation")) {
    const auto v = per_axis(given["dilation"], where + "dilation", "a list of 2", {2});
    shape.dilation_v = v[0], shape.dilation_h = v[1];
  }
  if (given.contains("padding")) {
    auto v = per_axis(given["padding"], where + "padding", "a list of 2 or 4", {2, 4});
    if (v.size() == 2) v = {v[0], v[0], v[1], v[1]};
    shape.pad_top = v[0], shape.pad_bottom = v[1], shape.pad_left = v[2], shape.pad_right = v[3];
  }
}

// As Python itself refuses a call, but with a hint.
void check_arguments(const py::dict& given, const char* function) {
  const std::vector<std::string> known = argument_names();
  for (const auto& [key, value] : given) {
    const auto name = key.cast<std::string>();
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const py::object hint =
        py::module_::import("energysim.errors").attr("unknown_name")("argument", name, known);
    throw py::type_error(std::string(function) + ": " + py::str(hint).cast<std::string>());
  }
}

Layer layer_of(const py::dict& given) {
  check_arguments(given, "Layer()");
  std::string missing;
  if (!given.contains("name")) missing = "name";
  for (std::size_t i = kOptionalSizes; i < kSizes.size(); ++i) {
    if (!given.contains(kSizes[i].first)) {
      missing += (missing.empty() ? "" : ", ") + std::string(kSizes[i].first);
    }
  }
  if (!missing.empty()) throw py::type_error("Layer(): missing arguments: " + missing);
  const std::string name = text(given["name"], "a layer's name");
  const std::string where = "layer '" + name + "': ";
  LayerShape shape;
  for (const auto& [key, member] : kSizes) {
    if (given.contains(key)) shape.*member = whole(given[key], where + key);
  }
  read_window(given, where, shape);
  if (given.contains("own_filters")) {
    shape.own_filters = truth(given["own_filters"], where + "own_filters");
  }
  try {
    return Layer(name, shape);
  } catch (const CountOverflow& error) {
    throw CountOverflow(where + error.what());
  }
}

Layer make_layer(const py::args& args, const py::kwargs& kwargs) {
  if (args.size() > 1) {
    throw py::type_error("Layer(): only the name may stand without a keyword: write M=..., C=...");
  }
  if (args.size() == 1) {
    if (kwargs.contains("name")) throw py::type_error("Layer(): the name is given twice");
    kwargs["name"] = args[0];
  }
  return layer_of(kwargs);
}

Pair stride(const Layer& layer) { return {layer.shape().stride_v, layer.shape().stride_h}; }
Pair dilation(const Layer& layer) { return {layer.shape().dilation_v, layer.shape().dilation_h}; }
Quad padding(const Layer& layer) {
  const LayerShape& s = layer.shape();
  return {s.pad_top, s.pad_bottom, s.pad_left, s.pad_right};
}

py::dict arguments(const Layer& layer) {
  py::dict all;
  all["name"] = layer.name();
  for (const auto& [key, member] : kSizes) all[key] = layer.shape().*member;
  all["stride"] = stride(layer);
  all["padding"] = padding(layer);
  all["dilation"] = dilation(layer);
  all["own_filters"] = layer.shape().own_filters;
  return all;
}

std::string repr(const Layer& layer) {
  const LayerShape& s = layer.shape();
  std::string out = "Layer(" + py::repr(py::str(layer.name())).cast<std::string>();
  for (std::size_t i = 0; i < kSizes.size(); ++i) {
    const Count value = s.*kSizes[i].second;
    if (i < kOptionalSizes && value == 1) continue;
    out += std::string(", ") + kSizes[i].first + "=" + std::to_string(value);
  }
  const auto add = [&out](const char* key, Pair both, Count usual) {
    const auto [v, h] = both;
    if (v == h && v == usual) return;
    out += std::string(", ") + key + "=";
    out += v == h ? std::to_string(v) : "(" + std::to_string(v) + ", " + std::to_string(h) + ")";
  };
  add("stride", stride(layer), 1);
  if (s.pad_top == s.pad_bottom && s.pad_left == s.pad_right) {
    add("padding", {s.pad_top, s.pad_left}, 0);
  } else {
    out += ", padding=" + py::repr(py::cast(padding(layer))).cast<std::string>();
  }
  add("dilation", dilation(layer), 1);
  if (s.own_filters) out += ", own_filters=True";
  return out + ")";
}

Layer replaced(const Layer& layer, const py::kwargs& changes) {
  check_arguments(changes, "Layer.replace()");
  py::dict all = arguments(layer);
  for (const auto& [key, value] : changes) all[key] = value;
  return layer_of(all);
}

constexpr const char* kClassDoc = R"(The shape of one convolutional or fully connected layer.

Immutable, hashable and picklable.  The dimensions are those of Chen et al., ISCA 2016, Table I,
with `M` and `C` per group.

Parameters
----------
name : str
    Name for reports and error messages.
N : int, default 1
    Batch: images processed together.
G : int, default 1
    Groups; a depthwise convolution has one per channel.
M : int
    Filters (channels of the ofmap) per group.
C : int
    Channels of the ifmap and of the filters per group.
H, W : int
    Rows and columns of the ifmap, without padding.
R, S : int
    Rows and columns of a filter; a fully connected layer has ``R = H`` and ``S = W``.
stride, dilation : int or (vertical, horizontal), default 1
    Step between two positions of the filter, and between two of its taps.
padding : int or (vertical, horizontal) or (top, bottom, left, right), default 0
    Rows and columns of zeros around the ifmap.
own_filters : bool, default False
    Every image has filters of its own, as where an fmap is multiplied by another (attention).

Raises
------
InvalidInput
    If a number is not whole, a size is not positive, or the filter is larger than the padded ifmap.
CountOverflow
    If a number, or a total of words or MACs, does not fit 64 bits.

Examples
--------
>>> from energysim import Layer
>>> layer = Layer("CONV1", M=96, C=3, H=227, W=227, R=11, S=11, stride=4)
>>> layer.E, layer.F, layer.macs
(55, 55, 105415200)
>>> layer.with_batch(4)
Layer('CONV1', N=4, M=96, C=3, H=227, W=227, R=11, S=11, stride=4)
)";

constexpr const char* kInitDoc =
    "__init__(self, name: str, *, N: typing.SupportsIndex = 1, G: typing.SupportsIndex = 1, "
    "M: typing.SupportsIndex, C: typing.SupportsIndex, H: typing.SupportsIndex, "
    "W: typing.SupportsIndex, R: typing.SupportsIndex, S: typing.SupportsIndex, "
    "stride: typing.SupportsIndex | collections.abc.Sequence[int] = 1, "
    "padding: typing.SupportsIndex | collections.abc.Sequence[int] = 0, "
    "dilation: typing.SupportsIndex | collections.abc.Sequence[int] = 1, "
    "own_filters: bool = False) -> None\n\n"
    "Check and keep a shape.";

constexpr const char* kReplaceDoc =
    "replace(self, **fields: typing.Any) -> Layer\n\n"
    "Return a copy with other values for some of the constructor's arguments.\n\n"
    "Examples\n--------\n"
    ">>> from energysim import Layer\n"
    ">>> layer = Layer('fc', M=10, C=8, H=1, W=1, R=1, S=1)\n"
    ">>> layer.replace(C=6)\n"
    "Layer('fc', M=10, C=6, H=1, W=1, R=1, S=1)\n";

void bind_attributes(py::class_<Layer>& cls) {
  const auto size = [&cls](const char* name, Count LayerShape::* member, const char* doc) {
    cls.def_property_readonly(
        name, [member](const Layer& layer) { return layer.shape().*member; }, doc);
  };
  size("N", &LayerShape::N, "Batch: images processed together.");
  size("G", &LayerShape::G, "Groups.");
  size("M", &LayerShape::M, "Filters per group.");
  size("C", &LayerShape::C, "Channels per group.");
  size("H", &LayerShape::H, "Rows of the ifmap, without padding.");
  size("W", &LayerShape::W, "Columns of the ifmap, without padding.");
  size("R", &LayerShape::R, "Rows of a filter.");
  size("S", &LayerShape::S, "Columns of a filter.");
  cls.def_property_readonly("name", &Layer::name, "Name for reports and error messages.")
      .def_property_readonly("E", &Layer::E, "Rows of the ofmap.")
      .def_property_readonly("F", &Layer::F, "Columns of the ofmap.")
      .def_property_readonly("stride", &stride, "Vertical and horizontal stride.")
      .def_property_readonly("dilation", &dilation, "Vertical and horizontal dilation.")
      .def_property_readonly("padding", &padding, "Padding at the top, bottom, left and right.")
      .def_property_readonly("macs", &Layer::macs,
                             "Multiply-accumulate operations of all groups and the whole batch.")
      .def_property_readonly("filter_words", &Layer::filter_words,
                             "Weights of all groups, in words; biases are not counted.")
      .def_property_readonly(
          "own_filters", [](const Layer& layer) { return layer.shape().own_filters; },
          "Whether every image has filters of its own.")
      .def_property_readonly("ifmap_words", &Layer::ifmap_words,
                             "Ifmap words of the whole batch, without padding.")
      .def_property_readonly("ofmap_words", &Layer::ofmap_words, "Ofmap words of the whole batch.");
}

}  // namespace

void bind_layer(py::module_& module) {
  py::class_<Layer> cls(module, "Layer", py::is_final(), kClassDoc);
  {
    py::options options;
    options.disable_function_signatures();  // the docstrings bring their own
    cls.def(py::init(&make_layer), kInitDoc);
    cls.def("replace", &replaced, kReplaceDoc);
  }
  bind_attributes(cls);
  cls.def(
         "with_batch",
         [](const Layer& layer, const Whole& batch) {
           return layer.with_batch(whole(batch, "layer '" + layer.name() + "': N"));
         },
         py::arg("batch"), "Return the same layer with another batch size.")
      .def("__repr__", &repr)
      .def(
          "__eq__", [](const Layer& a, const Layer& b) { return a == b; }, py::is_operator())
      .def(
          "__hash__",
          [](const Layer& layer) { return py::hash(py::tuple(arguments(layer).attr("values")())); })
      .def(py::pickle([](const Layer& layer) { return arguments(layer); },
                      [](const py::dict& state) { return layer_of(state); }));
}

}  // namespace energysim::bindings
