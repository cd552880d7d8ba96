"""The command as a process: exit codes, pipes, terminals and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import energysim as es

COMMAND = [sys.executable, "-m", "energysim"]
# Layers that take long enough to be interrupted.
LONG = "name: long\nlayers:\n" + "".join(
    f"  - {{name: conv{i}, M: {499 + i}, C: 511, H: 57, W: 57, R: 5, S: 5, dilation: 2}}\n"
    for i in range(2000)
)

posix = pytest.mark.skipif(os.name != "posix", reason="pipes and signals of POSIX")


def listen_to_ctrl_c() -> None:
    """Undo what a shell does to the programs that it runs in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [*COMMAND, *words], capture_output=True, text=True, timeout=120, **options
    )


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
    command = " ".join(f"'{word}'" for word in COMMAND)
    done = subprocess.run(
        f"{command} simulate resnet50 --json - | head -1",
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
def test_json_to_a_device() -> None:
    done = run("search", "--shape", "M=3,C=2,H=4,R=3", "--json", "/dev/stderr")
    assert done.returncode == 0
    assert json.loads(done.stderr)["macs"] == 216


@posix
def test_ctrl_c_stops_a_long_search(tmp_path: Path) -> None:
    net, target = tmp_path / "long.yaml", tmp_path / "old.json"
    net.write_text(LONG, encoding="utf-8")
    target.write_text("old", encoding="utf-8")
    words = ["simulate", str(net), "--batch", "3", "--json", str(target)]
    with subprocess.Popen(
        [*COMMAND, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=listen_to_ctrl_c,
    ) as process:
        while len(os.listdir(tmp_path)) < 3:  # until the new file is there, just before the search
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        try:
            stdout, stderr = process.communicate(timeout=30)
        finally:
            process.kill()
        assert (process.returncode, stdout, stderr) == (130, "", "interrupted\n")
        assert time.monotonic() - start < 3  # a fraction of a second, but for busy machines
    assert target.read_text(encoding="utf-8") == "old"
    assert sorted(os.listdir(tmp_path)) == ["long.yaml", "old.json"]


def on_terminal(*words: str, interrupt_after: bytes | None = None) -> tuple[int, bytes]:
    """Run with stdout and stderr on a terminal; press Ctrl-C when it shows some text."""
    import pty

    pid, terminal = pty.fork()
    if pid == 0:
        listen_to_ctrl_c()
        os.execv(COMMAND[0], [*COMMAND, *words])
    shown = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        shown += part
        if not part:
            break
        if interrupt_after is not None and interrupt_after in shown:
            os.write(terminal, b"\x03")
            interrupt_after = None
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown


@posix
@pytest.mark.parametrize("words", ["simulate alexnet", "search alexnet --layer FC1", "validate"])
def test_tables_on_a_terminal(words: str) -> None:
    code, shown = on_terminal(*words.split())
    assert code == 0
    assert b"FC1" in shown
    assert b"searching" not in shown  # too fast for a progress bar


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
