"""The pieces of ECC's batch, each held against what it stands for."""

import math

import numpy
import pytest
import torch

from energysim.pruning.admm import Widths, proximal, shortened

STEP = {"lr": 1.0, "rho": 2.0, "rho_energy": 3.0}
MODEL = numpy.array([[0.02, 0.01], [0.01, 0.04]])


def energy(widths):
    return float(0.1 + widths @ MODEL @ widths)


def slopes(widths):
    return 2 * MODEL @ widths


def lagrangian(widths, left, prices, energy_price, limit):
    """What the widths minimize, term by term: squares are summed, not sums squared."""
    over = numpy.maximum(left - widths, 0)
    excess = energy(widths) - limit
    return (
        0.5 * STEP["rho_energy"] * max(excess, 0) ** 2
        + 0.5 * STEP["rho"] * float((over**2).sum())
        + float(prices @ (left - widths))
        + energy_price * excess
    )


@pytest.mark.parametrize("seed", range(5))
def test_widths_go_down_the_lagrangian(seed):
    generator = numpy.random.default_rng(seed)
    widths = generator.uniform(3, 6, 2)
    left = widths + generator.uniform(-0.5, 0.9, 2)
    prices, price = generator.uniform(0, 0.1, 2), 50.0
    start = Widths(widths, prices, price)
    moved = start.stepped(left, energy(widths), slopes(widths), 0.3, least=numpy.ones(2), **STEP)
    assert moved.energy_price == price  # high enough already
    numeric = numpy.array([
        (lagrangian(widths + h, left, prices, price, 0.3)
         - lagrangian(widths - h, left, prices, price, 0.3)) / 2e-6
        for h in 1e-6 * numpy.eye(2)
    ])  # fmt: skip
    down = numpy.maximum(numeric, 0)  # widths never go up
    assert down.any()
    numpy.testing.assert_allclose(
        widths - moved.widths, down / numpy.linalg.norm(down), rtol=1e-5, atol=1e-7
    )


def test_energy_price_rises_until_some_width_goes_down():
    start = Widths(numpy.array([5.0, 5.0]), numpy.array([0.7, 9.0]))
    slope = numpy.array([0.2, 0.2])
    moved = start.stepped(numpy.array([5.0, 5.0]), 0.9, slope, 0.9, least=numpy.ones(2), **STEP)
    # The channels of the first group are worth less: 0.701 / 0.2.
    assert moved.energy_price == pytest.approx(3.505)
    assert moved.widths.tolist() == [4.0, 5.0]


def test_no_width_falls_below_the_least():
    start = Widths(numpy.array([2.3, 1.0]), numpy.zeros(2))
    where = {"energy": 0.9, "slopes": numpy.array([0.3, 0.3]), "limit": 0.1}
    moved = start.stepped(start.widths, **where, least=numpy.array([2.0, 1.0]), **STEP)
    assert moved.widths.tolist() == [2.0, 1.0]
    again = moved.stepped(moved.widths, **where, least=numpy.array([2.0, 1.0]), **STEP)
    assert again == moved


def test_prices():
    start = Widths(numpy.array([3.5, 2.0]), numpy.array([1.0, 1.0]), 5.0)
    found = start.priced(numpy.array([6.0, 2.0]), 0.8, 0.6, rho=2.0, rho_energy=3.0)
    assert found.prices.tolist() == [1.0 + 2.0 * (6 - 4), 1.0]
    assert found.energy_price == pytest.approx(5.6)
    lower = start.priced(numpy.array([4.0, 2.0]), 0.1, 0.6, rho=2.0, rho_energy=99.0)
    assert lower.energy_price == 0


def decided(scores, width, price, lr, rho):
    """The proximal step channel by channel, as the authors' code has it."""
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    rank = {channel: place + 1 for place, channel in enumerate(order)}
    over = [max(rank[i] - width, 0) ** 2 - max(rank[i] - width - 1, 0) ** 2
            for i in range(len(scores))]  # fmt: skip
    worth = [score - rho * lr * each for score, each in zip(scores, over, strict=True)]
    if price > 0:
        least = sorted(worth, reverse=True)[math.ceil(width) - 1]
        price = min(price, max(least, 0) / (2 * lr))
    stays = [each >= 2 * lr * price for each in worth]
    return [s or rank[i] <= math.ceil(width) for i, s in enumerate(stays)], price


@pytest.mark.parametrize("seed", range(20))
def test_proximal_step(seed):
    generator = numpy.random.default_rng(seed)
    scores = generator.uniform(0, 1, 12)
    width = float(generator.uniform(1, 12))
    price, lr = float(generator.choice([0.0, 0.5, 5.0])), 0.1
    rho = float(generator.choice([0.0, 0.3]))
    stays, found = proximal(torch.tensor(scores), width, price, lr=lr, rho=rho)
    wanted, wanted_price = decided(scores.tolist(), width, price, lr, rho)
    assert stays.tolist() == wanted
    assert found == pytest.approx(wanted_price)
    assert stays.sum() >= math.ceil(width)
    # What stays is worth more than what does not.
    if not stays.all():
        assert scores[stays.numpy()].min() > scores[~stays.numpy()].max()


def test_high_price_leaves_just_the_width_and_never_nothing():
    for width in (1.0, 1.2, 3.0):
        stays, _ = proximal(torch.zeros(5), width, 1e9, lr=0.1, rho=0.0)
        assert stays.sum() >= math.ceil(width)
        stays, _ = proximal(torch.arange(1.0, 6.0), width, 1e9, lr=0.1, rho=0.0)
        assert stays.sum() == math.ceil(width)


def test_a_step_ends_where_the_budget_is_met():
    start, end = numpy.array([9.0, 5.0]), numpy.array([5.0, 3.0])
    found = shortened(start, end, lambda widths: widths.sum() <= 11.0)
    assert found.sum() == pytest.approx(11.0, abs=1e-4) and found.sum() <= 11.0
    assert shortened(start, end, lambda widths: False) is end
