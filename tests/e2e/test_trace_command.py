"""``energysim trace`` as a process: a long run and Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
from e2e.test_command import COMMAND, listen_to_ctrl_c, on_terminal, posix


def long_files(folder: Path) -> list[str]:
    """Tensors of 30 G MACs, which take half a minute at least."""
    np.save(folder / "ifmap.npy", np.ones((4, 512, 56, 56), dtype=np.int8))
    np.save(folder / "filters.npy", np.ones((512, 512, 3, 3), dtype=np.int8))
    return [str(folder / "ifmap.npy"), str(folder / "filters.npy"), "--padding", "1"]


@posix
def test_ctrl_c_stops_a_long_run(tmp_path: Path) -> None:
    words = [*long_files(tmp_path), "--dataflow", "rs-chip", "--json", str(tmp_path / "out.json")]
    with subprocess.Popen(
        [*COMMAND, "trace", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=listen_to_ctrl_c,
    ) as process:
        while len(os.listdir(tmp_path)) < 3:  # until the new file is there, just before the run
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        try:
            stdout, stderr = process.communicate(timeout=30)
        finally:
            process.kill()
        assert (process.returncode, stdout, stderr) == (130, "", "interrupted\n")
        assert time.monotonic() - start < 3  # a fraction of a second, but for busy machines
    assert sorted(os.listdir(tmp_path)) == ["filters.npy", "ifmap.npy"]


@posix
def test_progress_is_shown_until_ctrl_c(tmp_path: Path) -> None:
    words = [*long_files(tmp_path), "--dataflow", "rs-chip"]
    code, shown = on_terminal("trace", *words, interrupt_after=b"running 29,595,")
    assert code == 130
    assert shown.rstrip().endswith(b"interrupted")
    assert b"Traceback" not in shown
