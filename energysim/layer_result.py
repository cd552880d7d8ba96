"""What a search found for one layer: energies, counts, mapping and time.

Energies are in the unit of the architecture's energy table, for the whole batch.  The unit is in
the name of the attribute or key, ``energy_mac`` or ``energy_pj``, so that no sum mixes the two.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, SupportsIndex, overload

from energysim import _core
from energysim.architecture import Architecture
from energysim.copies import CopiedByFields
from energysim.energy_table import Unit
from energysim.errors import unknown_name

__all__ = [
    "ENERGY_KEYS",
    "LEVELS",
    "OPERANDS",
    "Energies",
    "LayerResult",
    "LayerResults",
    "energies_by_level",
    "energies_by_operand",
]

LEVELS = ("dram", "glb", "noc", "rf")
OPERANDS = ("ifmap", "filter", "psum")
#: Names of energies by their unit.
ENERGY_KEYS: dict[Unit, str] = {"mac": "energy_mac", "pJ": "energy_pj"}


def energies_by_level(energies: Sequence[float]) -> dict[str, float]:
    """Sum up what `AccessCounts.energies` returns, by level.

    Examples
    --------
    >>> energies_by_level([1.0] * 12 + [5.0])
    {'dram': 3.0, 'glb': 3.0, 'noc': 3.0, 'rf': 3.0, 'mac': 5.0}
    """
    levels = {name: sum(energies[3 * i : 3 * i + 3]) for i, name in enumerate(LEVELS)}
    return levels | {"mac": energies[-1]}


def energies_by_operand(energies: Sequence[float]) -> dict[str, float]:
    """Sum up what `AccessCounts.energies` returns, by operand.

    Examples
    --------
    >>> energies_by_operand([1.0] * 12 + [5.0])
    {'ifmap': 4.0, 'filter': 4.0, 'psum': 4.0, 'mac': 5.0}
    """
    operands = {name: sum(energies[i:12:3]) for i, name in enumerate(OPERANDS)}
    return operands | {"mac": energies[-1]}


class Energies(CopiedByFields):
    """The energies of a layer or of a whole network, under the name of their unit."""

    @property
    def energy(self) -> float:
        """Energy of the whole batch, in `unit`."""
        raise NotImplementedError

    @property
    def unit(self) -> Unit:
        """Unit of all energies: ``"mac"``, that of one 16-bit MAC, or ``"pJ"``."""
        raise NotImplementedError

    @property
    def energy_mac(self) -> float:
        """Energy of the whole batch, relative to one MAC; there is none if `unit` is pJ."""
        return self._energy_in("mac")

    @property
    def energy_pj(self) -> float:
        """Energy of the whole batch in picojoules; there is none if `unit` is mac."""
        return self._energy_in("pJ")

    def _energy_in(self, unit: Unit) -> float:
        if self.unit != unit:
            raise AttributeError(
                f"the energies are in {self.unit}, the unit of the energy table: "
                f"read {ENERGY_KEYS[self.unit]}"
            )
        return self.energy


@dataclass(frozen=True, repr=False)
class LayerResult(Energies):
    """The optimal mapping of one layer, and what it costs.

    Made by `energysim.search` and `energysim.simulate`; immutable.

    Examples
    --------
    >>> import energysim as es
    >>> layer = es.search(es.networks.alexnet(4)["CONV3"], "eyeriss", "rs-chip")
    >>> layer.macs, layer.mapping.q, layer.active_pes
    (598081536, 4, 156)
    >>> sum(layer.by_level().values()) == sum(layer.by_operand().values()) == layer.energy_mac
    True
    """

    _found: _core.Found
    _architecture: Architecture

    @property
    def name(self) -> str:
        """Name of the layer."""
        return self.layer.name

    @functools.cached_property
    def layer(self) -> _core.Layer:
        """The layer, with the batch it was simulated with."""
        return self._found.layer

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations of the whole batch."""
        return self.layer.macs

    @property
    def energy(self) -> float:
        """Energy of the whole batch, in `unit`."""
        return self._found.energy

    @property
    def unit(self) -> Unit:
        """Unit of all energies: ``"mac"``, that of one 16-bit MAC, or ``"pJ"``."""
        return self._architecture.energy.unit

    @property
    def data(self) -> _core.LayerData:
        """Widths and densities of its values."""
        return self._found.data

    @property
    def ifmap_density(self) -> float:
        """Share of the ifmap values that are not zero, as it was given."""
        return self.data.ifmap_density

    @functools.cached_property
    def counts(self) -> _core.AccessCounts:
        """Exact words moved at each level."""
        return self._found.counts

    @functools.cached_property
    def mapping(self) -> _core.Mapping:
        """The mapping of least energy."""
        return self._found.mapping

    @property
    def cycles(self) -> float:
        """Cycles of the array for the whole batch."""
        return self._timing.cycles

    @property
    def total_cycles(self) -> float:
        """Cycles of the array for the whole batch, with the waits for DRAM."""
        return self._timing.total_cycles

    @property
    def dram_bits(self) -> float:
        """Bits moved to and from DRAM, compressed as the architecture compresses them."""
        return sum(self._timing.dram_bits)

    @property
    def edp(self) -> float:
        """Energy-delay product: energy in `unit` times `total_cycles`."""
        return self.energy * self.total_cycles

    @property
    def utilization(self) -> float:
        """MACs done per PE and cycle, from 0 to 1."""
        return self._timing.utilization

    @property
    def active_pes(self) -> int:
        """PEs at work in a full processing pass."""
        return self._timing.active_pes

    @property
    def proof(self) -> _core.Proof:
        """How the search covered the whole mapping space."""
        return self._found.proof

    def by_level_and_operand(self) -> dict[str, dict[str, float]]:
        """Return the energy of each operand (inner key) at dram, glb, noc and rf (outer key).

        That of the MACs, which no operand causes alone, is not among them.

        Examples
        --------
        >>> import energysim as es
        >>> layer = es.search(es.networks.alexnet(4)["CONV3"], "eyeriss", "rs-chip")
        >>> energies = layer.by_level_and_operand()
        >>> sum(energies["glb"].values()) == layer.by_level()["glb"]
        True
        """
        rows = (self._energies[3 * i : 3 * i + 3] for i in range(len(LEVELS)))
        return {
            level: dict(zip(OPERANDS, row, strict=True))
            for level, row in zip(LEVELS, rows, strict=True)
        }

    def by_level(self) -> dict[str, float]:
        """Return the energy at dram, glb, noc and rf, and of the MACs (key ``mac``)."""
        return energies_by_level(self._energies)

    def by_operand(self) -> dict[str, float]:
        """Return the energy that moves ifmap, filter and psum, and of the MACs (key ``mac``)."""
        return energies_by_operand(self._energies)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data, with the keys of a layer in `Report.to_json`."""
        counts = self.counts.to_dict()
        return {
            "name": self.name,
            "macs": self.macs,
            ENERGY_KEYS[self.unit]: self.energy,
            "by_level": self.by_level(),
            "by_operand": self.by_operand(),
            "counts": {level: counts[level] for level in LEVELS},
            "mapping": self.mapping.to_dict(),
            "cycles": self.cycles,
            "total_cycles": self.total_cycles,
            "edp": self.edp,
            "dram_bits": self.dram_bits,
            "utilization": self.utilization,
            "active_pes": self.active_pes,
            "ifmap_density": self.ifmap_density,
            "data": self.data.with_bits_of(self._architecture.word_bits).to_dict(),
            "proof": self.proof.to_dict(),
        }

    def __repr__(self) -> str:
        from energysim.tables import si

        energy = f"{ENERGY_KEYS[self.unit]}={si(self.energy)}"
        return f"<LayerResult {self.name!r}: {energy}, {self.mapping!r}>"

    @functools.cached_property
    def _energies(self) -> list[float]:
        return self._found.energies()

    @functools.cached_property
    def _timing(self) -> _core.Timing:
        return self._found.timing()


class LayerResults(tuple[LayerResult, ...]):
    """The results of all layers, by position or by the name of the layer.

    Examples
    --------
    >>> import energysim as es
    >>> layers = es.simulate("alexnet", "eyeriss", "rs-chip").layers
    >>> layers["CONV2"] == layers[1]
    True
    """

    __slots__ = ()

    @overload
    def __getitem__(self, key: SupportsIndex | str) -> LayerResult: ...

    @overload
    def __getitem__(self, key: slice) -> tuple[LayerResult, ...]: ...

    def __getitem__(
        self, key: SupportsIndex | str | slice
    ) -> LayerResult | tuple[LayerResult, ...]:
        """Return a layer's result by position or by name.

        Raises
        ------
        UnknownName
            If there is no layer of that name.
        IndexError
            If there is no layer at that position.
        """
        if not isinstance(key, str):
            return super().__getitem__(key)
        for result in self:
            if result.name == key:
                return result
        raise unknown_name("layer", key, [result.name for result in self])
