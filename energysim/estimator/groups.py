"""Groups of channels that are pruned together, and the layers whose shapes they decide."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from energysim._core import Layer
from energysim.errors import InvalidInput, show, unknown_name
from energysim.estimator.feeds import Feeds
from energysim.network import Network

__all__ = ["ChannelGroup", "Groups", "groups_of"]

#: Channels as a sum: of layers that bring them, by name, each with a factor.
_Sum = dict[str, int]
#: Channels as the core reads them: those that are fixed, and factors of groups by their position.
Form = tuple[int, list[tuple[int, int]]]


@dataclass(frozen=True)
class ChannelGroup:
    """Channels that are pruned together.

    Parameters
    ----------
    name : str
        Name of the first layer that they are outputs of.
    channels : int
        How many there are.
    layers : tuple of str
        Layers that they are outputs of: several where outputs are added up.
    feeds : tuple of str
        Layers that they are inputs of, alone or among others.
    step : int
        What they have to be pruned in multiples of, because grouped convolutions share them evenly
        among their groups.
    """

    name: str
    channels: int
    layers: tuple[str, ...]
    feeds: tuple[str, ...]
    step: int = 1


@dataclass(frozen=True)
class Groups:
    """All groups of a network, and the inputs and outputs of each layer in terms of them."""

    groups: tuple[ChannelGroup, ...]
    inputs: list[Form]
    outputs: list[Form]

    @property
    def members(self) -> dict[str, int]:
        """The position of the group of each layer whose outputs can be pruned."""
        return {name: i for i, group in enumerate(self.groups) for name in group.layers}


def groups_of(network: Network, feeds: Feeds, *, given: bool = False) -> Groups:
    """Find the groups of a network.

    What several layers feed to one is a concatenation if their channels add up to those that it
    takes, and a sum if each has as many as it takes.  The outputs of a depthwise layer are those of
    its inputs.  Outputs that no layer takes, or that cannot be followed, are not pruned.

    Parameters
    ----------
    network : Network
        The layers.
    feeds : dict
        Names of the layers that each layer feeds.
    given : bool, default False
        Whether `feeds` come from the user: then it is an error if something cannot be followed.

    Raises
    ------
    UnknownName
        If `feeds` name a layer that there is not.
    InvalidInput
        If `feeds` are given and contradict the shapes of the layers.

    Examples
    --------
    >>> import energysim as es
    >>> groups_of(es.networks.alexnet(), {"CONV1": ("CONV2",)}).groups
    (ChannelGroup(name='CONV1', channels=96, layers=('CONV1',), feeds=('CONV2',), step=2),)
    """
    return _Derivation(network, _fed_by(network, feeds), given).groups()


def _fed_by(network: Network, feeds: Feeds) -> dict[str, list[str]]:
    if not isinstance(feeds, Mapping):
        raise InvalidInput(
            "feeds must be a dict from the name of a layer to the names of those that it feeds, "
            f"not {show(feeds)}"
        )
    fed_by: dict[str, list[str]] = {name: [] for name in network.layer_names}
    for giver, takers in feeds.items():
        if isinstance(takers, str) or not isinstance(takers, Iterable):
            raise InvalidInput(f"feeds of layer {show(giver)} must be names, not {show(takers)}")
        for taker in takers:
            for name in (giver, taker):
                if name not in fed_by:
                    raise unknown_name("layer", name, fed_by)
            if giver not in fed_by[taker]:
                fed_by[taker].append(giver)
    return fed_by


def _taken(layer: Layer) -> int:
    return layer.C * layer.G


def _given(layer: Layer) -> int:
    return layer.M * layer.G


def _depthwise(layer: Layer) -> bool:
    return layer.G > 1 and layer.C == 1


@dataclass
class _Derivation:
    network: Network
    fed_by: dict[str, list[str]]
    strict: bool
    inputs: dict[str, _Sum] = field(default_factory=dict)
    outputs: dict[str, _Sum] = field(default_factory=dict)
    #: Layers whose outputs are the same channels: each points to another, the first to itself.
    same: dict[str, str] = field(default_factory=dict)
    fixed: set[str] = field(default_factory=set)

    def groups(self) -> Groups:
        for layer in self.network:
            self.same[layer.name] = layer.name
            self.inputs[layer.name] = self._inputs(layer)
            if _depthwise(layer) and self.inputs[layer.name]:
                terms = self.inputs[layer.name]
                self.outputs[layer.name] = {name: layer.M * n for name, n in terms.items()}
            else:
                self.outputs[layer.name] = {layer.name: 1}
                if _depthwise(layer) or layer.own_filters:
                    self.fixed.add(layer.name)
        taken = {self._first(name) for terms in self.inputs.values() for name in terms}
        fixed = {self._first(name) for name in self.fixed}
        roots = [n for n in self.network.layer_names if n == self._first(n) and n in taken - fixed]
        return Groups(
            tuple(self._group(root) for root in roots),
            [self._form(self.inputs[one.name], roots, _taken(one)) for one in self.network],
            [self._form(self.outputs[one.name], roots, _given(one)) for one in self.network],
        )

    def _inputs(self, layer: Layer) -> _Sum:
        givers, taken = self.fed_by[layer.name], _taken(layer)
        late = next((name for name in givers if name not in self.outputs), None)
        if late is not None:
            return self._lost(layer, f"{late!r} stands after it: list layers in order of execution")
        if not givers:
            return {}
        if layer.own_filters:
            return self._lost(layer, "it multiplies two fmaps")
        sizes = [_given(self.network[name]) for name in givers]
        total, flat = sum(sizes), layer.E == layer.F == 1
        if taken == total or (flat and len(givers) == 1 and taken % total == 0):
            return self._concatenated(layer, givers, taken // total)
        alike = len(set(sizes)) == 1
        if alike and (taken == sizes[0] or (flat and taken % sizes[0] == 0)):
            first = self.outputs[givers[0]]
            if all(self._tie(first, self.outputs[name]) for name in givers[1:]):
                return {name: n * (taken // sizes[0]) for name, n in first.items()}
        listed = ", ".join(f"{n!r} gives {size}" for n, size in zip(givers, sizes, strict=True))
        return self._lost(layer, f"it takes {taken} channels, but {listed}: neither a sum nor a "
                          "concatenation")  # fmt: skip

    def _concatenated(self, layer: Layer, givers: list[str], factor: int) -> _Sum:
        terms: _Sum = {}
        for giver in givers:
            for name, n in self.outputs[giver].items():
                terms[name] = terms.get(name, 0) + n * factor
        return terms

    def _tie(self, some: _Sum, others: _Sum) -> bool:
        """Note that two sums are the same channels, term by term."""
        size = {name: _given(self.network[name]) for name in (*some, *others)}
        pairs = list(zip(some.items(), others.items(), strict=False))
        if len(some) != len(others) or any(
            n != k or size[a] != size[b] for (a, n), (b, k) in pairs
        ):
            return False
        for (a, _), (b, _) in pairs:
            one, other = sorted((self._first(a), self._first(b)), key=self._position)
            self.same[other] = one
        return True

    def _lost(self, layer: Layer, why: str) -> _Sum:
        if self.strict:
            raise InvalidInput(f"feeds: layer {layer.name!r}: {why}")
        for giver in self.fed_by[layer.name]:
            self.fixed |= self.outputs.get(giver, {giver: 1}).keys()
        return {}

    def _first(self, name: str) -> str:
        while self.same.get(name, name) != name:
            name = self.same[name]
        return name

    def _position(self, name: str) -> int:
        return self.network.layer_names.index(name)

    def _group(self, root: str) -> ChannelGroup:
        names = self.network.layer_names
        return ChannelGroup(
            root,
            _given(self.network[root]),
            tuple(name for name in names if self._first(name) == root),
            tuple(name for name in names if root in map(self._first, self.inputs[name])),
            math.lcm(*(self._step(root, layer) for layer in self.network)),
        )

    def _step(self, root: str, layer: Layer) -> int:
        """What a layer must have its part of a group's channels in multiples of."""
        if _depthwise(layer):
            return 1
        steps = [1]
        for terms in (self.inputs[layer.name], self.outputs[layer.name]):
            factor = sum(n for name, n in terms.items() if self._first(name) == root)
            if factor:
                steps.append(layer.G // math.gcd(layer.G, factor))
        return math.lcm(*steps)

    def _form(self, terms: _Sum, roots: list[str], channels: int) -> Form:
        kept: dict[int, int] = {}
        fixed = channels
        for name, n in terms.items():
            root = self._first(name)
            if root in roots:
                kept[roots.index(root)] = kept.get(roots.index(root), 0) + n
                fixed -= n * _given(self.network[root])
        return fixed, list(kept.items())
