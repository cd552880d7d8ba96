"""Dataflows side by side: energy by level and operand, DRAM traffic, time."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from energysim import _core, architectures
from energysim.architecture import Architecture
from energysim.copies import CopiedByFields
from energysim.errors import InvalidInput, NoMapping, show
from energysim.layer_data import Bits
from energysim.layer_result import LEVELS, OPERANDS, LayerResult
from energysim.network import Network
from energysim.simulate import data_seen, network_of, search, simulate

if TYPE_CHECKING:
    import pandas
    import rich.console

__all__ = ["PAPER_DATAFLOWS", "Comparison", "Run", "compare"]

#: The dataflows of the ISCA 2016 comparison, and input stationary.
PAPER_DATAFLOWS = ("rs", "ws", "osa", "osb", "osc", "nlr", "is")

_PARTS = (*LEVELS, "mac")
_FLOWS = (*OPERANDS, "mac")


@dataclass(frozen=True)
class Run(CopiedByFields):
    """One dataflow on one architecture, with one batch and width of the values.

    Parameters
    ----------
    architecture : Architecture
        Where it ran.
    dataflow : str
        Its name.
    network : Network
        What ran, with its batch.
    results : tuple of LayerResult
        Those of the layers that it can run.
    refusals : dict of str
        Why it cannot run the others, by the layer's name.
    bits : int or mapping of str to int, optional
        Bits of all operands, or by operand, if they were given.
    """

    architecture: Architecture
    dataflow: str
    network: Network
    results: tuple[LayerResult, ...]
    refusals: dict[str, str]
    bits: Bits | None = None

    @property
    def width(self) -> int | str | None:
        """The bits in short: a number, or such as ``ifmap=8+filter=4``; None if none were given."""
        if not isinstance(self.bits, Mapping):
            return self.bits
        return "+".join(f"{operand}={bits}" for operand, bits in self.bits.items())

    @property
    def refused(self) -> bool:
        """Whether there is a layer that it cannot run, so that it has no total."""
        return bool(self.refusals)

    @functools.cached_property
    def totals(self) -> dict[str, float]:
        """All numbers of the whole network, as `Comparison.to_pandas` names them."""
        rows = [_numbers(result) for result in self.results]
        total = {key: math.fsum(row[key] for row in rows) for key in rows[0]} if rows else {}
        if total:
            total["utilization"] = total["macs"] / (self.architecture.pes * total["cycles"])
            _per_mac(total)
        return total


@dataclass(frozen=True, repr=False)
class Comparison:
    """What `compare` found: ``print(comparison.table())`` shows it.

    Parameters
    ----------
    runs : tuple of Run
        One for each architecture, batch, width and dataflow.
    """

    runs: tuple[Run, ...]

    def __getitem__(self, dataflow: str) -> Run:
        """Return the first run of a dataflow."""
        for run in self.runs:
            if run.dataflow == dataflow:
                return run
        raise KeyError(dataflow)

    def rows(self, *, layers: bool = False) -> list[dict[str, Any]]:
        """Return one plain dict per run, or per run and layer; see `to_pandas`."""
        return [row for run in self.runs for row in _rows(run, layers)]

    def to_pandas(self, *, layers: bool = False) -> pandas.DataFrame:
        """Return a tidy data frame.

        Parameters
        ----------
        layers : bool, default False
            One row per run and layer instead of one per run.

        Returns
        -------
        pandas.DataFrame
            Columns: ``network``, ``architecture``, ``dataflow``, ``batch``, ``bits`` (if they were
            given) and ``layer``; ``macs``; ``energy`` of the batch in ``unit``, and per MAC
            ``energy_per_mac``, ``dram_per_mac`` and so on by level, ``ifmap_per_mac`` and so on by
            operand; ``dram_accesses_per_mac``; ``cycles``, ``utilization`` and ``edp`` (energy
            times cycles); ``refusal``, where there are no numbers, says why.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError("to_pandas needs pandas: pip install 'energysim[pandas]'") from error
        return pandas.DataFrame(self.rows(layers=layers))

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        return {"runs": self.rows(), "layers": self.rows(layers=True)}

    def to_json(self, indent: int | None = 2) -> str:
        """Return what `to_dict` returns as JSON text."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def table(self) -> str:
        """Return it as a table of plain text."""
        from energysim.compare_views import render

        return render(self)

    def figure(self) -> Any:
        """Return stacked bars by level as a Matplotlib figure.

        Raises
        ------
        ImportError
            If Matplotlib is not installed.
        """
        from energysim.compare_views import figure

        return figure(self)

    def to_html(self) -> str:
        """Return stacked bars by level and the table as a page that needs no network.

        Raises
        ------
        ImportError
            If Plotly is not installed.
        """
        from energysim.compare_views import page

        return page(self)

    def __rich__(self) -> rich.console.RenderableType:
        from energysim.compare_views import comparison_table

        return comparison_table(self)

    def __repr__(self) -> str:
        names = ", ".join(dict.fromkeys(run.dataflow for run in self.runs))
        return f"<Comparison of {names}: {len(self.runs)} runs>"


def compare(
    network: Network | Iterable[_core.Layer] | str,
    arch: Architecture | str | Iterable[Architecture | str] = "isca16",
    dataflows: Iterable[_core.Dataflow | str] = PAPER_DATAFLOWS,
    *,
    batch: int | Iterable[int] | None = None,
    bits: Bits | Iterable[Bits | None] | None = None,
    threads: int = 1,
    progress: Callable[[int, int], object] | None = None,
) -> Comparison:
    """Find the optimal mappings of a network under several dataflows.

    Parameters
    ----------
    network : Network or iterable of Layer or str
        What to run, or the name of a built-in network.
    arch : Architecture or str, or several, default "isca16"
        On what.  By the name of an ``isca16`` every dataflow gets storage of the same area, as in
        the ISCA 2016 paper; all others are the same for all dataflows.
    dataflows : iterable of Dataflow or str
        The dataflows, or names of built-in ones; by default those of the paper and input
        stationary.
    batch : int or iterable of int, optional
        Images processed together; those of `network` unless given.
    bits : int or dict, or several, optional
        Bits of all operands, or by operand, as in `energysim.simulate`; words of the architecture
        unless given, or where None is.
    threads : int, default 1
        Threads to search with; 0 takes all cores.
    progress : callable, optional
        Called with the number of runs done and of all runs.

    Returns
    -------
    Comparison
        One run for each architecture, batch, width and dataflow.  What cannot run a layer says why.

    Raises
    ------
    UnknownName
        If there is no network, architecture or dataflow of a given name.
    InvalidInput
        If there is nothing to compare, or a number has no meaning.

    Examples
    --------
    >>> import energysim as es
    >>> comparison = es.compare("alexnet", "isca16", ["rs", "osc"], batch=16)
    >>> rs, osc = comparison.runs
    >>> rs.totals["energy_per_mac"] < osc.totals["energy_per_mac"]
    True
    >>> widths = es.compare("alexnet", "isca16", "rs", bits=[16, {"ifmap": 8, "filter": 4}])
    >>> [run.width for run in widths.runs]
    [16, 'ifmap=8+filter=4']
    """
    kinds = _several(dataflows, (_core.Dataflow, str), "dataflows")
    places = _several(arch, (Architecture, str), "architectures")
    batches = [None] if batch is None else _several(batch, (int,), "batches")
    widths = [None] if bits is None else _several(bits, (int, Mapping), "bits")
    cases = list(product(places, batches, widths, kinds))
    runs = []
    for done, (place, size, width, dataflow) in enumerate(cases):
        if progress is not None:
            progress(done, len(cases))
        name = _name(dataflow)
        where = architectures.for_dataflow(place, name) if isinstance(place, str) else place
        runs.append(_run(network_of(network, size), where, dataflow, name, width, threads))
    if progress is not None:
        progress(len(cases), len(cases))
    return Comparison(tuple(runs))


def _name(dataflow: Any) -> str:
    if isinstance(dataflow, _core.Dataflow):
        return dataflow.name
    if isinstance(dataflow, str):
        return dataflow
    raise InvalidInput(f"dataflow must be a name or a Dataflow, not {show(dataflow)}")


def _several(given: Any, single: tuple[type, ...], what: str) -> list[Any]:
    if isinstance(given, single):
        return [given]
    try:
        items = list(given)
    except TypeError:
        raise InvalidInput(
            f"{what} must be given by name or as a list, not {show(given)}"
        ) from None
    if not items:
        raise InvalidInput(f"no {what} are given; there is nothing to compare")
    return items


def _run(
    network: Network,
    arch: Architecture,
    dataflow: _core.Dataflow | str,
    name: str,
    bits: Bits | None,
    threads: int,
) -> Run:
    try:
        report = simulate(network, arch, dataflow, bits=bits, threads=threads)
    except NoMapping:
        results, refusals = _what_fits(network, arch, dataflow, bits)
        return Run(arch, name, network, results, refusals, bits)
    return Run(arch, name, network, tuple(report.layers), {}, bits)


def _what_fits(
    network: Network, arch: Architecture, dataflow: _core.Dataflow | str, bits: Bits | None
) -> tuple[tuple[LayerResult, ...], dict[str, str]]:
    results, refusals = [], {}
    for layer, data in zip(network, data_seen(network, arch, bits=bits), strict=True):
        try:
            results.append(search(layer, arch, dataflow, data=data))
        except NoMapping as error:
            refusals[layer.name] = str(error)
    return tuple(results), refusals


def _rows(run: Run, layers: bool) -> Iterator[dict[str, Any]]:
    head = {
        "network": run.network.name,
        "architecture": run.architecture.name,
        "dataflow": run.dataflow,
        "batch": run.network.batch,
        "bits": run.width,
    }
    unit = {"unit": run.architecture.energy.unit}
    if not layers:
        refusal = "; ".join(run.refusals.values()) or None
        numbers = _NONE if run.refused else run.totals
        yield head | {"layer": None, **unit, **numbers, "refusal": refusal}
        return
    by_name = {result.name: result for result in run.results}
    for layer in run.network.layer_names:
        numbers = _NONE
        if layer in by_name:
            numbers = _numbers(by_name[layer]) | {"utilization": by_name[layer].utilization}
            _per_mac(numbers)
        yield head | {"layer": layer, **unit, **numbers, "refusal": run.refusals.get(layer)}


def _numbers(result: LayerResult) -> dict[str, Any]:
    """What adds up over layers."""
    counts = result.counts.to_dict()["dram"]
    accesses = sum(cells["read"] + cells["write"] for cells in counts.values())
    parts = result.by_level() | result.by_operand()
    return {
        "macs": result.macs,
        "energy": result.energy,
        "energy_per_mac": result.energy,
        **{f"{part}_per_mac": energy for part, energy in parts.items()},
        "dram_accesses_per_mac": accesses,
        "cycles": result.cycles,
        "utilization": 0.0,
        "edp": 0.0,
    }


_NONE: dict[str, Any] = dict.fromkeys(
    (
        "macs",
        "energy",
        "energy_per_mac",
        *(f"{part}_per_mac" for part in dict.fromkeys((*_PARTS, *_FLOWS))),
        "dram_accesses_per_mac",
        "cycles",
        "utilization",
        "edp",
    )
)


def _per_mac(numbers: dict[str, Any]) -> None:
    """Divide by the MACs what is named so, and multiply energy and delay."""
    for key in numbers:
        if key.endswith("_per_mac"):
            numbers[key] /= numbers["macs"]
    numbers["edp"] = numbers["energy"] * numbers["cycles"]
