"""Checks of single values, with errors that name the value."""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Sequence
from typing import SupportsIndex, cast

from energysim.errors import InvalidInput, show, unknown_name

__all__ = ["member", "number", "text", "whole"]

_LARGEST = 2**63 - 1


def whole(value: object, what: str, least: int = 1) -> int:
    """Return a whole number of at least `least` that fits 64 bits.

    Examples
    --------
    >>> whole(0, "rows")
    Traceback (most recent call last):
        ...
    energysim.errors.InvalidInput: rows must be a whole number of at least 1, not 0
    """
    try:
        checked = operator.index(cast(SupportsIndex, value))
    except TypeError:
        checked = least - 1
    if isinstance(value, bool) or not least <= checked <= _LARGEST:
        limit = "at most 9223372036854775807" if checked > _LARGEST else f"at least {least}"
        raise InvalidInput(f"{what} must be a whole number of {limit}, not {show(value)}")
    return checked


def number(value: object, what: str, least: float = 0, most: float = math.inf) -> float:
    """Return a finite number between two limits as a float.

    Examples
    --------
    >>> number(float("nan"), "the density", 0, 1)
    Traceback (most recent call last):
        ...
    energysim.errors.InvalidInput: the density must be a number from 0 to 1, not nan
    """
    checked = math.nan
    # bool is a kind of int in Python; `mac: true` is a slip all the same.
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        try:
            checked = float(value)
        except OverflowError:
            checked = math.inf
    if not (math.isfinite(checked) and least <= checked <= most):
        limits = f"from {least} to {most}" if math.isfinite(most) else f"of at least {least}"
        raise InvalidInput(f"{what} must be a number {limits}, not {show(value)}")
    return checked


def text(value: object, what: str) -> str:
    """Return text that is not empty.

    Examples
    --------
    >>> text("", "the name")
    Traceback (most recent call last):
        ...
    energysim.errors.InvalidInput: the name must be text, not ''
    """
    if not isinstance(value, str) or not value:
        raise InvalidInput(f"{what} must be text, not {show(value)}")
    return value


def member(value: object, kind: str, known: Sequence[str]) -> str:
    """Return one of the known words.

    Examples
    --------
    >>> member("nome", "gating", ["none", "ifmap"])
    Traceback (most recent call last):
        ...
    energysim.errors.UnknownName: unknown gating 'nome': did you mean 'none'? known: none, ifmap
    """
    if not isinstance(value, str) or value not in known:
        raise unknown_name(kind, value, known)
    return value
