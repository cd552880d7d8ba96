"""The command line: how it ends when something is wrong."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from unit.command import TINY_LAYER, TINY_SHAPE, network, out, run, written


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# --- Bad input: one line on stderr, nothing on stdout, exit code 2 ------------------------


def check_error(words: Sequence[str], message: str) -> None:
    result = run(*words)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.endswith("\n")
    assert result.stderr.count("\n") == 1
    assert re.search(f"^error: {message}", result.stderr), result.stderr


SIMULATE = ("simulate", "alexnet")
SEARCH = ("search", "--shape")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        # Names.
        (("simulate", "alexnt"), "unknown network 'alexnt': did you mean 'alexnet'"),
        ((*SIMULATE, "--arch", "eyris"), "unknown architecture 'eyris': did you mean 'eyeriss'"),
        ((*SIMULATE, "--dataflow", "rschip"), "unknown dataflow 'rschip': did you mean 'rs-chip'"),
        (("search", "alexnet", "--layer", "CONV9"), "unknown layer 'CONV9': did you mean 'CONV5'"),
        (("search", "alexnet"), "--layer is missing: which layer of alexnet.* CONV1, CONV2"),
        ((*SIMULATE, "--ifmap-density", "CONV9=0.5"), "unknown layer 'CONV9': did you mean"),
        (("networks", "alexnt"), "unknown network 'alexnt'"),
        (("architectures", "eyris"), "unknown architecture 'eyris'"),
        (("simulte",), "No such command 'simulte'"),
        ((*SIMULATE, "--bach", "4"), "No such option '--bach'"),
        (("simulate",), "Missing argument 'NETWORK"),
        ((*SIMULATE, "vgg16"), "Got unexpected extra argument"),
        (("simulate", ""), "unknown network ''"),
        # Sizes.
        ((*SIMULATE, "--batch", "0"), "batch must be a whole number of at least 1, not 0"),
        ((*SIMULATE, "--batch", "-4"), "batch must be a whole number of at least 1, not -4"),
        ((*SIMULATE, "--batch", "4.5"), "Invalid value for '--batch': '4.5'"),
        ((*SIMULATE, "--threads", "-1"), "threads must be a whole number of at least 0, not -1"),
        ((*SEARCH, f"M={2**62},C={2**62},H=1,R=1"), "layer 'layer': .* 64 bits .*: make the layer"),
        ((*SEARCH, "M=0,C=3,H=8,R=3"), "layer 'layer': M .* must be at least 1, got 0"),
        ((*SEARCH, "M=-8,C=3,H=8,R=3"), "layer 'layer': M .* must be at least 1, got -8"),
        ((*SEARCH, "M=8,C=3,H=8,R=9"), "layer 'layer': the filter reaches over 9 ifmap rows"),
        ((*SEARCH, "M=8,C=3,H=8,R=3,stride=0"), "layer 'layer': .*stride"),
        ((*SEARCH, TINY_SHAPE, "--batch", "0"), "layer 'layer': N .* must be at least 1, got 0"),
        # Shapes.
        (("search",), "give a NETWORK and the --layer of it, or the --shape"),
        ((*SEARCH, TINY_SHAPE, "alexnet"), "--shape gives a layer of its own"),
        ((*SEARCH, "M=8,C=3"), "--shape: missing: H, R: write it like"),
        ((*SEARCH, ""), "--shape: missing: M, C, H, R"),
        ((*SEARCH, "K=8"), "--shape: unknown size 'K'.*known: G, M"),
        ((*SEARCH, "M=8,M=9"), "--shape: M is there twice"),
        ((*SEARCH, "M=8.5"), "--shape: M must be a whole number, not '8.5'"),
        ((*SEARCH, "M"), "--shape: M must be a whole number, not ''"),
        ((*SEARCH, "M=3x3"), "--shape: M must be a whole number, not '3x3'"),
        ((*SEARCH, f"M={'9' * 5000}"), "--shape: M must be a whole number, not '9{25}'$"),
        ((*SEARCH, "M=8,C=3,H=8,R=3,padding=1x2x3"), "layer 'layer': .*padding"),
        # Densities.
        ((*SIMULATE, "--ifmap-density", "nan"), "the ifmap density must be .* 0 to 1, not nan"),
        ((*SIMULATE, "--ifmap-density", "-0.1"), "the ifmap density must be .*, not -0.1"),
        ((*SIMULATE, "--ifmap-density", "half"), "the ifmap density must be .*, not 'half'"),
        ((*SIMULATE, "--ifmap-density", "CONV2=inf"), "the ifmap density of layer 'CONV2' must"),
        ((*SIMULATE, *["--ifmap-density", "0.5"] * 2), "give one ifmap density for all layers"),
        ((*SIMULATE, *["--ifmap-density", "FC1=1"] * 2), "give one ifmap density for all layers"),
        ((*SEARCH, TINY_SHAPE, "--ifmap-density", "nan"), "the ifmap density must .*, not nan"),
        ((*SEARCH, TINY_SHAPE, "--ifmap-density", "x"), "Invalid value for '--ifmap-density'"),
        # Bits, densities of all operands, and energy tables.
        ((*SIMULATE, "--bits", "0"), "the bits of the ifmap must be a whole number of at least 1"),
        ((*SIMULATE, "--bits", "17"), "layer 'CONV1': the bits of the ifmap must .*, got 17"),
        ((*SIMULATE, "--bits", "-8"), "the bits of the ifmap must .* at least 1, not -8"),
        ((*SIMULATE, "--bits", "half"), "--bits: must be a whole number .*, not 'half'"),
        ((*SIMULATE, "--bits", "weight=8"), "--bits: unknown operand 'weight'; known: ifmap"),
        ((*SIMULATE, "--bits", "ifmap=8,filter=4"), "--bits: give it once per operand, not 'ifm"),
        ((*SIMULATE, *["--bits", "8"] * 2), "--bits: a number for all is there twice"),
        ((*SIMULATE, "--density", "1.5"), "the ifmap density must be .* 0 to 1, not 1.5"),
        ((*SIMULATE, "--density", "filter=nan"), "the filter density must be .*, not nan"),
        ((*SIMULATE, "--density", "psum=1"), "--density: unknown operand 'psum'"),
        ((*SIMULATE, "--density", "half"), "--density: must be a number .*, not 'half'"),
        ((*SIMULATE, "--density", "none.csv"), "cannot read none.csv: No such file"),
        ((*SIMULATE, *["--density", "a.csv"] * 2), "--density: give one file, not 2"),
        ((*SIMULATE, "--energy-table", "54nm"), "unknown energy table '54nm': did you mean"),
        ((*SIMULATE, "--energy-table", "no/t.yaml"), "cannot read no/t.yaml: No such file"),
        ((*SIMULATE, "--component", "noc=0"), "--component and --words-per-action need"),
        (
            (*SIMULATE, "--energy-table", "45nm", "--component", "noc=0"),
            "--component and --words-per-action are for files of Accelergy",
        ),
        (
            (*SIMULATE, "--energy-table", "ERT.yaml", "--component", "noc"),
            "write PLACE=VALUE, such as noc=0",
        ),
        (
            (*SIMULATE, "--scale-glb", "sqrt"),
            "--scale-glb: the energy table does not say .*: write glb_words into it .*45nm",
        ),
        (
            (*SIMULATE, "--objective", "time"),
            "unknown objective .*known: energy, dram, cycles, edp",
        ),
        (("compare", "alexnet", "--batch", "1,,2"), "--batch: a value is missing in '1,,2'"),
        (("compare", "alexnet", "--dataflows", ""), "--dataflows: a value is missing"),
        (("sensitivity", "alexnt"), "unknown network 'alexnt': did you mean 'alexnet'"),
        (("estimate", "none.txt"), "cannot read none.txt: No such file"),
        # Too much.
        ((*SIMULATE, "--batch", "9" * 30), "batch must be a whole number of at most"),
        ((*SIMULATE, "--batch", "9" * 13), "layer 'CONV1': a count does not fit 64 bits"),
        ((*SEARCH, f"M={'9' * 13},C={'9' * 13},H=1,R=1"), "layer 'layer': a count does not fit"),
        (
            ("search", "alexnet", "--layer", "CONV3", "--exhaustive"),
            "layer 'CONV3' has 130 G mappings, too many to count one by one .at most 10.0 M",
        ),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, tuple) else None,
)
def test_bad_options(words: Sequence[str], message: str) -> None:
    check_error(words, message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("name: [", "line .*: not valid YAML"),
        ("- 1", "the top level is a list, but must be a mapping"),
        ("{name: &a tiny, layers: *a}", "line 1: anchors .* are not read"),
        ("{name: !!python/object/apply:os.getcwd [], layers: []}", "line 1: tags .* are not read"),
        ("{name: a, name: b}", "line 1: key 'name' is there twice"),
        ("[" * 10_000, "line 1: nested more than 20 levels deep"),
        ("{name: tiny, layers: []}", "layers must be a list of at least one layer"),
        ("{name: tiny, layers: [{name: fc, M: 10}]}", "layer 1 'fc': missing keys: C, H"),
        (f"{{name: tiny, layers: [{TINY_LAYER}], bach: 4}}", "unknown key 'bach': did you mean"),
        (f"{{name: tiny, layers: [{TINY_LAYER.replace('10', '0')}]}}", "layer 1 'fc': M .*, got 0"),
        (f"{{name: tiny, layers: [{TINY_LAYER.replace('10', '.nan')}]}}", "line 1: .nan is not a"),
        (
            f"{{name: tiny, layers: [{TINY_LAYER.replace('10', '9' * 99)}]}}",
            "line 1: 9.*too large",
        ),
    ],
    ids=lambda value: value[:30],
)
def test_bad_network_files(text: str, message: str) -> None:
    check_error(("simulate", written("net.yaml", text)), f"net.yaml: {message}")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rows: 12", "rows: 0", "rows must be a whole number of at least 1, not 0"),
        ("dram: 200", "dram: -1", "dram must be a number .*, not -1"),
        ("dram: 200", "dram: .nan", "line [0-9]+: .nan is not a finite number"),
        ("gating: ", "gatings: ", "unknown key 'gatings': did you mean 'gating'"),
        ('gating: "ifmap"', "gating: ifmaps", "unknown gating 'ifmaps': did you mean 'ifmap'"),
    ],
)
def test_bad_architecture_files(old: str, new: str, message: str) -> None:
    text = out("architectures", "eyeriss")
    assert old in text
    arch = written("arch.yaml", text.replace(old, new))
    check_error((*SIMULATE, "--arch", arch), f"arch.yaml: .*{message}")


def test_files_that_cannot_be_read() -> None:
    check_error(("simulate", "none.yaml"), "cannot read none.yaml: No such file or directory$")
    check_error(("simulate", "./none"), "cannot read ./none: No such file or directory$")
    check_error((*SIMULATE, "--arch", "none.yml"), "cannot read none.yml: No such file")
    os.mkdir("folder.yaml")
    check_error(("simulate", "folder.yaml"), "cannot read folder.yaml: Is a directory$")
    Path("bytes.yaml").write_bytes(b"\xff\xfe\x00")
    check_error(("simulate", "bytes.yaml"), "bytes.yaml: byte 0 is not UTF-8 text")


@pytest.mark.parametrize("words", [SIMULATE, (*SEARCH, TINY_SHAPE), ("validate",)])
def test_files_that_cannot_be_written(words: Sequence[str]) -> None:
    check_error((*words, "--json", "none/a.json"), "cannot write none/a.json: No such file")
    os.mkdir("folder")
    check_error((*words, "--json", "folder"), "cannot write folder: Is a directory$")
    assert os.listdir() == ["folder"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_full_disk() -> None:
    check_error((*SIMULATE, "--json", "/dev/full"), "cannot write /dev/full: No space left")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_file_that_may_not_be_written() -> None:
    os.chmod(written("old.json", "old"), 0o444)
    check_error((*SIMULATE, "--json", "old.json"), "cannot write old.json: Permission denied$")


def test_layer_that_cannot_run() -> None:
    # The message names the limit: what is needed, and what there is.
    arch = out("architectures", "eyeriss").replace("words: 51200", "words: 2")
    written("tiny.yaml", arch)
    limit = r"no mapping .* fits .* the GLB needs \d+ words .* there are 2"
    check_error((*SIMULATE, "--arch", "tiny.yaml"), f"layer 'CONV1': {limit}")
    search = ("search", "alexnet", "--layer", "FC1", "--arch", "tiny.yaml")
    check_error(search, f"layer 'FC1': {limit}")


def test_names_cannot_steer_the_terminal() -> None:
    layer = TINY_LAYER.replace("fc", r'"a\x1b[2Jb\nc[red]"')
    text = out("simulate", network(layers=layer, head=r'name: "x\x1b[0m"'))
    assert "\x1b" not in text
    assert "b?c[red]" in text
    text = out("search", "net.yaml")
    assert "\x1b" not in text
    assert "b c[red]: N=1" in text
    check_error(("simulate", "a\nb\x1b[2J.yaml"), r"cannot read a b\?\[2J.yaml: No such file")


def test_file_is_left_alone_if_the_search_fails() -> None:
    written("old.json", "old")
    check_error((*SIMULATE, "--batch", "9" * 13, "--json", "old.json"), "layer 'CONV1'")
    assert Path("old.json").read_text(encoding="utf-8") == "old"
    assert os.listdir() == ["old.json"]


# --- Ctrl-C and the unforeseen ------------------------------------------------------------


def test_ctrl_c_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_args: Any, **_options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["energysim.simulate"], "simulate", interrupted)
    written("old.json", "old")
    result = run(*SIMULATE, "--json", "old.json")
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "interrupted\n")
    assert os.listdir() == ["old.json"]


def test_bugs_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def buggy(*_args: Any, **_options: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sys.modules["energysim.simulate"], "simulate", buggy)
    assert isinstance(run(*SIMULATE).exception, ZeroDivisionError)


@pytest.mark.parametrize(
    ("package", "words", "extra"),
    [
        ("matplotlib", ("pareto", "alexnet", "--dataflow", "rs-chip", "--figure", "f.png"), "plot"),
        ("matplotlib", ("compare", "alexnet", "--figure", "f.png"), "plot"),
        ("plotly", ("compare", "alexnet", "--html", "f.html"), "plot"),
        ("onnx", ("simulate", "model.onnx"), "onnx"),
        ("torch", ("simulate", "torch:nn.Linear", "--input", "1x3"), "torch"),
        ("pyarrow", ("simulate", "alexnet", "--density", "d.parquet"), "parquet"),
    ],
)
def test_a_missing_extra_is_named(
    package: str, words: Sequence[str], extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("model.onnx").touch()
    Path("d.parquet").touch()
    for name in [package, *(each for each in sys.modules if each.startswith(f"{package}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    check_error(words, rf".*pip install 'energysim\[{extra}\]'")
