"""Pruning: what a candidate costs outside of training and evaluation."""

from __future__ import annotations

import copy
import statistics
import time
from typing import Any

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from unit.frontends.architectures import torchvision

import energysim as es
from energysim.pruning import NetAdapt
from energysim.pruning.snapshot import Origin, Snapshot

# Groups of channels, each a candidate in every step.
CANDIDATES = {"mobilenet_v2": 25, "resnet18": 12}
STEPS = 10


class Trained:
    """Stands in for a training: after it, the tensors of the model are others."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, model: Any) -> None:
        self.calls += 1


@pytest.mark.parametrize("name", CANDIDATES)
@pytest.mark.benchmark(
    group="a step of NetAdapt, in processor time: goal 5 ms a candidate", timer=time.process_time
)
def test_step(benchmark: BenchmarkFixture, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    copying: list[float] = []

    def timed(origin: Origin, unshare: Any = Origin.unshare) -> Any:
        start = time.process_time()
        try:
            return unshare(origin)
        finally:
            copying.append(time.process_time() - start)

    monkeypatch.setattr(Origin, "unshare", timed)
    model = getattr(torchvision().models, name)(num_classes=10)
    inputs, trained = torch.zeros(1, 3, 224, 224), Trained()
    driver = NetAdapt(
        model, inputs, "30%", evaluator=lambda model: 0.5, finetuner=trained, first=0.02
    )
    driver.step()  # the baseline
    assert len(driver.pruned.surgery.groups) == CANDIDATES[name]
    benchmark.pedantic(driver.step, rounds=STEPS)
    candidates = trained.calls // (STEPS if benchmark.enabled else 1)
    benchmark.extra_info["candidates"] = candidates
    if benchmark.stats:
        # The copy of the weights, to which the training writes, is part of it.
        benchmark.extra_info["ms_per_candidate"] = 1e3 * benchmark.stats.stats.median / candidates
        benchmark.extra_info["ms_of_copying"] = 1e3 * statistics.median(copying)
    print(f"\n{name}: {benchmark.extra_info}")
    network = es.from_torch(driver.model, inputs)
    report = driver.estimator.report(**driver.pruned.question())
    assert network.layers == report.network.layers
    assert es.simulate(network, "eyeriss").energy == report.energy < driver.estimator.energy()


@pytest.mark.parametrize("name", CANDIDATES)
@pytest.mark.benchmark(
    group="a model to train, and back to the one before", timer=time.process_time
)
@pytest.mark.parametrize("how", ["origin", "snapshot", "deepcopy"])
def test_undo(benchmark: BenchmarkFixture, name: str, how: str) -> None:
    torch.set_num_threads(1)
    model = getattr(torchvision().models, name)(num_classes=10)
    spare: list[Any] = []
    origin = Origin(model, spare)

    def shared() -> None:
        spare.append(origin.unshare())
        origin.restore()

    ways = {
        "origin": shared,
        "snapshot": Snapshot(model).restore,
        "deepcopy": lambda: copy.deepcopy(model),
    }
    benchmark(ways[how])
