"""A second, independent counter of accesses: it walks every step of a mapping's loop nest.

The core counts accesses by closed forms.  This one shares no code with it, knows no dataflow, and
moves the words of every step one by one (see `energysim.reference.walker`): slow, but plainly
right.  The tests hold the one against the other; `count` lets a user do so for a layer of their
own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from energysim.reference import walker
from energysim.reference.accesses import accesses
from energysim.reference.walker import can_compile

if TYPE_CHECKING:
    from energysim._core import AccessCounts, Layer, Mapping
    from energysim.architecture import Architecture

__all__ = ["can_compile", "count"]


def count(
    layer: Layer, arch: Architecture, mapping: Mapping, *, compiled: bool | None = None
) -> AccessCounts:
    """Count the accesses of a mapping by walking its loop nest.

    Parameters
    ----------
    layer : Layer
        The layer; its time and memory grow with the multiply-accumulates of one group.
    arch : Architecture
        Only its ``ofmap_path`` matters.
    mapping : Mapping
        Any nest over the layer, whether or not it fits the architecture.
    compiled : bool, optional
        Whether to compile the walk with Numba; by default, if the layer is large and Numba is
        installed.

    Returns
    -------
    AccessCounts
        Accesses of all groups and the whole batch.

    Raises
    ------
    InvalidInput
        If the layer is too large to be walked.
    InvalidMapping
        If the mapping's tiles and loops are not a nest over the layer.

    Examples
    --------
    >>> import energysim as es
    >>> layer = es.Layer("conv", M=4, C=2, H=8, W=8, R=3, S=3)
    >>> found = es.search(layer, "eyeriss")
    >>> count(layer, es.architectures.eyeriss(), found.mapping) == found.counts
    True
    """
    from energysim._core import AccessCounts

    sizes = {dim: int(getattr(layer, dim)) for dim in walker.DIMS}
    groups = layer.G
    if layer.own_filters:  # images share no word: each is walked alone, as a group is
        groups, sizes["N"] = groups * layer.N, 1
    flows = walker.walk(
        sizes,
        layer.stride,
        layer.dilation,
        {dim: tuple(mapping.tiles[dim]) for dim in walker.DIMS},
        mapping.loops,
        mapping.ways,
        compiled=compiled,
    )
    counts = accesses(sizes, flows, mapping.ways, arch.ofmap_path, arch.psum_pad, groups=groups)
    return AccessCounts.from_dict(counts)
