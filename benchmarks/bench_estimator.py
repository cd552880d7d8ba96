"""The estimator: warm questions, new shapes, batches, tables."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import energysim as es
from energysim import Layer

NETWORKS = ("alexnet", "resnet50")


def searched(est: es.Estimator, **question: Any) -> float:
    """The energy of a question, each of its layers searched afresh."""
    return math.fsum(
        es.search(one.layer, est.architecture, data=one.data).energy
        for one in est.report(**question).layers
    )


def ask(benchmark: BenchmarkFixture, est: es.Estimator, **question: Any) -> None:
    assert est.energy(**question) == searched(est, **question)
    benchmark(est.energy, **question)


@pytest.fixture(params=NETWORKS)
def est(request: pytest.FixtureRequest) -> es.Estimator:
    return es.Estimator(request.param, "eyeriss")


@pytest.mark.benchmark(group="warm question, nothing changed")
def test_unchanged(benchmark: BenchmarkFixture, est: es.Estimator) -> None:
    ask(benchmark, est)


@pytest.mark.benchmark(group="warm question, density of a layer: goal 2 us, ResNet-50 5 us")
def test_one_density(benchmark: BenchmarkFixture, est: es.Estimator) -> None:
    ask(benchmark, est, ifmap_density={est.network.layer_names[2]: 0.4})


@pytest.mark.benchmark(group="warm question, channels of a group: goal 2 us, ResNet-50 5 us")
def test_one_group(benchmark: BenchmarkFixture, est: es.Estimator) -> None:
    ask(benchmark, est, channels={est.groups[2].name: est.groups[2].channels - 8})


@pytest.mark.benchmark(group="warm question, every density: goal 4 us, ResNet-50 40 us")
def test_every_density(benchmark: BenchmarkFixture, est: es.Estimator) -> None:
    ask(benchmark, est, ifmap_density=[0.5] * len(est.network))


def with_frontiers(est: es.Estimator) -> np.random.Generator:
    """Build all frontiers, check some of their answers, and return where densities come from."""
    rng = np.random.default_rng(2)
    for density in (0.5, 0.9):
        est.frontiers.build(ifmap_density=density)
    for densities in rng.random((3, len(est.network))):
        assert est.energy(ifmap_density=densities) == searched(est, ifmap_density=densities)
    return rng


@pytest.mark.benchmark(group="every density new: goal 4 us, ResNet-50 40 us")
def test_every_density_new(benchmark: BenchmarkFixture, est: es.Estimator) -> None:
    rng = with_frontiers(est)
    fresh = iter(rng.random((400_000, len(est.network))).tolist())
    benchmark.pedantic(
        est.energy, setup=lambda: ((), {"ifmap_density": next(fresh)}), rounds=20_000
    )


@pytest.mark.benchmark(group="batch of 20,000 new densities: goal 0.05 s, ResNet-50 0.67 s")
def test_batch_of_new_densities(benchmark: BenchmarkFixture, est: es.Estimator) -> None:
    rng = with_frontiers(est)
    rows = rng.random((20_000, len(est.network)))
    benchmark.pedantic(est.energy_batch, kwargs={"ifmap_density": rows}, rounds=5)


@pytest.mark.benchmark(group="building all frontiers")
def test_building_frontiers(benchmark: BenchmarkFixture, est: es.Estimator) -> None:
    def fresh() -> tuple[tuple[es.Estimator], dict[str, float]]:
        return (es.Estimator(est.network, "eyeriss"),), {}

    def build(est: es.Estimator) -> None:
        est.frontiers.build(ifmap_density=0.5)

    benchmark.pedantic(build, setup=fresh, rounds=5)


@pytest.mark.benchmark(group="two layers of a new shape: goal 15 us")
def test_new_shapes(benchmark: BenchmarkFixture, est: es.Estimator) -> None:
    group = est.groups[2]
    fresh = itertools.chain(
        range(group.channels - group.step, group.step, -group.step), itertools.repeat(group.step)
    )
    assert est.energy({group.name: group.step}) == searched(est, channels={group.name: group.step})
    benchmark.pedantic(lambda: est.energy({group.name: next(fresh)}), rounds=50, iterations=1)


@pytest.mark.benchmark(group="batch of 50 networks never asked: goal 12 ms, ResNet-50 81 ms")
def test_new_networks(benchmark: BenchmarkFixture, est: es.Estimator) -> None:
    """Goal: 30 us a layer, mean."""
    choose = np.random.default_rng(3).integers
    rows = np.array(
        [[choose(1, g.channels // g.step + 1) * g.step for g in est.groups] for _ in range(50)]
    )
    assert est.energy_batch(rows[:1])[0] == searched(est, channels=rows[0])

    def fresh() -> tuple[tuple[es.Estimator], dict[str, float]]:
        return (es.Estimator(est.network, "eyeriss"),), {}

    def ask(est: es.Estimator) -> None:
        est.energy_batch(rows, threads=1)

    benchmark.pedantic(ask, setup=fresh, rounds=10)
    benchmark.extra_info["layers"] = len(rows) * len(est.network.layers)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.benchmark(group="batch of 100,000 known networks: goal 0.25 s, ResNet-50 3.3 s")
def test_batch(benchmark: BenchmarkFixture, est: es.Estimator, threads: int) -> None:
    full = np.array([group.channels for group in est.groups])
    halves = np.array([group.channels // 2 // group.step * group.step for group in est.groups])
    pick = np.random.default_rng(1).random((100_000, len(full))) < 0.5
    rows = np.where(pick, full, halves)
    for row in rows[:3]:
        assert est.energy_batch(row[None])[0] == searched(est, channels=row)
    est.energy_batch(rows)
    benchmark.pedantic(est.energy_batch, (rows,), {"threads": threads}, rounds=3)


def pairs_of_channels(network: es.Network) -> Iterator[tuple[str, list[int], list[int] | None]]:
    """Of each layer, the multiples of 8 as inputs and outputs that no layer like it had before.

    Of layers with groups, which are depthwise here, inputs alone.
    """
    known: dict[Layer, list[tuple[int, int]]] = {}
    for layer in network:
        had = known.setdefault(layer.replace(name="", M=1, C=1), [])
        inputs = list(range(8, layer.C * layer.G + 1, 8)) or [layer.C]
        outputs = list(range(8, layer.M + 1, 8)) or [layer.M]
        if layer.G > 1:
            yield layer.name, inputs, None
            continue
        for known_to, those in itertools.groupby(
            inputs, lambda c, had=had: max((m for k, m in had if k >= c), default=0)
        ):
            rest = [m for m in outputs if m > known_to]
            if rest:
                yield layer.name, list(those), rest
        had.append((inputs[-1], outputs[-1]))


@pytest.mark.parametrize("network", ["resnet50", "mobilenet-v2"])
@pytest.mark.benchmark(group="tables of all layers, multiples of 8, one thread: goal 4 s")
def test_tables(benchmark: BenchmarkFixture, network: str) -> None:
    est = es.Estimator(network, "eyeriss")
    pairs = list(pairs_of_channels(est.network))

    def fill() -> int:
        return sum(est.table(*pair, threads=1).size for pair in pairs)

    name, inputs, outputs = next(pair for pair in pairs if pair[2] is not None)
    layer = est.network[name].replace(C=inputs[-1], M=outputs[0])
    table = est.table(name, inputs, outputs)
    assert table[-1, 0] == es.search(layer, "eyeriss").energy
    entries = benchmark.pedantic(fill, rounds=1)
    benchmark.extra_info["entries"] = entries


@pytest.mark.benchmark(group="compiling an estimator: goal 0.5 s with the import")
def test_compiling(benchmark: BenchmarkFixture, est: es.Estimator) -> None:
    benchmark(es.Estimator, est.network, "eyeriss")
