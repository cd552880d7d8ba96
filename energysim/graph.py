"""The data-flow graph of a network: which operation takes what from which.

A graph lists every operation that a front end saw, in order of execution, counted or not: what is
not counted is in it with the reason, so that nothing vanishes.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from energysim.errors import InvalidInput, show, unknown_name

__all__ = ["COUNTED", "KINDS", "MOVEMENTS", "Graph", "Node", "Shape"]

Shape = tuple[int, ...]

#: Kinds of operations that do MACs.
COUNTED = ("conv", "linear", "product", "own")
#: Kinds that read words and write others, without MACs.
MOVEMENTS = (
    "pool", "elementwise", "activation", "batchnorm", "norm", "softmax", "reduce", "concat",
    "upsample", "copy",
)  # fmt: skip
#: All kinds; a ``view`` only names words anew, and what is ``ignored`` says why.
KINDS = ("input", *COUNTED, *MOVEMENTS, "view", "ignored", "unsupported")


@dataclass(frozen=True)
class Node:
    """One operation.

    Parameters
    ----------
    name : str
        Its name in the graph: that of the module, or of the module and the operator.
    op : str
        The operator as its framework calls it, such as ``aten.convolution`` or ``Conv``.
    kind : str
        One of `KINDS`.
    inputs : tuple of str
        Names of the nodes whose outputs it takes, in the order of its arguments; ``name:1`` is the
        second output of one that has several.  Parameters and constants are not among them.
    shapes : tuple of tuple of int
        Shapes of its outputs, with the batch of the graph.
    layers : tuple of str
        Names of the network's layers that count it: usually one.
    parameters : tuple of (str, tuple of int)
        The model's parameters that it uses, by name, with their shapes.
    axis : int, optional
        The axis along which it joins, splits or reduces.
    reason : str
        Why it is not counted.
    bits : tuple of (str, int)
        Bits of its ``ifmap`` and ``filter``, where the model says them: where it is quantised.

    Examples
    --------
    >>> Node("conv1", "Conv", "conv", ("input",), ((1, 8, 30, 30),), ("conv1",)).status
    'counted'
    """

    name: str
    op: str
    kind: str
    inputs: tuple[str, ...] = ()
    shapes: tuple[Shape, ...] = ()
    layers: tuple[str, ...] = ()
    parameters: tuple[tuple[str, Shape], ...] = ()
    axis: int | None = None
    reason: str = ""
    bits: tuple[tuple[str, int], ...] = ()

    @property
    def status(self) -> Literal["input", "counted", "ignored", "unsupported"]:
        """In which of the sets, which never overlap, the operation is."""
        if self.kind in ("input", "unsupported"):
            return self.kind  # type: ignore[return-value]
        return "counted" if self.layers else "ignored"

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the nodes that it takes something from, without the numbers of outputs."""
        return tuple(name.partition(":")[0] for name in self.inputs)


