"""Where the energy goes when densities or bits change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from energysim import _core
from energysim.architecture import Architecture
from energysim.energy_table import Unit
from energysim.layer_result import LayerResult
from energysim.report import Report

__all__ = ["LayerSensitivity", "sensitivity"]

_DENSITIES = ("ifmap_density", "filter_density", "ofmap_density")
_BITS = ("ifmap_bits", "filter_bits", "psum_bits", "ofmap_bits")
# Of a difference of densities: costs are smooth in them, but for where compression begins to pay.
_STEP = 2.0**-12


@dataclass(frozen=True)
class LayerSensitivity:
    """By how much the energy of a layer changes, in the unit of the energy table.

    Parameters
    ----------
    name : str
        Name of the layer.
    energy : float
        Its energy for the whole batch.
    density : dict
        Derivatives of the energy with respect to ``ifmap_density``, ``filter_density`` and
        ``ofmap_density``.
    bits : dict
        What the last bit of ``ifmap_bits``, ``filter_bits``, ``psum_bits`` and ``ofmap_bits``
        costs: the energy saved by a bit less; 0 where there is only one bit.
    unit : {"mac", "pJ"}
        Unit of all energies.
    """

    name: str
    energy: float
    density: dict[str, float]
    bits: dict[str, float]
    unit: Unit

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "name": self.name,
            "energy": self.energy,
            "density": self.density,
            "bits": self.bits,
        }


def sensitivity(report: Report) -> tuple[LayerSensitivity, ...]:
    """Return how the energies of a report's layers depend on densities and bits.

    Mappings stay what they are.  Of a density, that is the derivative of the optimum too (envelope
    theorem); of bits, a bound: with a bit less, other mappings may fit and save more.

    Parameters
    ----------
    report : Report
        What `energysim.simulate` found.

    Returns
    -------
    tuple of LayerSensitivity
        One per layer.

    Examples
    --------
    >>> import energysim as es
    >>> report = es.simulate("alexnet", "eyeriss", "rs-chip", ifmap_density=0.5)
    >>> conv2 = es.sensitivity(report)[1]
    >>> conv2.density["ifmap_density"] > 0 == conv2.density["filter_density"]  # the chip's gates
    True
    """
    return tuple(_of_layer(layer, report.architecture) for layer in report.layers)


def _of_layer(layer: LayerResult, arch: Architecture) -> LayerSensitivity:
    data = layer.data.with_bits_of(arch.word_bits)
    counts = layer.counts
    return LayerSensitivity(
        layer.name,
        layer.energy,
        {name: _slope(counts, arch, data, name) for name in _DENSITIES},
        {name: _last_bit(counts, arch, data, name) for name in _BITS},
        layer.unit,
    )


def _slope(
    counts: _core.AccessCounts, arch: Architecture, data: _core.LayerData, name: str
) -> float:
    density: float = getattr(data, name)
    low, high = max(0.0, density - _STEP), min(1.0, density + _STEP)
    at_low, at_high = (counts.energy(arch, data.replace(**{name: end})) for end in (low, high))
    return (at_high - at_low) / (high - low)


def _last_bit(
    counts: _core.AccessCounts, arch: Architecture, data: _core.LayerData, name: str
) -> float:
    bits: int = getattr(data, name)
    if bits == 1:
        return 0.0
    fewer = {name: bits - 1}
    if name == "psum_bits":  # the ofmap is no wider than psums
        fewer["ofmap_bits"] = min(data.ofmap_bits or bits, bits - 1)
    return counts.energy(arch, data) - counts.energy(arch, data.replace(**fewer))
