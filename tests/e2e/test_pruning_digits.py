"""Half the energy on real images: what methods cost against what a user would try first.

The protocol is that of `benchmarks/pruning_digits.py`, which makes the tables in docs/pruning.md:
a chain of convolutions so narrow that half the energy hurts; three seeds (data split, training,
pruning); the same fine-tuning for methods that are compared, chosen on hold-out images.
"""

import statistics

import pytest
import torch

from benchmarks.pruning_digits import pruned, task
from energysim import pruning

pytest.importorskip("sklearn")
SEEDS = range(3)
ONE_IMAGE = 1 / 359  # of the test set: the resolution of an accuracy


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def lost(method):
    """Accuracy on test images lost at half the energy, mean of the seeds."""
    found = []
    for seed in SEEDS:
        of, result = pruned("chain", method, "50%", seed)
        assert of.before > 0.97 and 0.48 < result.energy_share <= 0.5
        found.append(of.before - pruning.accuracy(result.model, of.digits.test))
    return statistics.mean(found)


# In one test, so that it is one process that trains the networks.
def test_methods_against_what_a_user_would_try_first():
    cost = {name: lost(name) for name in ("eap", "magnitude", "ecc", "netadapt", "uniform")}
    assert len(task("chain", 0).digits.test.inputs) * ONE_IMAGE == 1
    assert cost["eap"] <= cost["magnitude"] + ONE_IMAGE
    assert cost["ecc"] <= cost["uniform"] + ONE_IMAGE
    assert cost["netadapt"] <= cost["uniform"] + ONE_IMAGE
    assert max(cost.values()) < 0.04  # and none of them is lost


def test_eap_needs_no_training():
    found = {}
    for method in ("eap", "magnitude"):
        of, result = pruned("chain", method, "50%", 0, train=False, steps=1)
        found[method] = of.before - pruning.accuracy(result.model, of.digits.test)
    assert found["eap"] < 0.1
    assert found["eap"] < found["magnitude"] - 0.1