@dataclass(frozen=True, repr=False)
class Graph:
    """The operations of a network, in order of execution.

    Parameters
    ----------
    nodes : tuple of Node
        Each takes what earlier ones give; names must differ.
    batch : int, default 1
        The batch that the shapes are for.

    Raises
    ------
    InvalidInput
        If a name is there twice, a kind is unknown, or a node takes something from one that does
        not stand before it.

    Examples
    --------
    >>> graph = Graph((
    ...     Node("x", "input", "input"),
    ...     Node("conv1", "Conv", "conv", ("x",), layers=("conv1",)),
    ...     Node("relu", "Relu", "activation", ("conv1",)),
    ...     Node("conv2", "Conv", "conv", ("relu",), layers=("conv2",)),
    ... ))
    >>> graph.feeds("conv1"), graph.fed_by("conv2")
    (('conv2',), ('conv1',))
    >>> [node.name for node in graph.ignored]
    ['relu']
    """

    nodes: tuple[Node, ...]
    batch: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", tuple(self.nodes))
        seen: set[str] = set()
        for node in self.nodes:
            where = f"graph: node {show(node.name)}"
            if node.name in seen:
                raise InvalidInput(f"{where} is there twice: give every node its own name")
            if node.kind not in KINDS:
                raise InvalidInput(f"{where}: {unknown_name('kind', node.kind, KINDS)}")
            if node.axis is not None and node.axis < 0:
                raise InvalidInput(f"{where}: axis {node.axis}: count axes from 0")
            for source in node.sources:
                if source not in seen:
                    raise InvalidInput(
                        f"{where} takes {show(source)}, which does not stand before it"
                    )
            seen.add(node.name)

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __getitem__(self, name: str) -> Node:
        """Return a node by its name, or by that of one of its layers.

        Raises
        ------
        UnknownName
            If there is none.
        """
        node = self._by_name.get(name)
        if node is None:
            raise unknown_name("node", name, self._by_name)
        return node

    def __repr__(self) -> str:
        sets = ", ".join(
            f"{len(nodes)} {name}"
            for name, nodes in (
                ("counted", self.counted),
                ("ignored", self.ignored),
                ("unsupported", self.unsupported),
            )
        )
        return f"<Graph: {len(self)} nodes, {sets}>"

    @property
    def counted(self) -> tuple[Node, ...]:
        """Operations that layers count."""
        return self._with_status("counted")

    @property
    def ignored(self) -> tuple[Node, ...]:
        """Operations that are left out on purpose; each has its reason."""
        return self._with_status("ignored")

    @property
    def unsupported(self) -> tuple[Node, ...]:
        """Operations that nothing is known about, and that nothing counts."""
        return self._with_status("unsupported")

    @property
    def parameters(self) -> dict[str, Shape]:
        """All parameters that the operations use, each once, with their shapes."""
        return dict(pair for node in self.nodes for pair in node.parameters)

    @property
    def bits(self) -> dict[str, dict[str, int]]:
        """Bits of ``ifmap`` and ``filter`` by layer, of those for which the model says them."""
        return {layer: dict(node.bits) for node in self.nodes if node.bits for layer in node.layers}

    def feeds(self, name: str) -> tuple[str, ...]:
        """Return the counted nodes that take what a node gives, as it is or after others.

        Parameters
        ----------
        name : str
            Name of a node or of a layer.

        Returns
        -------
        tuple of str
            Names of nodes, in order of execution.
        """
        return self._reach(self[name].name, self._takers, self.nodes)

    def fed_by(self, name: str) -> tuple[str, ...]:
        """Return the counted nodes and inputs whose values a node takes, as they are or after others.

        Parameters
        ----------
        name : str
            Name of a node or of a layer.

        Returns
        -------
        tuple of str
            Names of nodes, in order of execution.
        """  # noqa: E501
        givers = {node.name: node.sources for node in self.nodes}
        return self._reach(self[name].name, givers, self.nodes)

    def _reach(
        self, start: str, edges: dict[str, tuple[str, ...]], order: Iterable[Node]
    ) -> tuple[str, ...]:
        """Follow edges from a node until nodes that are counted, or inputs."""
        found: set[str] = set()
        seen: set[str] = set()
        pending = list(edges.get(start, ()))
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            if self._by_name[name].status in ("counted", "input"):
                found.add(name)
            else:
                pending += edges.get(name, ())
        return tuple(node.name for node in order if node.name in found)

    def _with_status(self, status: str) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if node.status == status)

    @functools.cached_property
    def _by_name(self) -> dict[str, Node]:
        layers = {layer: node for node in self.nodes for layer in node.layers}
        return layers | {node.name: node for node in self.nodes}

    @functools.cached_property
    def _takers(self) -> dict[str, tuple[str, ...]]:
        takers: dict[str, list[str]] = {}
        for node in self.nodes:
            for source in dict.fromkeys(node.sources):
                takers.setdefault(source, []).append(node.name)
        return {name: tuple(names) for name, names in takers.items()}
