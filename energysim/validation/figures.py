"""Published figures beside the package's own."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = [
    "EXACT",
    "Comparison",
    "Figure",
    "Source",
    "Tolerance",
    "Validation",
    "read_rows",
    "read_table",
]


@dataclass(frozen=True)
class Tolerance:
    """How far, relative to the published value, ours may lie below and above it.

    Examples
    --------
    >>> Tolerance.within(0.003).text, Tolerance(0.05, 0.01).text, Tolerance(math.inf, 0.01).text
    ('0.3%', '-5% +1%', 'at most +1%')
    """

    below: float
    above: float

    @classmethod
    def within(cls, error: float) -> Tolerance:
        """Return the same tolerance on both sides."""
        return cls(error, error)

    @property
    def text(self) -> str:
        """The tolerance, in percent."""
        if self.below == self.above:
            return f"{100 * self.above:.2g}%" if self.above else "exact"
        if math.isinf(self.below):
            return f"at most +{100 * self.above:.2g}%"
        return f"-{100 * self.below:.2g}% +{100 * self.above:.2g}%"


EXACT = Tolerance(0.0, 0.0)


@dataclass(frozen=True)
class Figure:
    """One published number and the package's own.

    Parameters
    ----------
    name : str
        The layer, or ``"total"``.
    paper, ours : float
        The published value and the computed one.
    tolerance : Tolerance, optional
        How far they may lie apart; None for what is only shown.
    whole : float, optional
        What the error is relative to, if not the published value.

    Examples
    --------
    >>> figure = Figure("CONV1", paper=18.5, ours=18.45, tolerance=Tolerance.within(0.003))
    >>> round(figure.error, 4), figure.ok
    (-0.0027, True)
    """

    name: str
    paper: float
    ours: float
    tolerance: Tolerance | None = None
    whole: float | None = None

    @property
    def error(self) -> float:
        """How far ours lies above the published value, relative to it or to the whole."""
        return (self.ours - self.paper) / (self.paper if self.whole is None else self.whole)

    @property
    def ok(self) -> bool:
        """Whether ours is within the tolerance; what has none is."""
        if self.tolerance is None:
            return True
        return -self.tolerance.below <= self.error <= self.tolerance.above

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data; a tolerance without limit is None."""
        limits = self.tolerance and [
            limit if math.isfinite(limit) else None
            for limit in (self.tolerance.below, self.tolerance.above)
        ]
        return {
            "name": self.name,
            "paper": self.paper,
            "ours": self.ours,
            "error": self.error,
            "tolerance": limits,
            "ok": self.ok,
        }


@dataclass(frozen=True)
class Comparison:
    """The figures of one quantity.

    Parameters
    ----------
    quantity, unit : str
        What is compared.
    explanation : str
        Why the gaps are as they are.
    figures : tuple of Figure
        One per layer, and the total.
    """

    quantity: str
    unit: str
    explanation: str
    figures: tuple[Figure, ...]

    @property
    def ok(self) -> bool:
        """Whether all figures are within their tolerances."""
        return all(figure.ok for figure in self.figures)

    def __getitem__(self, name: str) -> Figure:
        return next(figure for figure in self.figures if figure.name == name)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "quantity": self.quantity,
            "unit": self.unit,
            "explanation": self.explanation,
            "ok": self.ok,
            "figures": [figure.to_dict() for figure in self.figures],
        }


@dataclass(frozen=True)
class Source:
    """What one publication gives, and what the package makes of it.

    Parameters
    ----------
    name : str
        A word for it.
    citation : str
        Paper and table or figure.
    setup : str
        What is computed.
    comparisons : tuple of Comparison
        One per quantity.
    """

    name: str
    citation: str
    setup: str
    comparisons: tuple[Comparison, ...]

    def __getitem__(self, quantity: str) -> Comparison:
        return next(part for part in self.comparisons if part.quantity == quantity)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "name": self.name,
            "citation": self.citation,
            "setup": self.setup,
            "comparisons": [part.to_dict() for part in self.comparisons],
        }


@dataclass(frozen=True)
class Validation:
    """All published figures that the package carries."""

    sources: tuple[Source, ...]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All figures of all sources."""
        return tuple(
            figure
            for source in self.sources
            for comparison in source.comparisons
            for figure in comparison.figures
        )

    @property
    def ok(self) -> bool:
        """Whether all figures are within their tolerances."""
        return all(figure.ok for figure in self.figures)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"ok": self.ok, "sources": [source.to_dict() for source in self.sources]}

    def to_json(self, indent: int | None = 2) -> str:
        """Return it as JSON text, without NaN or infinity."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)


def read_table(name: str) -> dict[str, dict[str, float]]:
    """Read one of the tables beside this module.

    Parameters
    ----------
    name : str
        File name without ``.csv``.

    Returns
    -------
    dict
        Numbers by the first column and by the name of the column; cells may be empty.

    Examples
    --------
    >>> read_table("eyeriss_chip")["CONV1"]["glb_mb"]
    18.5
    """
    return {
        row.pop("layer"): {column: float(cell) for column, cell in row.items() if cell}
        for row in read_rows(name)
    }


def read_rows(name: str) -> list[dict[str, str]]:
    """Read one of the tables beside this module as text, by the name of the column.

    Examples
    --------
    >>> read_rows("isca16_fig12")[0]["dataflow"]
    'rs'
    """
    path = Path(__file__).with_name(f"{name}.csv")
    lines = path.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))
