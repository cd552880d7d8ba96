"""Networks that the commands take: built in, from files, or from a PyTorch model's code."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from energysim.cli.app import Failure, one_line
from energysim.cli.inputs import is_path, reading
from energysim.errors import InvalidInput, UnsupportedOperatorWarning

if TYPE_CHECKING:
    import torch

    from energysim import Network

__all__ = [
    "made",
    "model_named",
    "model_options",
    "needing",
    "no_model_options",
    "shape_of",
    "told",
    "torch_model",
]

# Files of weights, or of whole models that would run code as they are read.
_PICKLED = (".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".bin", ".safetensors")

_Command = TypeVar("_Command", bound=Callable[..., Any])


def model_options(command: _Command) -> _Command:
    """Add what only models of other programs need: ``--input``, ``--dim`` and ``--strict``."""
    for option in (
        click.option(
            "--strict",
            is_flag=True,
            help="Refuse a model with operators that nothing is known about; without it they are "
            "named, and not counted.",
        ),
        click.option(
            "--dim",
            "dims",
            multiple=True,
            metavar="NAME=N",
            help="Size of a dimension that an ONNX file names but leaves open.",
        ),
        click.option(
            "--input",
            "inputs",
            multiple=True,
            metavar="SHAPE",
            help="Shape of an input of a PyTorch model, such as 1x3x224x224; once per input.",
        ),
    ):
        command = option(command)
    return command


def model_named(
    name: str,
    batch: int | None,
    inputs: tuple[str, ...] = (),
    dims: tuple[str, ...] = (),
    strict: bool = False,
) -> Network:
    """Return a built-in network, that in a file, or that of a PyTorch model."""
    onnx = name.lower().endswith(".onnx")
    factory = not onnx and ":" in name and not is_path(name)
    no_model_options(
        () if factory else inputs, () if onnx else dims, strict and not (onnx or factory)
    )
    with told():
        if onnx:
            return _onnx(name, batch, dims, strict)
        if factory:
            return _torch(name, batch, inputs, strict)
        return _file_or_builtin(name, batch)


def no_model_options(inputs: tuple[str, ...], dims: tuple[str, ...], strict: bool) -> None:
    """Refuse what only models of other programs need."""
    if inputs:
        raise InvalidInput("--input is for a PyTorch model, given as package.module:factory")
    if dims:
        raise InvalidInput("--dim is for an ONNX file")
    if strict:
        raise InvalidInput("--strict is for a PyTorch model or an ONNX file: leave it out")


def _file_or_builtin(name: str, batch: int | None) -> Network:
    from energysim import networks, safe_yaml
    from energysim.frontends import from_timeloop
    from energysim.network_file import load_network

    if name.lower().endswith(_PICKLED):
        raise InvalidInput(
            f"{name}: weights alone say no layers, and nothing is unpickled: give the model's "
            "code, as package.module:factory, or an ONNX export"
        )
    if not is_path(name):
        network = networks.get(name)
    else:
        with reading(name):
            timeloop = "problem" in safe_yaml.load_mapping(safe_yaml.read_text(name), name)
            network = from_timeloop(name) if timeloop else load_network(name)
    return network if batch is None else network.with_batch(batch)


def _onnx(path: str, batch: int | None, dims: tuple[str, ...], strict: bool) -> Network:
    from energysim.frontends import from_onnx

    sizes = {}
    for word in dims:
        key, _equals, size = word.rpartition("=")
        if not key or not size.isdecimal() or len(size) > 18:
            raise InvalidInput(f"--dim must be a name and a size, as height=224, not {word!r}")
        sizes[key] = int(size)
    with reading(path), needing("onnx"):
        return from_onnx(path, batch=batch, dimensions=sizes, strict=strict)


def _torch(name: str, batch: int | None, inputs: tuple[str, ...], strict: bool) -> Network:
    with needing("torch"):
        import torch

        from energysim.frontends import from_torch
    shapes = [shape_of(word) for word in inputs]
    if not shapes:
        raise InvalidInput(f"--input is missing: what does {name} take? such as 1x3x224x224")
    model = torch_model(name)
    try:
        examples = tuple(torch.empty(shape, device="meta") for shape in shapes)
    except RuntimeError as error:
        raise InvalidInput(f"--input: {one_line(str(error))}") from error
    return from_torch(
        model, examples, batch=batch, strict=strict, name=name.rpartition(":")[2].rpartition(".")[2]
    )


def torch_model(name: str) -> torch.nn.Module:
    """Return the model that a factory of the user's makes."""
    with needing("torch"):
        import torch
    model = made(name)
    if not isinstance(model, torch.nn.Module):
        raise InvalidInput(f"{name} must give a torch.nn.Module, not {type(model).__name__}")
    return model


def made(name: str, call: Callable[[Any], object] = lambda factory: factory()) -> object:
    """Import and call what the user named: the one place where code of others is run."""
    module_name, colon, attribute = name.partition(":")
    if not (module_name and colon and attribute):
        raise InvalidInput(f"write package.module:factory, not {one_line(name)[:80]!r}")
    folder = os.getcwd()
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        factory: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            factory = getattr(factory, part)
        return call(factory)
    except Exception as error:
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise InvalidInput(f"{name}: cannot be built: {one_line(text)}") from error


def shape_of(word: str) -> tuple[int, ...]:
    """Read a shape such as ``1x3x224x224``."""
    parts = word.split("x")
    if not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise InvalidInput(f"--input must be a shape such as 1x3x224x224, not {word[:40]!r}")
    return tuple(map(int, parts))


@contextlib.contextmanager
def needing(package: str, extra: str = "") -> Iterator[None]:
    """Say how to install a package whose import fails."""
    try:
        yield
    except ImportError as error:
        remedy = f"pip install 'energysim[{extra or package}]'"
        raise Failure(f"{package} is not installed: {remedy}") from error


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Print warnings of unsupported operators as one line on stderr."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UnsupportedOperatorWarning)
        yield
    for warning in caught:
        if issubclass(warning.category, UnsupportedOperatorWarning):
            click.echo(f"warning: {one_line(str(warning.message))}", err=True)
