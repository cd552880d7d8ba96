"""The Eyeriss chip: traffic and time of AlexNet's CONV layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from energysim import _core, architectures, networks
from energysim.compression import expected_bits
from energysim.mapping import RowStationaryMapping
from energysim.validation.figures import EXACT, Comparison, Figure, Source, Tolerance, read_table

__all__ = ["chip"]

_LAYERS = ("CONV1", "CONV2", "CONV3", "CONV4", "CONV5")
_AS_PRINTED = "CONV3 as printed"


def chip() -> Source:
    """Compare with Table V of the chip's paper, under the mappings of its Table III.

    Returns
    -------
    Source
        MACs, active PEs, GLB and DRAM traffic, with compression and without, and latency.

    Examples
    --------
    >>> glb = chip()["GLB traffic"]
    >>> glb["total"].paper, round(glb["total"].ours, 2), glb.ok
    (208.5, 208.49, True)
    """
    runs = {name: _Run(name) for name in (*_LAYERS, _AS_PRINTED)}
    return Source(
        name="Eyeriss chip",
        citation="Chen et al., IEEE JSSC 52(1), 2017, Table V; DRAM: ISSCC 2016, poster",
        setup=(
            "AlexNet's CONV layers on eyeriss, 4 images, dataflow rs-chip with the mappings of "
            "Table III and the zeros of Table V. Power is not computed."
        ),
        comparisons=(
            _macs(runs),
            _active_pes(runs),
            _glb(runs),
            _dram(runs),
            _compressed_dram(runs),
            _latency(runs),
            _total_latency(runs),
        ),
    )


class _Run:
    """One layer under its mapping."""

    def __init__(self, name: str) -> None:
        self.arch = arch = architectures.eyeriss()
        self.layer = networks.alexnet(batch=4)[name.split()[0]]
        letters: dict[str, Any] = {key: int(value) for key, value in _MAPPINGS[name].items()}
        mapping = RowStationaryMapping(**letters).on(self.layer, arch)
        self.counts = _core.count(self.layer, arch, mapping)
        self.data = _data(name.split()[0])
        self.timing = _core.timing(self.layer, arch, mapping, self.data)
        cycles_per_ms = 1e3 * (arch.clock_mhz or 0)
        self.latency_ms = self.timing.cycles / cycles_per_ms
        self.total_latency_ms = self.timing.total_cycles / cycles_per_ms

    @property
    def glb_mb(self) -> float:
        """Traffic of the GLB with the array; fills are not in the table."""
        glb = self.counts.glb
        return _mb(glb.ifmap.read + glb.filter.read + glb.psum.read + glb.psum.write)

    @property
    def dram_mb(self) -> float:
        """Traffic of the DRAM."""
        dram = self.counts.dram
        return _mb(dram.ifmap.read + dram.filter.read + dram.psum.read + dram.psum.write)

    @property
    def compressed_dram_mb(self) -> float:
        """Traffic of the DRAM, fmaps but the network's input in run lengths."""
        return sum(self.timing.dram_bits) / 8e6

    @property
    def implied_ofmap_zeros(self) -> float:
        """Share of zeros in the ofmap with which the traffic would be the published one."""
        ifmap, filters, ofmap = self.timing.dram_bits
        per_value = ofmap / self.layer.ofmap_words
        gap = 8e6 * _TABLE[self.layer.name]["dram_compressed_mb"] - ifmap - filters - ofmap
        wanted = per_value + gap / self.layer.ofmap_words
        return 1 - _density_of_rlc(wanted)


_TABLE = read_table("eyeriss_chip")
_FC1_DENSITY = read_table("asilomar17_alexnet")["FC1"]["ifmap_density"]
_MAPPINGS = read_table("eyeriss_chip_mappings")


def _mb(words: int) -> float:
    return 2 * words / 1e6  # 16-bit words


def _data(name: str) -> _core.LayerData:
    """Return the published zeros: of the ifmap, and of the next layer's for the ofmap."""
    position = _LAYERS.index(name)
    densities = [1 - _TABLE[layer]["ifmap_zeros"] for layer in _LAYERS] + [_FC1_DENSITY]
    return _core.LayerData(
        ifmap_density=densities[position],
        ofmap_density=densities[position + 1],
        network_input=position == 0,
    )


