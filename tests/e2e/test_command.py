"""The command as a process: exit codes, pipes, terminals and Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from e2e.process import COMMAND, interrupted, on_terminal, posix, run

import energysim as es

# Layers that take long enough to be interrupted.
LONG = "name: long\nlayers:\n" + "".join(
    f"  - {{name: conv{i}, M: {499 + i}, C: 511, H: 57, W: 57, R: 5, S: 5, dilation: 2}}\n"
    for i in range(2000)
)

SHELL_COMMAND = " ".join(f"'{word}'" for word in COMMAND)


def test_module_is_the_command() -> None:
    done = run("simulate", "alexnet", "--dataflow", "rs-chip")
    report = es.simulate("alexnet", "eyeriss", "rs-chip")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{report.table()}\n", "")


def test_script_is_the_command() -> None:
    script = Path(sys.executable).with_name("energysim")
    if not script.exists():
        pytest.skip("energysim is not installed as a script")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"energysim {es.__version__}\n"


def test_json_is_all_there_is_on_stdout() -> None:
    done = run("simulate", "alexnet", "--json", "-", "--threads", "2")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == json.loads(es.simulate("alexnet", "eyeriss").to_json())


def test_error_is_one_line_without_traceback() -> None:
    done = run("simulate", "alexnt")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: unknown network 'alexnt': did you mean 'alexnet'?")
    assert done.stderr.count("\n") == 1


def test_output_in_a_narrow_encoding() -> None:
    done = run("simulate", "łx", env=os.environ | {"PYTHONIOENCODING": "latin-1"})
    assert done.returncode == 2
    assert r"unknown network '\u0142x'" in done.stderr


@posix
@pytest.mark.parametrize("words", ["simulate alexnet", "simulate resnet50 --json -", "validate"])
def test_reader_that_has_seen_enough(words: str) -> None:
    with subprocess.Popen(
        [*COMMAND, *words.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()  # before anything is written
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 1


@posix
def test_first_line_of_many() -> None:
    done = subprocess.run(
        f"{SHELL_COMMAND} simulate resnet50 --json - | head -1",
        shell=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("{\n", "")


@posix
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_full_disk() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, "simulate", "alexnet"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 2
    assert done.stderr == "error: cannot write the output: No space left on device\n"


@posix
@pytest.mark.parametrize("words", ["simulate alexnet", "validate", "networks alexnet", "--help"])
def test_closed_stdout(words: str) -> None:
    done = subprocess.run(
        f"{SHELL_COMMAND} {words} >&-", shell=True, stderr=subprocess.PIPE, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr == "error: cannot write the output: stdout is closed\n"


@posix
def test_closed_stderr() -> None:
    done = subprocess.run(
        f"{SHELL_COMMAND} simulate alexnet 2>&-", shell=True, stdout=subprocess.PIPE, text=True
    )
    assert (done.returncode, done.stdout) == (0, run("simulate", "alexnet").stdout)


@posix
def test_json_to_a_device() -> None:
    done = run("search", "--shape", "M=3,C=2,H=4,R=3", "--json", "/dev/stderr")
    assert done.returncode == 0
    assert json.loads(done.stderr)["macs"] == 216


@posix
def test_ctrl_c_stops_a_long_search(tmp_path: Path) -> None:
    net, target = tmp_path / "long.yaml", tmp_path / "old.json"
    net.write_text(LONG, encoding="utf-8")
    target.write_text("old", encoding="utf-8")
    interrupted("simulate", str(net), "--batch", "3", "--json", str(target), folder=tmp_path)
    assert target.read_text(encoding="utf-8") == "old"


@posix
@pytest.mark.parametrize("words", ["simulate alexnet", "search alexnet --layer FC1", "validate"])
def test_tables_on_a_terminal(words: str) -> None:
    code, shown = on_terminal(*words.split())
    assert code == 0
    assert b"FC1" in shown
    assert b"searching" not in shown  # too fast for a progress bar


@posix
@pytest.mark.parametrize(
    "words",
    [
        "simulate alexnet",
        "search alexnet --layer CONV3",
        "compare alexnet --dataflows rs,ws",
        "pareto alexnet",
        "sensitivity alexnet",
        "architectures",
    ],
)
def test_narrow_terminals_cut_nothing(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    code, shown = on_terminal(*words.split())
    assert code == 0
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).splitlines()
    lines = [line.rstrip() for line in lines]
    # Running text is wrapped; tables and loop nests are those of a pipe.
    kept = [line for line in run(*words.split()).stdout.splitlines() if not _is_prose(line)]
    assert len(kept) > 2
    assert [line for line in kept if line not in lines] == []


def _is_prose(line: str) -> bool:
    return len(line) > 40 and not re.search(r"   |--- *$| by [0-9]|PE holds", line)


@posix
def test_progress_on_a_terminal_until_ctrl_c(tmp_path: Path) -> None:
    net = tmp_path / "long.yaml"
    net.write_text(LONG, encoding="utf-8")
    code, shown = on_terminal(
        "simulate", str(net), "--batch", "3", interrupt_after=b"searching 2000 layers"
    )
    assert code == 130
    assert shown.rstrip().endswith(b"interrupted")
    assert b"Traceback" not in shown
