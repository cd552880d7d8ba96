"""Networks: named sequences of layers.

`energysim.network_file` reads and writes them as YAML files.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import SupportsIndex

from energysim._core import Layer
from energysim.checks import whole
from energysim.errors import InvalidInput, show, unknown_name
from energysim.graph import Graph

__all__ = ["Network"]


@dataclass(frozen=True, repr=False)
class Network:
    """A network: named layers, all with the same batch size.

    It can be iterated over, measured with ``len`` and indexed by position or by layer name.

    Parameters
    ----------
    name : str
        The network's name, not empty.
    layers : tuple of Layer
        At least one layer, in order of execution; names must differ.  Other iterables are
        turned into a tuple.
    batch : int, default 1
        Number of images processed together; every layer's ``N`` must be a multiple of it.
    source : str, default ""
        Where the shapes come from, and what was left out.
    graph : Graph, optional
        All operations, those that no layer counts too, and which takes what from which.

    Raises
    ------
    InvalidInput
        If there is no layer, two layers share a name, a layer's ``N`` is no multiple of `batch`, or
        the graph names a layer that there is not.

    Examples
    --------
    >>> from energysim._core import Layer
    >>> conv = Layer("conv", M=8, C=3, H=32, W=32, R=3, S=3, padding=1)
    >>> fc = Layer("fc", M=10, C=8, H=32, W=32, R=32, S=32)
    >>> network = Network("tiny", (conv, fc))
    >>> network
    <Network 'tiny': 2 layers, batch 1, 303.1 k MACs, 82.14 k weights>
    >>> network["fc"].macs
    81920
    """

    name: str
    layers: tuple[Layer, ...]
    batch: int = 1
    source: str = ""
    graph: Graph | None = None

    def __post_init__(self) -> None:
        # A list is what callers have at hand; the field itself has to be immutable.
        object.__setattr__(self, "layers", tuple(self.layers))
        object.__setattr__(self, "batch", whole(self.batch, "batch"))
        if not isinstance(self.name, str) or not self.name:
            raise InvalidInput(f"a network's name must be text, not {show(self.name)}")
        if not self.layers:
            raise InvalidInput(f"network {self.name!r} has no layers: give at least one")
        self._check_layers()

    def _check_layers(self) -> None:
        seen: set[str] = set()
        for layer in self.layers:
            if not isinstance(layer, Layer):
                raise InvalidInput(f"network {self.name!r}: {show(layer)} is not a Layer")
            where = f"network {self.name!r}: layer {layer.name!r}"
            if layer.name in seen:
                raise InvalidInput(f"{where} is there twice: give every layer its own name")
            if layer.N % self.batch:
                raise InvalidInput(
                    f"{where} has N={layer.N}, but the network's batch is {self.batch}: "
                    "N must be a multiple of it"
                )
            seen.add(layer.name)
        for node in self.graph or ():
            for name in node.layers:
                if name not in seen:
                    raise InvalidInput(
                        f"network {self.name!r}: graph: node {node.name!r} has a layer "
                        f"{show(name)}, but the network has none of that name"
                    )

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of the layers, in order of execution."""
        return tuple(layer.name for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations of all layers for the whole batch."""
        return sum(layer.macs for layer in self.layers)

    @property
    def filter_words(self) -> int:
        """Weights of all layers, in words; biases are not counted."""
        return sum(layer.filter_words for layer in self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __contains__(self, item: object) -> bool:
        return item in (self.layer_names if isinstance(item, str) else self.layers)

    def __getitem__(self, key: SupportsIndex | str) -> Layer:
        """Return a layer by position (negative: from the end) or by its exact name.

        Raises
        ------
        UnknownName
            If there is no layer of that name.
        IndexError
            If there is no layer at that position.
        """
        if not isinstance(key, str):
            return self.layers[operator.index(key)]
        for layer in self.layers:
            if layer.name == key:
                return layer
        raise unknown_name("layer", key, self.layer_names)

    def __repr__(self) -> str:
        plural = "" if len(self) == 1 else "s"
        return (
            f"<Network {self.name!r}: {len(self)} layer{plural}, batch {self.batch}, "
            f"{_si(self.macs)}MACs, {_si(self.filter_words)}weights>"
        )

    def with_batch(self, batch: int) -> Network:
        """Return the same network with another batch size.

        Parameters
        ----------
        batch : int
            Number of images processed together, at least 1.

        Returns
        -------
        Network
            With ``N = batch`` in every layer, or the multiple of it that the layer had before.
            The shapes in the graph stay those of the batch that it names.

        Raises
        ------
        InvalidInput
            If `batch` is not a positive integer.

        Examples
        --------
        >>> network = Network("tiny", (Layer("fc", M=10, C=8, H=1, W=1, R=1, S=1),))
        >>> network.with_batch(16).macs == 16 * network.macs
        True
        """
        batch = whole(batch, "batch")
        if batch == self.batch:
            return self
        layers = tuple(layer.replace(N=layer.N // self.batch * batch) for layer in self.layers)
        return replace(self, layers=layers, batch=batch)

    def to_yaml(self) -> str:
        """Return the network as the text of a network file, one aligned line per layer.

        Returns
        -------
        str
            What `energysim.network_file.parse_network` turns back into an equal network.

        Examples
        --------
        >>> network = Network("tiny", (Layer("fc", M=10, C=8, H=1, W=1, R=1, S=1),))
        >>> print(network.to_yaml(), end="")
        name: tiny
        layers:
          - {name: fc, M: 10, C: 8, H: 1, W: 1, R: 1, S: 1}
        """
        from energysim.network_file import write_network

        return write_network(self)


def _si(number: int) -> str:
    """Write a count with four digits and a unit prefix, ready for the unit to follow."""
    if number < 1000:
        return f"{number} "
    value, prefixes = number / 1000, "kMGTPE"
    while value >= 999.95 and len(prefixes) > 1:
        value /= 1000
        prefixes = prefixes[1:]
    return f"{value:.4g} {prefixes[0]} "
