"""How operands are coded at each level of the memory hierarchy."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from energysim import _core
from energysim.checks import member, whole
from energysim.errors import InvalidInput, show

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Coding", "Compression", "Format", "break_even_density", "coded_bits", "expected_bits"]

#: ``rlc``: run lengths, as on the Eyeriss chip; ``significance_map``: one flag per value, then
#: the values that are not zero; ``csc``: compressed sparse columns, as in Eyeriss v2.
Format: TypeAlias = Literal["raw", "rlc", "significance_map", "csc"]

_FORMATS = ("raw", "rlc", "significance_map", "csc")
_OPERANDS = ("ifmap", "filter", "ofmap")
_LEVELS = ("dram", "glb", "noc", "rf")


@dataclass(frozen=True)
class Coding:
    """Formats of the operands at one level.

    Parameters
    ----------
    ifmap, filter, ofmap : {"raw", "rlc", "significance_map", "csc"}, default "raw"
        Format of each operand.  The ofmap is coded in DRAM alone; psums are raw.
    only_if_smaller : bool, default False
        Whether an operand stays raw where its format would take more room.

    Raises
    ------
    UnknownName
        If there is no such format.

    Examples
    --------
    >>> Coding(ifmap="rlc").filter
    'raw'
    """

    ifmap: Format = "raw"
    filter: Format = "raw"
    ofmap: Format = "raw"
    only_if_smaller: bool = False

    def __post_init__(self) -> None:
        for operand in _OPERANDS:
            member(getattr(self, operand), "compression format", _FORMATS)
        _flag(self.only_if_smaller, "compression: only_if_smaller")

    def native(self) -> list[tuple[int, bool]]:
        """Return the formats as the core reads them."""
        formats = (getattr(self, operand) for operand in _OPERANDS)
        return [(_FORMATS.index(form), self.only_if_smaller) for form in formats]


@dataclass(frozen=True)
class Compression:
    """Formats at each level: how operands are stored, and at the NoC how they travel.

    Parameters
    ----------
    dram, glb, noc, rf : Coding
        Formats of a level; raw unless given.
    network_input : bool, default True
        Whether the ifmap that the network is given is coded in DRAM like any other.

    Examples
    --------
    >>> chip = Compression(dram=Coding(ifmap="rlc", ofmap="rlc"), network_input=False)
    >>> chip.dram.ofmap, chip.glb.ifmap
    ('rlc', 'raw')
    """

    dram: Coding = field(default_factory=Coding)
    glb: Coding = field(default_factory=Coding)
    noc: Coding = field(default_factory=Coding)
    rf: Coding = field(default_factory=Coding)
    network_input: bool = True

    def __post_init__(self) -> None:
        for level in _LEVELS:
            coding = getattr(self, level)
            if not isinstance(coding, Coding):
                raise InvalidInput(f"compression: {level} must be a Coding, not {show(coding)}")
        _flag(self.network_input, "compression: network_input")

    def __iter__(self) -> Iterator[Coding]:
        return iter((self.dram, self.glb, self.noc, self.rf))

    def to_plain(self) -> dict[str, Any]:
        """Return plain data with what differs from raw."""
        plain = {level: _differing(getattr(self, level)) for level in _LEVELS}
        kept: dict[str, Any] = {level: part for level, part in plain.items() if part}
        return kept if self.network_input else kept | {"network_input": False}


def expected_bits(format: Format, density: float, bits: int = 16) -> float:
    """Return the bits per value that random data take on average.

    Parameters
    ----------
    format : {"raw", "rlc", "significance_map", "csc"}
        How they are coded.
    density : float
        Probability of a value not to be zero, independently of all others.
    bits : int, default 16
        Bits of a value.

    Returns
    -------
    float
        Bits per value, zeros included.

    Raises
    ------
    UnknownName
        If there is no such format.
    InvalidInput
        If `density` is not a number from 0 to 1, or `bits` is less than 1.

    Examples
    --------
    >>> expected_bits("significance_map", density=0.25)
    5.0
    >>> round(expected_bits("rlc", density=1), 2)  # dense data grow by a third
    21.33
    """
    return _core.expected_bits(format, density, bits)


def coded_bits(format: Format, values: ArrayLike, bits: int = 16, chunk: int | None = None) -> int:
    """Return the exact bits that given values take.

    Parameters
    ----------
    format : {"raw", "rlc", "significance_map", "csc"}
        How they are coded.  Columns of CSC are 32 values in a row; a stream of RLC takes whole
        words, of 64 bits for values of 16.
    values : array-like
        Any numbers; they are coded in the order of memory (the last index first).
    bits : int, default 16
        Bits of a value.
    chunk : int, optional
        Values that are coded together, such as those of a tile; all of them unless given.

    Returns
    -------
    int
        Bits of all values together.

    Raises
    ------
    UnknownName
        If there is no such format.
    InvalidInput
        If `bits` or `chunk` is less than 1, or a value is not a finite number.

    Examples
    --------
    >>> coded_bits("rlc", [0, 0, 7, 0, 0, 0, 0, 5, 0, 6])  # three pairs of a run and a value
    64
    >>> coded_bits("rlc", [0, 0, 7, 0, 0, 0, 0, 5, 0, 6], chunk=5)  # a word for each half
    128
    >>> coded_bits("significance_map", [0, 0, 7, 0], bits=8)  # four flags and a value
    12
    >>> coded_bits("csc", [0] * 20 + [7])  # 16 zeros, 4 zeros and the value; a pointer
    47
    """
    import numpy

    flags = (_numbers(values) != 0).ravel().astype(numpy.uint8)
    most = 0 if chunk is None else whole(chunk, "chunk")
    return _core.coded_bits(format, flags, bits, most)


def break_even_density(format: Format, bits: int = 16) -> float:
    """Return the greatest density at which a format takes no more room than raw values.

    Parameters
    ----------
    format : {"raw", "rlc", "significance_map", "csc"}
        How values are coded.
    bits : int, default 16
        Bits of a value.

    Returns
    -------
    float
        A density; 0 if the format always takes more.

    Examples
    --------
    >>> [round(break_even_density(form), 4) for form in ("rlc", "significance_map", "csc")]
    [0.75, 0.9375, 0.7891]
    """
    return _core.break_even_density(format, bits)


def _numbers(values: ArrayLike) -> Any:
    import numpy

    try:
        array = numpy.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise InvalidInput(f"values must be an array of numbers, not {show(values)}") from error
    if array.dtype.kind not in "biuf":
        raise InvalidInput(f"values must be numbers, not {array.dtype}")
    finite = numpy.isfinite(array)
    if not finite.all():
        odd = array[~finite][0]
        raise InvalidInput(f"values must be finite, but one is {odd}: no bits stand for that")
    return array


def _flag(value: object, what: str) -> None:
    if not isinstance(value, bool):
        raise InvalidInput(f"{what} must be true or false, not {show(value)}")


def _differing(coding: Coding) -> dict[str, Any]:
    usual = Coding()
    return {
        key: value
        for key, value in dataclasses.asdict(coding).items()
        if value != getattr(usual, key)
    }
