"""Built-in architectures: the Eyeriss chip, and the accelerator of the ISCA 2016 analysis.

Each is a YAML file beside this module, with the source of every number.  Get one by function
(``eyeriss()``) or by name (``get("eyeriss")``).
"""

from __future__ import annotations

import functools
import math
import re
from pathlib import Path

from energysim.architecture import Architecture, Scratchpads
from energysim.checks import text, whole
from energysim.errors import unknown_name

__all__ = ["estimation_tool", "eyeriss", "for_dataflow", "get", "isca16", "names"]

_NAMES = ("eyeriss", "isca16", "estimation-tool")
_DUST = 1e-6  # of a word: keeps a product of decimals from falling just below a whole number


def names() -> tuple[str, ...]:
    """Return the names of all built-in architectures.

    Returns
    -------
    tuple of str
        Names that `get` takes.

    Examples
    --------
    >>> names()
    ('eyeriss', 'isca16', 'estimation-tool')
    """
    return _NAMES


def get(name: str) -> Architecture:
    """Return a built-in architecture by name.

    Parameters
    ----------
    name : str
        One of `names`; case, ``-``, ``_``, ``.`` and spaces do not matter.  ``isca16-512`` is
        ``isca16(512)``, and ``isca16-512-osa`` is ``isca16(512, "osa")``.

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
    sized = re.fullmatch(rf"isca16([0-9]{{1,10}})?({'|'.join(_storage())})?", key)
    if sized is not None:
        pes, dataflow = sized.groups()
        return isca16(256 if pes is None else int(pes), dataflow or "rs")
    for known in _NAMES:
        if key == known.replace("-", ""):
            return _load(known)
    raise unknown_name("architecture", name, _NAMES)


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


def estimation_tool() -> Architecture:
    """Return the Eyeriss chip as the published energy estimation tool counts it.

    Yang et al., Asilomar 2017, recovered from Fig. 6.  Its rule for several images is a dataflow,
    ``rs-estimation-tool``.

    Returns
    -------
    Architecture
        The chip's storages; zeros of ifmap and filter save MACs and RF accesses, and both operands
        travel and lie in the pads as significance maps.

    Examples
    --------
    >>> estimation_tool().compression.noc.filter
    'significance_map'
    """
    return _load("estimation-tool")


def isca16(pes: int = 256, dataflow: str = "rs") -> Architecture:
    """Return the accelerator of the ISCA 2016 analysis, with the storage it gives a dataflow.

    Chen et al., ISCA 2016, Sections VI and VII: storage of the same area for every dataflow.  Row
    stationary has, per PE, 256 words of scratch pad and 256 words of global buffer; the others have
    a word in a PE or none, and a larger buffer.

    Parameters
    ----------
    pes : int, default 256
        Number of PEs.  They stand in the array of that size that is most nearly square.
    dataflow : str, default "rs"
        Name of the dataflow that the storage is for.  One that the paper does not have gets that of
        row stationary, and one without its restrictions, such as ``ws-free``, that of ``ws``.

    Returns
    -------
    Architecture
        Named ``isca16``, or such as ``isca16-512`` for other numbers of PEs and ``isca16-512-osa``
        for other storage.

    Raises
    ------
    InvalidInput
        If `pes` is not a positive integer, or makes no array of at most 65536 x 65536.

    Examples
    --------
    >>> isca16(512)
    <Architecture 'isca16-512': 16x32 PEs, GLB 131072 words, RF 256 words>
    >>> isca16(512, "nlr")
    <Architecture 'isca16-512-nlr': 16x32 PEs, GLB 346521 words, RF 0 words>
    """
    base = _load("isca16")
    pes, kind = whole(pes, "the number of PEs"), text(dataflow, "dataflow").removesuffix("-free")
    name = base.name if pes == base.pes else f"isca16-{pes}"
    storage = _storage()
    if kind not in storage:
        kind = "rs"
    rf_words, glb_kb = storage[kind]
    rows = base.rows if pes == base.pes else _square_side(pes)
    return base.replace(
        name=name if kind == "rs" else f"{name}-{kind}",
        rows=rows,
        columns=pes // rows,
        rf=Scratchpads(pooled=rf_words),
        glb_words=math.floor(glb_kb * 512 * pes / base.pes + _DUST),
    )


def for_dataflow(name: str, dataflow: str) -> Architecture:
    """Return a built-in architecture with the storage that its publication gives a dataflow.

    Parameters
    ----------
    name : str
        As `get` takes it.
    dataflow : str
        Name of a dataflow.

    Returns
    -------
    Architecture
        For ``isca16`` of any number of PEs, storage of equal area as in `isca16`; all others are
        the same for all dataflows.

    Raises
    ------
    UnknownName
        If there is no such architecture.

    Examples
    --------
    >>> for_dataflow("isca16-512", "osc").name, for_dataflow("eyeriss", "osc").name
    ('isca16-512-osc', 'eyeriss')
    """
    arch = get(name)
    same_area = arch == isca16(arch.pes)
    return isca16(arch.pes, dataflow) if same_area else arch


def _square_side(pes: int) -> int:
    """Return the largest divisor of `pes` that is not above its square root."""
    # The array has at most 65536 columns; there is no need to look further down for larger ones.
    side = min(math.isqrt(pes), 65536)
    return next(rows for rows in range(side, 0, -1) if pes % rows == 0)


@functools.cache
def _storage() -> dict[str, tuple[int, float]]:
    """Return words of RF per PE, and KB of GLB at 256 PEs, by dataflow."""
    path = Path(__file__).with_name("isca16_storage.csv")
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    rows = (line.split(",") for line in lines[1:])
    return {name: (int(rf_words), float(glb_kb)) for name, rf_words, glb_kb in rows}


@functools.cache
def _load(name: str) -> Architecture:
    return Architecture.from_yaml(Path(__file__).with_name(f"{name}.yaml"))
