"""Published figures that the package carries, compared with its own.

The tables beside this module name their sources.  Nothing of ours is typed in: each value is
computed when it is asked for.

Examples
--------
>>> from energysim import validation
>>> [source.name for source in validation.validate().sources]
['Eyeriss chip', 'ISCA 2016', 'ISCA 2016, dataflows', 'Asilomar 2017']
"""

from __future__ import annotations

from energysim.validation.asilomar17 import asilomar17
from energysim.validation.chip import chip
from energysim.validation.figures import Comparison, Figure, Source, Tolerance, Validation
from energysim.validation.isca16 import isca16
from energysim.validation.isca16_dataflows import isca16_dataflows

__all__ = [
    "Comparison",
    "Figure",
    "Source",
    "Tolerance",
    "Validation",
    "asilomar17",
    "chip",
    "isca16",
    "isca16_dataflows",
    "validate",
]


def validate() -> Validation:
    """Compare all published figures with the package's own.

    Returns
    -------
    Validation
        Paper, ours, relative error and tolerance of each; ``ok`` if all are within theirs.

    Examples
    --------
    >>> validate().ok
    True
    """
    return Validation((chip(), isca16(), isca16_dataflows(), asilomar17()))
