"""The errors that energysim raises, all of them an `EnergysimError`.

Each message names what is wrong, the limit it breaks, and what to change.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "CountOverflow",
    "Diverged",
    "EnergysimError",
    "InvalidInput",
    "InvalidMapping",
    "NoMapping",
    "PsumOverflow",
    "UnknownName",
    "UnsupportedOperator",
    "UnsupportedOperatorWarning",
    "show",
    "unknown_name",
]

# What reads a file, by the kind of what is in it.
_LOADERS = {
    "network": "energysim.load_network(path)",
    "architecture": "energysim.Architecture.from_yaml(path)",
    "dataflow": "energysim.load_dataflow(path)",
    "energy table": "energysim.EnergyTable.from_yaml(path)",
}
_FILE_ENDINGS = (".yaml", ".yml", ".json")

# Longer names are slips of another kind, and slow to compare.
_LONGEST_NAME = 80


class EnergysimError(Exception):
    """What all errors of this package have in common."""


class InvalidInput(EnergysimError, ValueError):
    """A size, name or number that no layer, architecture or table can have."""


class UnknownName(InvalidInput):
    """A name of something that does not exist; the message suggests the nearest that does."""


class InvalidMapping(InvalidInput):
    """A mapping that does not fit the architecture, or breaks a rule of its dataflow."""


class NoMapping(InvalidMapping):
    """No mapping of the dataflow fits the architecture."""


class UnsupportedOperator(InvalidInput):
    """A model uses an operator that nothing is known about, where that is an error."""


class UnsupportedOperatorWarning(UserWarning):
    """A model uses operators that nothing is known about; they are not counted."""


class CountOverflow(EnergysimError, OverflowError):
    """A count beyond 64 bits: an error, never a wrapped number."""


class PsumOverflow(EnergysimError, OverflowError):
    """A partial sum that does not fit the bits of a psum."""


class Diverged(EnergysimError, ArithmeticError):
    """A training whose loss is no longer a number."""


def unknown_name(kind: str, name: object, known: Iterable[str]) -> UnknownName:
    """Make the error for a name that does not exist.

    Parameters
    ----------
    kind : str
        What the name should have named, such as ``"network"``.
    name : object
        What was given instead of a known name.
    known : iterable of str
        All names that exist, in the order in which to list them.

    Returns
    -------
    UnknownName
        The error, to be raised; it suggests the known name that looks most like `name`, or what
        reads a file if `name` looks like the path of one.

    Examples
    --------
    >>> raise unknown_name("network", "alexnt", ["alexnet", "vgg16"])
    Traceback (most recent call last):
        ...
    energysim.errors.UnknownName: unknown network 'alexnt': did you mean 'alexnet'? known: alexnet, vgg16
    """  # noqa: E501
    # Imported here, not above: only a mistake needs them.
    import difflib

    known = tuple(known)
    text = name if isinstance(name, str) else ""
    near = difflib.get_close_matches(text[:_LONGEST_NAME].lower(), map(str.lower, known), n=1)
    nearest = next((word for word in known if [word.lower()] == near), None)
    guess = f"did you mean {nearest!r}? " if nearest is not None else ""
    listed = ", ".join(known) if known else "none"
    loader = _LOADERS.get(kind) if text.lower().endswith(_FILE_ENDINGS) else None
    of_file = f"; in Python, {loader} reads a file" if loader is not None else ""
    return UnknownName(f"unknown {kind} {show(name)}: {guess}known: {listed}{of_file}")


def show(value: object) -> str:
    """Return a value for an error message, which a long value must not flood.

    Examples
    --------
    >>> show("x" * 1000)
    "'xxxxxxxxxxxx...xxxxxxxxxxxxx'"
    """
    import reprlib

    try:
        return reprlib.repr(value)
    except ValueError:  # Python refuses to write integers of thousands of digits
        return f"a huge {type(value).__name__}"
