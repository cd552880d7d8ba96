"""Goes through the nodes of an ONNX model, whose shapes are known, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import onnx

from energysim.errors import InvalidInput
from energysim.frontends.builder import Builder
from energysim.frontends.calls import Call, Outcome, Value, handler_of
from energysim.frontends.onnx_operators import FILTERS, HANDLERS, SHAPES_ONLY
from energysim.frontends.onnx_shapes import STANDARD_DOMAINS, known_shapes, opset_of

__all__ = ["Importer"]

# Types of quantised values; others say nothing about the hardware.
_BITS = {
    onnx.TensorProto.INT8: 8,
    onnx.TensorProto.UINT8: 8,
    onnx.TensorProto.INT16: 16,
    onnx.TensorProto.UINT16: 16,
    onnx.TensorProto.INT4: 4,
    onnx.TensorProto.UINT4: 4,
    onnx.TensorProto.FLOAT16: 16,
    onnx.TensorProto.BFLOAT16: 16,
}
# What these give has no more values than what they take first.
_SAME_BITS = frozenset(
    (
        "DequantizeLinear", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Slice",
        "Split", "Expand", "Transpose", "Relu", "MaxPool", "Pad", "Gather",
    )
)  # fmt: skip
_ONCE = "depends on no input: computed once"


class Importer:
    """Puts the nodes of a model into a builder.

    Parameters
    ----------
    model : onnx.ModelProto
        The model, with all shapes that can be inferred.
    builder : Builder
        Where to put them.
    where : str
        To begin error messages with.
    """

    def __init__(self, model: onnx.ModelProto, builder: Builder, where: str) -> None:
        self._graph = model.graph
        self._builder = builder
        self._where = where
        self._opsets = {each.domain: each.version for each in model.opset_import}
        self._opset = opset_of(model)
        self._shapes = known_shapes(model.graph)
        self._types = {
            each.name: each.type.tensor_type.elem_type
            for each in (*model.graph.value_info, *model.graph.input, *model.graph.output)
        }
        self._values: dict[str, Value] = {}

    def run(self) -> None:
        """Go through all nodes.

        Raises
        ------
        InvalidInput
            If a node takes what no node before it gives, or a layer's shapes are not known.
        """
        for tensor in self._graph.initializer:
            shape, bits = tuple(tensor.dims), _BITS.get(tensor.data_type)
            self._values[tensor.name] = Value(shape, True, ((tensor.name, shape),), bits=bits)
        for each in self._graph.input:
            if each.name not in self._values:
                shape = self._shapes[each.name]
                self._values[each.name] = self._builder.add_input(each.name, shape)
        for index, node in enumerate(self._graph.node):
            self._add(node, index)

    def _add(self, node: onnx.NodeProto, index: int) -> None:
        op = node.op_type if node.domain in STANDARD_DOMAINS else f"{node.domain}.{node.op_type}"
        inputs = [self._value(name, node) for name in node.input]
        given = [value for value in inputs if value is not None]
        made_of = tuple(dict.fromkeys(pair for value in given for pair in value.parameters))
        outputs = [name for name in node.output if name]
        subgraphs = [each for each in node.attribute if each.HasField("g") or each.graphs]
        shapes = [self._shapes.get(name) for name in outputs]
        if op in SHAPES_ONLY:
            values: Sequence[Value] = [Value(shape or (), True) for shape in shapes]
        elif all(value.constant for value in given) and not subgraphs:
            if op in FILTERS:
                name = self._builder.free_name(self._name(node, made_of, index))
                self._builder.add(name, op, Outcome("ignored", reason=_ONCE), given, ())
            values = [Value(shape or (), True, made_of) for shape in shapes]
        else:
            values = self._added(node, op, index, inputs, shapes)
        first = inputs[0] if inputs else None
        for name, value in zip(outputs, values, strict=True):
            bits = _BITS.get(self._types.get(name, 0))
            if bits is None and op in _SAME_BITS and first is not None:
                bits = first.bits
            self._values[name] = replace(value, bits=bits)

    def _added(
        self,
        node: onnx.NodeProto,
        op: str,
        index: int,
        inputs: Sequence[Value | None],
        shapes: Sequence[tuple[int, ...] | None],
    ) -> Sequence[Value]:
        arguments = self._arguments(node, inputs)
        filters = [
            pair
            for value in Call(op, "", 1, {key: arguments.get(key) for key in FILTERS.get(op, ())},
                              ()).values
            if value.constant
            for pair in value.parameters
        ]  # fmt: skip
        name = self._builder.free_name(self._name(node, filters, index))
        known = tuple(shape for shape in shapes if shape is not None)
        call = Call(op, name, self._builder.batch, arguments, known)
        handler = handler_of(op, HANDLERS)
        if handler is None:
            outcome = Outcome("unsupported")
        else:
            if op in FILTERS:
                self._check_shapes(node, call)
            outcome = handler(call)
        given = [value for value in inputs if value is not None]
        every = [shape if shape is not None else () for shape in shapes]
        return self._builder.add(name, op, outcome, given, every, _operands(call))

    def _name(
        self, node: onnx.NodeProto, filters: Iterable[tuple[str, tuple[int, ...]]], index: int
    ) -> str:
        """Return the name for a node: that of its filters as PyTorch exports them, or its own."""
        names = [name for name, _shape in filters if name.endswith(".weight")]
        if len(names) == 1:
            return names[0].removesuffix(".weight")
        return node.name or f"{node.op_type}_{index}"

    def _value(self, name: str, node: onnx.NodeProto) -> Value | None:
        if not name:  # an argument that is left out
            return None
        if name not in self._values:
            raise InvalidInput(
                f"{self._where}: node {node.name or node.op_type!r} takes {name!r}, which no node "
                "before it gives: check the file with onnx.checker"
            )
        return self._values[name]

    def _check_shapes(self, node: onnx.NodeProto, call: Call) -> None:
        for name in node.input:
            value = self._values.get(name)
            if value is not None and not value.constant and name not in self._shapes:
                raise InvalidInput(
                    f"{self._where}: the shape of {name!r}, which {call.op} ({call.name}) takes, "
                    "cannot be inferred: export the model with fixed shapes, or simplify it"
                )

    def _arguments(self, node: onnx.NodeProto, inputs: Sequence[Value | None]) -> dict[str, Any]:
        """Return inputs and attributes by the names that the operator's schema gives them."""
        domain = "" if node.domain in STANDARD_DOMAINS else node.domain
        version = self._opsets.get(node.domain, self._opset)
        named: dict[str, Any] = {}
        try:
            schema = onnx.defs.get_schema(node.op_type, version, domain)
        except onnx.defs.SchemaError:  # an operator of somebody else
            named |= {f"input{i}": value for i, value in enumerate(inputs)}
        else:
            for i, parameter in enumerate(schema.inputs):
                variadic = parameter.option == onnx.defs.OpSchema.FormalParameterOption.Variadic
                rest = inputs[i] if i < len(inputs) else None
                named[parameter.name] = list(inputs[i:]) if variadic else rest
        attributes = {each.name: _attribute(each) for each in node.attribute}
        return named | attributes


def _operands(call: Call) -> tuple[Value, ...]:
    """Return ifmap and filters of an operation that is a layer."""
    names = FILTERS.get(call.op, ())
    values = [each for each in (call.arguments.get(name) for name in names)
              if isinstance(each, Value)]  # fmt: skip
    if len(names) == 1:  # a convolution; its ifmap comes first
        values = [*call.values[:1], *values]
    if len(values) != 2:
        return ()
    ifmap, filters = values
    return (filters, ifmap) if ifmap.constant and not filters.constant else (ifmap, filters)


def _attribute(attribute: onnx.AttributeProto) -> Any:
    if attribute.type == onnx.AttributeProto.STRING:
        return attribute.s.decode("utf-8", "replace")
    if attribute.type in (onnx.AttributeProto.TENSOR, onnx.AttributeProto.GRAPH):
        return None
    return onnx.helper.get_attribute_value(attribute)
