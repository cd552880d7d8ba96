"""Budgets: how much of what a pruned network may cost, and asking the simulator for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from energysim.checks import number
from energysim.errors import InvalidInput, show, unknown_name
from energysim.estimator import Estimator
from energysim.report import Report

__all__ = ["RESOURCES", "Budget", "BudgetLike", "Meter"]


def _cycles(report: Report) -> float:
    return float(sum(layer.cycles for layer in report.layers))


def _dram_words(report: Report) -> float:
    moved = (operand for layer in report.layers for operand in _operands(layer.counts.dram))
    return float(sum(one.read + one.write for one in moved))


def _operands(level: Any) -> tuple[Any, ...]:
    return level.ifmap, level.filter, level.psum


#: What can be limited, and how it is read off a report (for the whole batch).
RESOURCES: dict[str, Callable[[Report], float]] = {
    "energy": lambda report: report.energy,
    "cycles": _cycles,
    "dram_words": _dram_words,
    "macs": lambda report: report.network.macs,
    "parameters": lambda report: report.network.filter_words,
}

#: A `Budget`, or what it is made from.
BudgetLike: TypeAlias = "Budget | str | float | Mapping[str, str | float]"


@dataclass(frozen=True, init=False)
class Budget:
    """What a pruned network may cost at most.

    Parameters
    ----------
    limit : str, float or dict
        A share of what the network costs before pruning, such as ``"60%"``, or an absolute number:
        of energy, in the estimator's unit; or a dict of several by resource; or the text
        ``"energy=60%,macs=1e8"``.  All of them are for the whole batch.
    **limits : str or float
        More, by resource: ``energy``, ``cycles``, ``dram_words`` (read and written, as counted
        for mappings of least energy), ``macs``, ``parameters`` (weights of layers, without biases
        and normalizations).

    Raises
    ------
    InvalidInput
        If a limit is none, or there is no such resource.

    Examples
    --------
    >>> Budget("60%")
    Budget('energy=60%')
    >>> Budget(energy="60%", parameters=1e6)
    Budget('energy=60%,parameters=1000000')
    >>> Budget("energy=60%,latency=2")
    Traceback (most recent call last):
        ...
    energysim.errors.UnknownName: unknown resource 'latency': known: energy, cycles, ...
    """

    shares: Mapping[str, float]
    amounts: Mapping[str, float]

    def __init__(self, limit: BudgetLike | None = None, **limits: str | float) -> None:
        shares: dict[str, float] = {}
        amounts: dict[str, float] = {}
        for resource, value in (_pairs(limit) | limits).items():
            if resource not in RESOURCES:
                raise unknown_name("resource", resource, RESOURCES)
            kind, checked = _limit(resource, value)
            (shares if kind == "share" else amounts)[resource] = checked
        if not shares and not amounts:
            raise InvalidInput('a budget needs a limit, such as "60%"')
        object.__setattr__(self, "shares", shares)
        object.__setattr__(self, "amounts", amounts)

    def __str__(self) -> str:
        known = {name: f"{share * 100:g}%" for name, share in self.shares.items()}
        known |= {name: f"{amount:.15g}" for name, amount in self.amounts.items()}
        return ",".join(f"{name}={known[name]}" for name in RESOURCES if name in known)

    def __repr__(self) -> str:
        return f"Budget({str(self)!r})"


def _pairs(limit: BudgetLike | None) -> dict[str, Any]:
    if limit is None:
        return {}
    if isinstance(limit, Budget):
        return _pairs(str(limit))
    if isinstance(limit, Mapping):
        return dict(limit)
    if isinstance(limit, str) and "=" in limit:
        words = [word.partition("=") for word in limit.split(",")]
        return {name.strip(): value.strip() for name, _equals, value in words}
    return {"energy": limit}


def _limit(resource: str, value: object) -> tuple[str, float]:
    what = f"the budget of {resource}"
    if isinstance(value, str):
        word = value.strip()
        try:
            read = float(word.removesuffix("%"))
        except ValueError:
            raise InvalidInput(
                f'{what} must be a share such as "60%" or a number, not {show(value)}'
            ) from None
        if word.endswith("%"):
            return "share", number(read, f"{what} in %", 0, 100) / 100
        value = read
    return "amount", number(value, what)


class Meter:
    """Asks an estimator what a network costs, pruned one way or another.

    Parameters
    ----------
    estimator : Estimator
        Its present state is the network before pruning.
    budget : Budget, str, float or dict
        What may not be exceeded.

    Attributes
    ----------
    limits : dict
        By resource, the most that is allowed.
    full : dict
        By resource, what the network costs before pruning.

    Examples
    --------
    >>> import energysim as es
    >>> meter = Meter(es.Estimator("alexnet", "eyeriss", "rs-chip"), "60%")
    >>> round(meter.excess(), 3)
    1.667
    >>> meter.met(channels={"CONV1": 48, "CONV3": 96, "FC1": 512})
    True
    """

    def __init__(self, estimator: Estimator, budget: BudgetLike) -> None:
        self.estimator = estimator
        self.budget = Budget(budget)
        self.limits: dict[str, float] = dict(self.budget.amounts)
        self.full = {
            name: self.measure(name) for name in (*self.budget.shares, *self.budget.amounts)
        }
        self.limits |= {name: share * self.full[name] for name, share in self.budget.shares.items()}

    def measure(self, resource: str, **question: Any) -> float:
        """Return what the network of a question (see `Estimator.energy`) costs."""
        if resource == "energy":
            return self.estimator.energy(**question)
        return float(RESOURCES[resource](self.estimator.report(**question)))

    def measures(self, **question: Any) -> dict[str, float]:
        """Return `measure` of each resource that is limited."""
        if self.limits.keys() == {"energy"}:
            return {"energy": self.estimator.energy(**question)}
        report = self.estimator.report(**question)
        return {name: float(RESOURCES[name](report)) for name in self.limits}

    def excess(self, **question: Any) -> float:
        """Return the cost relative to the limit, of the resource where that is largest."""
        costs = self.measures(**question)
        return max(_ratio(cost, self.limits[name]) for name, cost in costs.items())

    def met(self, **question: Any) -> bool:
        """Whether no limit is exceeded."""
        return all(cost <= self.limits[name] for name, cost in self.measures(**question).items())

    def demand(self, what: str, weights: bool = False, **question: Any) -> None:
        """Raise an error that says what is reachable, unless a question meets the budget.

        Parameters
        ----------
        what : str
            What the question stands for: the most that can be pruned.
        weights : bool, default False
            Whether it is single weights that are pruned, which not every architecture rewards.
        **question
            See `Estimator.energy`.
        """
        for name, least in self.measures(**question).items():
            if least > self.limits[name]:
                full = self.measure(name)
                remedy = "allow at least that"
                if weights and name == "energy" and least >= full:
                    remedy = (
                        "zeros of weights save nothing on "
                        f"{self.estimator.architecture.name}: take an architecture where they do, "
                        "as --arch estimation-tool"
                    )
                raise InvalidInput(
                    f"the budget of {self.limits[name]:.6g} for {name} is out of reach: {what} "
                    f"still costs {least:.6g}, {100 * least / full:.4g}% of {full:.6g}: "
                    f"{remedy}"
                )


def _ratio(cost: float, limit: float) -> float:
    if limit > 0:
        return cost / limit
    return float("inf") if cost > 0 else 0.0
