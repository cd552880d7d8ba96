"""Exact access counts and optimal mappings of CNN layers on the Eyeriss accelerator.

Eyeriss computes convolutions in the row-stationary dataflow (Chen et al., ISCA 2016 and JSSC
2017).  This package counts how many words a mapping moves at each level of its memory hierarchy,
finds the mapping that costs the least energy, and proves that no other costs less.

Examples
--------
AlexNet on the chip, four images at a time:

>>> import energysim as es
>>> report = es.simulate("alexnet", "eyeriss", batch=4)
>>> print(report.table())
layer       MACs  energy  DRAM% ...
>>> conv3 = report.layers["CONV3"]
>>> conv3.energy_mac == sum(conv3.by_level().values())  # relative to one MAC
True
>>> conv3.counts.rf.ifmap.read == conv3.macs  # words
True

A layer and a mapping of one's own:

>>> layer = es.Layer("conv", M=64, C=32, H=28, W=28, R=3, S=3, padding=1)
>>> mapping = es.RowStationaryMapping(m=64, n=1, e=14, p=16, q=2, r=2, t=2)
>>> es.count(layer, "eyeriss", mapping).macs == layer.macs
True
"""

import importlib
from typing import TYPE_CHECKING, Any

from energysim import architectures, energy_tables, networks
from energysim._core import AccessCounts, Dataflow, Layer, LayerData, Mapping, dataflows
from energysim.architecture import Architecture, Buses, DramLink, Scratchpads
from energysim.compare import Comparison, compare
from energysim.compression import (
    Coding,
    Compression,
    break_even_density,
    coded_bits,
    expected_bits,
)
from energysim.dataflow import load_dataflow
from energysim.energy_table import AccessCost, EnergyTable, LevelCost
from energysim.errors import (
    CountOverflow,
    EnergysimError,
    InvalidInput,
    InvalidMapping,
    NoMapping,
    PsumOverflow,
    UnknownName,
    UnsupportedOperator,
    UnsupportedOperatorWarning,
)
from energysim.graph import Graph, Node
from energysim.layer_data import data_from_tensors
from energysim.layer_result import LayerResult
from energysim.mapping import RowStationaryMapping
from energysim.network import Network
from energysim.network_file import load_network
from energysim.pareto import FrontPoint, ParetoFront, pareto
from energysim.report import Report
from energysim.sensitivity import LayerSensitivity, sensitivity
from energysim.simulate import count, search, simulate

if TYPE_CHECKING:
    from energysim import frontends
    from energysim.densities import Densities
    from energysim.estimator import (
        BilinearModel,
        ChannelHull,
        Estimator,
        channel_hull,
        fit_bilinear,
    )
    from energysim.fixed_point import Quantized, quantize
    from energysim.frontends import from_onnx, from_torch, measure_densities
    from energysim.tensor_trace import Trace, trace

__version__ = "0.1.0"

__all__ = [
    "AccessCost",
    "AccessCounts",
    "Architecture",
    "BilinearModel",
    "Buses",
    "ChannelHull",
    "Coding",
    "Comparison",
    "Compression",
    "CountOverflow",
    "Dataflow",
    "Densities",
    "DramLink",
    "EnergyTable",
    "EnergysimError",
    "Estimator",
    "FrontPoint",
    "Graph",
    "InvalidInput",
    "InvalidMapping",
    "Layer",
    "LayerData",
    "LayerResult",
    "LayerSensitivity",
    "LevelCost",
    "Mapping",
    "Network",
    "NoMapping",
    "Node",
    "ParetoFront",
    "PsumOverflow",
    "Quantized",
    "Report",
    "RowStationaryMapping",
    "Scratchpads",
    "Trace",
    "UnknownName",
    "UnsupportedOperator",
    "UnsupportedOperatorWarning",
    "__version__",
    "architectures",
    "break_even_density",
    "channel_hull",
    "coded_bits",
    "compare",
    "count",
    "data_from_tensors",
    "dataflows",
    "energy_tables",
    "expected_bits",
    "fit_bilinear",
    "from_onnx",
    "from_torch",
    "frontends",
    "load_dataflow",
    "load_network",
    "measure_densities",
    "networks",
    "pareto",
    "quantize",
    "search",
    "sensitivity",
    "simulate",
    "trace",
]

# Loaded when first asked for: with them, `import energysim` takes half as long again.
_LATER = {
    "densities": ("Densities",),
    "estimator": ("BilinearModel", "ChannelHull", "Estimator", "channel_hull", "fit_bilinear"),
    "fixed_point": ("Quantized", "quantize"),
    "frontends": ("frontends", "from_onnx", "from_torch", "measure_densities"),
    "tensor_trace": ("Trace", "trace"),
}


def __getattr__(name: str) -> Any:
    for where, names in _LATER.items():
        if name in names:
            module = importlib.import_module(f"{__name__}.{where}")
            value = module if name == where else getattr(module, name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
