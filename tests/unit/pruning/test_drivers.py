"""What every method has to keep: budgets, selection without test images, and honest reports."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn
from unit.pruning.learning import task
from unit.pruning.nets import INPUTS, NETS, constant

import energysim as es
from energysim.errors import Diverged, InvalidInput, UnknownName
from energysim.pruning import Driver, Taylor, Trainer, accuracy, bn_scale, evaluator_on
from energysim.pruning.data import Data
from energysim.pruning.methods import METHODS, make

# Weights that are zero save energy on an architecture that skips and compresses them.
SPARSE = {"arch": "estimation-tool", "dataflow": "rs-estimation-tool"}
WEIGHTS = ("magnitude", "eap")
CHANNELS = tuple(method for method in METHODS if method not in WEIGHTS)


def driver(method: str, model: nn.Module, budget: Any, data: Data, **more: Any) -> Driver[Any]:
    given: dict[str, Any] = {
        "evaluator": evaluator_on(data.holdout),
        "finetuner": Trainer(data.train, batches=2),
        "options": {},
        "train": data.train,
    } | (SPARSE if method in WEIGHTS else {})
    return make(method, model, INPUTS, budget, **given | more)


@pytest.mark.parametrize("method", METHODS)
def test_budget_is_met_and_used(method: str, model: nn.Module, data: Data) -> None:
    run = driver(method, model, "50%", data)
    found = run.run(tester=evaluator_on(data.test))
    assert found.report.energy <= found.limits["energy"] == 0.5 * found.baseline.energy
    # Within 1 %, unless the next channel of any group would be too much.
    if found.report.energy <= 0.99 * found.limits["energy"]:
        kept = {name: len(channels) for name, channels in found.kept.groups.items()}
        more = [{name: n + 1} for name, n in kept.items() if n < run.pruned.surgery[name].channels]
        assert more and not any(run.meter.met(**run.pruned.question(each)) for each in more)
    assert found.test_accuracy["after"] == accuracy(found.model, data.test) > 0.5
    assert found.accuracy == found.history[-1]["accuracy"]
    if method in CHANNELS:
        network = es.from_torch(found.model, INPUTS)
        assert found.report.energy == es.simulate(network, "eyeriss").energy


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("method", CHANNELS)
def test_networks_of_all_kinds(method: str, name: str) -> None:
    model = NETS[name]()
    batch = torch.randn(16, *INPUTS.shape[1:]), torch.arange(16) % 10
    quick = {"width_lr": 3.0} if method == "ecc" else {}
    given = {"options": quick, "evaluator": constant, "train": [batch] * 20}
    found = make(method, model, INPUTS, "60%", **given).run()
    assert found.report.energy <= 0.6 * found.baseline.energy
    assert found.model(INPUTS).shape == (1, 10)
    assert es.from_torch(found.model, INPUTS).layers == found.report.network.layers
    again = found.kept.apply(model)
    again.load_state_dict(found.model.state_dict())
    torch.testing.assert_close(again.eval()(INPUTS), found.model(INPUTS))


@pytest.mark.parametrize("method", METHODS)
def test_several_budgets(method: str, model: nn.Module, data: Data) -> None:
    limits = {"energy": "80%", "macs": "100%"}
    if method in CHANNELS:
        limits |= {"parameters": "30%", "macs": "70%", "dram_words": "80%", "cycles": "95%"}
    result = driver(method, model, limits, data, finetuner=None).run()
    costs = result.history[-1]["costs"]
    assert costs.keys() == limits.keys() == result.limits.keys()
    assert all(costs[name] <= limit for name, limit in result.limits.items())
    assert max(costs[name] / limit for name, limit in result.limits.items()) > 0.9


@pytest.mark.parametrize("method", METHODS)
def test_budget_that_is_met_already(method: str, model: nn.Module, data: Data) -> None:
    found = driver(method, model, "100%", data).run()
    assert found.energy_share == 1 and found.report.energy == found.baseline.energy


@pytest.mark.parametrize("method", METHODS)
def test_budget_out_of_reach(method: str, model: nn.Module, data: Data) -> None:
    with pytest.raises(InvalidInput, match=r"energy is out of reach: .* still costs .*% of"):
        driver(method, model, "0.01%", data)
    least = r"100% of .*: zeros of weights save nothing on eyeriss: .* --arch estimation-tool$"
    if method in WEIGHTS:  # the chip saves nothing for weights that are zero
        with pytest.raises(InvalidInput, match=least):
            driver(method, model, "90%", data, arch="eyeriss", dataflow="rs")


class Guarded:
    """Batches that say how often they were asked for."""

    def __init__(self, batches: Any) -> None:
        self._batches = batches
        self.asked = 0

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[Any]:
        self.asked += 1
        return iter(self._batches)


@pytest.mark.parametrize("method", METHODS)
def test_selection_never_sees_test_images(method: str, model: nn.Module) -> None:
    # Two test sets, one of them of labels that are all wrong: nothing but the last figure differs.
    found = []
    for wrong in (0, 1):
        data = task()
        data.test.labels = (data.test.labels + wrong) % 4
        test = Guarded(data.test)
        run = driver(method, model, "60%", data)
        while run.step():
            assert test.asked == 0
        found.append((run.result(), run.run(tester=evaluator_on(test)).test_accuracy))
        assert test.asked == 2  # before and after
    (one, right), (other, misled) = found
    assert one.kept.to_json() == other.kept.to_json() and one.history == other.history
    assert right["after"] > 0.5 > misled["after"]
    # And what is held out is no part of what is trained on.
    seen = {image.numpy().tobytes() for image in data.train.inputs}
    assert not seen & {image.numpy().tobytes() for image in data.holdout.inputs}
    assert len(seen) + len(data.holdout.inputs) == 320


@pytest.mark.parametrize("method", METHODS)
def test_model_that_is_given_stays_as_it_is(method: str, model: nn.Module, data: Data) -> None:
    before = copy.deepcopy(model.state_dict())
    driver(method, model, "70%", data).run()
    after = model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("method", METHODS)
def test_same_seed_same_result(method: str, model: nn.Module, data: Data) -> None:
    one, other = (driver(method, model, "60%", data, seed=3).run() for _twice in range(2))
    assert one.kept.to_json() == other.kept.to_json() and one.history == other.history
    states = zip(one.model.state_dict().values(), other.model.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in states)


@pytest.mark.parametrize("method", METHODS)
def test_nan_stops_and_loses_nothing(
    method: str, model: nn.Module, data: Data, tmp_path: Any
) -> None:
    calls = 0

    def evaluator(pruned: nn.Module) -> float:
        nonlocal calls
        calls += 1
        return math.nan if calls == 2 else accuracy(pruned, data.holdout)

    run = driver(method, model, "60%", data, evaluator=evaluator)
    with pytest.raises(Diverged, match="evaluator returned nan"):
        run.run(tmp_path)
    # The baseline, and EAP's steps without an evaluation; the step that failed is undone.
    assert [line["phase"] for line in run.history if line["phase"] != "layer"] == ["baseline"]
    assert run.history[-1]["energy"] == run.estimator.energy(**run.pruned.question())
    again = driver(method, model, "60%", data).run(tmp_path, resume=True)
    assert again.history == driver(method, model, "60%", data).run().history


def test_loss_that_is_nan(model: nn.Module, data: Data) -> None:
    images = data.train.inputs.clone()
    images[0] = math.nan
    broken = [(images[:32], data.train.labels[:32])]
    run = driver("uniform", model, "60%", data, finetuner=Trainer(broken))
    assert run.step()
    with pytest.raises(Diverged, match="the loss is nan in epoch 1"):
        run.step()
    assert len(run.history) == 1 and accuracy(run.model, data.holdout) > 0.5


def test_zeros_of_ifmaps_count_if_they_are_given(model: nn.Module, data: Data) -> None:
    found = es.measure_densities(model, data.holdout, progress=False).ifmap
    run = driver("uniform", model, "50%", data, finetuner=None, question={"ifmap_density": found})
    result = run.run()
    network = es.from_torch(result.model, INPUTS)
    zeros = es.simulate(network, "eyeriss", ifmap_density=found)
    assert result.report.energy == zeros.energy < es.simulate(network, "eyeriss").energy


@pytest.mark.parametrize("score", ["taylor", "bn_scale"])
def test_other_scores(score: str, data: Data) -> None:
    model = NETS["Residual"]()
    function = bn_scale if score == "bn_scale" else Taylor(data.train, batches=2)
    for method in ("magnitude-channels", "netadapt"):
        run = driver(method, model, "70%", data, score_func=function, finetuner=None)
        assert run.run().energy_share <= 0.7


def test_options_of_methods(model: nn.Module, data: Data) -> None:
    run = driver("netadapt", model, "60%", data, options={"channel_step": 8, "first": 0.1})
    kept = run.run().kept.groups
    assert all(len(channels) % 8 == 0 for channels in kept.values())
    steps = driver("magnitude-channels", model, "60%", data, options={"steps": 3}).run().history
    assert [line["phase"] for line in steps] == ["baseline", *["pruning"] * 3]
    shares = [line["energy"] / steps[0]["energy"] for line in steps]
    assert shares == pytest.approx([1, 0.6 ** (1 / 3), 0.6 ** (2 / 3), 0.6], rel=0.03)
    with pytest.raises(UnknownName, match="unknown option of netadapt 'frist': did you mean 'fi"):
        driver("netadapt", model, "60%", data, options={"frist": 1})
    with pytest.raises(UnknownName, match="unknown method"):
        driver("nothing", model, "60%", data)
    with pytest.raises(InvalidInput, match="first must be more than 0"):
        driver("netadapt", model, "60%", data, options={"first": 0})
    with pytest.raises(InvalidInput, match="evaluator must be a function"):
        driver("netadapt", model, "60%", data, evaluator=0.9)


def test_results_as_json(model: nn.Module, data: Data) -> None:
    found = driver("uniform", model, "60%", data).run()
    plain = json.loads(found.to_json())
    assert plain["energy"] == found.report.energy == sum(each["energy"] for each in plain["layers"])
    assert [each["name"] for each in plain["layers"]] == ["first", "second", "third", "last"]
    assert plain["accuracy_before"] == found.history[0]["accuracy"]


@pytest.mark.parametrize("question", [{"batch": 2}, {"channels": {}}])
def test_questions_are_about_data_alone(
    model: nn.Module, data: Data, question: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput, match="question gives bits and densities, not "):
        driver("uniform", model, "50%", data, question=question)
