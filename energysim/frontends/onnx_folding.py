"""Computes the small tensors of an ONNX model that hold shapes.

Exporters write shapes that a model computes (half of the channels, say) as nodes of their own.
ONNX's inference follows simple ones; this follows those that it does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

__all__ = ["fold_shapes"]

# Operators that make few values of few values; but for ConstantOfShape, which is looked at.
_FOLDED = frozenset(
    (
        "Add", "Sub", "Mul", "Div", "Mod", "Min", "Max", "Neg", "Abs", "Floor", "Ceil", "Cast",
        "Concat", "Gather", "Identity", "Reshape", "Slice", "Squeeze", "Unsqueeze", "Equal",
        "Greater", "Less", "Not", "And", "Or", "Where", "ReduceProd", "ReduceSum", "ReduceMax",
        "ReduceMin", "Sqrt", "Transpose", "ConstantOfShape",
    )
)  # fmt: skip
_MOST_VALUES = 256


def fold_shapes(model: onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]], opset: int) -> bool:
    """Replace nodes that compute with known shapes by what they compute.

    Parameters
    ----------
    model : onnx.ModelProto
        The model; it is changed.
    shapes : mapping of str to tuple of int
        Shapes of the tensors that are known in full.
    opset : int
        Version of the standard's operators.

    Returns
    -------
    bool
        Whether anything was replaced.
    """
    known: dict[str, Any] = {}
    for tensor in model.graph.initializer:
        small = np.prod(tensor.dims) <= _MOST_VALUES
        if small and (tensor.raw_data or tensor.int64_data or tensor.int32_data):
            known[tensor.name] = numpy_helper.to_array(tensor)
    kept = []
    for node in model.graph.node:
        value = (
            _constant(node) if node.op_type == "Constant" else _folded(node, known, shapes, opset)
        )
        if value is not None and value.size <= _MOST_VALUES:
            known[node.output[0]] = value
            if node.op_type != "Constant":
                model.graph.initializer.append(numpy_helper.from_array(value, node.output[0]))
                continue
        kept.append(node)
    folded = len(kept) < len(model.graph.node)
    if folded:
        copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in kept]
        del model.graph.node[:]
        model.graph.node.extend(copies)
    return folded


def _constant(node: onnx.NodeProto) -> Any:
    for attribute in node.attribute:
        if attribute.name == "value":
            return numpy_helper.to_array(attribute.t)
        if attribute.name in ("value_int", "value_ints", "value_float", "value_floats"):
            return np.asarray(onnx.helper.get_attribute_value(attribute))
    return None


def _folded(
    node: onnx.NodeProto,
    known: Mapping[str, Any],
    shapes: Mapping[str, tuple[int, ...]],
    opset: int,
) -> Any:
    if node.domain or len(node.output) != 1:
        return None
    if node.op_type == "Shape" and node.input[0] in shapes:
        limits = {each.name: each.i for each in node.attribute}
        return np.asarray(
            shapes[node.input[0]][limits.get("start", 0) : limits.get("end")], np.int64
        )
    if node.op_type not in _FOLDED or any(name and name not in known for name in node.input):
        return None
    from onnx.reference import ReferenceEvaluator

    inputs = {name: known[name] for name in node.input if name}
    if node.op_type == "ConstantOfShape" and np.prod(known[node.input[0]]) > _MOST_VALUES:
        return None
    try:
        [result] = ReferenceEvaluator(node, opsets={"": opset}).run(None, inputs)
    except Exception:
        return None  # what cannot be computed stays as it is, and its shape unknown
    return np.asarray(result)
