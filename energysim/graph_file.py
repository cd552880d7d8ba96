"""The graph of a network, in its network file.

One line per operation; only ``name``, ``op`` and ``kind`` are always there::

    graph:
      batch: 1
      nodes:
        - {name: input, op: input, kind: input, shapes: [[1, 3, 32, 32]]}
        - {name: conv1, op: Conv, kind: conv, from: [input], shapes: [[1, 8, 30, 30]],
           layers: [conv1], parameters: {conv1.weight: [8, 3, 3, 3]}}
        - {name: relu, op: Relu, kind: activation, from: [conv1], shapes: [[1, 8, 30, 30]],
           reason: "moves data, no MACs"}
"""

from __future__ import annotations

from typing import Any

from energysim import safe_yaml
from energysim.checks import text, whole
from energysim.errors import InvalidInput, show
from energysim.graph import Graph, Node, Shape
from energysim.safe_yaml import plain

__all__ = ["parse_graph", "write_graph"]

_REQUIRED = ("name", "op", "kind")
_KEYS = (*_REQUIRED, "from", "shapes", "layers", "parameters", "axis", "reason", "bits")


def parse_graph(table: object, where: str) -> Graph:
    """Read the ``graph`` of a network file.

    Parameters
    ----------
    table : object
        What the file has under that key.
    where : str
        What it is, to begin error messages with.

    Raises
    ------
    InvalidInput
        If it is not a graph.

    Examples
    --------
    >>> node = {"name": "x", "op": "input", "kind": "input", "shapes": [[1, 3]]}
    >>> parse_graph({"nodes": [node]}, "net.yaml: graph").nodes[0].shapes
    ((1, 3),)
    """
    if not isinstance(table, dict):
        raise InvalidInput(f"{where}: must be a mapping with the key nodes")
    safe_yaml.check_keys(table, ("batch", "nodes"), ("nodes",), where)
    batch = whole(table.get("batch", 1), f"{where}: batch")
    rows = _list(table["nodes"], f"{where}: nodes")
    nodes = tuple(_node(row, f"{where}: node {i}") for i, row in enumerate(rows, start=1))
    try:
        return Graph(nodes, batch)
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {str(error).removeprefix('graph: ')}") from error


def write_graph(graph: Graph) -> list[str]:
    r"""Return the lines of a graph, to stand below ``graph:``.

    Examples
    --------
    >>> print("\n".join(write_graph(Graph((Node("x", "input", "input", shapes=((1, 3),)),)))))
      batch: 1
      nodes:
        - {name: x, op: input, kind: input, shapes: [[1, 3]]}
    """
    return [f"  batch: {graph.batch}", "  nodes:", *map(_line, graph.nodes)]


def _node(row: object, where: str) -> Node:
    if not isinstance(row, dict):
        raise InvalidInput(f"{where}: must be a mapping such as {{name: relu, op: Relu, ...}}")
    if isinstance(row.get("name"), str):
        where = f"{where} {show(row['name'])}"
    safe_yaml.check_keys(row, _KEYS, _REQUIRED, where)
    parameters = row.get("parameters", {})
    if not isinstance(parameters, dict):
        raise InvalidInput(f"{where}: parameters must be a mapping of names to shapes")
    shapes = _list(row.get("shapes", []), f"{where}: shapes")
    reason = row.get("reason", "")
    if not isinstance(reason, str):
        raise InvalidInput(f"{where}: reason must be text, not {show(reason)}: quote it")
    axis = row.get("axis")
    return Node(
        name=text(row["name"], f"{where}: name"),
        op=text(row["op"], f"{where}: op"),
        kind=text(row["kind"], f"{where}: kind"),
        inputs=_texts(row.get("from", []), f"{where}: from"),
        shapes=tuple(_shape(shape, f"{where}: shapes") for shape in shapes),
        layers=_texts(row.get("layers", []), f"{where}: layers"),
        parameters=tuple(
            (name, _shape(shape, f"{where}: parameters")) for name, shape in parameters.items()
        ),
        axis=None if axis is None else whole(axis, f"{where}: axis", least=0),
        reason=reason,
        bits=_bits(row.get("bits", {}), where),
    )


def _bits(table: object, where: str) -> tuple[tuple[str, int], ...]:
    if not isinstance(table, dict):
        raise InvalidInput(f"{where}: bits must be a mapping of operands to numbers")
    safe_yaml.check_keys(table, ("ifmap", "filter"), (), f"{where}: bits")
    return tuple((key, whole(value, f"{where}: bits: {key}")) for key, value in table.items())


def _line(node: Node) -> str:
    cells = [f"name: {plain(node.name)}", f"op: {plain(node.op)}", f"kind: {node.kind}"]
    if node.inputs:
        cells.append(f"from: {_words(node.inputs)}")
    if node.shapes:
        cells.append(f"shapes: {[list(shape) for shape in node.shapes]}")
    if node.layers:
        cells.append(f"layers: {_words(node.layers)}")
    if node.parameters:
        shapes = (f"{plain(name)}: {list(shape)}" for name, shape in node.parameters)
        cells.append(f"parameters: {{{', '.join(shapes)}}}")
    if node.axis is not None:
        cells.append(f"axis: {node.axis}")
    if node.reason:
        cells.append(f"reason: {safe_yaml.quoted(node.reason)}")
    if node.bits:
        cells.append(f"bits: {{{', '.join(f'{key}: {value}' for key, value in node.bits)}}}")
    return f"    - {{{', '.join(cells)}}}"


def _words(names: tuple[str, ...]) -> str:
    return f"[{', '.join(map(plain, names))}]"


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidInput(f"{what} must be a list, not {show(value)}")
    return value


def _texts(value: object, what: str) -> tuple[str, ...]:
    return tuple(text(each, f"each of {what}") for each in _list(value, what))


def _shape(value: object, what: str) -> Shape:
    return tuple(whole(size, f"a size in {what}", least=0) for size in _list(value, what))
