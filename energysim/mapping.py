"""Mappings written by hand, in the letters of the Eyeriss papers."""

from __future__ import annotations

from dataclasses import dataclass

from energysim import _core
from energysim.architecture import Architecture
from energysim.checks import whole

__all__ = ["RowStationaryMapping"]

_LETTERS = ("m", "n", "e", "p", "q", "r", "t", "E1")


@dataclass(frozen=True, kw_only=True)
class RowStationaryMapping:
    """A row-stationary mapping, by the letters of Chen et al., JSSC 2017, Table III.

    Parameters
    ----------
    m : int
        Filters whose psums are in the GLB.
    n : int
        Images in a processing pass.
    e : int
        Ofmap rows in a processing pass: the width of a PE set.
    p : int
        Filters in a PE.
    q : int
        Channels in a PE.
    r : int
        PE sets with different channels.
    t : int
        PE sets with different filters.
    E1 : int, optional
        Ofmap rows in the GLB, where the loop order lets them be more than `e`.
    dataflow : str, default "rs-chip"
        Name of a dataflow; see `energysim.dataflows`.
    scheme : str, default ""
        Name of one of the dataflow's loop orders; its first if empty.

    Raises
    ------
    InvalidInput
        If a letter is not a positive integer.

    Examples
    --------
    CONV3 of AlexNet as the chip runs it (the same table):

    >>> import energysim as es
    >>> mapping = RowStationaryMapping(m=64, n=4, e=13, p=16, q=3, r=2, t=2)
    >>> counts = es.count(es.networks.alexnet(4)["CONV3"], "eyeriss", mapping)
    >>> counts.dram.ifmap.read
    1382400
    """

    m: int
    n: int
    e: int
    p: int
    q: int
    r: int
    t: int
    E1: int | None = None
    dataflow: str = "rs-chip"
    scheme: str = ""

    def __post_init__(self) -> None:
        for name in _LETTERS:
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, whole(value, f"mapping: {name}"))

    @property
    def letters(self) -> dict[str, int]:
        """The letters that are given, and their values."""
        values = {name: getattr(self, name) for name in _LETTERS}
        return {name: value for name, value in values.items() if value is not None}

    def on(
        self, layer: _core.Layer, arch: Architecture, data: _core.LayerData | None = None
    ) -> _core.Mapping:
        """Return the loop nest that this mapping makes of a layer.

        Parameters
        ----------
        layer : Layer
            What to map.
        arch : Architecture
            Where it has to fit.
        data : LayerData, optional
            Widths of its values, which decide what fits; words unless given.

        Returns
        -------
        Mapping
            The nest with all tile sizes.

        Raises
        ------
        UnknownName
            If there is no such dataflow or loop order.
        InvalidMapping
            If it does not fit; the message names limit, need, what there is, and what to change.
        """
        return _core.Mapping.from_letters(
            layer, arch, self.dataflow, self.scheme, self.letters, data or _core.LayerData()
        )
