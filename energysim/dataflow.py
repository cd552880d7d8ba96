"""Dataflows of one's own, from a file."""

from __future__ import annotations

import os

from energysim import safe_yaml
from energysim._core import Dataflow
from energysim.errors import InvalidInput

__all__ = ["Dataflow", "load_dataflow", "parse_dataflow"]


def load_dataflow(path: str | os.PathLike[str]) -> Dataflow:
    """Read a dataflow from a YAML file.

    Parameters
    ----------
    path : str or path-like
        A file with the words of `Dataflow`.

    Returns
    -------
    Dataflow
        What the file declares.

    Raises
    ------
    InvalidInput
        If the file is no YAML, has unknown words or contradicts itself; the message has the line.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import energysim as es, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "mine.yaml")
    >>> _ = path.write_text(dataflow_text(es.dataflows()[0]).replace("name: rs", "name: mine"))
    >>> load_dataflow(path)
    <Dataflow 'mine'>
    """
    return parse_dataflow(safe_yaml.read_text(path), os.fspath(path))


def parse_dataflow(text: str, where: str = "dataflow") -> Dataflow:
    r"""Read a dataflow from the text of a YAML file.

    Parameters
    ----------
    text : str
        What such a file holds.
    where : str, default "dataflow"
        What the text is, to begin error messages with.

    Returns
    -------
    Dataflow
        What the text declares.

    Raises
    ------
    InvalidInput
        As for `load_dataflow`.

    Examples
    --------
    >>> parse_dataflow("name: mine\ntils: {}", "mine.yaml")
    Traceback (most recent call last):
        ...
    energysim.errors.InvalidInput: mine.yaml: line 2: tils: unknown word of a dataflow 'tils': ...
    """
    words, lines = safe_yaml.load_with_lines(text, where)
    try:
        return Dataflow(**words)
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {_line(str(error), lines)}{error}") from error


def _line(message: str, lines: dict[tuple[str, ...], int]) -> str:
    """Find the line of what a message speaks of: it begins with the keys that lead there."""
    *keys, _ = message.split(": ")
    if keys and keys[0].startswith("dataflow '"):  # what contradicts itself as a whole
        del keys[0]
    while keys and tuple(keys) not in lines:
        keys.pop()
    return f"line {lines[tuple(keys)]}: " if keys else ""


def dataflow_text(dataflow: Dataflow) -> str:
    """Write a dataflow as the text of a YAML file, which `parse_dataflow` turns back.

    Examples
    --------
    >>> import energysim as es
    >>> all(parse_dataflow(dataflow_text(dataflow)) == dataflow for dataflow in es.dataflows())
    True
    """
    import yaml

    text: str = yaml.safe_dump(
        dataflow.to_dict(), sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
    )
    return text
