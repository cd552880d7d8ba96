"""Convolutions of any kind as convolutions that the array computes: `Layer` objects.

A layer is a two-dimensional convolution of images that are correlated with filters.  This module
says what that means for convolutions in one and three dimensions and for transposed ones; the
arguments are in ``docs/physics.md``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from energysim._core import Layer
from energysim.errors import InvalidInput

__all__ = ["Convolution", "layers_of"]

Axes = tuple[int, ...]


@dataclass(frozen=True)
class Convolution:
    """A convolution in one, two or three dimensions, as frameworks state it.

    Parameters
    ----------
    images : int
        Batch, or more where a model folds other dimensions into it.
    groups, filters, channels : int
        Groups, and filters and ifmap channels in all of them.
    ifmap, kernel : tuple of int
        Sizes along the dimensions, without padding.
    stride, dilation : tuple of int
        Per dimension.
    padding : tuple of (int, int)
        Before and after, per dimension; a negative number crops.
    transposed : bool, default False
        Whether it is the transposed one, which scatters.
    output_padding : tuple of int
        What a transposed one adds at the end; none unless given.
    own_filters : bool, default False
        Whether every image has filters of its own.
    """

    images: int
    groups: int
    filters: int
    channels: int
    ifmap: Axes
    kernel: Axes
    stride: Axes
    dilation: Axes
    padding: tuple[tuple[int, int], ...]
    transposed: bool = False
    output_padding: Axes = ()
    own_filters: bool = False


@dataclass(frozen=True)
class _Axis:
    """One dimension of a convolution that correlates."""

    size: int
    taps: int
    stride: int
    dilation: int
    before: int
    after: int

    def cropped(self) -> _Axis:
        """Turn padding below zero into a smaller size."""
        size = self.size + min(self.before, 0) + min(self.after, 0)
        return _Axis(
            size, self.taps, self.stride, self.dilation, max(self.before, 0), max(self.after, 0)
        )

    @property
    def outputs(self) -> int:
        padded = self.size + self.before + self.after
        return (padded - (self.taps - 1) * self.dilation - 1) // self.stride + 1


def layers_of(name: str, conv: Convolution) -> tuple[Layer, ...]:
    """Return the layers that compute a convolution: one, but for transposed ones.

    Parameters
    ----------
    name : str
        Name of the layer; where there are several, ``/0``, ``/1`` and so on are appended.
    conv : Convolution
        What is to be computed.

    Returns
    -------
    tuple of Layer
        Together they do the convolution's MACs, and make each ofmap word once.

    Raises
    ------
    InvalidInput
        If no ofmap is left, or there are more than three dimensions.

    Examples
    --------
    A transposed convolution is one convolution per phase of its stride:

    >>> up = Convolution(1, 1, 8, 4, (5, 5), (3, 3), (2, 2), (1, 1), ((1, 1),) * 2, True, (1, 1))
    >>> for layer in layers_of("up", up):
    ...     print(layer)
    Layer('up/0', M=8, C=4, H=5, W=5, R=1, S=1)
    Layer('up/1', M=8, C=4, H=5, W=5, R=1, S=2, padding=(0, 0, 0, 1))
    Layer('up/2', M=8, C=4, H=5, W=5, R=2, S=1, padding=(0, 1, 0, 0))
    Layer('up/3', M=8, C=4, H=5, W=5, R=2, S=2, padding=(0, 1, 0, 1))
    """
    if not 1 <= len(conv.ifmap) <= 3:
        raise InvalidInput(
            f"layer {name!r}: a convolution in {len(conv.ifmap)} dimensions: 1 to 3 are known"
        )
    axes = [_axis(conv, i) for i in range(len(conv.ifmap))]
    if not conv.transposed:
        return (_layer(name, conv, axes, copies=1),)
    found = [
        (axes, copies)
        for axes, copies in _combined([_phases(axis, conv, i) for i, axis in enumerate(axes)])
    ]
    if not found:
        raise InvalidInput(f"layer {name!r}: the transposed convolution has no ofmap")
    several = len(found) > 1
    return tuple(
        _layer(f"{name}/{i}" if several else name, conv, list(axes), copies)
        for i, (axes, copies) in enumerate(found)
    )


def _axis(conv: Convolution, i: int) -> _Axis:
    before, after = conv.padding[i]
    return _Axis(conv.ifmap[i], conv.kernel[i], conv.stride[i], conv.dilation[i], before, after)


def _phases(axis: _Axis, conv: Convolution, i: int) -> dict[_Axis, int]:
    """Return what each phase of a transposed convolution's ofmap correlates, and how often.

    Input i and tap k meet at ofmap coordinate ``i * stride + k * dilation - before``.  So the
    ofmap coordinates of one phase (one remainder by the stride) meet every (stride / g)-th tap,
    g = gcd(stride, dilation), and their inputs lie side by side.
    """
    stride, dilation = axis.stride, axis.dilation
    extra = conv.output_padding[i] if conv.output_padding else 0
    outputs = (axis.size - 1) * stride + (axis.taps - 1) * dilation + 1 + extra
    outputs -= axis.before + axis.after
    common = math.gcd(stride, dilation)
    phases: dict[_Axis, int] = {}
    for first in range(min(stride, outputs)):
        taps = [k for k in range(axis.taps) if (first + axis.before - k * dilation) % stride == 0]
        if not taps:
            continue  # no tap reaches it: these ofmap words are the bias alone
        step = dilation // common
        reach = (len(taps) - 1) * step
        count = (outputs - first - 1) // stride + 1
        start = (first + axis.before - taps[0] * dilation) // stride - reach
        after = start + reach + count - axis.size
        phase = _Axis(axis.size, len(taps), 1, step, -start, after).cropped()
        phases[phase] = phases.get(phase, 0) + 1
    return phases


def _combined(per_axis: Sequence[dict[_Axis, int]]) -> list[tuple[tuple[_Axis, ...], int]]:
    """Return all combinations of the phases of all axes, and how often each is there."""
    found: list[tuple[tuple[_Axis, ...], int]] = [((), 1)]
    for phases in per_axis:
        found = [
            ((*axes, axis), times * copies)
            for axes, times in found
            for axis, copies in phases.items()
        ]
    return found


def _layer(name: str, conv: Convolution, axes: list[_Axis], copies: int) -> Layer:
    """Return one convolution that correlates; `copies` phases share its windows."""
    axes = [axis.cropped() for axis in axes]
    if any(axis.size < 1 or axis.outputs < 1 for axis in axes):
        raise InvalidInput(
            f"layer {name!r}: the ofmap has no words: the filter is larger than the padded ifmap"
        )
    images, channels = conv.images, conv.channels // conv.groups
    if len(axes) == 3:
        images, channels, axes = _flattened(images, channels, *axes)
    rows = axes[0] if len(axes) == 2 else _Axis(1, 1, 1, 1, 0, 0)
    columns = axes[-1]
    return Layer(
        name,
        N=images,
        G=conv.groups,
        M=conv.filters // conv.groups * copies,
        C=channels,
        H=rows.size,
        W=columns.size,
        R=rows.taps,
        S=columns.taps,
        stride=(rows.stride, columns.stride),
        padding=(rows.before, rows.after, columns.before, columns.after),
        dilation=(rows.dilation, columns.dilation),
        own_filters=conv.own_filters,
    )


def _flattened(
    images: int, channels: int, frames: _Axis, rows: _Axis, columns: _Axis
) -> tuple[int, int, list[_Axis]]:
    """Return a convolution in three dimensions as one in two: images, channels and axes."""
    pointwise = _Axis(rows.size * columns.size, 1, 1, 1, 0, 0)
    flat = (rows.taps, rows.stride, rows.before, rows.after) == (1, 1, 0, 0)
    flat = flat and (columns.taps, columns.stride, columns.before, columns.after) == (1, 1, 0, 0)
    if flat:
        # Only over time: a frame's pixels are the columns, and the frames are the rows.
        return images, channels, [frames, pointwise]
    # Each ofmap frame is an image; the frames that its filters reach are channels.
    return images * frames.outputs, channels * frames.taps, [rows, columns]
