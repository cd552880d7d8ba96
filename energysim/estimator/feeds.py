"""Which layer feeds which, in networks that do not say so themselves.

Feeds are a dict: the name of a layer, and the names of those that take its ofmap, as it is or after
pooling, activations, additions or concatenations.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping

from energysim import networks
from energysim._core import Layer
from energysim.graph import Graph
from energysim.network import Network

__all__ = ["Feeds", "known_feeds"]

Feeds = Mapping[str, tuple[str, ...]]


def known_feeds(network: Network) -> Feeds | None:
    """Return what feeds what in a network, as far as that is known.

    It is known of networks with a graph, of built-in ones, and of those in which each layer takes
    exactly the channels that the layer before it gives: these are taken for a chain.

    Examples
    --------
    >>> import energysim as es
    >>> known_feeds(es.networks.get("squeezenet1.0"))["fire2/squeeze1x1"]
    ('fire2/expand1x1', 'fire2/expand3x3')
    """
    if network.graph is not None:
        return _of_graph(network.graph)
    if network.name in networks.names():
        builtin = networks.get(network.name, network.batch)
        if builtin.layers == network.layers and network.name in _BUILT_IN:
            return _BUILT_IN[network.name](network)
    return _chain(network) if _is_chain(network.layers) else None


def _of_graph(graph: Graph) -> Feeds:
    feeds: dict[str, tuple[str, ...]] = {}
    for node in graph.counted:
        takers = tuple(name for taker in graph.feeds(node.name) for name in graph[taker].layers)
        feeds |= dict.fromkeys(node.layers, takers)
    return feeds


def _is_chain(layers: Iterable[Layer]) -> bool:
    """Whether each layer can take all that the one before gives, pooled or flattened at most."""
    return all(_follows(*pair) for pair in itertools.pairwise(layers))


def _follows(first: Layer, second: Layer) -> bool:
    given, taken = first.M * first.G, second.C * second.G
    if given == taken:
        return second.E <= first.E and second.F <= first.F
    values_per_channel, rest = divmod(taken, given)
    flat = second.H == second.W == second.R == second.S == 1
    return flat and rest == 0 and values_per_channel <= first.E * first.F


class _Wiring:
    """Feeds, layer by layer in the order of execution."""

    def __init__(self) -> None:
        self.feeds: dict[str, tuple[str, ...]] = {}

    def connect(self, givers: Iterable[str], taker: str) -> tuple[str, ...]:
        """Let layers feed another, which is returned as what feeds the next."""
        for giver in givers:
            self.feeds[giver] = (*self.feeds.get(giver, ()), taker)
        return (taker,)


def _chain(network: Network) -> Feeds:
    wiring = _Wiring()
    givers: tuple[str, ...] = ()
    for layer in network:
        givers = wiring.connect(givers, layer.name)
    return wiring.feeds


def _blocks(network: Network, mark: str, depth: int) -> list[list[str]]:
    """Names in runs that share their first parts: the blocks of a network."""
    runs: list[list[str]] = []
    before = None
    for name in network.layer_names:
        block = tuple(name.split(mark)[:depth])
        if block != before:
            runs.append([])
        runs[-1].append(name)
        before = block
    return runs


def _resnet(network: Network) -> Feeds:
    wiring = _Wiring()
    givers: tuple[str, ...] = ()
    for block in _blocks(network, ".", 2):
        taken = givers
        for name in block:
            if "downsample" not in name:
                givers = wiring.connect(givers, name)
        shortcut = taken
        for name in block:
            if "downsample" in name:
                shortcut = wiring.connect(taken, name)
        if "." in block[0] and _channels(network, shortcut) == _channels(network, givers):
            # They are added up. (Otherwise the shortcut fills up with zeros whatever is missing.)
            givers = (*givers, *shortcut)
    return wiring.feeds


def _channels(network: Network, names: tuple[str, ...]) -> int:
    return network[names[0]].M * network[names[0]].G


def _mobilenet_v2(network: Network) -> Feeds:
    wiring = _Wiring()
    givers: tuple[str, ...] = ()
    for block in _blocks(network, "/", 1):
        taken = givers
        for name in block:
            givers = wiring.connect(givers, name)
        same_channels = bool(taken) and _channels(network, taken) == _channels(network, givers)
        if "/" in block[0] and same_channels and all(network[n].stride == (1, 1) for n in block):
            givers = (*givers, *taken)
    return wiring.feeds


def _squeezenet(network: Network) -> Feeds:
    wiring = _Wiring()
    givers: tuple[str, ...] = ()
    for block in _blocks(network, "/", 1):
        squeeze, *expand = block
        givers = wiring.connect(givers, squeeze)
        if expand:
            givers = tuple(name for each in expand for name in wiring.connect(givers, each))
    return wiring.feeds


def _googlenet(network: Network) -> Feeds:
    wiring = _Wiring()
    givers: tuple[str, ...] = ()
    for block in _blocks(network, "/", 1):
        if not block[0].startswith("inception"):
            for name in block:
                givers = wiring.connect(givers, name)
            continue
        taken, branches = givers, list[str]()
        for name in block:
            branch = name.removesuffix("_reduce")
            if branch != name or f"{name}_reduce" not in block:
                last = wiring.connect(taken, name)
            if branch == name:
                if f"{name}_reduce" in block:
                    last = wiring.connect((f"{name}_reduce",), name)
                branches += last
        givers = tuple(branches)
    return wiring.feeds


_BUILT_IN: dict[str, Callable[[Network], Feeds]] = {
    "googlenet": _googlenet,
    "mobilenet-v2": _mobilenet_v2,
    "resnet18": _resnet,
    "resnet20": _resnet,
    "resnet50": _resnet,
    "resnet56": _resnet,
    "squeezenet1.0": _squeezenet,
    "squeezenet1.1": _squeezenet,
}
