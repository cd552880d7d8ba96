"""Small ONNX models, made by hand: their weights are names and shapes alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

Size = int | str | None


def weight(name: str, *shape: int) -> onnx.TensorProto:
    """A tensor without values, as in a file whose weights were stripped."""
    return TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: dict[str, Sequence[Size]],
    weights: Sequence[onnx.TensorProto] = (),
    opset: int = 17,
    domains: Sequence[str] = (),
) -> onnx.ModelProto:
    """A model of some nodes, whose last one gives its output."""
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
        for name, shape in inputs.items()
    ]
    output = onnx.ValueInfoProto(name=nodes[-1].output[0])
    graph = helper.make_graph(list(nodes), "net", values, [output], list(weights))
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(each, 1) for each in domains)]
    made = helper.make_model(graph, opset_imports=opsets)
    made.ir_version = 8
    return made


def node(op: str, inputs: str, output: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(op, inputs.split(), [output], name=f"the_{output}", **attributes)


def conv_net(batch: Size = 2, height: Size = 8, opset: int = 17) -> onnx.ModelProto:
    """A convolution, ReLU, global pooling and a fully connected layer."""
    return model(
        [
            node("Conv", "x conv.weight", "conv", pads=[1, 1, 1, 1], strides=[2, 2]),
            node("Relu", "conv", "relu"),
            node("GlobalAveragePool", "relu", "pool"),
            node("Flatten", "pool", "flat"),
            node("Gemm", "flat fc.weight fc.bias", "fc", transB=1),
        ],
        {"x": [batch, 3, height, 8]},
        [weight("conv.weight", 4, 3, 3, 3), weight("fc.weight", 10, 4), weight("fc.bias", 10)],
        opset,
    )


def save(made: onnx.ModelProto, path: str | Path) -> str:
    Path(path).write_bytes(made.SerializeToString())
    return str(path)
