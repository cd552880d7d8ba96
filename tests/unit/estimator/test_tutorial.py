"""docs/estimator.md does what it shows."""

from __future__ import annotations

import doctest
from pathlib import Path

TUTORIAL = Path(__file__).parents[3] / "docs" / "estimator.md"


def test_tutorial() -> None:
    failed, tried = doctest.testfile(
        str(TUTORIAL),
        module_relative=False,
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
        encoding="utf-8",
    )
    assert tried > 20 and failed == 0
