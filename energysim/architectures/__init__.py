"""Built-in architectures: the Eyeriss chip, and the accelerator of the ISCA 2016 analysis.

Each is a YAML file beside this module, with the source of every number.  Get one by function
(``eyeriss()``) or by name (``get("eyeriss")``).
"""

from __future__ import annotations

import functools
import math
import re
from pathlib import Path

from energysim.architecture import Architecture
from energysim.checks import whole
from energysim.errors import unknown_name

__all__ = ["eyeriss", "get", "isca16", "names"]

_NAMES = ("eyeriss", "isca16")


def names() -> tuple[str, ...]:
    """Return the names of all built-in architectures.

    Returns
    -------
    tuple of str
        Names that `get` takes.

    Examples
    --------
    >>> names()
    ('eyeriss', 'isca16')
    """
    return _NAMES


def get(name: str) -> Architecture:
    """Return a built-in architecture by name.

    Parameters
    ----------
    name : str
        One of `names`; case, ``-``, ``_``, ``.`` and spaces do not matter.  ``isca16-512`` is
        ``isca16(512)``.

    Returns
    -------
    Architecture
        The architecture.

    Raises
    ------
    UnknownName
        If there is no such architecture; the message suggests one.

    Examples
    --------
    >>> get("Eyeriss").pes, get("isca16-512").pes
    (168, 512)
    """
    key = re.sub(r"[-_. ]", "", name).lower() if isinstance(name, str) else ""
    pes = re.fullmatch(r"isca16([0-9]{1,10})", key)
    if pes is not None:
        return isca16(int(pes[1]))
    if key not in _NAMES:
        raise unknown_name("architecture", name, _NAMES)
    return _load(key)


def eyeriss() -> Architecture:
    """Return the Eyeriss chip: 12 x 14 PEs and 100 KB of global buffer.

    Chen et al., IEEE JSSC 52(1), 2017, with the relative costs of Chen et al., ISCA 2016,
    Table IV.

    Returns
    -------
    Architecture
        The chip.

    Examples
    --------
    >>> eyeriss()
    <Architecture 'eyeriss': 12x14 PEs, GLB 51200 words, RF 260 words>
    """
    return _load("eyeriss")


def isca16(pes: int = 256) -> Architecture:
    """Return the accelerator of the ISCA 2016 analysis.

    Chen et al., ISCA 2016, Sections VI and VII: per PE, 256 words of scratch pad and 256 words of
    global buffer.

    Parameters
    ----------
    pes : int, default 256
        Number of PEs.  They stand in the array of that size that is most nearly square.

    Returns
    -------
    Architecture
        Named ``isca16``, or such as ``isca16-512`` for other numbers of PEs.

    Raises
    ------
    InvalidInput
        If `pes` is not a positive integer, or makes no array of at most 65536 x 65536.

    Examples
    --------
    >>> isca16(512)
    <Architecture 'isca16-512': 16x32 PEs, GLB 131072 words, RF 256 words>
    """
    base = _load("isca16")
    pes = whole(pes, "the number of PEs")
    if pes == base.pes:
        return base
    rows = _square_side(pes)
    words_per_pe = base.glb_words // base.pes
    return base.replace(
        name=f"isca16-{pes}", rows=rows, columns=pes // rows, glb_words=pes * words_per_pe
    )


def _square_side(pes: int) -> int:
    """Return the largest divisor of `pes` that is not above its square root."""
    # The array has at most 65536 columns; there is no need to look further down for larger ones.
    side = min(math.isqrt(pes), 65536)
    return next(rows for rows in range(side, 0, -1) if pes % rows == 0)


@functools.cache
def _load(name: str) -> Architecture:
    return Architecture.from_yaml(Path(__file__).with_name(f"{name}.yaml"))
