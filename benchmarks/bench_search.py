"""Searching: networks and pruned shapes, in the core and from Python."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import energysim as es
from energysim import Layer, _core

CHIP = es.architectures.eyeriss()
DATAFLOWS = ("rs", "rs-chip")


def search(layers: Sequence[Layer], dataflow: str) -> list[_core.Found]:
    return _core.search_layers(layers, CHIP, dataflow, [_core.LayerData()] * len(layers), 1)


def check(layers: Sequence[Layer], dataflow: str) -> None:
    """The counts are those of the mapping, the energy is that of the counts, and it is proven."""
    for layer, found in zip(layers, search(layers, dataflow), strict=True):
        assert found.layer == layer
        assert found.counts == _core.count(layer, CHIP, found.mapping)
        assert found.energy == found.counts.energy(CHIP) == found.proof.optimum
        assert found.proof.lower_bound == found.proof.optimum


@pytest.mark.benchmark(group="AlexNet, 8 layers, N=1, cold: goal 200 us, stretch 20 us")
@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_alexnet(benchmark: BenchmarkFixture, dataflow: str) -> None:
    """Goal: 200 us; stretch: 20 us."""
    layers = es.networks.alexnet().layers
    check(layers, dataflow)
    benchmark(search, layers, dataflow)


@pytest.mark.benchmark(group="AlexNet, N=1, from Python with the report: goal 1 ms")
@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_alexnet_with_report(benchmark: BenchmarkFixture, dataflow: str) -> None:
    """Goal: 1 ms."""

    def simulate() -> dict[str, Any]:
        return es.simulate("alexnet", CHIP, dataflow).to_dict()

    report = simulate()
    found = search(es.networks.alexnet().layers, dataflow)
    assert report["energy_mac"] == sum(layer.energy for layer in found)
    benchmark(simulate)


@pytest.mark.benchmark(group="ResNet-50, 54 layers, N=1, cold: goal 2 ms, stretch 0.3 ms")
@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_resnet50(benchmark: BenchmarkFixture, dataflow: str) -> None:
    """Goal: 2 ms; stretch: 0.3 ms."""
    layers = es.networks.resnet50().layers
    check(layers, dataflow)
    benchmark(search, layers, dataflow)


def pruned_shapes() -> list[Layer]:
    """Each shape of ResNet-50 forty times, with some of its channels and filters gone."""
    choose = random.Random(1).randint
    distinct = {layer.replace(name="") for layer in es.networks.resnet50()}
    return [
        layer.replace(M=choose(1, layer.M), C=choose(1, layer.C))
        for layer in sorted(distinct, key=repr) * 40
    ]


@pytest.mark.benchmark(group="a new channel-pruned shape, asked alone: goal 30 us, mean")
@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_pruned_shape(benchmark: BenchmarkFixture, dataflow: str) -> None:
    """Goal: 30 us, mean over many shapes, each searched once."""
    shapes = pruned_shapes()
    check(shapes[:40], dataflow)
    one_each = itertools.chain(shapes, itertools.cycle(shapes))
    benchmark.pedantic(search, setup=lambda: (([next(one_each)], dataflow), {}), rounds=len(shapes))


@pytest.mark.benchmark(group="960 new channel-pruned shapes in a call: goal 29 ms")
@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_pruned_shapes(benchmark: BenchmarkFixture, dataflow: str) -> None:
    """Goal: 30 us for each of 960."""
    shapes = pruned_shapes()
    check(shapes[:40], dataflow)
    benchmark(search, shapes, dataflow)


@pytest.mark.benchmark(group="ResNet-50, 54 layers, N=1, least cycles or EDP, cold: goal 50 ms")
@pytest.mark.parametrize("objective", ["cycles", "edp"])
def test_resnet50_in_time(benchmark: BenchmarkFixture, objective: str) -> None:
    """Goal: 50 ms."""
    layers = es.networks.resnet50().layers

    def timed() -> list[_core.Found]:
        data = [_core.LayerData()] * len(layers)
        return _core.search_layers(layers, CHIP, "rs", data, 1, None, objective)

    for found in timed():
        cycles = found.timing().total_cycles
        value = cycles if objective == "cycles" else cycles * found.energy
        assert found.proof.lower_bound == found.proof.optimum == value
    benchmark(timed)


@pytest.mark.benchmark(group="VGG-16, N=1, front of energy against cycles: goal 100 ms")
def test_front_of_vgg16(benchmark: BenchmarkFixture) -> None:
    """Goal: 100 ms."""
    front = es.pareto("vgg16", CHIP)
    assert front.exact
    assert front.least_energy.energy == es.simulate("vgg16", CHIP).energy
    assert front.least_cycles.energy == es.simulate("vgg16", CHIP, objective="cycles").energy
    benchmark(es.pareto, "vgg16", CHIP)
