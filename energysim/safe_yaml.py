"""Reading YAML that somebody else wrote.

Network and architecture files are plain data, so this reader takes only plain data: mappings,
lists, text, numbers, ``true``/``false`` and ``null``.  Everything in YAML that can surprise is
refused with a one-line message: tags (``!!python/...``), anchors and aliases (the "billion
laughs" bomb), duplicate keys, several documents in one file, and NaN or infinity.

The values are built straight from the parser's event stream, so there is no constructor that a
hostile file could reach, and no node graph that it could blow up.  A plain word is a number, a
truth value or null only if YAML 1.2 says so: ``no`` and ``1:30`` are text here.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from energysim.errors import InvalidInput, unknown_name

if TYPE_CHECKING:
    from yaml.events import Event, ScalarEvent

__all__ = [
    "MAX_BYTES", "check_keys", "load_mapping", "load_with_lines", "plain", "quoted", "read_text",
]  # fmt: skip

#: Largest file or text that is read, in bytes (for text: in characters).
MAX_BYTES = 10_000_000
_LIMIT = f"{MAX_BYTES // 1_000_000} MB"

# Deep enough for any real file; keeps a file of brackets from exhausting Python's stack.
_MAX_DEPTH = 20
_MAX_INTEGER = 2**63 - 1

_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip

_Scalar: TypeAlias = "str | int | float | bool | None"


def read_text(path: str | os.PathLike[str]) -> str:
    """Read a UTF-8 text file of at most `MAX_BYTES` bytes.

    Parameters
    ----------
    path : str or path-like
        The file to read.

    Returns
    -------
    str
        Its text, without a byte order mark.

    Raises
    ------
    InvalidInput
        If the file is larger than `MAX_BYTES` or is not UTF-8 text.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "net.yaml")
    >>> _ = path.write_text("name: tiny", encoding="utf-8")
    >>> read_text(path)
    'name: tiny'
    """
    with open(path, "rb") as file:
        # One byte more than allowed tells "too large" even for a pipe, which has no size.
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InvalidInput(f"{os.fspath(path)}: larger than {_LIMIT}, too large to read")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{os.fspath(path)}: byte {error.start} is not UTF-8 text: save the file as UTF-8"
        ) from error


def load_mapping(text: str, where: str) -> dict[str, object]:
    r"""Read one YAML document whose top level is a mapping.

    Parameters
    ----------
    text : str
        The YAML text, at most `MAX_BYTES` characters.
    where : str
        What the text is, to begin error messages with: usually the file's path.

    Returns
    -------
    dict
        Keys are text; values are dict, list, str, int, float, bool or None, nested as written.

    Raises
    ------
    InvalidInput
        If the text is not YAML, has no mapping at the top, is larger than `MAX_BYTES`, or uses
        tags, anchors, aliases, duplicate keys, several documents, NaN or infinity.

    Examples
    --------
    >>> load_mapping("name: tiny\nlayers: [{M: 8, C: 3}]", "tiny.yaml")
    {'name': 'tiny', 'layers': [{'M': 8, 'C': 3}]}
    >>> load_mapping("M: 8\nM: 9", "tiny.yaml")
    Traceback (most recent call last):
        ...
    energysim.errors.InvalidInput: tiny.yaml: line 2: key 'M' is there twice: remove one of them
    """
    return load_with_lines(text, where)[0]


def load_with_lines(text: str, where: str) -> tuple[dict[str, object], dict[tuple[str, ...], int]]:
    r"""Read one YAML document as `load_mapping` does, and note where its keys are.

    Parameters
    ----------
    text, where : str
        As for `load_mapping`.

    Returns
    -------
    dict
        What was read.
    dict
        The line of each key, by all keys that lead to it.

    Raises
    ------
    InvalidInput
        As `load_mapping`.

    Examples
    --------
    >>> load_with_lines("name: tiny\ntiles:\n  M: free", "tiny.yaml")[1]
    {('name',): 1, ('tiles',): 2, ('tiles', 'M'): 3}
    """
    if len(text) > MAX_BYTES:
        raise InvalidInput(f"{where}: larger than {_LIMIT}, too large to read")
    # Imported here, not above: a program that reads no YAML starts faster without it.
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        builder = _Builder(yaml.parse(text, Loader=loader), where)
        document = builder.document()
    except (yaml.YAMLError, UnicodeError) as error:
        raise InvalidInput(f"{where}: {_describe(error)}") from error
    if not isinstance(document, dict):
        raise InvalidInput(
            f"{where}: the top level is {_kind(document)}, but must be a mapping of 'key: value'"
        )
    return document, builder.lines


def check_keys(
    mapping: Mapping[str, object],
    known: Iterable[str],
    required: Iterable[str],
    where: str,
) -> None:
    """Check that a mapping has only known keys, and all required ones.

    Parameters
    ----------
    mapping : mapping
        What was read.
    known : iterable of str
        All keys that may be there, in the order in which to list them.
    required : iterable of str
        The keys that must be there.
    where : str
        What the mapping is, to begin error messages with.

    Raises
    ------
    InvalidInput
        Naming the first unknown key and the known ones, or all the missing keys.

    Examples
    --------
    >>> check_keys({"M": 8}, known=["M", "C"], required=["M"], where="tiny.yaml")
    >>> check_keys({"M": 8}, known=["M", "C"], required=["M", "C"], where="tiny.yaml")
    Traceback (most recent call last):
        ...
    energysim.errors.InvalidInput: tiny.yaml: missing key: C
    """
    known = tuple(known)
    for key in mapping:
        if key not in known:
            raise InvalidInput(f"{where}: {unknown_name('key', key, known)}")
    missing = [key for key in required if key not in mapping]
    if missing:
        plural = "s" if len(missing) > 1 else ""
        raise InvalidInput(f"{where}: missing key{plural}: {', '.join(missing)}")


def plain(text: str) -> str:
    """Return text as a YAML word, in quotes only where they are needed.

    Examples
    --------
    >>> plain("conv1"), plain("no: 1")
    ('conv1', "'no: 1'")
    """
    import yaml

    word: str = yaml.safe_dump(
        [text], default_flow_style=True, allow_unicode=True, width=float("inf")
    )
    word = word.rstrip("\n")[1:-1]
    return quoted(text) if "\n" in word else word


def quoted(text: str) -> str:
    """Return text as a YAML word in double quotes."""
    import yaml

    word: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=float("inf"))
    return word.rstrip("\n")


class _Builder:
    """Builds plain values from the parser's events; refuses what is not plain data."""

    def __init__(self, events: Iterable[Event], where: str) -> None:
        import yaml.events

        self._kinds = yaml.events
        self._events: Iterator[Event] = iter(events)
        self._where = where
        self._path: list[str] = []
        self.lines: dict[tuple[str, ...], int] = {}

    def document(self) -> object:
        """Read the whole stream: exactly one document."""
        next(self._events)  # the start of the stream
        if isinstance(next(self._events), self._kinds.StreamEndEvent):
            raise InvalidInput(f"{self._where}: the file is empty")
        value = self._value(next(self._events), depth=1)
        next(self._events)  # the end of the document
        event = next(self._events)
        if not isinstance(event, self._kinds.StreamEndEvent):
            raise self._refuse(event, "a second document starts here: keep one per file")
        return value

    def _value(self, event: Event, depth: int) -> object:
        kinds = self._kinds
        if isinstance(event, kinds.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise self._refuse(event, "anchors (&) and aliases (*) are not read: write it out")
        if getattr(event, "tag", None) is not None:
            raise self._refuse(event, "tags (!) are not read: remove it")
        if depth > _MAX_DEPTH:
            raise self._refuse(event, f"nested more than {_MAX_DEPTH} levels deep")
        if isinstance(event, kinds.MappingStartEvent):
            return self._mapping(depth)
        if isinstance(event, kinds.SequenceStartEvent):
            return self._list(depth)
        assert isinstance(event, kinds.ScalarEvent)
        return self._scalar(event)

    def _list(self, depth: int) -> list[object]:
        values = []
        while not isinstance(event := next(self._events), self._kinds.SequenceEndEvent):
            values.append(self._value(event, depth + 1))
        return values

    def _mapping(self, depth: int) -> dict[str, object]:
        values: dict[str, object] = {}
        while not isinstance(event := next(self._events), self._kinds.MappingEndEvent):
            key = self._key(event, depth)
            if key in values:
                raise self._refuse(event, f"key {key!r} is there twice: remove one of them")
            self._path.append(key)
            if event.start_mark is not None:
                self.lines[tuple(self._path)] = event.start_mark.line + 1
            values[key] = self._value(next(self._events), depth + 1)
            self._path.pop()
        return values

    def _key(self, event: Event, depth: int) -> str:
        if isinstance(event, (self._kinds.MappingStartEvent, self._kinds.SequenceStartEvent)):
            raise self._refuse(event, "a key must be text, not a mapping or list")
        self._value(event, depth)  # for what it refuses
        assert isinstance(event, self._kinds.ScalarEvent)
        return str(event.value)

    def _scalar(self, event: ScalarEvent) -> _Scalar:
        text: str = event.value
        if not event.implicit[0]:  # quoted, so text whatever it looks like
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return self._integer(event, text)
        if _NOT_FINITE.fullmatch(text):
            raise self._refuse(event, f"{text} is not a finite number")
        if _FLOAT.fullmatch(text):
            return self._float(event, text)
        return text

    def _integer(self, event: ScalarEvent, text: str) -> int:
        digits = text.lstrip("+-")
        if digits.startswith("0") and len(digits) > 1:
            # YAML 1.1 reads 010 as eight, YAML 1.2 as ten.
            raise self._refuse(event, f"{_short(text)} is ambiguous: write it without leading 0")
        # The length first: int() of a very long text is slow.
        if len(digits) > 19 or abs(int(text)) > _MAX_INTEGER:
            raise self._refuse(event, f"{_short(text)} is too large for a 64-bit integer")
        return int(text)

    def _float(self, event: ScalarEvent, text: str) -> float:
        number = float(text)
        if not math.isfinite(number):
            raise self._refuse(event, f"{_short(text)} is not a finite number")
        return number

    def _refuse(self, event: Event, why: str) -> InvalidInput:
        mark = event.start_mark
        line = f"line {mark.line + 1}: " if mark is not None else ""
        return InvalidInput(f"{self._where}: {line}{why}")


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:20]}... ({len(text)} characters)"


def _kind(value: object) -> str:
    names = {list: "a list", str: "text", type(None): "empty"}
    return names.get(type(value), "a single value")


def _describe(error: Exception) -> str:
    """Say in one line what PyYAML, which writes several, found wrong."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None)
    if mark is not None and problem is not None:
        return f"line {mark.line + 1}, column {mark.column + 1}: not valid YAML: {problem}"
    return f"not valid YAML: {' '.join(str(error).split())}"
