"""The tensor simulator: real tensors through DRAM, GLB, NoC, scratch pads and PEs.

The closed forms know of the data only the share of zeros.  Here the words themselves move under a
mapping: the ofmap comes out, and the zeros are counted where they meet a MAC.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from energysim import _core
from energysim.architecture import Architecture
from energysim.arguments import architecture_of, layer_of, mapping_of, progress_of
from energysim.checks import whole
from energysim.compression import Compression
from energysim.energy_table import Unit
from energysim.fixed_point import MOST_BITS, fixed_point, word_width
from energysim.layer_data import LayerData
from energysim.layer_result import (
    ENERGY_KEYS,
    Energies,
    energies_by_level,
    energies_by_operand,
)
from energysim.mapping import RowStationaryMapping

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Trace", "trace"]

_MOST_THREADS = 1024
_MOST_PSUM_BITS = 62


@dataclass(frozen=True, repr=False, eq=False)
class Trace(Energies):
    """What running the tensors of a layer through a mapping gave.

    Made by `energysim.trace`; immutable.  Counts and energies are for all groups and the whole
    batch.

    Attributes
    ----------
    layer : Layer
        The layer.
    mapping : Mapping
        How it was computed.
    ifmap_density, filter_density : float
        Share of the values that are not zero; padding is not among them.

    Examples
    --------
    >>> import numpy as np, energysim as es
    >>> layer = es.Layer("conv", M=2, C=1, H=4, W=4, R=3, S=3)
    >>> ifmap = np.arange(16).reshape(1, 1, 4, 4)
    >>> traced = es.trace(layer, "eyeriss", es.search(layer, "eyeriss").mapping, ifmap,
    ...                   np.ones((2, 1, 3, 3), dtype=int))
    >>> traced.ofmap[0, 1].tolist()
    [[45, 54], [81, 90]]
    >>> traced.counts.macs, traced.gated.macs  # the value 0 meets one MAC of each filter
    (72, 2)
    """

    _traced: _core.Traced
    _architecture: Architecture
    layer: _core.Layer
    mapping: _core.Mapping
    ifmap_density: float
    filter_density: float

    @functools.cached_property
    def ofmap(self) -> npt.NDArray[np.int64]:
        """All ofmap values, exact: an array [N][G M][E][F] that cannot be written."""
        return self._traced.ofmap

    @functools.cached_property
    def counts(self) -> _core.AccessCounts:
        """All accesses and MACs, as `energysim.count` gives them: zeros make no difference."""
        return self._traced.counts

    @functools.cached_property
    def gated(self) -> _core.AccessCounts:
        """Those of `counts` that the architecture gates, because an ifmap value is zero.

        They are MACs, RF reads of filters, and RF reads and writes of psums.  None if the
        architecture does not gate.
        """
        idle = self._traced.idle
        return idle if self._architecture.gating == "ifmap" else idle - idle

    @functools.cached_property
    def executed(self) -> _core.AccessCounts:
        """What is left of `counts` without those that are gated; `energy` is that of these."""
        return self.counts - self.gated

    @functools.cached_property
    def energy(self) -> float:
        """Energy of the whole batch, in `unit`."""
        return self.executed.energy(self._architecture)

    @property
    def unit(self) -> Unit:
        """Unit of all energies: ``"mac"``, that of one 16-bit MAC, or ``"pJ"``."""
        return self._architecture.energy.unit

    def by_level(self) -> dict[str, float]:
        """Return the energy at dram, glb, noc and rf, and of the MACs (key ``mac``)."""
        return energies_by_level(self._energies)

    def by_operand(self) -> dict[str, float]:
        """Return the energy that moves ifmap, filter and psum, and of the MACs (key ``mac``)."""
        return energies_by_operand(self._energies)

    def closed_form_by_level(self, ifmap_density: float | None = None) -> dict[str, float]:
        """Return what `by_level` is according to the closed form, which knows but a density.

        Parameters
        ----------
        ifmap_density : float, optional
            Share of ifmap values that are not zero; that of this ifmap unless given.
        """
        density = self.ifmap_density if ifmap_density is None else ifmap_density
        # What moves to and from DRAM is counted in whole words, here and in the simulation.
        raw = self._architecture.replace(compression=Compression())
        return energies_by_level(self.counts.energies(raw, LayerData(ifmap_density=density)))

    def dram_words(self) -> dict[str, dict[str, int]]:
        """Return the words that moved to and from DRAM, and the bits of their RLC streams.

        By ``ifmap``, ``filter`` and ``ofmap``; each has ``words`` and ``rlc_bits``.  What moves
        together, in one step of the DRAM loops, is a stream of its own.  Key ``spilled_psums`` has
        the ``words`` of psums that left unfinished, or came back, which are not compressed.
        """
        parts = {
            "ifmap": self._traced.ifmap,
            "filter": self._traced.filters,
            "ofmap": self._traced.stored_ofmap,
        }
        words = {
            name: {"words": part.words, "rlc_bits": part.rlc_bits} for name, part in parts.items()
        }
        return words | {"spilled_psums": {"words": self._traced.spilled_psums}}

    @property
    def shift(self) -> int:
        """Bits by which ofmap values were shifted right to be stored, before their RLC."""
        return self._traced.shift

    def to_dict(self) -> dict[str, Any]:
        """Return all of it but the ofmap as plain data."""
        return {
            "name": self.layer.name,
            "macs": self.layer.macs,
            ENERGY_KEYS[self.unit]: self.energy,
            "by_level": self.by_level(),
            "by_operand": self.by_operand(),
            "counts": self.counts.to_dict(),
            "gated": self.gated.to_dict(),
            "dram_words": self.dram_words(),
            "shift": self.shift,
            "ifmap_density": self.ifmap_density,
            "filter_density": self.filter_density,
            "mapping": self.mapping.to_dict(),
        }

    def __repr__(self) -> str:
        from energysim.tables import si

        energy = f"{ENERGY_KEYS[self.unit]}={si(self.energy)}"
        return f"<Trace {self.layer.name!r}: {energy}, {self.gated.macs} MACs gated>"

    @functools.cached_property
    def _energies(self) -> list[float]:
        return self.executed.energies(self._architecture)


def trace(
    layer: _core.Layer,
    arch: Architecture | str,
    mapping: _core.Mapping | RowStationaryMapping,
    ifmap: npt.ArrayLike,
    filters: npt.ArrayLike,
    *,
    ifmap_bits: int = MOST_BITS,
    filter_bits: int = MOST_BITS,
    ofmap_bits: int = MOST_BITS,
    psum_bits: int = 48,
    relu: bool = True,
    shift: int | None = None,
    threads: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> Trace:
    """Run the tensors of a layer through a mapping, word by word.

    Parameters
    ----------
    layer : Layer
        What is computed.
    arch : Architecture or str
        On what, or the name of a built-in architecture.
    mapping : Mapping or RowStationaryMapping
        How; `energysim.search` finds one.
    ifmap : array_like of int
        Of shape (N, G C, H, W), without padding.
    filters : array_like of int
        Of shape (G M, C, R, S).
    ifmap_bits, filter_bits, ofmap_bits : int, default 16
        Bits of a signed value, from 2 to 16.
    psum_bits : int, default 48
        Bits of a signed partial sum, from 2 to 62.
    relu : bool, default True
        Whether negative ofmap values are stored in DRAM as zero.  `Trace.ofmap` has them all the
        same.
    shift : int, optional
        Bits by which ofmap values are shifted right, rounding to nearest, to be stored as
        `ofmap_bits`; what does not fit is clipped.  If not given, the fewest that clip nothing.
    threads : int, default 0
        Threads to run on; 0 takes all cores.  The result is the same for any number.
    progress : callable, optional
        Called with the number of MACs done and of all MACs, now and then.

    Returns
    -------
    Trace
        The ofmap, the counts, what zeros saved, and the energy of it.

    Raises
    ------
    InvalidInput
        If a tensor has the wrong shape or type, or a value that its bits cannot hold.
    InvalidMapping
        If the mapping does not fit the layer or the architecture.
    PsumOverflow
        If a partial sum does not fit `psum_bits`; the message says which one.

    Examples
    --------
    A value in ten is not zero; energy is saved at the scratch pads and the MACs:

    >>> import numpy as np, energysim as es
    >>> layer = es.Layer("conv", M=8, C=4, H=12, W=12, R=3, S=3, padding=1)
    >>> draw = np.random.default_rng(1).integers
    >>> ifmap = draw(1, 99, (1, 4, 12, 12)) * (draw(0, 10, (1, 4, 12, 12)) == 0)
    >>> found = es.search(layer, "eyeriss")
    >>> traced = es.trace(layer, "eyeriss", found.mapping, ifmap, draw(-99, 99, (8, 4, 3, 3)))
    >>> traced.counts == found.counts
    True
    >>> traced.energy_mac < found.energy_mac
    True
    >>> bits = traced.dram_words()["ifmap"]
    >>> bits["rlc_bits"] < 16 * bits["words"]
    True
    """
    architecture, shape = architecture_of(arch), layer_of(layer)
    nest = mapping_of(mapping, shape, architecture)
    values = fixed_point(
        ifmap,
        (shape.N, shape.G * shape.C, shape.H, shape.W),
        word_width(ifmap_bits, "ifmap_bits"),
        "ifmap",
    )
    weights = fixed_point(
        filters,
        (shape.G * shape.M, shape.C, shape.R, shape.S),
        word_width(filter_bits, "filter_bits"),
        "filters",
    )
    traced = _core.trace(
        shape,
        architecture,
        nest,
        values,
        weights,
        psum_bits=min(whole(psum_bits, "psum_bits", least=2), _MOST_PSUM_BITS + 1),
        word_bits=word_width(ofmap_bits, "ofmap_bits"),
        relu=bool(relu),
        shift=None if shift is None else min(whole(shift, "shift", least=0), 63),
        threads=min(whole(threads, "threads", least=0), _MOST_THREADS),
        progress=progress_of(progress, shape.macs),
    )
    return Trace(traced, architecture, shape, nest, _density(values), _density(weights))


def _density(values: npt.NDArray[np.int16]) -> float:
    import numpy as np

    return int(np.count_nonzero(values)) / values.size
