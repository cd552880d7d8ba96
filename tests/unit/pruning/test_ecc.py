"""ECC: what it does beyond what all methods have to (see test_drivers)."""

import copy

import numpy
import pytest
import torch
from torch import nn
from unit.pruning.nets import INPUTS, NETS, constant

import energysim as es
from energysim.errors import Diverged, InvalidInput
from energysim.pruning import ECC, evaluator_on
from energysim.pruning.ecc import BilinearSlopes, SimulatorSlopes, _Epoch

QUICK = {"width_lr": 2.0, "samples": 100}


def pruner(model, data, budget="60%", **more):
    given = {"train": data.train, "evaluator": evaluator_on(data.holdout)} | QUICK
    return ECC(model, INPUTS, budget, **given | more)


@pytest.mark.parametrize("energy", ["bilinear", "simulator"])
def test_accuracy_survives(energy, model, data):
    result = pruner(model, data, energy=energy, width_lr=0.5).run()
    assert 0.57 < result.energy_share <= 0.6
    assert result.accuracy > 0.8


@pytest.mark.parametrize("name", NETS)
def test_channels_that_are_cut_were_zero(name, monkeypatch):
    """Cutting them out does not change what the network computes."""
    torch.manual_seed(1)
    model = NETS[name]()
    batches = [(torch.randn(8, *INPUTS.shape[1:]), torch.randint(0, 10, (8,))) for _ in range(10)]
    before = []
    run = ECC(model, INPUTS, "70%", train=batches, evaluator=constant, **QUICK | {"width_lr": 5.0})
    old = _Epoch.run

    def noted(epoch):
        met = old(epoch)
        before.append(copy.deepcopy(run.model))
        return met

    monkeypatch.setattr(_Epoch, "run", noted)
    result = run.run()
    images = torch.randn(4, *INPUTS.shape[1:])
    assert es.from_torch(result.model, INPUTS).layers != es.from_torch(before[-1], INPUTS).layers
    with torch.no_grad():
        torch.testing.assert_close(result.model(images), before[-1].eval()(images))


def test_channels_that_matter_stay(data):
    """Of two groups that cost the same, the one whose channels are worth less is cut more."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 64, 4),
    )  # fmt: skip
    with torch.no_grad():
        model[2].weight[:, 4:] *= 1e-3  # twelve channels of the first group are hardly read
    kept = pruner(model, data, "70%", energy="simulator", width_lr=0.5).run().kept.groups
    assert set(range(4)) <= set(kept["0"]) and len(kept["0"]) < 16


def test_slopes_of_both_kinds(model, data):
    run = pruner(model, data)
    names = list(run.pruned.kept)
    widths = numpy.array([20.0, 29.0, 17.0])
    full = numpy.array([24.0, 32.0, 32.0])
    bilinear = BilinearSlopes(es.fit_bilinear(run.estimator, 500), names)
    value, slope = bilinear(widths)
    numeric = [(bilinear(widths + h)[0] - bilinear(widths - h)[0]) / 2 for h in numpy.eye(3)]
    numpy.testing.assert_allclose(slope, numeric, rtol=1e-6)
    simulated = SimulatorSlopes(run.estimator, names)
    kept = dict(zip(names, widths.astype(int).tolist(), strict=True))
    exact, slope = simulated(widths)
    assert exact == run.estimator.energy(kept)
    assert exact - slope[0] == pytest.approx(run.estimator.energy(kept | {names[0]: 19}))
    # Between whole widths: on the line from the one above to the one below.
    assert simulated(widths - [0.25, 0, 0])[0] == pytest.approx(exact - 0.25 * slope[0])
    assert value == pytest.approx(exact, rel=0.1)
    assert simulated(full)[0] == run.estimator.energy()


def test_run_that_is_killed_goes_on(model, data, tmp_path):
    slow = {"width_lr": 0.3}
    whole = pruner(model, data, **slow).run()
    assert [line["phase"] for line in whole.history].count("admm") >= 2
    run = pruner(model, data, **slow)
    steps = iter(range(2))
    run.step, step = lambda: next(steps, None) is not None and step(), run.step
    run.run(tmp_path)  # ends after the first epoch
    found = pruner(model, data, **slow).run(tmp_path, resume=True)
    strip = [{k: v for k, v in line.items() if k != "seconds"} for line in found.history]
    assert strip == list(whole.history)
    states = zip(found.model.state_dict().values(), whole.model.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in states)


def test_least_channels(model, data):
    kept = pruner(model, data, "75%", least=0.8, width_lr=5.0).run().kept.groups
    assert [len(kept[name]) >= 0.8 * n for name, n in
            (("first", 24), ("second", 32), ("third", 32))] == [True] * 3  # fmt: skip
    with pytest.raises(InvalidInput, match=r"out of reach: as few channels as least=0.8 allows"):
        pruner(model, data, "40%", least=0.8)


def test_epochs_that_do_not_suffice(model, data, tmp_path):
    run = pruner(model, data, epochs=1, width_lr=0.3)
    with pytest.raises(InvalidInput, match=r"after 1 epochs .* times the budget .* more epochs"):
        run.run(tmp_path)
    assert run.result().energy_share == 1
    more = pruner(model, data, width_lr=0.3).run(tmp_path, resume=True)
    assert more.energy_share <= 0.6
    assert [line["step"] for line in more.history] == list(range(len(more.history)))


def test_bad_input(model, data):
    with pytest.raises(InvalidInput, match="unknown energy 'joules'|energy"):
        pruner(model, data, energy="joules")
    with pytest.raises(InvalidInput, match="the loader has no batch"):
        pruner(model, data, train=[]).run()
    with pytest.raises(InvalidInput, match="does not take inputs of shape"):
        pruner(model, data, train=[(torch.ones(2, 3, 8, 8), torch.zeros(2, dtype=int))]).run()
    images = torch.full((2, 1, 8, 8), float("nan"))
    run = pruner(model, data, train=[(images, torch.zeros(2, dtype=int))])
    with pytest.raises(Diverged, match="the loss is nan"):
        run.run()
    assert run.result().energy_share == 1
