"""Real numbers as fixed-point integers, and checks of integer tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from energysim.checks import whole
from energysim.errors import InvalidInput, show

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["MOST_BITS", "Quantized", "fixed_point", "quantize", "word_width"]

#: Bits of the widest ifmap or filter word.
MOST_BITS = 16


class Quantized(NamedTuple):
    """Fixed-point integers; ``values * scale`` are the real numbers that they stand for.

    Attributes
    ----------
    values : array of int16
        The integers, of the shape of what was quantized.
    scale : float
        What one step is worth.
    """

    values: npt.NDArray[np.int16]
    scale: float


def quantize(values: npt.ArrayLike, bits: int = MOST_BITS) -> Quantized:
    """Round real numbers to signed fixed-point integers.

    The scale is one for all values, and symmetric: the largest magnitude becomes
    ``2**(bits - 1) - 1``.  Halves are rounded to even.  A zero stays a zero.

    Parameters
    ----------
    values : array_like of float
        Any shape.
    bits : int, default 16
        Bits of an integer, from 2 to 16.

    Returns
    -------
    Quantized
        The integers and their scale.

    Raises
    ------
    InvalidInput
        If a value is NaN or infinite, or `bits` is out of range.

    Examples
    --------
    >>> values, scale = quantize([0.0, 0.5, -1.0, 0.26], bits=3)
    >>> values.tolist(), round(scale, 3)
    ([0, 2, -3, 1], 0.333)
    """
    import numpy as np

    most = 2 ** (word_width(bits, "bits") - 1) - 1
    try:
        reals = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInput(f"values must be an array of real numbers, not {show(values)}") from None
    if not np.isfinite(reals).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(reals))[0])
        raise InvalidInput(
            f"values must be finite: that at {place} is {reals[place]}; remove NaN and infinities"
        )
    largest = float(np.abs(reals).max(initial=0.0))
    # Of subnormal values, a step may be too small for a float.
    scale = max(largest / most, np.finfo(np.float64).smallest_subnormal) if largest > 0 else 1.0
    steps = np.rint(reals / scale)
    return Quantized(np.clip(steps, -most, most).astype(np.int16), float(scale))


def word_width(bits: object, what: str) -> int:
    """Return the bits of a word, from 2 to 16.

    Examples
    --------
    >>> word_width(17, "ifmap_bits")
    Traceback (most recent call last):
        ...
    energysim.errors.InvalidInput: ifmap_bits must be at most 16, the bits of a word, not 17
    """
    width = whole(bits, what, least=2)
    if width > MOST_BITS:
        raise InvalidInput(f"{what} must be at most {MOST_BITS}, the bits of a word, not {width}")
    return width


def fixed_point(
    values: npt.ArrayLike, shape: tuple[int, ...], bits: int, what: str
) -> npt.NDArray[np.int16]:
    """Return integers of a shape as contiguous 16-bit words, if they fit signed `bits`.

    Raises
    ------
    InvalidInput
        For another shape or type, or a value that does not fit; the message names it.

    Examples
    --------
    >>> fixed_point([[1, 200]], (1, 2), 8, "ifmap")
    Traceback (most recent call last):
        ...
    energysim.errors.InvalidInput: ifmap: the value 200 at (0, 1) does not fit 8 bits (-128..127)
    """
    import numpy as np

    try:
        array = np.asarray(values)
    except ValueError:
        raise InvalidInput(f"{what}: rows of different lengths are not an array") from None
    if array.dtype.kind not in "iu":
        remedy = "; energysim.quantize makes integers of floats" if array.dtype.kind == "f" else ""
        raise InvalidInput(f"{what}: integers are needed, not {array.dtype}{remedy}")
    if array.shape != shape:
        raise InvalidInput(f"{what}: the shape must be {shape}, not {array.shape}")
    most = 2 ** (bits - 1) - 1
    if array.size and (int(array.max()) > most or int(array.min()) < -most - 1):
        place = tuple(int(i) for i in np.argwhere((array > most) | (array < -most - 1))[0])
        raise InvalidInput(
            f"{what}: the value {array[place]} at {place} does not fit {bits} bits "
            f"({-most - 1}..{most})"
        )
    return np.ascontiguousarray(array, dtype=np.int16)
