"""Networks from ONNX files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energysim.checks import whole
from energysim.errors import InvalidInput, show
from energysim.frontends.builder import Builder
from energysim.network import Network

if TYPE_CHECKING:
    import onnx

__all__ = ["from_onnx"]


def from_onnx(
    model: str | os.PathLike[str] | onnx.ModelProto,
    *,
    batch: int | None = None,
    dimensions: Mapping[str, int] | None = None,
    name: str | None = None,
    strict: bool = False,
) -> Network:
    """Import an ONNX model: its layers and its data-flow graph.

    Only shapes are read.  Weights may have been stripped from the file, and those in other files
    (external data) are never opened.  A layer has the name of its weights without ``.weight``, as
    PyTorch exports them, else that of its node.

    Parameters
    ----------
    model : str, path-like or onnx.ModelProto
        The file, or what it holds.  Opsets from 7 to that of the installed onnx package are read.
    batch : int, optional
        Images processed together; by default those of the model, and 1 if it leaves that open.
    dimensions : mapping of str to int, optional
        Values of dimensions that the model names but leaves open, such as ``{"height": 224}``.
    name : str, optional
        The network's name; that of the file, or of the model's graph, unless given.
    strict : bool, default False
        Raise an error, rather than a warning, if there are operators that nothing is known about.

    Returns
    -------
    Network
        With a layer for each operation that does MACs, and `Network.graph`, which has them all.

    Raises
    ------
    InvalidInput
        If the file is damaged or no ONNX model, its opset is out of range, a dimension has no
        value, or the shapes of a layer cannot be inferred.
    UnsupportedOperator
        If `strict` and there are operators that nothing is known about.
    OSError
        If the file cannot be read.
    ImportError
        If the onnx package is not installed.

    Warns
    -----
    UnsupportedOperatorWarning
        Once, naming the operators that nothing is known about, if not `strict`.

    Examples
    --------
    >>> import energysim as es
    >>> es.from_onnx("missing.onnx")
    Traceback (most recent call last):
        ...
    FileNotFoundError: [Errno 2] No such file or directory: 'missing.onnx'
    """
    file = model if isinstance(model, (str, os.PathLike)) else None
    data = Path(file).read_bytes() if file is not None else b""
    try:
        import onnx
    except ImportError as error:
        raise ImportError("from_onnx needs onnx: pip install 'energysim[onnx]'") from error
    from energysim.frontends.onnx_graph import Importer
    from energysim.frontends.onnx_shapes import inferred, parsed

    where = os.fspath(file) if file is not None else "model"
    if file is None and not isinstance(model, onnx.ModelProto):
        raise InvalidInput(f"model must be a path or an onnx.ModelProto, not {show(model)}")
    proto = parsed(data, where) if file is not None else model
    sizes = _sizes(dimensions)
    if batch is not None:
        batch = whole(batch, "batch")
    proto, traced = inferred(proto, sizes, batch or 1, where)
    if name is None:
        name = Path(where).stem if file is not None else proto.graph.name or "model"
    builder = Builder(traced)
    Importer(proto, builder, where).run()
    producer = " ".join(f"{proto.producer_name} {proto.producer_version}".split())
    source = f"ONNX model{f' of {producer}' if producer else ''}"
    network = builder.finish(name, source, strict)
    return network if batch is None else network.with_batch(batch)


def _sizes(dimensions: Mapping[str, int] | None) -> dict[str, int]:
    given: Any = {} if dimensions is None else dimensions
    if not isinstance(given, Mapping):
        raise InvalidInput(f"dimensions must be a dict of names to sizes, not {show(given)}")
    return {str(key): whole(size, f"dimension {key!r}") for key, size in given.items()}
