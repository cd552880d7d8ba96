"""Running tensors: the five CONV layers of AlexNet, one image, on one thread."""

from __future__ import annotations

import time

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import energysim as es
from energysim import Layer

CHIP = es.architectures.eyeriss()
LAYERS = es.networks.alexnet(1).layers[:5]
# Values of 8 bits are summed up in 32 bits, those of 16 bits in 64.
MOST = {8: 127, 16: 32767}


def tensors(layer: Layer, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw an ifmap, half of it zero as after a ReLU, and filters."""
    rng = np.random.default_rng(1)
    most = MOST[bits]
    ifmap = rng.integers(-most, most, (layer.N, layer.G * layer.C, layer.H, layer.W))
    filters = rng.integers(-most, most, (layer.G * layer.M, layer.C, layer.R, layer.S))
    return np.maximum(ifmap, 0).astype(np.int16), filters.astype(np.int16)


def convolve(layer: Layer, ifmap: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """The ofmap, in 64-bit floats, whose sums are exact up to 2**53."""
    pads = layer.padding
    padded = np.pad(ifmap, ((0, 0), (0, 0), pads[:2], pads[2:])).astype(float)
    ofmap = np.zeros((layer.G, layer.M, layer.E * layer.F))
    for r in range(layer.R):
        for s in range(layer.S):
            rows = slice(r, r + (layer.E - 1) * layer.stride[0] + 1, layer.stride[0])
            columns = slice(s, s + (layer.F - 1) * layer.stride[1] + 1, layer.stride[1])
            words = padded[0, :, rows, columns].reshape(layer.G, layer.C, -1)
            weights = filters[:, :, r, s].reshape(layer.G, layer.M, layer.C).astype(float)
            ofmap += weights @ words
    return ofmap.reshape(1, -1, layer.E, layer.F).astype(np.int64)


# In processor time, which on a shared machine varies less than that of the clock.
@pytest.mark.benchmark(
    group="AlexNet CONV1-5, N=1, 666 M MACs, one thread: goal 3.3 s, stretch 0.67 s",
    timer=time.process_time,
)
@pytest.mark.parametrize("dataflow", ["rs", "rs-chip"])
@pytest.mark.parametrize("bits", [8, 16])
def test_alexnet(benchmark: BenchmarkFixture, dataflow: str, bits: int) -> None:
    """Goal: 200 M MACs/s; stretch: 1 G MACs/s. Counts and ofmap are compared first."""
    runs = []
    for layer in LAYERS:
        found = es.search(layer, CHIP, dataflow)
        ifmap, filters = tensors(layer, bits)
        traced = es.trace(layer, CHIP, found.mapping, ifmap, filters)
        assert traced.counts == found.counts
        assert (traced.ofmap == convolve(layer, ifmap, filters)).all()
        runs.append((layer, CHIP, found.mapping, ifmap, filters))

    def run() -> None:
        for arguments in runs:
            es.trace(*arguments, threads=1)

    benchmark.pedantic(run, rounds=5)
    macs = sum(layer.macs for layer in LAYERS)
    benchmark.extra_info["macs_per_second"] = macs / benchmark.stats["median"]
