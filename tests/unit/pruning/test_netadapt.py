"""NetAdapt: what it does beyond what all methods have to (see test_drivers)."""

from __future__ import annotations

import copy
import dataclasses
import types
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from unit.pruning.learning import task, trained
from unit.pruning.nets import INPUTS, NETS, lively

from energysim.pruning import NetAdapt, Trainer, accuracy
from energysim.pruning.netadapt import first_met
from energysim.pruning.snapshot import Origin


class Copying(NetAdapt):
    """NetAdapt in the plainest way: each candidate is a deep copy of everything."""

    def _best(self, excess: float, target: float) -> Any:
        start, best, tried = self.pruned, None, 0
        for name in start.kept:
            n = self._most(name, excess, target)
            if n is None:
                continue
            self.pruned = copy.deepcopy(start)
            left, nothing = self._order(name)[:n], types.SimpleNamespace(unshare=dict)
            candidate = self._tried(name, left, excess, nothing)
            tried += 1
            if best is None or candidate.rank < best[0].rank:
                best = candidate, self.pruned
            self.pruned = start
        candidate, model = best
        held = types.SimpleNamespace(restore=lambda: None)
        return dataclasses.replace(candidate, snapshot=(held, model)), tried


def tied() -> nn.Module:
    """Two layers share their weights, and one is not trained."""
    model = trained(task())
    model.second.bias = model.third.bias
    model.norm.weight.requires_grad_(False)
    return model


MODELS = {
    "chain": lambda: trained(task()),
    "tied": tied,
    "residual": lambda: lively(NETS["Residual"]),
    "mobile": lambda: lively(NETS["Mobile"]),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("select", ["ratio", "accuracy"])
def test_candidates_are_those_of_copies_of_the_model(name: str, select: str) -> None:
    data = task()

    def evaluator(model: nn.Module) -> float:
        model.train()  # writes means and variances; they go with the candidate
        with torch.no_grad():
            for inputs, _labels in data.holdout:
                model(inputs)
        return accuracy(model, data.holdout)

    found = [
        cls(
            MODELS[name](), INPUTS, "60%", first=0.1, select=select,
            evaluator=evaluator, finetuner=Trainer(data.train, batches=2, weight_decay=1e-2),
        ).run(progress=False)
        for cls in (NetAdapt, Copying)
    ]  # fmt: skip
    one, other = found
    assert one.history == other.history and one.kept.to_json() == other.kept.to_json()
    assert len(one.history) > 4
    states = one.model.state_dict(), other.model.state_dict()
    assert all(torch.equal(a, b) for a, b in zip(*map(dict.values, states), strict=True))


def test_copies_take_the_memory_of_those_that_are_not_needed() -> None:
    model = lively(NETS["Mobile"])
    spare: list[Any] = []
    origin = Origin(model, spare)
    values = copy.deepcopy(model.state_dict())
    places: list[set[int]] = []
    for _trial in range(3):
        copies = origin.unshare()
        places.append({each.data_ptr() for each in model.parameters()})
        with torch.no_grad():
            for each in (*model.parameters(), *model.buffers()):
                each.zero_()
        model.head[0].weight.grad = torch.ones_like(model.head[0].weight)
        spare.append(copies)
        origin.restore()
        assert all(torch.equal(each, values[name]) for name, each in model.state_dict().items())
        assert model.head[0].weight.grad is None
    assert places[0] == places[1] == places[2]
    assert not places[0] & {each.data_ptr() for each in model.parameters()}


def test_memory_of_another_kind_is_not_taken() -> None:
    model = nn.Linear(3, 2)
    spare = [{(0, "weight"): torch.ones(2, 4), (0, "bias"): torch.ones(2, dtype=torch.float64)}]
    origin, bias = Origin(model, spare), model.bias.detach().clone()
    origin.unshare()
    assert model.weight.shape == (2, 3) and torch.equal(model.bias, bias)


def test_parameters_stay_the_same_objects() -> None:
    """Recurrent layers, for one, have them in a list of their own."""
    model = nn.Sequential(nn.LSTM(3, 4))
    inputs, before = torch.ones(2, 1, 3), list(model.parameters())
    origin, expected = Origin(model, []), model(inputs)[0]
    origin.unshare()
    assert all(a is b for a, b in zip(model.parameters(), before, strict=True))
    with torch.no_grad():
        for each in model.parameters():
            each.zero_()
    assert not model(inputs)[0].any()
    origin.restore()
    assert torch.equal(model(inputs)[0], expected) and expected.any()


@given(answer=st.integers(1, 70), most=st.integers(1, 60), guess=st.integers(-5, 90))
def test_first_met(answer: int, most: int, guess: int) -> None:
    asked = []

    def met(n: int) -> bool:
        asked.append(n)
        return n >= answer

    assert first_met(met, most, guess) == (answer if answer <= most else None)
    assert all(1 <= n <= most for n in asked) and len(asked) <= 2 + 2 * most.bit_length()
    if guess == answer <= most:
        assert len(asked) <= 2
