"""ECC's bilinear model of the energy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import energysim as es
from energysim import InvalidInput, UnknownName
from energysim.estimator import bilinear


@pytest.fixture(scope="module")
def est() -> es.Estimator:
    return es.Estimator("alexnet", "eyeriss", "rs-chip")


@pytest.fixture(scope="module")
def model(est: es.Estimator) -> es.BilinearModel:
    return es.fit_bilinear(est, 1000)


def test_repr_is_a_line(model: es.BilinearModel) -> None:
    assert repr(model).startswith("<BilinearModel of 8 layers and 7 groups of channels: error 0.")
    assert "200 samples" in repr(model) and "\n" not in repr(model)


def test_model_is_the_formula_of_the_paper(est: es.Estimator, model: es.BilinearModel) -> None:
    full = [group.channels for group in est.groups]
    kept = [group.channels // 2 for group in est.groups]
    shares = [1.0, *(some / all_ for some, all_ in zip(kept, full, strict=True)), 1.0]
    told = model.intercept + sum(
        a * shares[j] * shares[j + 1] for j, a in enumerate(model.slopes.values())
    )
    assert model.energy(kept) == pytest.approx(told, rel=1e-12)


@pytest.mark.parametrize(("method", "most"), [("ridge", 0.01), ("adam", 0.02)])
def test_error_is_that_of_networks_never_seen(est: es.Estimator, method: Any, most: float) -> None:
    model = es.fit_bilinear(est, 1000, method=method)
    random = np.random.default_rng(5)
    rows = np.stack(
        [random.integers(1, g.channels // g.step + 1, 300) * g.step for g in est.groups], axis=1
    )
    exact = est.energy_batch(rows)
    error = np.mean(np.abs(model.energy(rows) - exact) / exact)
    assert error == pytest.approx(model.error, rel=0.4)
    assert 0 < model.error < most
    assert (model.fitted, model.held_out) == (800, 200)


def test_ridge_solves_its_system() -> None:
    features = np.array([[1.0, 0.5], [1.0, 0.25], [1.0, 1.0], [1.0, 0.1]])
    weights = bilinear._ridge(features, features @ [2.0, 3.0])
    assert weights == pytest.approx([2.0, 3.0], rel=1e-3)
    # The slope of |Xw - y|^2 + wd/2 |w|^2 is 0.
    slope = 2 * features.T @ (features @ (weights - [2.0, 3.0])) + 1e-3 * weights
    assert slope == pytest.approx([0, 0], abs=1e-12)


def test_adam_ends_where_its_slope_is_zero() -> None:
    features = np.array([[1.0, 0.5], [1.0, 0.25], [1.0, 1.0], [1.0, 0.1]])
    weights = bilinear._adam(features, features @ [0.2, 0.3])
    slope = 2 / 4 * features.T @ (features @ (weights - [0.2, 0.3])) + 1e-3 * weights
    assert slope == pytest.approx([0, 0], abs=1e-6)


def test_gradient_is_that_of_the_energy(model: es.BilinearModel) -> None:
    kept = np.array([group.channels * 0.6 for group in model.groups])
    gradient = model.gradient(kept)
    for i in range(len(kept)):
        step = np.zeros(len(kept))
        step[i] = 1
        # A chain is linear in each group alone.
        difference = (model.energy(kept + step) - model.energy(kept - step)) / 2
        assert gradient[i] == pytest.approx(difference, rel=1e-6)
    rows = np.stack((kept, kept / 2))
    assert model.energy(rows) == pytest.approx([model.energy(kept), model.energy(kept / 2)])
    assert model.gradient(rows)[0] == pytest.approx(gradient)


def test_residual_and_depthwise_layers() -> None:
    shape = {"H": 8, "W": 8}
    layers = [
        es.Layer("stem", M=16, C=3, R=3, S=3, padding=1, **shape),
        es.Layer("same", M=16, C=16, R=3, S=3, padding=1, **shape),
        es.Layer("deep", G=16, M=1, C=1, R=3, S=3, padding=1, **shape),
        es.Layer("last", M=10, C=16, R=1, S=1, **shape),
    ]
    feeds = {"stem": ("same", "deep"), "same": ("deep",), "deep": ("last",)}
    est = es.Estimator(layers, "eyeriss", "rs-chip", feeds=feeds)
    model = es.fit_bilinear(est, 2000)
    assert [group.name for group in model.groups] == ["stem"]
    x = 0.25
    powers = {"stem": x, "same": x * x, "deep": x, "last": x}
    told = model.intercept + sum(a * powers[name] for name, a in model.slopes.items())
    assert model.energy([4]) == pytest.approx(told)
    assert model.energy([16]) == pytest.approx(est.energy(), rel=0.05)


def test_few_widths_say_nearly_the_same(est: es.Estimator, model: es.BilinearModel) -> None:
    few = es.fit_bilinear(est, 1000, widths=16)
    assert few.energy({}) == pytest.approx(model.energy({}), rel=0.01)


def test_same_seed_same_model(est: es.Estimator, model: es.BilinearModel) -> None:
    again = es.fit_bilinear(est, 1000, threads=2)
    assert (again.intercept, again.slopes, again.error) == (
        model.intercept, model.slopes, model.error,
    )  # fmt: skip
    assert es.fit_bilinear(est, 1000, seed=1).slopes != model.slopes


def test_state_of_the_estimator_counts_and_stays(model: es.BilinearModel) -> None:
    est = es.Estimator("alexnet", "eyeriss", "rs-chip")
    est.set(channels={"CONV1": 48}, ifmap_density=0.3)
    before = est.energy()
    sparse = es.fit_bilinear(est, 200)
    assert est.energy() == before
    assert sparse.energy({}) < model.energy({})
    assert sparse.energy({"CONV1": 48}) == pytest.approx(before, rel=0.02)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"samples": 9}, InvalidInput, "samples must be a whole number of at least 10"),
        ({"samples": 1e4}, InvalidInput, "samples must be a whole number"),
        ({"method": "rigde"}, UnknownName, "did you mean 'ridge'"),
        ({"widths": 0}, InvalidInput, "widths must be a whole number of at least 1"),
        ({"seed": -1}, InvalidInput, "seed must be a whole number of at least 0"),
    ],
)
def test_bad_arguments(
    est: es.Estimator, arguments: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        es.fit_bilinear(est, **arguments)


def test_network_without_groups() -> None:
    alone = es.Estimator([es.Layer("a", M=4, C=4, H=4, W=4, R=1, S=1)], "eyeriss", "rs-chip")
    with pytest.raises(InvalidInput, match="no groups of channels"):
        es.fit_bilinear(alone)


@pytest.mark.parametrize(
    ("channels", "error", "says"),
    [
        ([1, 2], InvalidInput, "a number for each of the 7 groups, or rows of them"),
        ({"CONV9": 3}, UnknownName, "unknown group 'CONV9'"),
        (["a"] * 7, InvalidInput, "a number for each group"),
        ([float("nan")] * 7, InvalidInput, "finite"),
        (np.ones((2, 2, 7)), InvalidInput, "shape"),
    ],
)
def test_bad_channels(
    model: es.BilinearModel, channels: Any, error: type[Exception], says: str
) -> None:
    for ask in (model.energy, model.gradient):
        with pytest.raises(error, match=says):
            ask(channels)
