"""``energysim prune`` and ``energysim runs``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy
import pytest
import torch
from unit.command import out, run
from unit.pruning.learning import Chain

import energysim as es

MODEL = "unit.pruning.models:model"
COMMON = ("--model", MODEL, "--data", "unit.pruning.models:data", "--short", "2", "--epochs", "1")
FILES = {
    "checkpoint.pt", "config.json", "kept.json", "metrics.jsonl", "model.onnx", "result.json",
    "run.html", "run.png", "weights.pt",
}  # fmt: skip


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def prune(*words: str, method: str = "uniform", budget: str = "60%") -> str:
    return out("prune", *COMMON, "--method", method, "--budget", budget, *words)


def refused(*words: str) -> str:
    result = run("prune", *words)
    assert result.exit_code == 2 and result.stdout == "" and result.stderr.count("\n") == 1
    return result.stderr


def test_a_run_and_what_it_leaves() -> None:
    text = prune("--out", "run")
    assert "energy=60%" in text and "before" in text
    assert set(os.listdir("run")) == FILES
    plain = json.loads(Path("run/result.json").read_text())
    assert plain["energy"] <= plain["limits"]["energy"]
    assert es.simulate(es.from_onnx("run/model.onnx"), "eyeriss").energy == plain["energy"]
    assert plain["test_accuracy"]["after"] > 0.5


def test_json_alone() -> None:
    plain = json.loads(prune("--out", "run", "--json", "-", "--set", "scope=global"))
    assert plain["method"] == "magnitude-channels" and plain["history"]


def test_eap_runs_where_zeros_of_weights_save_energy() -> None:
    words = ("--out", "run", "--json", "-")
    plain = json.loads(prune(*words, method="eap", budget="75%"))
    assert plain["energy_share"] <= 0.75
    config = json.loads(Path("run/config.json").read_text())["config"]
    assert config["architecture"] == "estimation-tool"
    assert config["dataflow"] == "rs-estimation-tool"
    assert json.loads(prune(*words, "--resume", method="eap", budget="75%")) == plain
    # Whoever names what is the default anyway goes on with the same run.
    named = ("--arch", "estimation-tool", "--dataflow", "rs-estimation-tool")
    assert json.loads(prune(*words, *named, "--resume", method="eap", budget="75%")) == plain
    refusal = refused(
        *COMMON, "--method", "eap", "--budget", "75%", "--out", "run", "--resume",
        "--dataflow", "rs",
    )  # fmt: skip
    assert "dataflow is 'rs-estimation-tool' there, and 'rs' now" in refusal


def test_resuming() -> None:
    prune("--out", "run")
    before = Path("run/result.json").read_bytes()
    common = (*COMMON, "--method", "uniform", "--budget", "60%", "--out", "run")
    assert "has a run already: resume it" in refused(*common)
    out("prune", *common, "--resume")
    assert Path("run/result.json").read_bytes() == before
    assert "another config: lr is 0.01 there, and 0.1 now" in refused(
        *common, "--resume", "--lr", "0.1"
    )
    assert "another config: budget is 'energy=60%' there" in refused(
        *common[:-3], "50%", "--out", "run", "--resume"
    )


def test_loaders_are_split_and_densities_measured() -> None:
    words = ("--model", MODEL, "--data", "unit.pruning.models:loaders", "--measure-densities")
    words += ("--method", "netadapt", "--budget", "70%", "--set", "first=0.2", "--json", "-")
    plain = json.loads(out("prune", *words, "--short", "0", "--epochs", "0"))
    dense = es.simulate(es.from_torch(Chain(), torch.empty(1, 1, 8, 8)), "eyeriss").energy
    assert plain["energy"] <= 0.7 * plain["energy_before"] < 0.7 * dense
    assert set(os.listdir("runs")) == {"netadapt"}


@pytest.mark.parametrize("ending", ["pt", "npz"])
def test_weights_from_a_file(ending: str) -> None:
    state = Chain().state_dict()
    if ending == "pt":
        torch.save(state, "weights.pt")
    else:
        numpy.savez("weights.npz", **{name: value.numpy() for name, value in state.items()})
    plain = json.loads(prune("--weights", f"weights.{ending}", "--json", "-"))
    assert plain["accuracy_before"] < 0.5  # that of weights drawn at random


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--budget", "0.1%"), "energy is out of reach: one channel left in every group"),
        (("--budget", "much"), "must be a share such as"),
        (("--budget", "latency=3"), "unknown resource 'latency'"),
        (("--set", "spoce=layer"), "unknown option of uniform 'spoce': did you mean 'scope'"),
        (("--set", "scope"), "--set must be OPTION=VALUE, not 'scope'"),
        (("--set", "steps=0"), "steps must be a whole number of at least 1"),
        (("--model", "unit.pruning.models:untraceable"), "cannot be traced"),
        (("--model", "unit.pruning.models:data"), "must give a torch.nn.Module"),
        (("--model", "unit.pruning.models:nothing"), "cannot be built: AttributeError"),
        (("--data", "unit.pruning.models:crooked"), "cannot be traced"),
        (("--data", "unit.pruning.models:model"), "data must be (train, test)"),
        (("--data", "cifar10=nowhere"), "nowhere has no CIFAR-10"),
        (("--input", "1x8"), "cannot be traced"),
        (("--weights", "nowhere.pt"), "cannot read nowhere.pt"),
        (("--device", "abacus"), "no such device: abacus"),
        (("--lr", "1e30"), "the loss is nan in epoch 1: try a lower learning rate"),
        (("--method", "magnitude"), "zeros of weights save nothing on eyeriss: take an arch"),
        (("--method", "eap", "--arch", "eyeriss"), "as --arch estimation-tool"),
        (("--arch", "eyris"), "did you mean 'eyeriss'"),
        (("--out", "file/run"), "cannot read file/run: Not a directory"),
        (("--holdout", "2", "--data", "unit.pruning.models:loaders"), "from 0 to 1, not 2"),
    ],
)
def test_bad_input_is_refused_in_one_line(words: tuple[str, ...], message: str) -> None:
    Path("file").write_text("")
    assert message in refused(*COMMON, "--method", "uniform", "--budget", "60%", *words)


def test_weights_of_another_model() -> None:
    torch.save({"first.weight": torch.zeros(1)}, "weights.pt")
    Path("other.pt").write_text("nothing")
    words = (*COMMON, "--method", "uniform", "--budget", "60%", "--weights")
    assert "weights.pt does not fit the model" in refused(*words, "weights.pt")
    assert "other.pt has no weights" in refused(*words, "other.pt")


def test_runs_side_by_side() -> None:
    for method in ("uniform", "magnitude-channels"):
        prune(method=method)
    text = out(
        "runs", "runs/uniform", "runs/magnitude-channels", "--png", "a.png", "--html", "a.htm"
    )
    assert len(text.splitlines()) == 4
    assert Path("a.png").stat().st_size > 10_000 and "plotly" in Path("a.htm").read_text()
    plain = json.loads(out("runs", "runs/uniform", "--json", "-"))
    assert [each["name"] for each in plain] == ["uniform"]
    result = run("runs", "nowhere")
    assert result.exit_code == 2 and "nowhere has no result" in result.stderr
