"""Simulating networks, searching mappings of layers, and counting given mappings."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from energysim import _core, networks
from energysim.architecture import Architecture
from energysim.arguments import architecture_of, layer_of, mapping_of, progress_of
from energysim.checks import member, number, whole
from energysim.errors import InvalidInput, show, unknown_name
from energysim.layer_result import LayerResult
from energysim.mapping import RowStationaryMapping
from energysim.network import Network
from energysim.report import Report

__all__ = ["count", "network_of", "search", "simulate"]

_METHODS = ("bounds", "exhaustive")
_BACKENDS = ("native", "reference")
_MOST_THREADS = 1024


def simulate(
    network: Network | Iterable[_core.Layer] | str,
    arch: Architecture | str,
    dataflow: _core.Dataflow | str = "rs",
    *,
    batch: int | None = None,
    ifmap_density: float | Mapping[str, float] = 1.0,
    threads: int = 1,
    progress: Callable[[int, int], object] | None = None,
) -> Report:
    """Find the mapping of least energy of every layer of a network.

    Parameters
    ----------
    network : Network or iterable of Layer or str
        What to simulate, or the name of a built-in network.
    arch : Architecture or str
        On what to simulate it, or the name of a built-in architecture.
    dataflow : Dataflow or str, default "rs"
        The dataflow, or the name of a built-in one; see `energysim.dataflows`.
    batch : int, optional
        Images processed together; those of `network` unless given.
    ifmap_density : float or dict, default 1.0
        Share of ifmap values that are not zero, from 0 to 1: for all layers, or by layer name (1
        for others).  Zeros save energy where the architecture gates them.
    threads : int, default 1
        Threads to search with; 0 takes all cores.  The result is the same for any number.
    progress : callable, optional
        Called with the number of layers done and of all layers, now and then.

    Returns
    -------
    Report
        Energies, counts and mappings, per layer and in total.

    Raises
    ------
    UnknownName
        If there is no network, architecture, dataflow or layer of a given name.
    InvalidInput
        If a number has no meaning; the message names it.
    NoMapping
        If a layer has no mapping that fits.
    CountOverflow
        If a count does not fit 64 bits.

    Examples
    --------
    >>> import energysim as es
    >>> report = es.simulate("alexnet", "eyeriss", "rs-chip", batch=4)
    >>> report.layers["CONV1"].mapping
    <Mapping rs-chip/chip m=...>
    """
    net, architecture = network_of(network, batch), architecture_of(arch)
    found = _core.search_layers(
        net.layers,
        architecture,
        dataflow,
        _densities(net, ifmap_density),
        min(whole(threads, "threads", least=0), _MOST_THREADS),
        progress_of(progress, len(net.layers)),
    )
    name = dataflow.name if isinstance(dataflow, _core.Dataflow) else dataflow
    return Report(net, architecture, name, tuple(found))


def search(
    layer: _core.Layer,
    arch: Architecture | str,
    dataflow: _core.Dataflow | str = "rs",
    *,
    ifmap_density: float = 1.0,
    method: Literal["bounds", "exhaustive"] = "bounds",
) -> LayerResult:
    """Find the mapping of least energy of one layer.

    Parameters
    ----------
    layer : Layer
        What to map.
    arch : Architecture or str
        Where to map it, or the name of a built-in architecture.
    dataflow : Dataflow or str, default "rs"
        The dataflow, or the name of a built-in one; see `energysim.dataflows`.
    ifmap_density : float, default 1.0
        Share of ifmap values that are not zero, from 0 to 1.
    method : {"bounds", "exhaustive"}
        Branch and bound, or counting every mapping, which is slow.

    Returns
    -------
    LayerResult
        The mapping, its counts and its energy.

    Raises
    ------
    UnknownName
        If there is no architecture, dataflow or method of a given name.
    InvalidInput
        If `ifmap_density` is not a number from 0 to 1.
    NoMapping
        If no mapping fits.
    CountOverflow
        If a count does not fit 64 bits.

    Examples
    --------
    >>> import energysim as es
    >>> fc = es.Layer("fc", M=10, C=8, H=1, W=1, R=1, S=1)
    >>> best = es.search(fc, "eyeriss")
    >>> best.energy_mac == es.search(fc, "eyeriss", method="exhaustive").energy_mac
    True
    """
    architecture = architecture_of(arch)
    density = number(ifmap_density, "the ifmap density", 0, 1)
    if member(method, "method", _METHODS) == "exhaustive":
        found = _core.search_exhaustive(layer_of(layer), architecture, dataflow, density)
    else:
        [found] = _core.search_layers([layer_of(layer)], architecture, dataflow, [density], 1)
    return LayerResult(found, architecture)


def count(
    layer: _core.Layer,
    arch: Architecture | str,
    mapping: _core.Mapping | RowStationaryMapping,
    *,
    backend: Literal["native", "reference"] = "native",
) -> _core.AccessCounts:
    """Count the words that a given mapping moves, exactly.

    Parameters
    ----------
    layer : Layer
        What is computed.
    arch : Architecture or str
        On what, or the name of a built-in architecture.
    mapping : Mapping or RowStationaryMapping
        How.
    backend : {"native", "reference"}
        The compiled core in closed form, or a slow walk over every loop, for checking the former.

    Returns
    -------
    AccessCounts
        Words moved, for all groups and the whole batch.

    Raises
    ------
    InvalidMapping
        If the mapping does not fit the layer or the architecture, or breaks a rule of its
        dataflow; the message names limit, need, what there is, and what to change.
    UnknownName
        If there is no architecture, dataflow or backend of a given name.
    CountOverflow
        If a count does not fit 64 bits.

    Examples
    --------
    CONV1 of AlexNet as the chip runs it (JSSC 2017, Table III):

    >>> import energysim as es
    >>> mapping = es.RowStationaryMapping(m=96, n=1, e=7, p=16, q=1, r=1, t=2)
    >>> print(es.count(es.networks.alexnet(4)["CONV1"], "eyeriss", mapping).dram)
    LevelCounts(ifmap=(read=..., write=0, fill=0), filter=(...), psum=(...))
    """
    architecture = architecture_of(arch)
    nest = mapping_of(mapping, layer, architecture)
    if member(backend, "backend", _BACKENDS) == "native":
        return _core.count(layer_of(layer), architecture, nest)
    _core.check(layer_of(layer), architecture, nest)
    reference: Any = importlib.import_module("energysim.reference")
    counts: _core.AccessCounts = reference.count(layer_of(layer), architecture, nest)
    return counts


def network_of(network: Network | Iterable[_core.Layer] | str, batch: int | None) -> Network:
    """Return the network that a name or layers stand for, with that batch if one is given."""
    if isinstance(network, str):
        return _builtin(network, 1 if batch is None else whole(batch, "batch"))
    if not isinstance(network, Network):
        try:
            layers = tuple(network)
        except TypeError:
            raise InvalidInput(
                f"network must be a Network, layers, or a name, not {show(network)}"
            ) from None
        size = layers[0].N if layers and isinstance(layers[0], _core.Layer) else 1
        network = Network("layers", layers, size)
    return network if batch is None else network.with_batch(batch)


@functools.lru_cache(maxsize=64)
def _builtin(name: str, batch: int) -> Network:
    return networks.get(name, batch)




def _densities(network: Network, given: float | Mapping[str, float]) -> list[float]:
    names = network.layer_names
    if not isinstance(given, Mapping):
        return [number(given, "the ifmap density", 0, 1)] * len(names)
    by_layer = dict.fromkeys(names, 1.0)
    for name, density in given.items():
        if name not in by_layer:
            raise unknown_name("layer", name, names)
        by_layer[name] = number(density, f"the ifmap density of layer {name!r}", 0, 1)
    return list(by_layer.values())
