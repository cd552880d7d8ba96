"""Network files: networks as YAML that a person can read and edit.

A network file lists the layers, one per line; see `parse_network` for all the keys::

    name: alexnet
    source: "Krizhevsky et al., NIPS 2012"
    layers:
      - {name: CONV1, M: 96, C: 3, H: 227, W: 227, R: 11, S: 11, stride: 4}
      - {name: CONV2, G: 2, M: 128, C: 48, H: 27, W: 27, R: 5, S: 5, padding: 2}

The built-in networks in `energysim.networks` are such files too, and go through this reader.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from energysim import safe_yaml
from energysim._core import Layer
from energysim.checks import whole
from energysim.errors import InvalidInput, show
from energysim.graph_file import parse_graph, write_graph
from energysim.network import Network
from energysim.safe_yaml import plain, quoted

__all__ = ["load_network", "parse_network", "write_network"]

_NETWORK_KEYS = ("name", "source", "batch", "layers", "graph")
_DIMENSIONS = ("G", "M", "C", "H", "W", "R", "S")
_REQUIRED_DIMENSIONS = _DIMENSIONS[1:]
# How many numbers a list may have: [vertical, horizontal] or [top, bottom, left, right].
_LISTS = {"stride": (2,), "padding": (2, 4), "dilation": (2,)}
_LAYER_KEYS = ("name", *_DIMENSIONS, *_LISTS, "frames", "own_filters")
_DEFAULTS = {"frames": 1, "G": 1, "stride": 1, "padding": 0, "dilation": 1, "own_filters": "false"}


def load_network(path: str | os.PathLike[str]) -> Network:
    """Read a network file.

    Parameters
    ----------
    path : str or path-like
        A YAML file as `parse_network` describes it.

    Returns
    -------
    Network
        The network in the file.

    Raises
    ------
    InvalidInput
        If the file is not a network file; the message begins with the path.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "tiny.yaml")
    >>> layer = "{name: fc, M: 10, C: 8, H: 1, W: 1, R: 1, S: 1}"
    >>> _ = path.write_text(f"{{name: tiny, layers: [{layer}]}}", encoding="utf-8")
    >>> load_network(path)
    <Network 'tiny': 1 layer, batch 1, 80 MACs, 80 weights>
    """
    return parse_network(safe_yaml.read_text(path), where=os.fspath(path))


def parse_network(text: str, where: str = "network") -> Network:
    """Read the text of a network file.

    The top level has the keys ``name`` and ``layers``, and may have ``source`` (text), ``batch``
    (default 1) and ``graph`` (see `energysim.graph_file`).  A layer has a ``name``; ``M`` filters
    per group with ``C`` channels, ``R`` rows and ``S`` columns; and an input of ``H`` rows and
    ``W`` columns without padding.  It may have ``G`` groups (default 1); ``stride`` and
    ``dilation`` (default 1), one number or ``[vertical, horizontal]``; and ``padding`` (default
    0), one number, ``[vertical, horizontal]`` or ``[top, bottom, left, right]``.  A fully
    connected layer is one with ``R = H`` and ``S = W``.  Where a layer works on more than one
    ifmap per image (frames of a video, say), ``frames`` (default 1) is how many; with
    ``own_filters: true`` every image has filters of its own, as in products of two fmaps.

    Parameters
    ----------
    text : str
        The YAML text.
    where : str, default "network"
        What the text is, to begin error messages with: usually the file's path.

    Returns
    -------
    Network
        The network in the text.

    Raises
    ------
    InvalidInput
        In one line: where, what is wrong and what to do about it.

    Examples
    --------
    >>> parse_network('''
    ... name: tiny
    ... layers:
    ...   - {name: conv, M:  8, C: 3, H: 32, W: 32, R:  3, S:  3, padding: 1}
    ...   - {name: fc,   M: 10, C: 8, H: 32, W: 32, R: 32, S: 32}
    ... ''')
    <Network 'tiny': 2 layers, batch 1, 303.1 k MACs, 82.14 k weights>
    >>> parse_network("{name: tiny, layers: [{name: fc, M: 10}]}", where="tiny.yaml")
    Traceback (most recent call last):
        ...
    energysim.errors.InvalidInput: tiny.yaml: layer 1 'fc': missing keys: C, H, W, R, S
    """
    table = safe_yaml.load_mapping(text, where)
    safe_yaml.check_keys(table, _NETWORK_KEYS, ("name", "layers"), where)
    name = _text(table, "name", where)
    source = table.get("source", "")
    if not isinstance(source, str):
        raise InvalidInput(f"{where}: source must be text, not {show(source)}: quote it")
    batch = whole(table.get("batch", 1), f"{where}: batch")
    layers = _layers(table["layers"], batch, where)
    graph = parse_graph(table["graph"], f"{where}: graph") if "graph" in table else None
    try:
        return Network(name, layers, batch, source, graph)
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {error}") from error


def write_network(network: Network) -> str:
    """Return a network as the text of a network file, one aligned line per layer.

    Parameters
    ----------
    network : Network
        What to write, with its graph if it has one.

    Returns
    -------
    str
        What `parse_network` turns back into an equal network.
    """
    lines = [f"name: {plain(network.name)}"]
    if network.source:
        lines.append(f"source: {quoted(network.source)}")
    if network.batch != 1:
        lines.append(f"batch: {network.batch}")
    lines += ["layers:", *_table(network.layers, network.batch)]
    if network.graph is not None:
        lines += ["graph:", *write_graph(network.graph)]
    return "\n".join([*lines, ""])


def _layers(rows: object, batch: int, where: str) -> tuple[Layer, ...]:
    if not isinstance(rows, list) or not rows:
        raise InvalidInput(f"{where}: layers must be a list of at least one layer")
    return tuple(_layer(row, batch, f"{where}: layer {i}") for i, row in enumerate(rows, start=1))


def _layer(row: object, batch: int, where: str) -> Layer:
    if not isinstance(row, dict):
        raise InvalidInput(f"{where}: must be a mapping such as {{name: conv1, M: 8, ...}}")
    if isinstance(row.get("name"), str):
        where = f"{where} {row['name']!r}"
    if "N" in row:
        raise InvalidInput(f"{where}: N is not a layer's: give the network's batch instead")
    safe_yaml.check_keys(row, _LAYER_KEYS, ("name", *_REQUIRED_DIMENSIONS), where)
    name = _text(row, "name", where)
    for key, value in row.items():
        if key not in ("name", "own_filters"):
            _check_number(key, value, where)
    frames = whole(row.get("frames", 1), f"{where}: frames")
    shape = {key: row[key] for key in row if key not in ("name", "frames")}
    try:
        return Layer(name, N=frames * batch, **shape)
    except (ValueError, TypeError, OverflowError) as error:
        # The layer begins with its own name, which `where` has too.
        problem = str(error).removeprefix(f"layer '{name}': ")
        raise InvalidInput(f"{where}: {problem}") from error


def _check_number(key: str, value: object, where: str) -> None:
    """Check the type only: what a number may be is the layer's own business."""
    lengths = _LISTS.get(key, ())
    if _is_integer(value):
        return
    if isinstance(value, list) and len(value) in lengths and all(map(_is_integer, value)):
        return
    lists = "".join(f" or a list of {length}" for length in lengths)
    raise InvalidInput(f"{where}: {key} must be a whole number{lists}, not {show(value)}")