def _density_of_rlc(bits: float) -> float:
    """Return the density at which a value takes so many bits in run lengths."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if expected_bits("rlc", middle) > bits else (middle, high)
    return low


def _figures(
    runs: dict[str, _Run], column: str, value: Callable[[_Run], float], tolerance: Tolerance
) -> tuple[Figure, ...]:
    ours = {name: value(runs[name]) for name in _LAYERS}
    ours["total"] = sum(ours.values())
    return tuple(
        Figure(name, _TABLE[name][column], ours[name], tolerance)
        for name in ours
        if column in _TABLE[name]
    )


def _macs(runs: dict[str, _Run]) -> Comparison:
    return Comparison(
        "MACs",
        "",
        "The table has four digits, and cuts off those of CONV1 and CONV2 instead of rounding.",
        _figures(runs, "macs", lambda run: run.layer.macs, Tolerance.within(0.0003)),
    )


def _active_pes(runs: dict[str, _Run]) -> Comparison:
    return Comparison(
        "active PEs",
        "",
        "PEs at work in a full processing pass.",
        _figures(runs, "active_pes", lambda run: run.timing.active_pes, EXACT),
    )


def _glb(runs: dict[str, _Run]) -> Comparison:
    printed = Figure(_AS_PRINTED, _TABLE["CONV3"]["glb_mb"], runs[_AS_PRINTED].glb_mb)
    layers = _figures(runs, "glb_mb", lambda run: run.glb_mb, Tolerance.within(0.003))
    return Comparison(
        "GLB traffic",
        "MB",
        "Ifmap words read for the array, psums written and read, the last time on their way to "
        "DRAM included; filters pass this buffer by. All round to the printed digit. Table III "
        f"prints q=4, r=1, t=4 for CONV3, which makes {printed.ours:.1f} MB, "
        f"{printed.error:+.0%}; its 50.2 MB follow from q=3, r=2, t=2, the mapping of CONV4 and "
        "CONV5, which is used here.",
        (*layers, printed),
    )


def _dram(runs: dict[str, _Run]) -> Comparison:
    return Comparison(
        "DRAM traffic",
        "MB",
        "Without compression. Ifmaps with the rows that two strips share, and with padding, once "
        "per group of filters; filters once per strip and group of images. The values are read "
        "off a bar chart, to about 0.005 MB; what is above that in CONV3 and CONV4 is not known.",
        _figures(runs, "dram_mb", lambda run: run.dram_mb, Tolerance.within(0.005)),
    )


def _compressed_dram(runs: dict[str, _Run]) -> Comparison:
    figures = _figures(
        runs, "dram_compressed_mb", lambda run: run.compressed_dram_mb, Tolerance.within(0.08)
    )
    implied = ", ".join(f"{name} {runs[name].implied_ofmap_zeros:.0%}" for name in _LAYERS)
    shown = ("CONV1", "total")
    return Comparison(
        "compressed DRAM traffic",
        "MB",
        "Ifmaps and ofmaps in run lengths, by the closed form for zeros at random; the network's "
        "input and filters are raw. Zeros of ifmaps are those of Table V, padding not among them; "
        "of ofmaps, those of the next layer's ifmap, and after CONV5 of FC1's (Asilomar 2017, "
        "Fig. 6). Ofmaps of CONV1, CONV2 and CONV5 leave before they are pooled, which takes zeros "
        "away; so CONV1, where they are most of the traffic, is only shown. Zeros of ofmaps with "
        f"which ours would be the published bars: {implied}.",
        tuple(Figure(f.name, f.paper, f.ours) if f.name in shown else f for f in figures),
    )


def _total_latency(runs: dict[str, _Run]) -> Comparison:
    return Comparison(
        "total latency",
        "ms",
        "Latency and the time in which the link to DRAM, 64 bit at 60 MHz, moves compressed ifmaps "
        "and ofmaps while the array waits; it moves filters ahead while the array works. Which "
        "operands overlap is our reading of this table, the widths and clocks are published.",
        _figures(
            runs, "total_latency_ms", lambda run: run.total_latency_ms, Tolerance.within(0.15)
        ),
    )


def _latency(runs: dict[str, _Run]) -> Comparison:
    conv4, conv5 = _TABLE["CONV4"], _TABLE["CONV5"]
    passes = runs["CONV4"].layer.M / runs["CONV5"].layer.M
    apart = conv4["latency_ms"] / conv5["latency_ms"] / passes - 1
    return Comparison(
        "latency",
        "ms",
        "A pass takes what its slowest PE or bus takes, and the filter load and 400 cycles that "
        f"overlap nothing. CONV4 has {passes:g} times the passes of CONV5, all of one shape, but "
        f"each takes {apart:.1%} longer in the table: a model that knows only the shape of a pass "
        f"misses one of the two by {apart / 2:.1%} or more.",
        _figures(runs, "latency_ms", lambda run: run.latency_ms, Tolerance.within(0.07)),
    )
