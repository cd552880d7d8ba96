"""One batch of ECC's constrained optimization, but for the weights' own step.

Yang, Zhu and Liu, CVPR 2019, algorithm 1, as the authors' code has it.  Widths are real numbers,
one per group of channels; a group's `price` is the dual of "no more channels than its width", and
`energy_price` that of the budget.  Energies are shares of the budget's whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Widths", "proximal", "shortened"]

_LEAST_SLOPE = 1e-3  # by which some width goes down (authors' code)
_HALVINGS = 20

_Vector = NDArray[numpy.float64]


@dataclass(frozen=True)
class Widths:
    """Widths and dual variables between two batches.

    Parameters
    ----------
    widths : array, shape (groups,)
        Channels that each group may have.
    prices : array, shape (groups,)
        The duals of the widths.
    energy_price : float
        The dual of the budget.
    """

    widths: _Vector
    prices: _Vector
    energy_price: float = 0.0

    def stepped(
        self,
        left: _Vector,
        energy: float,
        slopes: _Vector,
        limit: float,
        *,
        least: _Vector,
        lr: float,
        rho: float,
        rho_energy: float,
    ) -> Widths:
        """Take a step down the Lagrangian's slope along the widths.

        Parameters
        ----------
        left : array, shape (groups,)
            Channels that are not zero.
        energy, slopes : float, and array of shape (groups,)
            Energy at the widths, and its derivative.
        limit : float
            The budget.
        least : array, shape (groups,)
            Below this no width goes.
        lr : float
            Length of the step.  (The authors bound the slope's length instead: that of energies in
            joules.  It depends on the unit.)
        rho, rho_energy : float
            Weights of the squared excess over widths and budget.
        """
        over = numpy.maximum(left - self.widths, 0.0)
        own = rho_energy * max(energy - limit, 0.0) * slopes - rho * over - self.prices
        free = (self.widths > least) & (slopes > 0)
        if not free.any():
            return self
        # As high as it must be for one width, at least, to go down.
        needed = (_LEAST_SLOPE - numpy.minimum(own[free], 0.0)) / slopes[free]
        price = max(self.energy_price, float(needed.min()))
        slope = numpy.where(free, numpy.maximum(own + price * slopes, 0.0), 0.0)
        step = lr * slope / float(numpy.linalg.norm(slope))
        widths = numpy.maximum(self.widths - step, least)
        return replace(self, widths=widths, energy_price=price)

    def priced(
        self, left: _Vector, energy: float, limit: float, *, rho: float, rho_energy: float
    ) -> Widths:
        """Raise the prices of what is exceeded, and lower those of the rest."""
        allowed = numpy.ceil(self.widths)
        return replace(
            self,
            prices=numpy.maximum(self.prices + rho * (left - allowed), 0.0),
            energy_price=max(self.energy_price + rho_energy * (energy - limit), 0.0),
        )


def proximal(
    scores: Tensor, width: float, price: float, *, lr: float, rho: float
) -> tuple[Tensor, float]:
    """Decide which channels of a group are set to zero.

    Parameters
    ----------
    scores : tensor, shape (channels,)
        Squared norm of each channel's weights, in the metric of the optimizer.
    width, price : float
        Of the group.
    lr : float
        Learning rate of the weights.
    rho : float
        Weight of the squared excess over the width.

    Returns
    -------
    stays : tensor of bool, shape (channels,)
        Channels that are not set to zero: as many as the width, rounded up, or more.
    price : float
        The price, no higher than what sets all but these to zero.

    Examples
    --------
    >>> proximal(torch.tensor([4.0, 1.0, 3.0]), 2.0, 99.0, lr=0.5, rho=0.0)
    (tensor([ True, False,  True]), 3.0)
    """
    rank = torch.empty_like(scores)
    order = scores.argsort(descending=True, stable=True)
    rank[order] = torch.arange(1, len(scores) + 1, dtype=scores.dtype, device=scores.device)
    over = (rank - width).clamp(min=0).square() - (rank - width - 1).clamp(min=0).square()
    worth = scores - rho * lr * over
    threshold = 2 * lr * price
    if price > 0:
        least = float(worth[order[math.ceil(width) - 1]])
        threshold = min(threshold, max(least, 0.0))
        price = threshold / (2 * lr)
    stays = worth >= threshold
    stays[order[: math.ceil(width)]] = True
    return stays, price


def shortened(start: _Vector, end: _Vector, met: Callable[[_Vector], bool]) -> _Vector:
    """Return where on the way from `start` to `end` the budget is met first; `end` if nowhere."""
    if not met(end):
        return end
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if met(start + middle * (end - start)) else (middle, high)
    return start + high * (end - start)
