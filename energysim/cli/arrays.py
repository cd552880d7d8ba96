"""Tensors from .npy and .npz files, and the layer that they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from energysim.cli.app import Failure
from energysim.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from energysim import Layer

__all__ = ["layer_of_tensors", "load_tensors"]

_NAMES = ("ifmap", "filters")
_PARTS = ("ifmap (N, C, H, W)", "filters (M, C, R, S)")


def load_tensors(paths: tuple[str, ...]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Read ifmap and filters: of one .npz file, or of two .npy files."""
    if len(paths) > 2:
        raise InvalidInput("give one .npz file, or an ifmap and a filters .npy file")
    arrays = [_load(path) for path in paths]
    if len(paths) == 2:
        for path, array in zip(paths, arrays, strict=True):
            if isinstance(array, dict):
                raise InvalidInput(f"{path}: give one .npz file, or two .npy files")
        return arrays[0], arrays[1]
    tensors = arrays[0]
    if not isinstance(tensors, dict):
        raise InvalidInput(f"{paths[0]} has one array: give the file of the filters too")
    missing = [name for name in _NAMES if name not in tensors]
    if missing:
        found = ", ".join(tensors) or "nothing"
        raise InvalidInput(f"{paths[0]}: no array {', '.join(missing)}; found: {found}")
    return tensors["ifmap"], tensors["filters"]


def _load(path: str) -> Any:
    import numpy as np

    try:
        with open(path, "rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.lib.npyio.NpzFile):
                return {name: loaded[name] for name in loaded.files}
            return loaded
    except OSError as error:
        raise Failure(f"cannot read {path}: {error.strerror or error}") from error
    # Damaged files fail in zipfile, zlib, tokenize and elsewhere, each with errors of its own.
    except Exception as error:
        why = "what is pickled is not loaded" if "pickle" in str(error) else error
        raise Failure(f"{path} is no .npy or .npz file of numbers: {why}") from error


def layer_of_tensors(
    ifmap: npt.NDArray[np.generic],
    filters: npt.NDArray[np.generic],
    *,
    groups: int,
    **window: Any,
) -> tuple[Layer, npt.NDArray[np.generic], npt.NDArray[np.generic]]:
    """Return the layer of two tensors, and the tensors in four dimensions.

    An ifmap (C, H, W) is one image.  Two of two dimensions, (N, C) and (M, C), are a fully
    connected layer.

    Examples
    --------
    >>> import numpy as np
    >>> layer, ifmap, _ = layer_of_tensors(np.ones((4, 8, 8)), np.ones((6, 2, 3, 3)), groups=2)
    >>> layer, ifmap.shape
    (Layer('layer', G=2, M=3, C=2, H=8, W=8, R=3, S=3), (1, 4, 8, 8))
    """
    from energysim import Layer

    if ifmap.ndim == 3 and filters.ndim == 4:
        ifmap = ifmap[None]
    elif ifmap.ndim == filters.ndim == 2:
        ifmap, filters = ifmap[..., None, None], filters[..., None, None]
    for array, what in zip((ifmap, filters), _PARTS, strict=True):
        if array.ndim != 4 or array.size == 0:
            raise InvalidInput(f"the {what} must have four dimensions, not shape {array.shape}")
    if groups < 1 or filters.shape[0] % groups or ifmap.shape[1] != filters.shape[1] * groups:
        raise InvalidInput(
            f"an ifmap of {ifmap.shape[1]} channels and {filters.shape[0]} filters of "
            f"{filters.shape[1]} channels do not make {groups} group(s): give --groups"
        )
    layer = Layer(
        "layer",
        N=ifmap.shape[0],
        G=groups,
        M=filters.shape[0] // groups,
        C=filters.shape[1],
        H=ifmap.shape[2],
        W=ifmap.shape[3],
        R=filters.shape[2],
        S=filters.shape[3],
        **window,
    )
    return layer, ifmap, filters
