"""The best mapping that takes the channels of a layer in more than one pass.

Where a single processing pass holds all channels, no pass of other channels comes between two
strips or images.  So the filters stay in the scratch pads, and of the ifmap only the rows that are
new enter the GLB.  The formulas of Chen et al., ISCA 2016, charge both again for every strip and
every group of images; a mapping whose channels need several passes pays just that.  What the best
of these costs tells how much of a gap this freedom explains.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from energysim import _core
from energysim.architecture import Architecture
from energysim.energy_table import AccessCost, EnergyTable, LevelCost
from energysim.errors import InvalidMapping

__all__ = ["SeveralPasses", "best_in_several_passes"]

_DATAFLOW = "rs-chip"
# Share of the DRAM energy that is left to the search of the whole space; the rest is bounded by
# strips and images.  The less, the sharper the bound; with none at all, the search has to tell
# apart very many mappings of equal energy.
_SHARE = 0.1


@dataclass(frozen=True)
class SeveralPasses:
    """The best mapping, and how many were counted to find it.

    Parameters
    ----------
    mapping : Mapping
        The mapping of least energy of those with several channel passes.
    counts : AccessCounts
        Its counts.
    energy : float
        Its energy, in the unit of the architecture's table.
    counted : int
        Mappings that were counted.
    """

    mapping: _core.Mapping
    counts: _core.AccessCounts
    energy: float
    counted: int


def best_in_several_passes(layer: _core.Layer, arch: Architecture) -> SeveralPasses:
    """Search the mappings of the chip's loop order that need several passes for the channels.

    Every other such mapping costs as much as one that is counted, or more: its strips, images,
    filters and PE sets are as many or less, at the same number of passes or more.

    Parameters
    ----------
    layer : Layer
        What to map.
    arch : Architecture
        Where to map it.

    Returns
    -------
    SeveralPasses
        The best mapping.

    Raises
    ------
    InvalidMapping
        If there is none, as in a layer of one channel.

    Examples
    --------
    >>> import energysim as es
    >>> conv2 = es.networks.alexnet_isca16(16)["CONV2"]
    >>> several = best_in_several_passes(conv2, es.architectures.isca16())
    >>> several.mapping.q * several.mapping.r < conv2.C
    True
    >>> several.energy > es.search(conv2, "isca16", "rs-chip").energy_mac
    True
    """
    search = _Search(layer, arch)
    best: tuple[float, _core.Mapping, _core.AccessCounts] | None = None
    counted = 0
    for bound, e, n, m in sorted(search.outer_tiles()):
        if best is not None and bound >= best[0]:
            break
        for mapping in search.mappings(e, n, m):
            counts = _core.count(layer, arch, mapping)
            energy = counts.energy(arch)
            counted += 1
            if best is None or energy < best[0]:
                best = energy, mapping, counts
    if best is None:
        raise InvalidMapping(
            f"layer {layer.name!r}: no mapping with several channel passes fits "
            f"architecture {arch.name!r}"
        )
    return SeveralPasses(best[1], best[2], best[0], counted)


class _Search:
    """Asks the core what fits and what it costs; has no formulas of its own for either."""

    def __init__(self, layer: _core.Layer, arch: Architecture) -> None:
        self._layer = layer
        self._arch = arch
        table, dram = arch.energy, arch.energy.dram
        self._bounded = arch.replace(
            energy=EnergyTable(dram=_scaled(dram, 1 - _SHARE), glb=0, noc=0, rf=0, mac=0)
        )
        searched = EnergyTable(
            dram=_scaled(dram, _SHARE), glb=table.glb, noc=table.noc, rf=table.rf, mac=table.mac
        )
        [found] = _core.search_layers(
            [layer], arch.replace(energy=searched), _DATAFLOW, [_core.LayerData()], 1
        )
        self._least_rest = found.energy  # of all mappings

    def outer_tiles(self) -> Iterator[tuple[float, int, int, int]]:
        """Yield strip widths, images and filters in the GLB, behind a bound of the energy.

        The DRAM traffic of several channel passes depends on how many strips, groups of images and
        groups of filters there are, and on nothing else.  Of the tiles that make as many, the
        smallest leave the most space.
        """
        layer = self._layer
        for e, n, m in itertools.product(_tiles(layer.E), _tiles(layer.N), _tiles(layer.M)):
            mapping = self._fitting(e=e, n=n, m=m)
            if mapping is not None:
                counts = _core.count(layer, self._arch, mapping)
                yield counts.energy(self._bounded) + self._least_rest, e, n, m

    def mappings(self, e: int, n: int, least_m: int) -> Iterator[_core.Mapping]:
        """Yield the mappings with several channel passes that no other is sure to beat."""
        layer = self._layer
        groups = -(-layer.M // least_m)
        greatest_m = layer.M if groups == 1 else (layer.M - 1) // (groups - 1)
        sets = self._greatest("t", layer.M, e=e)
        for q in range(1, layer.C):
            most_p = self._greatest("p", layer.M, q=q)
            if not most_p:
                return
            for r in range(1, min(sets, -(-layer.C // q) - 1) + 1):
                most_m = self._greatest("m", greatest_m, e=e, n=n, q=q, r=r)
                ms = range(least_m, most_m + 1)
                for p, t, m in _filters(layer.M, ms, most_p, sets // r):
                    mapping = self._fitting(e=e, n=n, q=q, r=r, p=p, t=t, m=m)
                    if mapping is not None:
                        yield mapping

    def _greatest(self, letter: str, most: int, **letters: int) -> int:
        """Return the greatest value of a letter that fits beside the others; 0 if none does."""
        return _bisect(lambda value: self._fitting(**letters, **{letter: value}) is not None, most)

    def _fitting(self, **letters: int) -> _core.Mapping | None:
        try:
            return _core.Mapping.from_letters(self._layer, self._arch, _DATAFLOW, "", letters)
        except InvalidMapping:
            return None


def _filters(size: int, ms: range, most_p: int, most_t: int) -> list[tuple[int, int, int]]:
    """Return filters in a PE, PE sets and filters in the GLB that make the fewest passes.

    Passes count twice: those of all PEs, for which the ifmap leaves the GLB, and those of single
    PEs, for which it is delivered.

    Examples
    --------
    Two passes, with four PEs to deliver to, or three passes with three:

    >>> _filters(10, range(4, 8), 4, 2)
    [(3, 2, 6), (4, 1, 4)]
    """
    fewest: dict[tuple[int, int], tuple[int, int, int]] = {}
    for t, m in itertools.product(range(1, most_t + 1), ms):
        p = min(most_p, m // t)
        if p:
            fewest.setdefault((_cuts(size, m, p * t), _cuts(size, m, p)), (p, t, m))
    kept, least = [], size + 1
    for passes in sorted(fewest):
        if passes[1] < least:
            least = passes[1]
            kept.append(fewest[passes])
    return kept


def _cuts(size: int, tile: int, part: int) -> int:
    """Return the number of parts if a dimension is cut into tiles, and these into parts.

    Examples
    --------
    >>> _cuts(10, 6, 4)
    3
    """
    return size // tile * -(-tile // part) - (-(size % tile) // part)


def _scaled(cost: LevelCost, factor: float) -> LevelCost:
    return LevelCost(*(AccessCost(*(factor * price for price in access)) for access in cost))


def _tiles(size: int) -> list[int]:
    """Return the smallest tile of each number of tiles.

    Examples
    --------
    >>> _tiles(7)
    [1, 2, 3, 4, 7]
    """
    return sorted({-(-size // parts) for parts in range(1, size + 1)})


def _bisect(fits: Callable[[int], bool], most: int) -> int:
    """Return the greatest number up to `most` that fits, if all smaller ones do; 0 if none.

    Examples
    --------
    >>> _bisect(lambda value: value < 6, 100)
    5
    """
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low
