"""Checks of the arrays that an estimator is asked with, before the core reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from energysim.errors import InvalidInput, show

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

__all__ = ["channel_rows", "channel_values", "density_rows"]


def channel_rows(values: Any, names: Sequence[str], most: Sequence[int]) -> NDArray[numpy.int64]:
    """Return rows of kept channels, one column per group, as 64-bit integers in a row.

    Raises
    ------
    InvalidInput
        Unless it is a table of whole numbers with a column per group, each between 1 and the
        channels of its group.
    """
    import numpy as np

    array = _whole_array(values, "channels")
    if array.ndim != 2 or array.shape[1] != len(names):
        raise InvalidInput(
            f"channels must have a row for each question and a column for each of the "
            f"{len(names)} groups, not the shape {array.shape}"
        )
    outside = (array < 1) | (array > np.asarray(most, dtype=np.int64)[None, :])
    if outside.any():
        row, group = (int(i) for i in np.argwhere(outside)[0])
        raise InvalidInput(
            f"channels: row {row}: group {names[group]!r} must keep between 1 and its "
            f"{most[group]} channels, got {array[row, group]}"
        )
    return np.ascontiguousarray(array, dtype=np.int64)


def channel_values(values: Any, what: str, most: int, step: int) -> list[int]:
    """Return numbers of channels between 1 and `most`, all multiples of `step`."""
    array = _whole_array(values, what)
    if array.ndim != 1:
        raise InvalidInput(f"{what} must be a list of numbers, not of shape {array.shape}")
    for value in array:
        if not 1 <= value <= most:
            raise InvalidInput(f"{what} must be between 1 and the layer's {most}, got {value}")
        if value % step:
            raise InvalidInput(
                f"{what} must be multiples of {step}, the layer's groups, got {value}"
            )
    return [int(value) for value in array]


def density_rows(
    values: Any, rows: int | None, names: Sequence[str], what: str
) -> NDArray[numpy.float64]:
    """Return rows of densities, one column per layer, as doubles in a row.

    Raises
    ------
    InvalidInput
        Unless it is a table of numbers between 0 and 1 with a column per layer and, where `rows` is
        given, so many rows.
    """
    import numpy as np

    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise InvalidInput(f"the {what} must be numbers, not an array of {array.dtype}")
    if array.ndim != 2 or array.shape[1] != len(names) or rows not in (None, array.shape[0]):
        lines = "a row for each question" if rows is None else f"{rows} rows"
        raise InvalidInput(
            f"the {what} must have {lines} and a column for each of the {len(names)} layers, "
            f"not the shape {array.shape}"
        )
    outside = ~((array >= 0) & (array <= 1))  # NaN is outside, too
    if outside.any():
        row, layer = (int(i) for i in np.argwhere(outside)[0])
        raise InvalidInput(
            f"the {what}: row {row}: that of layer {names[layer]!r} must be a number from 0 to 1, "
            f"got {array[row, layer]}"
        )
    return np.ascontiguousarray(array, dtype=np.float64)


def _whole_array(values: Any, what: str) -> NDArray[Any]:
    import numpy as np

    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        raise InvalidInput(f"{what} must be a table of whole numbers, not {show(values)}") from None
    if array.size == 0:
        return array.astype(np.int64)  # an empty list has no kind of its own
    if array.dtype.kind not in "iu":
        raise InvalidInput(f"{what} must be whole numbers, not an array of {array.dtype}")
    return array
