"""Collects operations, in order of execution, into a network with its graph."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Sequence

from energysim._core import Layer
from energysim.errors import InvalidInput, UnsupportedOperator, UnsupportedOperatorWarning
from energysim.frontends.calls import Outcome, Value
from energysim.graph import Graph, Node
from energysim.network import Network

__all__ = ["Builder"]

# An error or a warning is one line: it names this many operators.
_MOST_NAMED = 5


class Builder:
    """Collects the operations of one network.

    Parameters
    ----------
    batch : int
        The batch that all shapes are for.
    """

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self._nodes: list[Node] = []
        self._layers: list[Layer] = []
        self._used: Counter[str] = Counter()
        self._names: set[str] = set()

    def free_name(self, name: str) -> str:
        """Return the name that a node gets: with ``#2`` if it is there already, and so on."""
        name = name.replace(":", "_") or "_"  # a colon separates the number of an output
        number = self._used[name] + 1
        while (free := name if number == 1 else f"{name}#{number}") in self._names:
            number += 1
        self._used[name] = number
        self._names.add(free)
        return free

    def add_input(self, name: str, shape: tuple[int, ...]) -> Value:
        """Add an input of the network; return what it gives."""
        name = self.free_name(name)
        self._nodes.append(Node(name, "input", "input", shapes=(shape,)))
        return Value(shape, source=name)

    def add(
        self,
        name: str,
        op: str,
        outcome: Outcome,
        inputs: Iterable[Value],
        shapes: Sequence[tuple[int, ...]],
        operands: Sequence[Value] = (),
    ) -> tuple[Value, ...]:
        """Add an operation under a name of `free_name`; return what it gives.

        Of a layer, `operands` are its ifmap and filters.
        """
        inputs = tuple(inputs)
        self._layers += outcome.layers
        self._names |= {layer.name for layer in outcome.layers}
        node = Node(
            name,
            op,
            outcome.kind,
            inputs=tuple(value.source for value in inputs if not value.constant),
            shapes=tuple(shapes),
            layers=tuple(layer.name for layer in outcome.layers),
            parameters=tuple(dict.fromkeys(pair for value in inputs for pair in value.parameters)),
            axis=outcome.axis,
            reason=outcome.reason,
            bits=tuple(
                (operand, value.bits)
                for operand, value in zip(("ifmap", "filter"), operands, strict=False)
                if value.bits is not None and outcome.layers
            ),
        )
        self._nodes.append(node)
        return tuple(
            Value(shape, source=f"{name}:{i}" if i else name) for i, shape in enumerate(shapes)
        )

    def finish(self, name: str, source: str, strict: bool) -> Network:
        """Return the network; warn of operators that nothing is known about, or refuse them.

        Raises
        ------
        UnsupportedOperator
            If there are such operators and `strict` is true.
        InvalidInput
            If nothing does any MACs.
        """
        graph = Graph(tuple(self._nodes), self.batch)
        if graph.unsupported:
            message = f"{name}: {_described(graph.unsupported)}"
            if strict:
                raise UnsupportedOperator(message)
            warnings.warn(message, UnsupportedOperatorWarning, stacklevel=3)
        if not self._layers:
            raise InvalidInput(f"{name}: none of its {len(graph)} operations does any MACs")
        return Network(name, tuple(self._layers), self.batch, source, graph)


def _described(nodes: Sequence[Node]) -> str:
    """Name operators that nothing is known about, and where they stand, in one line."""
    places: dict[str, list[str]] = {}
    for node in nodes:
        places.setdefault(node.op, []).append(node.name)
    named = [
        f"{op} (at {names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''})"
        for op, names in places.items()
    ]
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    plural = "s" if len(named) > 1 else ""
    return (
        f"unsupported operator{plural}, not counted: {', '.join(named[:_MOST_NAMED])}{more}: "
        "say with energysim.frontends.register_handler what they are"
    )
