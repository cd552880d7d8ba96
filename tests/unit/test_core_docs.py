"""The docstrings of the compiled core: every public thing has one, and their examples are right."""

from __future__ import annotations

import doctest
from collections.abc import Iterator

import pytest

from energysim import _core

PUBLIC = ("Layer", "Mapping", "AccessCounts", "LevelCounts", "Accesses", "Proof", "Tiles")


def documented() -> Iterator[tuple[str, str]]:
    """Names and docstrings of everything in the core."""
    for name, thing in vars(_core).items():
        if name.startswith("__"):
            continue
        yield name, thing.__doc__ or ""
        if isinstance(thing, type):
            for member, value in vars(thing).items():
                if not member.startswith("_"):
                    yield f"{name}.{member}", value.__doc__ or ""


DOCS = dict(documented())
EXAMPLES = {name: doc for name, doc in DOCS.items() if ">>>" in doc}


@pytest.mark.parametrize("name", DOCS)
def test_public_things_have_docstrings(name: str) -> None:
    if name.split(".")[0] in PUBLIC:
        words = [line for line in DOCS[name].splitlines() if line.strip() and "->" not in line]
        assert words


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_right(name: str) -> None:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    test = doctest.DocTestParser().get_doctest(EXAMPLES[name], {}, name, None, None)
    problems: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=flags)
    runner.run(test, out=problems.append)
    assert runner.failures == 0, "".join(problems)


def test_examples_were_found() -> None:
    assert {"Layer", "Layer.replace", "Mapping", "AccessCounts", "dataflows"} <= set(EXAMPLES)
