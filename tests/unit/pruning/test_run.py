"""Run folders, and runs that are killed and go on."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from unit.pruning.nets import INPUTS

from energysim.errors import InvalidInput
from energysim.pruning import Driver, Result, RunFolder, Trainer, evaluator_on
from energysim.pruning.data import Data
from energysim.pruning.methods import METHODS, make

SPARSE = {"arch": "estimation-tool", "dataflow": "rs-estimation-tool"}


def driver(method: str, model: nn.Module, data: Data, **more: Any) -> Driver[Any]:
    given: dict[str, Any] = {
        "evaluator": evaluator_on(data.holdout),
        "finetuner": Trainer(data.train, batches=2),
        "final": Trainer(data.train, epochs=2),
        "options": {"first": 0.2} if method == "netadapt" else {},
        "train": data.train,
    } | (SPARSE if method in ("magnitude", "eap") else {})
    return make(method, model, INPUTS, "60%", **given | more)


def same(one: Result, other: Result) -> bool:
    states = one.model.state_dict(), other.model.state_dict()
    return (
        one.to_json() == other.to_json()
        and one.kept.to_json() == other.kept.to_json()
        and all(torch.equal(a, b) for a, b in zip(*map(dict.values, states), strict=True))
    )


class Killed(BaseException):
    """What nobody catches."""


@pytest.mark.parametrize("method", METHODS)
def test_a_run_killed_after_any_step_ends_the_same(
    method: str, model: nn.Module, data: Data, tmp_path: Path
) -> None:
    whole = driver(method, model, data).run(tmp_path / "whole")
    steps = len(whole.history)
    assert [line["phase"] for line in whole.history[-3:]] == ["training", "training", "final"]
    for after in range(steps):
        folder, run = tmp_path / str(after), driver(method, model, data)
        metrics = run.metrics  # asked for at the end of every step

        def killing(*what: Any, run: Any = run, after: int = after, metrics: Any = metrics,
                    **more: Any) -> Any:  # fmt: skip
            if len(run.history) == after:
                raise Killed
            return metrics(*what, **more)

        run.metrics = killing  # type: ignore[method-assign]
        with pytest.raises(Killed):
            run.run(folder)
        assert len(RunFolder(folder, run.config(), resume=True).metrics()) == after
        assert same(driver(method, model, data).run(folder, resume=True), whole)
    files = {"config.json", "metrics.jsonl", "checkpoint.pt"}
    assert files | {"result.json", "kept.json", "weights.pt"} == set(os.listdir(folder))
    # A run that has ended is not done again.
    assert same(driver(method, model, data).run(folder, resume=True), whole)


def test_a_run_killed_while_it_writes_keeps_what_was_there(
    model: nn.Module, data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short() -> Driver[Any]:
        return driver("uniform", model, data, final=None)

    whole = short().run()
    for function in ("replace", "fsync"):
        real = getattr(os, function)
        for call in range(2, 6):  # call 1 is the config: a folder without it has no run yet
            calls = itertools.count(1)

            def dying(*args: Any, call: int = call, real: Any = real, calls: Any = calls) -> None:
                if next(calls) == call:
                    raise Killed
                real(*args)

            folder = tmp_path / f"{function}{call}"
            with monkeypatch.context() as patch:
                patch.setattr(os, function, dying)
                with pytest.raises(Killed):
                    short().run(folder)
            assert same(short().run(folder, resume=True), whole)
            lines = (folder / "metrics.jsonl").read_text().splitlines()
            assert [json.loads(line)["step"] for line in lines] == list(range(len(whole.history)))


def test_folder_notes_what_the_run_was(model: nn.Module, data: Data, tmp_path: Path) -> None:
    driver("uniform", model, data).run(tmp_path, config={"data": "quarters"})
    held = json.loads((tmp_path / "config.json").read_text())
    assert held["config"]["method"] == "magnitude-channels"
    assert held["config"]["scope"] == "layer" and held["config"]["data"] == "quarters"
    assert held["config"]["seed"] == 0 and held["versions"]["torch"] == torch.__version__
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert all({"step", "phase", "accuracy", "energy", "seconds"} <= line.keys() for line in lines)
    state = torch.load(tmp_path / "weights.pt", weights_only=True)
    assert state["first.weight"].shape[0] < 24


def test_folder_of_another_run_is_refused(model: nn.Module, data: Data, tmp_path: Path) -> None:
    driver("uniform", model, data).run(tmp_path, config={"lr": 0.1})
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InvalidInput, match="has a run already: resume it, or give another folder"):
        driver("uniform", model, data).run(tmp_path, config={"lr": 0.1})
    with pytest.raises(InvalidInput, match=r"another config: lr is 0\.1 there, and 0\.2 now"):
        driver("uniform", model, data).run(tmp_path, resume=True, config={"lr": 0.2})
    with pytest.raises(InvalidInput, match="another config: method is 'magnitude-channels' there"):
        driver("netadapt", model, data).run(tmp_path, resume=True)
    with pytest.raises(InvalidInput, match="another config: seed is 0 there, and 1 now"):
        driver("uniform", model, data, seed=1).run(tmp_path, resume=True, config={"lr": 0.1})
    with pytest.raises(InvalidInput, match="another config: energy_before is "):
        driver("uniform", model, data, question={"ifmap_density": 0.5}).run(
            tmp_path, resume=True, config={"lr": 0.1}
        )
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_folders_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="is no run folder, and not empty"):
        RunFolder(tmp_path, {})
    other = tmp_path / "other"
    RunFolder(other, {"a": 1})
    (other / "config.json").write_text("{")
    with pytest.raises(InvalidInput, match=r"config\.json is not the config of a run"):
        RunFolder(other, {"a": 1}, resume=True)
    shutil.rmtree(other)
    folder = RunFolder(other, {"a": 1}, resume=True)  # nothing to resume: a new run
    assert folder.load() is None and folder.metrics() == []
    (other / "checkpoint.pt").write_bytes(b"no checkpoint")
    with pytest.raises(InvalidInput, match=r"checkpoint\.pt is no checkpoint"):
        folder.load()
    with pytest.raises(OSError, match="directory"):
        RunFolder(tmp_path / "notes.txt" / "under", {})


def test_checkpoint_runs_no_code(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "made"),)

    folder = RunFolder(tmp_path / "run", {})
    torch.save({"state": Evil(), "history": "[]"}, folder.path / "checkpoint.pt")
    with pytest.raises(InvalidInput, match="is no checkpoint"):
        folder.load()
    assert not (tmp_path / "made").exists()
