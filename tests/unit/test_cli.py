"""The command line: what it prints and writes."""

from __future__ import annotations

import inspect
import io
import json
import os
import re
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from unit.command import TINY_LAYER, TINY_SHAPE, network, out, run, written
from unit.frontends.onnx_models import conv_net, save

import energysim as es
from energysim import validation
from energysim.cli.commands import energysim
from energysim.dataflow import dataflow_text
from energysim.frontends import tool_text
from energysim.progress import Progress
from energysim.tables import si
from energysim.validation import Comparison, Figure, Source, Validation
from energysim.validation.figures import EXACT


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# --- simulate -----------------------------------------------------------------------------


def test_simulate_prints_the_table_of_the_report() -> None:
    table = out("simulate", "alexnet", "--arch", "eyeriss", "--dataflow", "rs-chip", "--batch", "4")
    report = es.simulate("alexnet", "eyeriss", "rs-chip", batch=4)
    assert table == f"{report.table()}\n"
    words = " ".join(table.split())
    for word in ("CONV1", "FC3", "8 layers", "DRAM%", "4 images", "relative to one 16-bit MAC"):
        assert word in words
    assert "m=" in table


def test_simulate_takes_eyeriss_rs_and_one_image_by_default() -> None:
    assert out("simulate", "alexnet") == f"{es.simulate('alexnet', 'eyeriss', 'rs').table()}\n"


def test_json_on_stdout_is_json_and_nothing_else() -> None:
    text = out("simulate", "alexnet", "--dataflow", "rs-chip", "--json", "-")
    assert text == f"{es.simulate('alexnet', 'eyeriss', 'rs-chip').to_json()}\n"
    assert list(json.loads(text))[:4] == ["network", "architecture", "dataflow", "batch"]


def test_json_in_a_file_beside_the_table() -> None:
    table = out("simulate", "alexnet", "--dataflow", "rs-chip", "--json", "report.json")
    report = es.simulate("alexnet", "eyeriss", "rs-chip")
    assert table == f"{report.table()}\n"
    assert Path("report.json").read_text(encoding="utf-8") == f"{report.to_json()}\n"
    assert os.listdir() == ["report.json"]


def test_files_of_network_and_architecture() -> None:
    arch = written("arch.yaml", es.architectures.isca16().to_yaml())
    plain = json.loads(out("simulate", network(), "--arch", arch, "--json", "-"))
    assert (plain["network"], plain["architecture"], plain["macs"]) == ("tiny", "isca16", 80)


def test_batch_of_a_file_stays_unless_given() -> None:
    net = network(head="name: tiny, batch: 3")
    assert json.loads(out("simulate", net, "--json", "-"))["batch"] == 3
    assert json.loads(out("simulate", net, "--batch", "2", "--json", "-"))["batch"] == 2


@pytest.mark.parametrize(
    ("options", "densities"),
    [
        (["0.5"], [0.5, 0.5]),
        (["b=0.25"], [1.0, 0.25]),
        (["b=0.25", "a=1"], [1.0, 0.25]),
    ],
)
def test_ifmap_densities(options: list[str], densities: list[float]) -> None:
    net = network(layers=", ".join(TINY_LAYER.replace("fc", name) for name in "ab"))
    words = [word for option in options for word in ("--ifmap-density", option)]
    plain = json.loads(out("simulate", net, *words, "--json", "-"))
    assert [layer["ifmap_density"] for layer in plain["layers"]] == densities


def test_threads_do_not_change_what_is_printed() -> None:
    assert out("simulate", "alexnet", "--threads", "0") == out("simulate", "alexnet")


# --- search -------------------------------------------------------------------------------


def test_search_shows_nest_words_energy_and_proof() -> None:
    text = out("search", "alexnet", "--layer", "CONV3", "--batch", "4", "--dataflow", "rs-chip")
    result = es.search(es.networks.alexnet(4)["CONV3"], "eyeriss", "rs-chip")
    assert "CONV3: N=4 G=1 M=384 C=256 H=13 W=13 R=3 S=3 padding=1, ofmap 13x13" in text
    assert str(result.mapping) in text
    for level in ("dram", "glb", "noc", "rf"):
        for operand in ("ifmap", "filter", "psum"):
            cells = getattr(getattr(result.counts, level), operand)
            row = rf" {operand} +{cells.read:,} +{cells.write:,} +{cells.fill:,}$"
            assert re.search(row, text, re.MULTILINE), (level, operand)
    proof = result.proof
    for number in (proof.evaluated, proof.bounded, proof.cut_by_bound, proof.cut_by_capacity):
        assert re.search(rf" {number:,}$", text, re.MULTILINE), number
    assert text.count(f" {result.energy_mac:,.0f}\n") == 2  # lower bound and optimum


