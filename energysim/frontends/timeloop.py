"""Problems of Timeloop (YAML), in and out.

A problem says a loop nest: its dimensions, and which of them select the words of each data space.
What a dimension is follows from the data spaces that it selects words of, whatever it is called.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any

from energysim import safe_yaml
from energysim._core import Layer
from energysim.checks import text, whole
from energysim.errors import InvalidInput, show
from energysim.network import Network

__all__ = ["from_timeloop", "parse_timeloop", "to_timeloop"]

# Dimension -> (in weights, in inputs, in outputs).
_ROLES = {
    (True, True, False): "reduced",
    (False, True, True): "position",
    (True, False, True): "filter",
    (True, True, True): "group",
}
_TERM = Sequence[str]
_Axis = list[_TERM]

# Timeloop's own convolution, for files that give its name alone; columns before rows.
_CNN_LAYER: dict[str, Any] = {
    "dimensions": ["C", "M", "R", "S", "N", "P", "Q"],
    "coefficients": [
        {"name": name, "default": 1} for name in ("Wstride", "Hstride", "Wdilation", "Hdilation")
    ],
    "data_spaces": [
        {"name": "Weights", "projection": [[["C"]], [["M"]], [["R"]], [["S"]]]},
        {
            "name": "Inputs",
            "projection": [
                [["N"]],
                [["C"]],
                [["R", "Wdilation"], ["P", "Wstride"]],
                [["S", "Hdilation"], ["Q", "Hstride"]],
            ],
        },
        {
            "name": "Outputs",
            "projection": [[["N"]], [["M"]], [["Q"]], [["P"]]],
            "read_write": True,
        },
    ],
}


def from_timeloop(path: str | os.PathLike[str]) -> Network:
    """Read a problem of Timeloop as a network of one layer.

    Parameters
    ----------
    path : str or path-like
        A YAML file with the key ``problem``.

    Returns
    -------
    Network
        Named after the file.  Timeloop knows no padding: its inputs are the padded ifmap.

    Raises
    ------
    InvalidInput
        If the file is no such problem, or its loop nest is no convolution in two dimensions.
    OSError
        If the file cannot be read.
    """
    where = os.fspath(path)
    name = os.path.basename(where).partition(".")[0] or "problem"
    layer = parse_timeloop(safe_yaml.read_text(path), where, name=name)
    return Network(layer.name, (layer,), layer.N, "Timeloop problem")


def parse_timeloop(document: str, where: str = "problem", *, name: str = "problem") -> Layer:
    """Read the text of a problem of Timeloop as a layer.

    Parameters
    ----------
    document : str
        The YAML text.
    where : str, default "problem"
        What it is, to begin error messages with.
    name : str, default "problem"
        The layer's name, if the instance does not have one.

    Raises
    ------
    InvalidInput
        If it is no such problem, or its loop nest is no convolution in two dimensions.

    Examples
    --------
    >>> parse_timeloop("problem: {shape: cnn-layer, instance: {C: 3, M: 8, R: 5, S: 3, N: 1, "
    ...                "P: 28, Q: 30, Wstride: 2}}")
    Layer('problem', M=8, C=3, H=32, W=59, R=3, S=5, stride=(1, 2))
    """
    table = safe_yaml.load_mapping(document, where)
    problem = table.get("problem")
    if not isinstance(problem, dict) or "shape" not in problem:
        raise InvalidInput(f"{where}: a problem of Timeloop has the keys problem and shape")
    shape = problem["shape"]
    if shape in ("cnn-layer", "cnn_layer"):
        shape = _CNN_LAYER
    if not isinstance(shape, dict):
        raise InvalidInput(f"{where}: shape must be a mapping or cnn-layer, not {show(shape)}")
    instance = problem.get("instance", problem)
    if not isinstance(instance, dict):
        raise InvalidInput(f"{where}: instance must be a mapping, not {show(instance)}")
    return _Reader(shape, instance, where).layer(name)


def to_timeloop(layer: Layer) -> str:
    """Return a layer as a problem of Timeloop.

    Parameters
    ----------
    layer : Layer
        The layer.  Its padding becomes part of the inputs, which have no more rows and columns
        than are read.

    Returns
    -------
    str
        What `parse_timeloop` turns into a layer of the same MACs, filters and ofmap.

    Raises
    ------
    InvalidInput
        If every image has filters of its own.

    Examples
    --------
    >>> layer = Layer("conv", M=8, C=3, H=32, W=32, R=3, S=3, padding=1)
    >>> parse_timeloop(to_timeloop(layer), name="conv")
    Layer('conv', M=8, C=3, H=34, W=34, R=3, S=3)
    """
    group = "G" if layer.G > 1 else ""
    if layer.own_filters:
        group, images = "G", layer.G * layer.N
    else:
        images = layer.G
    dims = [*"CMRSNPQ", *group]
    grouped = f"        - [[{group}]]\n" if group else ""
    (vertical, horizontal), (rows, columns) = layer.stride, layer.dilation
    sizes = {
        "C": layer.C, "M": layer.M, "R": layer.S, "S": layer.R,
        "N": 1 if layer.own_filters else layer.N, "P": layer.F, "Q": layer.E,
        **({"G": images} if group else {}),
        "Wstride": horizontal, "Hstride": vertical, "Wdilation": columns, "Hdilation": rows,
    }  # fmt: skip
    return (
        f"# {layer.name.splitlines()[0]}\n"
        "problem:\n"
        "  version: 0.4\n"
        "  shape:\n"
        "    name: CNN_Layer\n"
        f"    dimensions: [{', '.join(dims)}]\n"
        "    coefficients:\n"
        "      - {name: Wstride, default: 1}\n"
        "      - {name: Hstride, default: 1}\n"
        "      - {name: Wdilation, default: 1}\n"
        "      - {name: Hdilation, default: 1}\n"
        "    data_spaces:\n"
        f"      - name: Weights\n        projection:\n{grouped}"
        "        - [[C]]\n        - [[M]]\n        - [[R]]\n        - [[S]]\n"
        f"      - name: Inputs\n        projection:\n{grouped}"
        "        - [[N]]\n        - [[C]]\n"
        "        - [[R, Wdilation], [P, Wstride]]\n        - [[S, Hdilation], [Q, Hstride]]\n"
        f"      - name: Outputs\n        projection:\n{grouped}"
        "        - [[N]]\n        - [[M]]\n        - [[Q]]\n        - [[P]]\n"
        "        read_write: true\n"
        f"  instance: {{{', '.join(f'{key}: {size}' for key, size in sizes.items())}}}\n"
    )


class _Reader:
    """Reads one problem."""

    def __init__(self, shape: Mapping[str, Any], instance: Mapping[str, Any], where: str) -> None:
        self._where = where
        self._instance = instance
        names = shape.get("dimensions")
        if not isinstance(names, list) or not names:
            raise InvalidInput(f"{where}: shape: dimensions must be a list of names")
        self._dims = [text(name, f"{where}: a dimension") for name in names]
        self._defaults = self._coefficients(shape.get("coefficients", []))
        spaces = shape.get("data_spaces", shape.get("data-spaces"))
        self._weights, self._inputs, self._outputs = self._spaces(spaces)
        self._roles = {dim: self._role(dim) for dim in self._dims}

    def layer(self, name: str) -> Layer:
        """Return the layer that the problem is."""
        windows = [axis for axis in self._inputs if len(axis) > 1]
        inside = {term[0] for axis in windows for term in axis}
        if len(windows) > 2:
            raise InvalidInput(f"{self._where}: {len(windows)} sliding windows: at most 2 are read")
        columns, rows = (*(self._window(axis) for axis in windows), *[(1, 1, 1, 1)] * 2)[:2]
        (s, f, stride_h, dilation_h), (r, e, stride_v, dilation_v) = columns, rows
        return Layer(
            name,
            N=self._product("position", inside),
            G=self._product("group", inside),
            M=self._product("filter", inside),
            C=self._product("reduced", inside),
            H=(e - 1) * stride_v + (r - 1) * dilation_v + 1,
            W=(f - 1) * stride_h + (s - 1) * dilation_h + 1,
            R=r,
            S=s,
            stride=(stride_v, stride_h),
            dilation=(dilation_v, dilation_h),
        )

    def _coefficients(self, rows: object) -> dict[str, int]:
        if not isinstance(rows, list):
            raise InvalidInput(f"{self._where}: shape: coefficients must be a list")
        found = {}
        for row in rows:
            if not isinstance(row, dict) or not isinstance(row.get("name"), str):
                raise InvalidInput(f"{self._where}: each coefficient must have a name")
            found[row["name"]] = row.get("default", 1)
        return found

    def _spaces(self, rows: object) -> tuple[list[_Axis], list[_Axis], list[_Axis]]:
        """Return the projections of weights, inputs and outputs.

        Outputs are written; inputs are what has windows or, where nothing has, comes second.
        """
        if not isinstance(rows, list) or len(rows) != 3:
            raise InvalidInput(f"{self._where}: shape: data_spaces must be a list of 3")
        written: list[list[_Axis]] = []
        read: list[list[_Axis]] = []
        for row in rows:
            if not isinstance(row, dict):
                raise InvalidInput(f"{self._where}: each data space must be a mapping")
            axes = [self._axis(axis) for axis in _items(row.get("projection"), self._where)]
            output = row.get("read_write", row.get("read-write", False))
            (written if output in (True, "True", "true") else read).append(axes)
        if len(written) != 1:
            raise InvalidInput(f"{self._where}: one data space must be read_write: the outputs")
        read.sort(key=lambda axes: any(len(axis) > 1 for axis in axes))
        return read[0], read[1], written[0]

    def _axis(self, axis: object) -> _Axis:
        terms: _Axis = []
        for term in _items(axis, self._where):
            words = [text(word, f"{self._where}: a projection") for word in
                     _items(term, self._where)]  # fmt: skip
            if not 1 <= len(words) <= 2 or words[0] not in self._dims:
                raise InvalidInput(f"{self._where}: projection {show(term)} is not read")
            terms.append(words)
        return terms

    def _role(self, dim: str) -> str:
        weights, inputs, outputs = (
            any(term[0] == dim for axis in space for term in axis)
            for space in (self._weights, self._inputs, self._outputs)
        )
        role = _ROLES.get((weights, inputs, outputs))
        if role is None:
            raise InvalidInput(
                f"{self._where}: dimension {dim!r} does not select words of two or three data "
                "spaces: not a convolution"
            )
        return role

    def _window(self, axis: _Axis) -> tuple[int, int, int, int]:
        """Return taps, outputs, stride and dilation of a sliding window."""
        by_role = {self._roles[term[0]]: term for term in axis}
        if len(axis) != 2 or set(by_role) != {"reduced", "position"}:
            raise InvalidInput(f"{self._where}: projection {show(axis)} is no sliding window")
        tap, out = by_role["reduced"], by_role["position"]
        return (
            self._size(tap[0]),
            self._size(out[0]),
            self._size(out[1]) if len(out) > 1 else 1,
            self._size(tap[1]) if len(tap) > 1 else 1,
        )

    def _product(self, role: str, inside: Iterable[str]) -> int:
        left = [dim for dim in self._dims if self._roles[dim] == role and dim not in set(inside)]
        return prod(self._size(dim) for dim in left)

    def _size(self, name: str) -> int:
        """Return the size of a dimension, or the value of a coefficient."""
        given = self._instance.get(name, self._defaults.get(name))
        if given is None:
            raise InvalidInput(f"{self._where}: instance: no size for {name!r}: add it")
        return whole(given, f"{self._where}: instance: {name}")


def _items(value: object, where: str) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise InvalidInput(f"{where}: a projection must be lists of terms, not {show(value)}")
    return value
