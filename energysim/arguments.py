"""What public functions take as a layer, an architecture, a mapping and a progress callback."""

from __future__ import annotations

from collections.abc import Callable

from energysim import _core, architectures
from energysim.architecture import Architecture
from energysim.errors import InvalidInput, show
from energysim.mapping import RowStationaryMapping

__all__ = ["architecture_of", "layer_of", "mapping_of", "progress_of"]


def architecture_of(arch: Architecture | str) -> Architecture:
    """Return an architecture, or the built-in one of a name.

    Examples
    --------
    >>> architecture_of("eyeriss").columns
    14
    """
    if isinstance(arch, str):
        return architectures.get(arch)
    if not isinstance(arch, Architecture):
        raise InvalidInput(f"arch must be an Architecture or a name, not {show(arch)}")
    return arch


def layer_of(layer: _core.Layer) -> _core.Layer:
    """Return what is given, if it is a layer.

    Examples
    --------
    >>> layer_of("CONV1")
    Traceback (most recent call last):
        ...
    energysim.errors.InvalidInput: layer must be a Layer, not 'CONV1'
    """
    if not isinstance(layer, _core.Layer):
        raise InvalidInput(f"layer must be a Layer, not {show(layer)}")
    return layer


def mapping_of(
    mapping: _core.Mapping | RowStationaryMapping,
    layer: _core.Layer,
    arch: Architecture,
    data: _core.LayerData | None = None,
) -> _core.Mapping:
    """Return a mapping, or what letters make of a layer.

    Examples
    --------
    >>> mapping_of("m=64", None, None)
    Traceback (most recent call last):
        ...
    energysim.errors.InvalidInput: mapping must be a Mapping, not 'm=64'
    """
    if isinstance(mapping, RowStationaryMapping):
        return mapping.on(layer_of(layer), arch, data)
    if not isinstance(mapping, _core.Mapping):
        raise InvalidInput(f"mapping must be a Mapping, not {show(mapping)}")
    return mapping


def progress_of(
    progress: Callable[[int, int], object] | None, total: int
) -> Callable[[int], None] | None:
    """Return what the core is to call with the number of things done.

    Examples
    --------
    >>> progress_of(print, 8)(3)
    3 8
    """
    if progress is None:
        return None
    if not callable(progress):
        raise InvalidInput(f"progress must be a function, not {show(progress)}")

    def report(done: int) -> None:
        progress(done, total)

    return report
