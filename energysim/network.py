"""Networks: named sequences of layers, and the YAML files that describe them.

A network file lists the layers, one per line; see `parse_network` for all the keys::

    name: alexnet
    source: "Krizhevsky et al., NIPS 2012"
    layers:
      - {name: CONV1, M: 96, C: 3, H: 227, W: 227, R: 11, S: 11, stride: 4}
      - {name: CONV2, G: 2, M: 128, C: 48, H: 27, W: 27, R: 5, S: 5, padding: 2}

The built-in networks in `energysim.networks` are such files too, and go through this reader.
"""

from __future__ import annotations

import operator
import os
import reprlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, SupportsIndex

from energysim import safe_yaml
from energysim._core import Layer
from energysim.errors import InvalidInput, unknown_name

__all__ = ["Network", "load_network", "parse_network"]

_NETWORK_KEYS = ("name", "source", "batch", "layers")
_DIMENSIONS = ("G", "M", "C", "H", "W", "R", "S")
_REQUIRED_DIMENSIONS = _DIMENSIONS[1:]
# How many numbers a list may have: [vertical, horizontal] or [top, bottom, left, right].
_LISTS = {"stride": (2,), "padding": (2, 4), "dilation": (2,)}
_LAYER_KEYS = ("name", *_DIMENSIONS, *_LISTS)
_DEFAULTS = {"G": 1, "stride": 1, "padding": 0, "dilation": 1}


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
        Number of images processed together; every layer's ``N`` must equal it.
    source : str, default ""
        Where the shapes come from, and what was left out.

    Raises
    ------
    InvalidInput
        If there is no layer, two layers share a name, or a layer's ``N`` differs from `batch`.

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

    def __post_init__(self) -> None:
        # A list is what callers have at hand; the field itself has to be immutable.
        object.__setattr__(self, "layers", tuple(self.layers))
        object.__setattr__(self, "batch", _positive(self.batch, "batch"))
        if not isinstance(self.name, str) or not self.name:
            raise InvalidInput(f"a network's name must be text, not {_show(self.name)}")
        if not self.layers:
            raise InvalidInput(f"network {self.name!r} has no layers: give at least one")
        self._check_layers()

    def _check_layers(self) -> None:
        seen: set[str] = set()
        for layer in self.layers:
            if not isinstance(layer, Layer):
                raise InvalidInput(f"network {self.name!r}: {_show(layer)} is not a Layer")
            where = f"network {self.name!r}: layer {layer.name!r}"
            if layer.name in seen:
                raise InvalidInput(f"{where} is there twice: give every layer its own name")
            if self.batch != layer.N:
                raise InvalidInput(
                    f"{where} has N={layer.N}, but the network's batch is {self.batch}: "
                    "make them equal"
                )
            seen.add(layer.name)

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
            With ``N = batch`` in every layer.

        Raises
        ------
        InvalidInput
            If `batch` is not a positive integer.

        Examples
        --------
        >>> network = parse_network(
        ...     "{name: tiny, layers: [{name: fc, M: 10, C: 8, H: 1, W: 1, R: 1, S: 1}]}"
        ... )
        >>> network.with_batch(16).macs == 16 * network.macs
        True
        """
        batch = _positive(batch, "batch")
        if batch == self.batch:
            return self
        layers = tuple(Layer(layer.name, N=batch, **_shape(layer)) for layer in self.layers)
        return replace(self, layers=layers, batch=batch)

    def to_yaml(self) -> str:
        """Return the network as the text of a network file, one aligned line per layer.

        Returns
        -------
        str
            What `parse_network` turns back into an equal network.

        Examples
        --------
        >>> layer = "{name: fc, M: 10, C: 8, H: 1, W: 1, R: 1, S: 1}"
        >>> print(parse_network(f"{{name: tiny, layers: [{layer}]}}").to_yaml(), end="")
        name: tiny
        layers:
          - {name: fc, M: 10, C: 8, H: 1, W: 1, R: 1, S: 1}
        """
        lines = [f"name: {_plain(self.name)}"]
        if self.source:
            lines.append(f"source: {_quoted(self.source)}")
        if self.batch != 1:
            lines.append(f"batch: {self.batch}")
        return "\n".join([*lines, "layers:", *_table(self.layers), ""])


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

    The top level has the keys ``name`` and ``layers``, and may have ``source`` (text) and
    ``batch`` (default 1).  A layer has a ``name``; ``M`` filters per group with ``C`` channels,
    ``R`` rows and ``S`` columns; and an input of ``H`` rows and ``W`` columns without padding.
    It may have ``G`` groups (default 1); ``stride`` and ``dilation`` (default 1), one number or
    ``[vertical, horizontal]``; and ``padding`` (default 0), one number,
    ``[vertical, horizontal]`` or ``[top, bottom, left, right]``.  A fully connected layer is
    one with ``R = H`` and ``S = W``.

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
        raise InvalidInput(f"{where}: source must be text, not {_show(source)}: quote it")
    batch = _positive(table.get("batch", 1), f"{where}: batch")
    layers = _layers(table["layers"], batch, where)
    try:
        return Network(name, layers, batch, source)
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {error}") from error


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
        if key != "name":
            _check_number(key, value, where)
    try:
        return Layer(name, N=batch, **{key: row[key] for key in row if key != "name"})
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
    raise InvalidInput(f"{where}: {key} must be a whole number{lists}, not {_show(value)}")


def _is_integer(value: object) -> bool:
    # bool is a kind of int in Python; `M: true` is a slip all the same.
    return isinstance(value, int) and not isinstance(value, bool)


def _text(table: Mapping[str, object], key: str, where: str) -> str:
    value = table[key]
    if not isinstance(value, str) or not value:
        raise InvalidInput(f"{where}: {key} must be text, not {_show(value)}: quote it")
    return value


def _positive(value: Any, what: str) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1 or isinstance(value, bool):
        raise InvalidInput(f"{what} must be a whole number of at least 1, not {_show(value)}")
    return number


def _show(value: object) -> str:
    """Return a value for an error message, which a long value must not flood."""
    return reprlib.repr(value)


def _shape(layer: Layer) -> dict[str, Any]:
    """Everything that makes the layer, except its name and batch, in its shortest spelling."""
    keys = (*_DIMENSIONS, *_LISTS)
    return {key: _shortest(getattr(layer, key)) for key in keys}


def _shortest(value: int | Sequence[int]) -> int | list[int]:
    if isinstance(value, int):
        return value
    numbers = list(value)
    if len(set(numbers)) == 1:
        return numbers[0]
    if len(numbers) == 4 and numbers[0] == numbers[1] and numbers[2] == numbers[3]:
        return [numbers[0], numbers[2]]
    return numbers


def _table(layers: Sequence[Layer]) -> list[str]:
    """One line per layer in aligned columns; columns that hold only the default are left out."""
    shapes = [_shape(layer) for layer in layers]
    keys = [key for key in shapes[0] if any(shape[key] != _DEFAULTS.get(key) for shape in shapes)]
    names = [f"name: {_plain(layer.name)}," for layer in layers]
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


def _plain(text: str) -> str:
    """Return text as a YAML word, in quotes only where they are needed."""
    import yaml

    word: str = yaml.safe_dump(
        [text], default_flow_style=True, allow_unicode=True, width=float("inf")
    )
    word = word.rstrip("\n")[1:-1]
    return _quoted(text) if "\n" in word else word


def _quoted(text: str) -> str:
    import yaml

    word: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=float("inf"))
    return word.rstrip("\n")


def _si(number: int) -> str:
    """Write a count with four digits and a unit prefix, ready for the unit to follow."""
    if number < 1000:
        return f"{number} "
    value, prefixes = number / 1000, "kMGTPE"
    while value >= 999.95 and len(prefixes) > 1:
        value /= 1000
        prefixes = prefixes[1:]
    return f"{value:.4g} {prefixes[0]} "
