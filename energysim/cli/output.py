"""What the commands give: tables and files."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click

from energysim.cli.app import Failure
from energysim.tables import plain_table as table

if TYPE_CHECKING:
    import rich.console
    import rich.table

__all__ = ["file_writer", "json_option", "naming", "save", "show", "table", "text_writer"]

_TEXT_WIDTH = 100  # of running text, where stdout is no terminal
_ANY_WIDTH = 10_000

json_option = click.option(
    "--json",
    "json_path",
    metavar="FILE|-",
    help="Write the result as JSON to a file, all of it or nothing; '-' prints JSON instead of "
    "the table.",
)


def show(*parts: rich.console.RenderableType) -> None:
    """Print on stdout, one below the other: text as wide as the terminal, or as plain text.

    Tables are as wide as they need to be, on a terminal too: it wraps what it has no room for,
    while Rich would cut digits and names.
    """
    from rich.console import Console
    from rich.text import Text

    if sys.stdout.isatty():
        _show_whole(Console(), parts)
        return
    file = io.StringIO()
    wide = Console(width=_ANY_WIDTH, color_system=None)
    tables = (wide.measure(part).maximum for part in parts if not isinstance(part, Text))
    console = Console(
        file=file,
        width=max(_TEXT_WIDTH, *tables),
        color_system=None,
        emoji=False,
        legacy_windows=False,
    )
    for part in parts:
        _print(console, part)
    click.echo("\n".join(line.rstrip() for line in file.getvalue().splitlines()))


def _show_whole(
    console: rich.console.Console, parts: Iterable[rich.console.RenderableType]
) -> None:
    """Print parts, and those that they are made of, without cutting any."""
    from rich.console import Console, Group
    from rich.protocol import rich_cast
    from rich.table import Table

    for part in map(rich_cast, parts):
        if isinstance(part, Group):
            _show_whole(console, part.renderables)
            continue
        if isinstance(part, Table):
            part.width = Console(width=_ANY_WIDTH).measure(part).maximum
        _print(console, part)


def _print(console: rich.console.Console, part: rich.console.RenderableType) -> None:
    from rich.console import Group

    # A text of its own would forget on the way that it is not to be wrapped.
    console.print(Group(part), crop=False)


@contextlib.contextmanager
def text_writer(path: str | None) -> Iterator[Callable[[str], None]]:
    """Give a function that writes text to a file, once; or to stdout, if `path` is ``-``.

    A file is replaced only when all of the text is there; until then it is in a new file beside.
    That it can be written turns out at once, not after a long search.
    """
    if path is None:
        yield lambda text: None
        return
    if path == "-":
        yield click.echo
        return
    # What is no file, such as /dev/stdout, is written as it is; a link is followed.
    if os.path.exists(path) and not os.path.isfile(path):
        with naming(path):
            device = open(path, "w", encoding="utf-8")  # noqa: SIM115 - closed below
        with device:
            yield lambda text: _write(device, text, path)
        return
    with file_writer(path) as save:
        yield lambda text: save(lambda name: _save(name, text))


def _write(device: io.TextIOWrapper, text: str, path: str) -> None:
    with naming(path):
        device.write(f"{text}\n")
        device.flush()


def _save(name: str, text: str) -> None:
    with open(name, "w", encoding="utf-8") as file:
        file.write(f"{text}\n")


@contextlib.contextmanager
def file_writer(path: str) -> Iterator[Callable[[Callable[[str], object]], None]]:
    """Give a function that saves a file, once; it takes one that saves under a given name.

    The file is replaced only when all of it is there; until then it is a new file beside, whose
    name has the same ending.  That it can be written turns out at once, not after a long search.
    """
    target = os.path.realpath(path)  # a link is followed
    ending = os.path.splitext(target)[1]
    name = os.path.join(os.path.dirname(target), f".energysim-{os.urandom(6).hex()}.tmp{ending}")
    with naming(path):
        if os.path.exists(target) and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        open(name, "x").close()

    def save(write: Callable[[str], object]) -> None:
        with naming(path):
            write(name)
            os.replace(name, target)

    try:
        yield save
    finally:
        with contextlib.suppress(OSError):
            os.unlink(name)


@contextlib.contextmanager
def naming(path: str) -> Iterator[None]:
    """Turn what goes wrong with a file into an error that names it."""
    try:
        yield
    except OSError as error:
        raise Failure(f"cannot write {path}: {error.strerror or error}") from error


def save(path: str, write: Callable[[str], object]) -> None:
    """Have a figure write itself to a file, all or nothing, and say what goes wrong in a line."""
    if not os.path.splitext(path)[1]:
        path += ".png"
    try:
        with file_writer(path) as save_whole:
            save_whole(write)
    except ValueError as error:  # Matplotlib does not know the ending
        raise Failure(f"cannot write {path}: {error}") from error