def test_search_shows_energies_by_level_and_operand() -> None:
    text = out("search", "alexnet", "--layer", "CONV3", "--batch", "4", "--dataflow", "rs-chip")
    result = es.search(es.networks.alexnet(4)["CONV3"], "eyeriss", "rs-chip")
    table = text[text.index("\nenergy ") :]
    for level, energy in result.by_level().items():
        row = rf"^{level} .* {si(energy)} +{energy / result.energy_mac:.1%}$"
        assert re.search(row, table, re.MULTILINE | re.IGNORECASE), level
    by_operand = result.by_operand()
    sums = " +".join(si(by_operand[operand]) for operand in ("ifmap", "filter", "psum"))
    assert re.search(rf"^all +{sums} +{si(result.energy_mac)} +100.0%$", table, re.MULTILINE)
    counts = result.counts.glb  # each access of the GLB costs 6
    energies = [6 * words.read for words in (counts.ifmap, counts.filter)]
    energies.append(6 * (counts.psum.read + counts.psum.write))
    assert re.search(rf"^GLB +{' +'.join(map(si, energies))} ", table, re.MULTILINE)
    assert f"energy {si(result.energy_mac)}, relative to one 16-bit MAC" in text


def test_search_of_a_shape() -> None:
    text = out(
        "search", "--shape", "M=64,C=32 H=28,W=30,R=3,S=5,padding=1x2,stride=2x1", "--json", "-"
    )
    layer = es.Layer("layer", M=64, C=32, H=28, W=30, R=3, S=5, padding=[1, 2], stride=[2, 1])
    plain = json.loads(text)
    assert plain["network"] is None
    assert plain["architecture"] == "eyeriss"
    assert plain["energy_mac"] == es.search(layer, "eyeriss").energy_mac
    assert plain["proof"]["lower_bound"] == plain["energy_mac"]


def test_columns_are_as_rows_unless_given() -> None:
    square = out("search", "--shape", "M=4,C=3,H=9,R=3", "--json", "-")
    assert square == out("search", "--shape", "M=4,C=3,H=9,W=9,R=3,S=3", "--json", "-")


def test_exhaustive_search_finds_the_same() -> None:
    words = ("search", "--shape", TINY_SHAPE, "--dataflow", "rs-chip", "--json", "-")
    fast, slow = (json.loads(out(*words, *more)) for more in ((), ("--exhaustive",)))
    assert fast["energy_mac"] == slow["energy_mac"]
    proof = slow["proof"]
    assert proof["evaluated"] + proof["cut_by_capacity"] == proof["space"] == fast["proof"]["space"]


def test_search_json_in_a_file() -> None:
    text = out("search", "--shape", TINY_SHAPE, "--json", "best.json")
    assert "words" in text
    assert json.loads(Path("best.json").read_text(encoding="utf-8"))["name"] == "layer"


def test_search_counts_as_simulate_does() -> None:
    written("data.csv", "layer,ifmap_density,filter_bits\nCONV1,0.5,8\nCONV3,0.3,4\n")
    arch = out("architectures", "eyeriss").replace("energy: {", "energy: {glb_words: 25600, ")
    words = ("--arch", written("chip.yaml", arch), "--bits", "psum=12", "--density", "data.csv")
    words += ("--density", "filter=0.6", "--scale-glb", "sqrt", "--json", "-")
    whole = json.loads(out("simulate", "alexnet", *words))
    alone = json.loads(out("search", "alexnet", "--layer", "CONV3", *words))
    assert alone["energy_mac"] == whole["layers"][2]["energy_mac"]
    assert alone["energy_table"] == whole["energy_table"]
    plain = json.loads(out("search", "alexnet", "--layer", "CONV3", "--json", "-"))
    assert alone["energy_mac"] < plain["energy_mac"]


def test_search_of_a_shape_with_bits_and_costs() -> None:
    words = ("search", "--shape", TINY_SHAPE, "--bits", "8", "--energy-table", "45nm")
    plain = json.loads(out(*words, "--json", "-"))
    layer = es.Layer("layer", M=3, C=2, H=4, W=4, R=3, S=3)
    arch = es.architectures.get("eyeriss").replace(energy=es.energy_tables.get("45nm"))
    data = es.LayerData(ifmap_bits=8, filter_bits=8, psum_bits=8)
    assert plain["energy_pj"] == es.search(layer, arch, data=data).energy_pj


def test_only_layer_of_a_network_needs_no_name() -> None:
    assert json.loads(out("search", network(), "--json", "-"))["name"] == "fc"


