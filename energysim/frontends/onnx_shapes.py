"""Reading ONNX models, and inferring the shapes of all their tensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto

from energysim.errors import InvalidInput, unknown_name
from energysim.frontends.onnx_folding import fold_shapes

__all__ = ["OLDEST_OPSET", "STANDARD_DOMAINS", "inferred", "known_shapes", "opset_of", "parsed"]

#: The first version of the standard's operators that is read; the last is that of the installed
#: onnx package.
OLDEST_OPSET = 7
#: What the domain of the standard's operators is called.
STANDARD_DOMAINS = ("", "ai.onnx")

# Tensors with more values than this hold weights, never the shapes that others get: their values
# are dropped before shapes are inferred.
_MOST_SHAPE_VALUES = 4096

_NOT_ONNX = "not an ONNX model, or damaged"


def parsed(data: bytes, where: str) -> onnx.ModelProto:
    """Return the model in a file's bytes.

    Raises
    ------
    InvalidInput
        If there is none.
    """
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except (DecodeError, RuntimeError) as error:
        raise InvalidInput(f"{where}: {_NOT_ONNX}: {_line(error)}") from error
    return model


def inferred(
    model: onnx.ModelProto, sizes: Mapping[str, int], batch: int, where: str
) -> tuple[onnx.ModelProto, int]:
    """Return a copy of a model without weights and with all shapes, and its batch.

    Parameters
    ----------
    model : onnx.ModelProto
        The model; it stays as it is.
    sizes : mapping of str to int
        Values of open dimensions, by name.
    batch : int
        The batch, where the model leaves it open: the first dimension of its first input.
    where : str
        To begin error messages with.
    """
    if not model.ir_version or not model.graph.node or not model.opset_import:
        raise InvalidInput(f"{where}: {_NOT_ONNX}: it has no nodes")
    opset = opset_of(model)
    newest = onnx.defs.onnx_opset_version()
    if not OLDEST_OPSET <= opset <= newest:
        remedy = "convert it with onnx.version_converter" if opset < newest else "update onnx"
        raise InvalidInput(
            f"{where}: opset {opset}: {OLDEST_OPSET} to {newest} can be read: {remedy}"
        )
    model = _stripped(model)
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    traced = _close(model, dict(sizes), batch, where)
    while True:
        try:
            model = onnx.shape_inference.infer_shapes(model, data_prop=True)
        except Exception as error:
            raise InvalidInput(f"{where}: shapes cannot be inferred: {_line(error)}") from error
        shapes = known_shapes(model.graph)
        complete = all(name in shapes for node in model.graph.node for name in node.output if name)
        if complete or not fold_shapes(model, shapes, opset):
            return model, traced


def known_shapes(graph: onnx.GraphProto) -> dict[str, tuple[int, ...]]:
    """Return the shapes of all tensors whose shape is known in full, by name."""
    shapes = {}
    for each in (*graph.value_info, *graph.input, *graph.output):
        tensor = each.type.tensor_type
        if tensor.HasField("shape"):
            dims = tensor.shape.dim
            if all(dim.HasField("dim_value") for dim in dims):
                shapes[each.name] = tuple(dim.dim_value for dim in dims)
    return shapes | {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}


def opset_of(model: onnx.ModelProto) -> int:
    """Return the version of the standard's operators that a model uses."""
    versions = [each.version for each in model.opset_import if each.domain in STANDARD_DOMAINS]
    return max(versions, default=OLDEST_OPSET)


def _stripped(model: onnx.ModelProto) -> onnx.ModelProto:
    """Copy a model without the values of large tensors."""
    copy = onnx.ModelProto()
    for field, value in model.ListFields():
        if field.name == "graph":
            _strip_graph(value, copy.graph)
        elif _repeated(field):
            getattr(copy, field.name).extend(value)
        else:
            setattr(copy, field.name, value)
    return copy


def _strip_graph(graph: onnx.GraphProto, copy: onnx.GraphProto) -> None:
    copy.name = graph.name
    for name in ("node", "input", "output", "value_info"):
        getattr(copy, name).extend(getattr(graph, name))
    for tensor in graph.initializer:
        values = 1
        for size in tensor.dims:
            values *= size
        if values <= _MOST_SHAPE_VALUES and tensor.data_location != TensorProto.EXTERNAL:
            copy.initializer.append(tensor)
        else:
            copy.initializer.add(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)


def _close(model: onnx.ModelProto, sizes: dict[str, int], batch: int, where: str) -> int:
    """Give every open dimension of the inputs its value; return the batch."""
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [each for each in model.graph.input if each.name not in weights]
    known: list[str] = []
    traced = None
    for each in inputs:
        if not each.type.tensor_type.HasField("shape"):
            raise InvalidInput(f"{where}: input {each.name!r} has no shape")
        for i, dim in enumerate(each.type.tensor_type.shape.dim):
            known.append(dim.dim_param)
            if dim.HasField("dim_value") and dim.dim_value > 0:
                size = dim.dim_value
            elif dim.dim_param in sizes:
                size = sizes[dim.dim_param]
            elif i == 0:
                size = batch
                if dim.dim_param:
                    sizes[dim.dim_param] = batch
            else:
                raise _open_dimension(where, each.name, i, dim.dim_param)
            dim.dim_value = size
            if traced is None:
                traced = size
    for name in sizes:
        if name not in known:
            names = [name for name in known if name]
            raise InvalidInput(f"{where}: {unknown_name('dimension', name, dict.fromkeys(names))}")
    _close_others([*model.graph.value_info, *model.graph.output], sizes)
    return traced or 1


def _close_others(values: Iterable[onnx.ValueInfoProto], sizes: Mapping[str, int]) -> None:
    """Put the values of open dimensions where the model says shapes of other tensors."""
    for each in values:
        for dim in each.type.tensor_type.shape.dim:
            if dim.dim_param in sizes:
                dim.dim_value = sizes[dim.dim_param]


def _open_dimension(where: str, name: str, axis: int, param: str) -> InvalidInput:
    if param:
        remedy = f"give dimensions={{{param!r}: ...}}"
        return InvalidInput(
            f"{where}: dimension {axis} of input {name!r}, {param!r}, is open: {remedy}"
        )
    return InvalidInput(
        f"{where}: dimension {axis} of input {name!r} is open and has no name: set it in the file"
    )


def _repeated(field: Any) -> bool:
    # FieldDescriptor.label is deprecated in new versions of protobuf, is_repeated not in old ones.
    repeated = getattr(field, "is_repeated", None)
    return bool(field.label == field.LABEL_REPEATED if repeated is None else repeated)


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:200]}..."
