"""Budgets are used up: no method leaves room for another channel of any group."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from property.cases import examples
from torch import nn
from unit.pruning.nets import INPUTS, NETS, constant, lively

import energysim as es
from energysim.pruning import Driver, NetAdapt, Sliced, Surgery
from energysim.pruning.filling import filled, give_back
from energysim.pruning.methods import METHODS, make

CHANNELS = [method for method in METHODS if method not in ("magnitude", "eap")]
BATCH = torch.randn(16, *INPUTS.shape[1:], generator=torch.Generator().manual_seed(1))
OPTIONS: dict[str, dict[str, Any]] = {"ecc": {"width_lr": 3.0, "samples": 100}}


def driver(method: str, name: str, budget: Any, **options: Any) -> Driver[Any]:
    given = {
        "options": OPTIONS.get(method, {}) | options,
        "evaluator": constant,
        "train": [(BATCH, torch.arange(16) % 10)] * 20,
    }
    return make(method, lively(NETS[name]), INPUTS, budget, **given)


def next_ones(run: Driver[Any], step: int = 1) -> list[dict[str, int]]:
    """Return what is one step more of a group, for each of which something is cut."""
    sizes = {group.name: group.channels for group in run.pruned.surgery.groups}
    kept = {name: len(channels) for name, channels in run.pruned.kept.items()}
    return [{name: min(n // step * step + step, sizes[name])} for name, n in kept.items()
            if n < sizes[name]]  # fmt: skip


@pytest.mark.parametrize("method", CHANNELS)
@given(name=st.sampled_from(list(NETS)), percent=st.integers(26, 99))
@examples(12)
def test_no_channel_more_fits_the_budget(method: str, name: str, percent: int) -> None:
    run = driver(method, name, f"{percent}%")
    report = run.run(progress=False).report
    limit = run.meter.limits["energy"]
    assert report.energy <= limit
    more = next_ones(run)
    assert more
    assert all(run.estimator.energy(**run.pruned.question(each)) > limit for each in more)
    assert es.from_torch(run.model, INPUTS).layers == report.network.layers


@pytest.mark.parametrize("method", ["netadapt", "magnitude-channels", "uniform"])
@pytest.mark.parametrize("budget", [
    {"energy": "70%", "parameters": "60%", "macs": "65%"}, {"cycles": "80%", "dram_words": "85%"},
])  # fmt: skip
def test_no_channel_more_fits_any_of_several_budgets(method: str, budget: dict[str, str]) -> None:
    options = {} if method == "netadapt" else {"steps": 3}
    run = driver(method, "Residual", budget, **options)
    run.run(progress=False)
    assert run.meter.met(**run.pruned.question())
    assert not any(run.meter.met(**run.pruned.question(each)) for each in next_ones(run))


def test_channels_come_back_in_the_steps_in_which_they_go() -> None:
    run = driver("netadapt", "Plain", "70%", channel_step=4)
    run.run(progress=False)
    sizes = {group.name: group.channels for group in run.pruned.surgery.groups}
    kept = {name: len(channels) for name, channels in run.pruned.kept.items()}
    assert all(n % 4 == 0 or n == sizes[name] for name, n in kept.items())
    assert not any(run.meter.met(**run.pruned.question(each)) for each in next_ones(run, 4))


@pytest.mark.parametrize("name", NETS)
def test_channels_come_back_as_they_were(name: str) -> None:
    """What was never trained is afterwards as if it had been cut to that at once."""
    original = lively(NETS[name])
    estimator = es.Estimator(es.from_torch(original, INPUTS), "eyeriss", "rs-chip")
    surgery = Surgery.find(original, INPUTS, estimator)
    few = {g.name: range(1, g.channels, 3) for g in surgery.groups}
    more = {g.name: [0, *few[g.name]] for g in surgery.groups[::2]}
    cut = Sliced(copy.deepcopy(original), surgery)
    cut.keep_all(few)
    give_back(cut, {group: [0] for group in more}, original)
    at_once = Sliced(copy.deepcopy(original), surgery)
    at_once.keep_all(few | more)
    assert cut.kept == at_once.kept and list(cut.present()) == list(at_once.present())
    with torch.no_grad():
        assert torch.equal(cut.model(BATCH), at_once.model(BATCH))
    cut.keep_all(few)  # and they can go again
    assert cut.model(INPUTS).shape == (1, 10)


@pytest.mark.parametrize("name", NETS)
def test_what_was_left_keeps_its_training(name: str) -> None:
    original = lively(NETS[name])
    estimator = es.Estimator(es.from_torch(original, INPUTS), "eyeriss", "rs-chip")
    cut = Sliced(copy.deepcopy(original), Surgery.find(original, INPUTS, estimator))
    group = cut.surgery.groups[0]
    cut.keep(group.name, range(2, group.channels))
    with torch.no_grad():
        for each in (*cut.model.parameters(), *cut.model.buffers()):
            each.copy_(each * 2 if each.is_floating_point() else each + 7)
    trained = copy.deepcopy(cut.model).state_dict()
    before = cut.snapshot()
    give_back(cut, {group.name: [0]}, original)
    grown = cut.model.state_dict()
    assert any(grown[name].shape != trained[name].shape for name in grown)
    cut.keep(group.name, range(2, group.channels))
    assert all(torch.equal(value, trained[name]) for name, value in cut.model.state_dict().items())
    cut.restore(before)
    assert all(torch.equal(value, trained[name]) for name, value in cut.model.state_dict().items())


def test_best_of_those_that_are_gone_come_back() -> None:
    run = driver("netadapt", "Plain", "60%")
    run.pruned.keep_all({name: channels[:2] for name, channels in run.pruned.kept.items()})
    run.fill(lambda parts, channels: torch.arange(float(channels)))  # the last ones are best
    for group in run.pruned.surgery.groups:
        n = len(run.pruned.kept[group.name]) - 2
        assert set(run.pruned.kept[group.name]) == {
            0,
            1,
            *range(group.channels - n, group.channels),
        }
    assert not run.fill(lambda parts, channels: torch.ones(channels))  # used up


def test_error_after_channels_came_back_undoes_it() -> None:
    calls = []

    def evaluator(_model: nn.Module) -> float:
        calls.append(1)
        return 0.5

    run = NetAdapt(NETS["Plain"](), INPUTS, "55%", evaluator=evaluator, first=0.3)
    while run.step() and not run.meter.met(**run.pruned.question()):
        pass
    model, kept = run.model, dict(run.pruned.kept)

    def failing(_model: nn.Module) -> float:
        raise KeyboardInterrupt

    run._evaluator = failing
    with pytest.raises(KeyboardInterrupt):
        run.step()
    assert run.model is model and run.pruned.kept == kept
    run._evaluator = evaluator
    assert run.run(progress=False).history[-1]["phase"] == "filling"


def test_groups_in_order_of_their_rank() -> None:
    def met(counts: dict[str, int]) -> bool:
        return 3 * counts["a"] + 2 * counts["b"] + counts["c"] <= 17

    few, most = {"a": 1, "b": 1, "c": 1}, {"a": 9, "b": 9, "c": 4}
    assert filled(few, most, met, lambda name, n: n) == {"a": 3, "b": 3, "c": 2}
    assert filled(few, most, met, lambda name, n: name != "b") == {"a": 1, "b": 6, "c": 2}
    assert filled(few, most, met, lambda name, n: name != "c") == {"a": 3, "b": 2, "c": 4}
    assert filled(most, most, met, lambda name, n: 0) == most
    evens = filled({"a": 1, "b": 2, "c": 0}, most, lambda counts: True, lambda name, n: n, 2)
    assert evens == most  # the last step is what is left


def test_a_cost_that_falls_with_more_channels() -> None:
    # b alone is too much; with 2 of a it is not.
    def met(counts: dict[str, int]) -> bool:
        return counts["b"] == 1 or counts["a"] >= 2

    found = filled({"a": 1, "b": 1}, {"a": 2, "b": 2}, met, lambda name, n: name == "a")
    assert found == {"a": 2, "b": 2}
