"""What the commands are given: networks, architectures, layers and densities."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from energysim.cli.app import Failure
from energysim.errors import InvalidInput, unknown_name

if TYPE_CHECKING:
    from energysim import Architecture, Dataflow, Layer

__all__ = [
    "arch_option",
    "architecture_named",
    "batch_option",
    "dataflow_named",
    "dataflow_option",
    "densities",
    "is_path",
    "layer_of_shape",
    "letters",
    "numbers",
    "reading",
]

_Command = TypeVar("_Command", bound=Callable[..., Any])

_SIZES = ("G", "M", "C", "H", "W", "R", "S")
_PAIRS = ("stride", "padding", "dilation")
_SHAPE_HELP = "write it like M=64,C=32,H=28,R=3,padding=1"


def arch_option(command: _Command) -> _Command:
    """Add ``--arch``."""
    return click.option(
        "--arch",
        default="eyeriss",
        show_default=True,
        metavar="NAME|FILE",
        help="A built-in architecture (see 'energysim architectures'), or a .yaml file.",
    )(command)


def dataflow_option(command: _Command) -> _Command:
    """Add ``--dataflow``."""
    return click.option(
        "--dataflow",
        default="rs",
        show_default=True,
        metavar="NAME|FILE",
        help="A built-in dataflow (see 'energysim dataflows'), such as rs: row stationary with "
        "every loop order that saves energy; or a .yaml file.",
    )(command)


def batch_option(command: _Command) -> _Command:
    """Add ``--batch``."""
    return click.option(
        "--batch",
        type=int,
        metavar="N",
        help="Images processed together; 1, or what the network's file says, if not given.",
    )(command)


def architecture_named(name: str) -> Architecture:
    """Return a built-in architecture, or that in a file."""
    from energysim import Architecture, architectures

    if not is_path(name):
        return architectures.get(name)
    with reading(name):
        return Architecture.from_yaml(name)


def dataflow_named(name: str) -> Dataflow | str:
    """Return the name of a built-in dataflow as it is, or the one in a file."""
    from energysim.dataflow import load_dataflow

    if not is_path(name):
        return name
    with reading(name):
        return load_dataflow(name)


def densities(words: tuple[str, ...]) -> float | dict[str, float]:
    """Read numbers, or numbers by layer.

    Examples
    --------
    >>> densities(()), densities(("0.5",)), densities(("CONV2=0.6", "CONV3=0.3"))
    (1.0, 0.5, {'CONV2': 0.6, 'CONV3': 0.3})
    """
    by_layer: dict[str, float] = {}
    for word in words:
        layer, equals, number = word.rpartition("=")
        try:
            density = float(number)
        except ValueError:
            raise InvalidInput(
                f"the ifmap density must be a number from 0 to 1, or LAYER=number, not {word!r}"
            ) from None
        if not equals and len(words) == 1:
            return density
        if not equals or layer in by_layer:
            raise InvalidInput(
                "give one ifmap density for all layers, or one for each layer by its name; "
                f"{word!r} is neither"
            )
        by_layer[layer] = density
    return by_layer or 1.0


def layer_of_shape(text: str, batch: int) -> Layer:
    """Return the layer of a shape such as ``M=64,C=32,H=28,R=3,padding=1x0``.

    Examples
    --------
    >>> layer_of_shape("M=64,C=32,H=28,R=3,padding=1,stride=2x1", batch=4)
    Layer('layer', N=4, M=64, C=32, H=28, W=28, R=3, S=3, stride=(2, 1), padding=1)
    """
    from energysim import Layer

    fields: dict[str, Any] = {}
    for word in text.replace(",", " ").split():
        key, _equals, value = word.partition("=")
        if key not in (*_SIZES, *_PAIRS):
            raise InvalidInput(f"--shape: {unknown_name('size', key, (*_SIZES, *_PAIRS))}")
        if key in fields:
            raise InvalidInput(f"--shape: {key} is there twice: remove one of them")
        fields[key] = numbers(f"--shape: {key}", value, several=key in _PAIRS)
    fields.setdefault("W", fields.get("H"))
    fields.setdefault("S", fields.get("R"))
    missing = [key for key in ("M", "C", "H", "R") if key not in fields]
    if missing:
        raise InvalidInput(f"--shape: missing: {', '.join(missing)}: {_SHAPE_HELP}")
    return Layer("layer", N=batch, **fields)


def numbers(option: str, value: str, several: bool = True) -> int | list[int]:
    """Read a whole number, or where they are allowed several, such as ``2x1``.

    Examples
    --------
    >>> numbers("--stride", "2"), numbers("--stride", "2x1")
    (2, [2, 1])
    """
    parts = value.split("x") if several else [value]
    # A number of more digits than any limit has would only make the message long.
    if not all(part.removeprefix("-").isdecimal() and len(part) < 25 for part in parts):
        raise InvalidInput(f"{option} must be a whole number, not {value[:25]!r}")
    read = [int(part) for part in parts]
    return read[0] if len(read) == 1 else read


def letters(text: str) -> dict[str, int]:
    """Read the letters of a mapping.

    Examples
    --------
    >>> letters("m=64, e=13")
    {'m': 64, 'e': 13}
    """
    read: dict[str, int] = {}
    for word in text.replace(",", " ").split():
        key, _equals, value = word.partition("=")
        number = numbers(f"--mapping: {key[:25]}", value, several=False)
        if key in read:
            raise InvalidInput(f"--mapping: {key} is there twice: remove one of them")
        read[key] = cast(int, number)
    return read


def is_path(name: str) -> bool:
    """Tell the path of a file from the name of something built in."""
    return name.lower().endswith((".yaml", ".yml")) or os.sep in name


@contextlib.contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn a file that cannot be read into a failure that names it."""
    try:
        yield
    except OSError as error:
        raise Failure(f"cannot read {path}: {error.strerror or error}") from error