# --- validate -----------------------------------------------------------------------------


def test_validate_shows_every_figure() -> None:
    text = out("validate")
    result = validation.validate()
    lines = text.splitlines()
    for figure in result.figures:
        assert any(line.startswith(f"{figure.name} ") for line in lines), figure.name
    for source in result.sources:
        assert f"{source.name}: {source.citation}" in lines
    judged = sum(figure.tolerance is not None for figure in result.figures)
    assert lines[-1] == f"{judged} of {judged} published figures are within their tolerance."
    assert re.search(r"^CONV1 +18.5 +18.45 +-0.27% +0.3% +ok$", text, re.MULTILINE)
    # Sentences are folded, not cut.
    words = " ".join(text.split())
    for source in result.sources:
        assert all(" ".join(c.explanation.split()) in words for c in source.comparisons)


def test_validate_json() -> None:
    plain = json.loads(out("validate", "--json", "-"))
    assert plain == json.loads(validation.validate().to_json())


def test_validate_fails_when_a_figure_leaves_its_tolerance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    figures = (Figure("CONV1", 1.0, 1.0, EXACT), Figure("CONV2", 1.0, 2.0, EXACT))
    source = Source("paper", "a paper", "a setup.", (Comparison("MACs", "", "why.", figures),))
    monkeypatch.setattr(validation, "validate", lambda: Validation((source,)))
    for words in (("validate",), ("validate", "--json", "-")):
        result = run(*words)
        assert result.exit_code == 1
        assert result.stderr == ""
    text = run("validate").stdout
    assert re.search(r"^CONV2 +1 +2 +\+100.00% +exact +NOT OK$", text, re.MULTILINE)
    assert text.endswith("1 of 2 published figures are within their tolerance.\n")


# --- Lists and help -----------------------------------------------------------------------


def test_lists_name_everything() -> None:
    for names, command in (
        (es.networks.names(), "networks"),
        (es.architectures.names(), "architectures"),
        ([dataflow.name for dataflow in es.dataflows()], "dataflows"),
    ):
        lines = out(command).splitlines()
        for name in names:
            assert any(re.match(rf"{re.escape(name)}[: ]", line) for line in lines), name


def test_lists_print_files_that_can_be_read() -> None:
    net = written("net.yaml", out("networks", "AlexNet"))
    arch = written("arch.yaml", out("architectures", "eyeriss"))
    assert out("simulate", net, "--arch", arch) == out("simulate", "alexnet")


@pytest.mark.parametrize(
    ("objective", "what"),
    [("cycles", "takes fewer cycles with DRAM"), ("edp", "has less energy times cycles with DRAM")],
)
def test_search_for_time(objective: str, what: str) -> None:
    words = ("alexnet", "--layer", "CONV2", "--dataflow", "rs-chip", "--objective", objective)
    text = out("search", *words)
    assert f"proof that no mapping of the dataflow {what}" in text
    plain = json.loads(out("search", *words, "--json", "-"))
    value = plain["total_cycles"] if objective == "cycles" else plain["edp"]
    assert plain["proof"]["optimum"] == plain["proof"]["lower_bound"] == value
    report = json.loads(
        out("simulate", "alexnet", "--dataflow", "rs-chip", "--objective", objective, "--json", "-")
    )
    assert (report["objective"], report["layers"][1]["edp"]) == (objective, plain["edp"])


def test_sensitivity_says_from_when_on_coded_values_are_larger() -> None:
    text = " ".join(out("sensitivity", "alexnet", "--dataflow", "rs-chip").split())
    assert (
        "dram ifmap: rlc, which takes more room than raw values of 16 bit above a density" in text
    )
    plain = json.loads(out("sensitivity", "alexnet", "--dataflow", "rs-chip", "--json", "-"))
    [ifmap, ofmap] = plain["compression"]
    assert (ifmap["operand"], ofmap["operand"], ifmap["only_if_smaller"]) == (
        "ifmap",
        "ofmap",
        True,
    )
    assert ifmap["break_even_density"] == es.break_even_density("rlc")


def test_that_density_is_the_one_of_the_words_asked_about() -> None:
    words = ("sensitivity", "alexnet", "--dataflow", "rs-chip", "--bits", "ifmap=8")
    plain = json.loads(out(*words, "--json", "-"))
    widths = {each["operand"]: each["bits"] for each in plain["compression"]}
    assert widths == {"ifmap": 8, "ofmap": 16}
    assert plain["compression"][0]["break_even_density"] == es.break_even_density("rlc", 8)
    text = " ".join(out(*words).split())
    assert (
        "dram ifmap: rlc, which takes more room than raw values of 8 bit above a density of 0.6;"
        in text
    )


