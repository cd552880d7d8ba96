"""The code of docs/write-a-dataflow.md runs, and its dataflows keep the contract."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from energysim.testing import DataflowContract

GUIDE = Path(__file__).parents[2] / "docs" / "write-a-dataflow.md"


def run_guide(folder: Path) -> dict[str, Any]:
    """Write its files, run its code in order, and return what that made."""
    text = GUIDE.read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    before = Path.cwd()
    os.chdir(folder)
    try:
        for language, code in re.findall(r"^```(yaml|python)\n(.*?)^```", text, re.M | re.S):
            if language == "python":
                exec(compile(code, GUIDE.name, "exec"), names)
            else:
                Path(code.split()[1]).write_text(code, encoding="utf-8")
    finally:
        os.chdir(before)
    return names


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run_guide(tmp_path_factory.mktemp("guide"))


def test_guide_runs(guide: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert issubclass(guide["TestMesh"], DataflowContract)
    assert guide["mine"].name == "no-psum-pad"


@pytest.fixture(scope="module", params=["mine", "mesh"])
def contract(request: pytest.FixtureRequest, guide: dict[str, Any]) -> Iterator[DataflowContract]:
    class Contract(DataflowContract):
        dataflow = guide[request.param]

    yield Contract()


CHECKS = [name for name in dir(DataflowContract) if name.startswith("test_")]


@pytest.mark.parametrize("check", CHECKS)
def test_contract(check: str, contract: DataflowContract) -> None:
    getattr(contract, check)()


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", ["rs-chip", "osb", "nlr-free"])
def test_contract_of_built_in_dataflows(name: str, check: str) -> None:
    class Contract(DataflowContract):
        dataflow = name
        cases = 12

    getattr(Contract(), check)()


class Broken(DataflowContract):
    """Claims for one dataflow what another one finds."""

    dataflow = "rs-chip"

    def _optimum(self, layer: Any, arch: Any, **options: Any) -> Any:
        self.dataflow = "rs" if options else "rs-chip"
        return super()._optimum(layer, arch, **options)


def test_contract_can_fail() -> None:
    with pytest.raises(AssertionError):
        Broken().test_search_finds_what_counting_everything_finds()
