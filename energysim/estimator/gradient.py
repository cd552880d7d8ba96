"""How the energy changes when a question changes a little."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from energysim.estimator.estimator import Estimator
    from energysim.estimator.question import Question

__all__ = ["Gradient", "gradient"]

_BITS = ("ifmap", "filter", "psum", "ofmap")
_DENSITIES = ("ifmap_density", "weight_density", "ofmap_density")


@dataclass(frozen=True)
class Gradient:
    """How the energy of a network's optimal mappings changes.

    Parameters
    ----------
    density : dict
        Of ``ifmap_density``, ``weight_density`` and ``ofmap_density``, by layer name: the exact
        derivative of the optimum (envelope theorem: to first order the optimal mapping stays).
        Where two mappings are equally good, or a format stops paying, the optimum has a kink; this
        is then a one-sided derivative.
    bits : dict
        Of ``ifmap``, ``filter``, ``psum`` and ``ofmap``, by layer name: the exact derivative of the
        energy of the optimal mapping with respect to bits, taken as real numbers.  Bits decide what
        fits, too: another number of them may allow a mapping that is better still, or forbid this
        one.  The slope of ``psum`` includes the ofmap where it is as wide as psums.
    channels_down, channels_up : dict
        By group: what a channel less saves and a channel more costs, one-sided finite differences
        of the true optimum (of ``step`` channels of the group at once, divided by them).  None
        where the group has no fewer or no more.
    """

    density: dict[str, dict[str, float]]
    bits: dict[str, dict[str, float]]
    channels_down: dict[str, float | None]
    channels_up: dict[str, float | None]


def gradient(estimator: Estimator, question: Question, *, differences: bool) -> Gradient:
    """Return the gradient at a question; see `energysim.Estimator.gradient`."""
    names = estimator.network.layer_names
    slopes = estimator._core.slopes(**question)
    columns = [dict(zip(names, column, strict=True)) for column in zip(*slopes, strict=True)]
    down: dict[str, float | None] = {}
    up: dict[str, float | None] = {}
    if differences:
        kept = estimator._core.kept(**question)
        now = estimator.energy(**question)
        for i, group in enumerate(estimator.groups):
            for sides, change in ((down, -group.step), (up, group.step)):
                moved = [*kept]
                moved[i] += change
                sides[group.name] = None
                if 1 <= moved[i] <= group.channels:
                    there = estimator._core.energy(**(question | {"channels": moved}))
                    sides[group.name] = (there - now) / change
    return Gradient(
        dict(zip(_DENSITIES, columns[len(_BITS) :], strict=True)),
        dict(zip(_BITS, columns, strict=False)),
        down,
        up,
    )
