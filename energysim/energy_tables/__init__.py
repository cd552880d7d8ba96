"""Built-in energy tables: YAML files beside this module, with a source for every number."""

from __future__ import annotations

import functools
from pathlib import Path

from energysim.energy_table import EnergyTable
from energysim.errors import unknown_name

__all__ = ["get", "names"]

_NAMES = ("relative", "45nm")


def names() -> tuple[str, ...]:
    """Return the names of all built-in energy tables.

    Examples
    --------
    >>> names()
    ('relative', '45nm')
    """
    return _NAMES


@functools.cache
def get(name: str) -> EnergyTable:
    """Return a built-in energy table.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    EnergyTable
        Its costs and their unit.

    Raises
    ------
    UnknownName
        If there is no such table.

    Examples
    --------
    >>> get("45nm").unit, get("relative").dram.ifmap.read
    ('pJ', 200.0)
    """
    if name not in _NAMES:
        raise unknown_name("energy table", name, _NAMES)
    return EnergyTable.from_yaml(Path(__file__).with_name(f"{name}.yaml"))