def _is_integer(value: object) -> bool:
    # bool is a kind of int in Python; `M: true` is a slip all the same.
    return isinstance(value, int) and not isinstance(value, bool)


def _text(table: Mapping[str, object], key: str, where: str) -> str:
    value = table[key]
    if not isinstance(value, str) or not value:
        raise InvalidInput(f"{where}: {key} must be text, not {show(value)}: quote it")
    return value


def _shape(layer: Layer, batch: int) -> dict[str, Any]:
    """Everything that makes the layer, except its name and batch, in its shortest spelling."""
    shape = {key: _shortest(getattr(layer, key)) for key in (*_DIMENSIONS, *_LISTS)}
    own = "true" if layer.own_filters else "false"
    return {"frames": layer.N // batch} | shape | {"own_filters": own}


def _shortest(value: int | Sequence[int]) -> int | list[int]:
    if isinstance(value, int):
        return value
    numbers = list(value)
    if len(set(numbers)) == 1:
        return numbers[0]
    if len(numbers) == 4 and numbers[0] == numbers[1] and numbers[2] == numbers[3]:
        return [numbers[0], numbers[2]]
    return numbers


def _table(layers: Sequence[Layer], batch: int) -> list[str]:
    """One line per layer in aligned columns; columns that hold only the default are left out."""
    shapes = [_shape(layer, batch) for layer in layers]
    keys = [key for key in shapes[0] if any(shape[key] != _DEFAULTS.get(key) for shape in shapes)]
    names = [f"name: {plain(layer.name)}," for layer in layers]
    cells = [[f"{shape[key]}" for shape in shapes] for key in keys]
    width = max(map(len, names))
    columns = [
        [f"{key}: {cell.rjust(max(map(len, column)))}" for cell in column]
        for key, column in zip(keys, cells, strict=True)
    ]
    return [
        f"  - {{{name.ljust(width)} {', '.join(row)}}}"
        for name, *row in zip(names, *columns, strict=True)
    ]
