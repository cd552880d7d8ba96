"""Front ends: networks from other programs' models.

Each returns a `Network` with its graph (`energysim.graph.Graph`), in which every operation is in
one of three sets: counted, ignored on purpose (with the reason), or unsupported.
"""

from energysim.frontends.calls import Call, Outcome, Value, register_handler
from energysim.frontends.onnx import from_onnx
from energysim.frontends.timeloop import from_timeloop, parse_timeloop, to_timeloop
from energysim.frontends.torch import from_torch
from energysim.frontends.torch_densities import measure_densities

__all__ = [
    "Call",
    "Outcome",
    "Value",
    "from_onnx",
    "from_timeloop",
    "from_torch",
    "measure_densities",
    "parse_timeloop",
    "register_handler",
    "to_timeloop",
]
