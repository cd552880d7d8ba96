"""The README and the tutorials under docs/ show what is."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

import energysim as es

README = Path(__file__).parents[2] / "README.md"
DOCS = README.parent / "docs"
TUTORIALS = ("import-pytorch.md", "import-onnx.md", "pruning.md", "add-a-network.md")


@pytest.mark.parametrize(
    "path", [README, *(DOCS / name for name in TUTORIALS)], ids=lambda p: p.name
)
def test_tutorial(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # some write files
    failed, tried = doctest.testfile(
        str(path),
        module_relative=False,
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
        encoding="utf-8",
    )
    assert tried > 8 and failed == 0


def test_readme_shows_what_make_run_prints() -> None:
    shown = re.search(
        r"`make run` ends with:\n\n```text\n(.*?)```", README.read_text("utf-8"), re.S
    )
    assert shown is not None
    assert shown[1] == f"{es.simulate('alexnet', 'eyeriss', batch=4).table()}\n"


def test_readme_names_the_keys_of_a_report() -> None:
    rows = dict(re.findall(r"^\| (.*) \| (`.*) \|$", README.read_text("utf-8"), re.M))

    def named(where: str) -> list[str]:
        return re.findall(r"`(\w+)`", re.sub(r" \([^)]*\)", "", rows[where]))

    report = es.simulate("alexnet", "eyeriss", "rs-chip").to_dict()
    [layer, *_] = report["layers"]
    assert named("report") == list(report)
    assert named("`by_level`") == list(report["by_level"])
    assert named("`by_operand`") == list(report["by_operand"])
    assert named("each of `layers`") == list(layer)
    assert named("`mapping`") == list(layer["mapping"])
    assert named("`proof`") == list(layer["proof"])
