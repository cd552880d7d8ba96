"""The Eyeriss chip: traffic and time of AlexNet's CONV layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from energysim import _core, architectures, networks
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
        MACs, active PEs, GLB and DRAM traffic, and latency.

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
            "Table III. Power and compressed DRAM traffic are not computed."
        ),
        comparisons=(_macs(runs), _active_pes(runs), _glb(runs), _dram(runs), _latency(runs)),
    )


class _Run:
    """One layer under its mapping."""

    def __init__(self, name: str) -> None:
        arch = architectures.eyeriss()
        self.layer = networks.alexnet(batch=4)[name.split()[0]]
        letters: dict[str, Any] = {key: int(value) for key, value in _MAPPINGS[name].items()}
        mapping = RowStationaryMapping(**letters).on(self.layer, arch)
        self.counts = _core.count(self.layer, arch, mapping)
        self.timing = _core.timing(self.layer, arch, mapping)
        self.latency_ms = self.timing.cycles / (1e3 * (arch.clock_mhz or 0))

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


_TABLE = read_table("eyeriss_chip")
_MAPPINGS = read_table("eyeriss_chip_mappings")


def _mb(words: int) -> float:
    return 2 * words / 1e6  # 16-bit words


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