def test_version() -> None:
    assert out("--version") == f"energysim {es.__version__}\n"


COMMANDS = (
    "import",
    "measure-densities",
    "simulate",
    "search",
    "pareto",
    "compare",
    "trace",
    "sensitivity",
    "estimate",
    "validate",
    "networks",
    "architectures",
    "dataflows",
    "prune",
    "runs",
)


def test_help_lists_all_commands() -> None:
    text = out("--help")
    assert text == out() == out("-h")
    assert all(re.search(rf"^  {command} ", text, re.MULTILINE) for command in COMMANDS)
    assert sorted(energysim.commands) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches(command: str) -> None:
    text = out(command, "--help")
    assert max(map(len, text.splitlines())) <= 90
    assert "\b" not in text
    if command != "dataflows":
        assert f"  energysim {command} " in text or f"  energysim {command}\n" in text


DIGITS_NET = (
    "torch.nn.Sequential(torch.nn.Conv2d(1, 6, 3), torch.nn.ReLU(), torch.nn.Conv2d(6, 10, 6),"
    " torch.nn.Flatten())"
)


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_in_the_help_are_right(command: str) -> None:
    examples = re.findall(r"^ +energysim ([^|>\n]+)", out(command, "--help"), re.MULTILINE)
    written("mynet.yaml", out("networks", "alexnet"))
    written("mychip.yaml", out("architectures", "eyeriss"))
    tensors = {"ifmap": np.ones((1, 8, 13, 13), int), "filters": np.ones((64, 8, 3, 3), int)}
    np.savez("conv3.npz", **tensors)
    for name, array in tensors.items():
        np.save(f"{name}.npy", array / 3)
    written("mine.yaml", dataflow_text(es.dataflows()[0]).replace("name: rs", "name: mine"))
    written("densities.csv", "layer,ifmap_density,filter_bits\nCONV1-2,0.5,8\n")
    written("mynet.txt", tool_text.write(es.networks.alexnet()))
    written("net.yaml", out("networks", "alexnet"))
    save(conv_net(), "model.onnx")
    save(conv_net(batch="N", height="height"), "open.onnx")
    net = "torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2))"
    code = (
        f"import torch\n\nimages = [torch.ones(1, 3, 9, 9)]\n\n\ndef resnet():\n    return {net}\n"
        f"\n\ndef digits():\n    return {DIGITS_NET}\n"
    )
    Path("mypackage").mkdir()
    for name in ("mynets.py", "mypackage/nets.py"):
        written(name, code)
    if command == "runs":
        for method in ("netadapt", "uniform"):
            words = f"--model mynets:digits --data digits --method {method} --budget 90%"
            out("prune", *words.split(), "--epochs", "0")
    for example in examples:
        assert out(*example.split())


# --- Files are replaced as a whole --------------------------------------------------------


def test_file_is_replaced_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    written("old.json", "old")
    seen = []

    def replace(new: str, old: str) -> None:
        seen.append((json.loads(Path(new).read_text(encoding="utf-8")), Path(old).read_text()))

    monkeypatch.setattr(os, "replace", replace)
    out("search", "--shape", TINY_SHAPE, "--json", "old.json")
    [(new, old)] = seen
    assert (new["macs"], old) == (216, "old")
    assert os.listdir() == ["old.json"]


def test_links_stay_links() -> None:
    written("real.json", "old")
    os.symlink("real.json", "link.json")
    out("search", "--shape", TINY_SHAPE, "--json", "link.json")
    assert os.path.islink("link.json")
    assert json.loads(Path("real.json").read_text(encoding="utf-8"))["macs"] == 216


def test_new_files_have_the_usual_mode() -> None:
    out("search", "--shape", TINY_SHAPE, "--json", "new.json")
    Path("plain").touch()
    assert Path("new.json").stat().st_mode == Path("plain").stat().st_mode


# --- Progress -----------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, delay: float) -> str:
    """What a bar with that delay shows of something that is over after 0.3 s."""
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress("searching", delay) as progress:
        progress(1, 4)
        time.sleep(0.3)
        progress(2, 4)
    return stream.getvalue()


def test_progress_is_for_terminals_and_long_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    import rich.progress  # noqa: F401 - so that the bar is there at once

    assert "searching" in shown(monkeypatch, Terminal(), delay=0)
    assert shown(monkeypatch, Terminal(), delay=60) == ""
    assert shown(monkeypatch, io.StringIO(), delay=0) == ""
    assert inspect.signature(Progress).parameters["delay"].default == 1.0
