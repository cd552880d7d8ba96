"""``energysim measure-densities``, and what it writes in ``energysim simulate --density``."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from unit.command import out, run

from energysim import Densities

MODELS = "unit.frontends.models"
TINY = (f"{MODELS}:tiny", "--data", f"{MODELS}:pictures")
SIMULATE = ("simulate", f"{MODELS}:tiny", "--input", "1x3x32x32", "--json", "-")


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("file", ["found.json", "found.parquet"])
def test_what_is_measured_is_simulated(file: str) -> None:
    text = out("measure-densities", *TINY, "--batches", "2", "-o", file)
    found = Densities.load(file)
    assert found.network == "tiny" and found.layers["0"]["ifmap"].samples == 4
    assert re.search(r"^0 +1.000 \+-0.000 +1.000 +0\.\d{3} \+-0\.\d{3} +4$", text, re.MULTILINE)
    sparse, dense = (json.loads(out(*SIMULATE, *more)) for more in (("--density", file), ()))
    assert sparse["layers"][1]["ifmap_density"] == found.ifmap["4"] < 1
    assert sparse["energy_mac"] < dense["energy_mac"]


def test_unsupported_operators_are_warned_of_in_one_line() -> None:
    words = (f"{MODELS}:mysterious", "--data", f"{MODELS}:pictures")
    result = run("measure-densities", *words, "-o", "found.json")
    assert result.exit_code == 0
    assert re.fullmatch(r"warning: mysterious: .*aten.linalg_matrix_exp.*\n", result.stderr)


def test_json_alone_on_stdout() -> None:
    text = out("measure-densities", *TINY)
    assert list(Densities.from_json(text).layers) == ["0", "4"]


def test_without_pyarrow_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = run("measure-densities", "no:model", "--data", "no:loader", "-o", "found.parquet")
    assert result.exit_code == 2 and "pip install 'energysim[parquet]'" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (TINY[:1], "Missing option '--data'"),
        ((*TINY, "-o", "found.csv"), "--to: must be a .json or .parquet file"),
        ((*TINY, "-o", "no/where.json"), "cannot write no/where.json: No such file"),
        ((*TINY, "--batches", "0"), "batches must be a whole number"),
        ((*TINY, "--device", "abacus"), ".* RuntimeError: .*device"),
        (("tiny", "--data", TINY[2]), "write package.module:factory, not 'tiny'"),
        ((TINY[0], "--data", "pictures"), "write package.module:factory, not 'pictures'"),
        ((TINY[0], "--data", f"{MODELS}:no_model"), ".* must give batches, not int"),
        ((TINY[0], "--data", f"{MODELS}:broken"), ".* cannot be built: RuntimeError: no luck"),
        ((TINY[0], "--data", f"{MODELS}:shuffled"), ".*ValueError: the disk is gone"),
        ((f"{MODELS}:no_model", *TINY[1:]), ".* must give a torch.nn.Module, not int"),
    ],
)
def test_bad_input_is_one_line(words: tuple[str, ...], message: str) -> None:
    result = run("measure-densities", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.match(f"error: {message}", result.stderr) and result.stderr.count("\n") == 1
    assert list(Path().iterdir()) == []


def test_densities_of_another_network_are_refused() -> None:
    out("measure-densities", *TINY, "-o", "found.json")
    result = run("simulate", "alexnet", "--density", "found.json")
    assert result.exit_code == 2 and result.stderr.startswith("error: unknown layer '0'")
