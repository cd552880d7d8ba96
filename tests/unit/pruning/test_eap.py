"""EAP: what it does beyond what all methods have to (see test_drivers)."""

import copy
import itertools

import pytest
import torch
from unit.pruning.nets import INPUTS, NETS, constant

from energysim.errors import Diverged, InvalidInput
from energysim.pruning import EnergyAwarePruner, MagnitudeWeights, Trainer, accuracy, evaluator_on

SPARSE = {"arch": "estimation-tool", "dataflow": "rs-estimation-tool"}


def pruner(model, data, budget="60%", **more):
    given = {"train": data.train, "evaluator": evaluator_on(data.holdout)}
    return EnergyAwarePruner(model, INPUTS, budget, **given | more)


def test_costliest_layers_come_first(model, data):
    run = pruner(model, data)
    before = run.estimator.energy_by_layer()
    history = run.run().history
    order = [line["layer"] for line in history if line["phase"] == "layer"]
    assert sorted(order) == sorted(before)
    assert [before[name] for name in order] == sorted(before.values(), reverse=True)
    energies = [line["energy"] for line in history]
    assert energies == sorted(energies, reverse=True)


def test_outputs_are_kept_without_any_training(model, data):
    """At the same energy, with the same densities: what fitting is worth."""
    run = pruner(model, data, "50%")
    densities = {name: run.estimator.report().layers[name].data.ifmap_density
                 for name in run.estimator.network.layer_names}  # fmt: skip
    smallest = MagnitudeWeights(
        model, INPUTS, "50%", evaluator=constant, question={"ifmap_density": densities}, **SPARSE
    )
    ours, theirs = run.run().model, smallest.run().model
    images = data.test.inputs
    with torch.no_grad():
        wanted = model(images)
        errors = [float((each(images) - wanted).norm()) for each in (ours, theirs)]
    assert errors[0] < 0.7 * errors[1]


def test_weights_do_not_come_back_in_later_iterations(model, data):
    run = pruner(model, data, "50%", steps=3, finetuner=Trainer(data.train, batches=3))
    masks = []
    while run.step():
        masks.append({name: run.pruned.mask(name).clone() for name in run.pruned.layers})
    phases = [line["phase"] for line in run.history]
    assert phases == ["baseline", *(["layer"] * 4 + ["pruning"]) * 3]
    for before, after in itertools.pairwise(masks):
        assert all((after[name] <= before[name]).all() for name in before)
    assert run.result().energy_share <= 0.5


def test_stops_before_accuracy_falls(model, data):
    """The result is the last network above the threshold, short of the budget."""
    calls = []

    def falling(pruned):
        calls.append(accuracy(pruned, data.holdout))
        return 0.9 if len(calls) != 3 else 0.7

    run = pruner(model, data, "50%", steps=4, max_loss=0.1, evaluator=falling)
    result = run.run()
    last = result.history[-1]
    assert last["phase"] == "given up" and last["refused"] == 0.7 and last["accuracy"] == 0.9
    first = next(line for line in result.history if line["phase"] == "pruning")
    assert result.report.energy == first["energy"] > result.limits["energy"]


def test_run_that_is_killed_goes_on(model, data, tmp_path):
    whole = pruner(model, data, finetuner=Trainer(data.train, batches=2)).run()
    run = pruner(model, data, finetuner=Trainer(data.train, batches=2))
    steps = iter(range(3))
    run.step, step = lambda: next(steps, None) is not None and step(), run.step
    run.run(tmp_path)  # ends after three steps, in the middle of an iteration
    again = pruner(model, data, finetuner=Trainer(data.train, batches=2))
    found = again.run(tmp_path, resume=True)
    strip = [{k: v for k, v in line.items() if k != "seconds"} for line in found.history]
    assert strip == list(whole.history)
    states = zip(found.model.state_dict().values(), whole.model.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in states)


def test_other_images_are_another_run(model, data, tmp_path):
    same = {"question": {"ifmap_density": 0.5}}
    pruner(model, data, **same).run(tmp_path)
    other = copy.copy(data.train)
    other.inputs = data.train.inputs.flip(3)
    with pytest.raises(InvalidInput, match="images_crc32"):
        pruner(model, data, train=other, **same).run(tmp_path, resume=True)


def test_depthwise_layers(data):
    run = pruner(NETS["Mobile"](), data, "90%", evaluator=constant, images=50)
    result = run.run()
    assert result.energy_share <= 0.9
    assert all(density > 0 for density in run.pruned.densities().values())


def test_layer_of_zeros(data):
    model = NETS["Plain"]()
    with torch.no_grad():
        model.hidden.weight.zero_()
    run = pruner(model, data, "70%", evaluator=constant, images=50)
    assert run.run().energy_share <= 0.7
    assert run.pruned.densities()["hidden"] == 0


def test_bad_input(model, data):
    with pytest.raises(InvalidInput, match="removed_more"):
        pruner(model, data, removed_more=2)
    with pytest.raises(InvalidInput, match="no batch"):
        pruner(model, data, train=[])
    broken = copy.deepcopy(model)
    with torch.no_grad():
        broken.second.weight[0, 0, 0, 0] = float("nan")
    run = pruner(broken, data, evaluator=constant)
    assert run.step()
    with pytest.raises(Diverged, match="no numbers"):
        run.step()
