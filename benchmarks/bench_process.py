"""Whole processes: from the shell's point of view."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import energysim as es


def run(*words: str) -> str:
    return subprocess.run(
        [sys.executable, *words], check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.benchmark(group="energysim simulate alexnet, whole process: goal 500 ms")
def test_simulate_alexnet(benchmark: BenchmarkFixture) -> None:
    """Goal: 500 ms."""
    words = ("-m", "energysim", "simulate", "alexnet")
    assert run(*words) == f"{es.simulate('alexnet', 'eyeriss').table()}\n"
    benchmark.pedantic(run, words, rounds=10)


@pytest.mark.benchmark(group="import energysim, whole process: goal 300 ms")
@pytest.mark.parametrize("code", ["pass", "import energysim"])
def test_import(benchmark: BenchmarkFixture, code: str) -> None:
    """Goal: 300 ms; `pass` is what Python itself takes."""
    assert run("-c", f"{code}; print('ok')") == "ok\n"
    benchmark.pedantic(run, ("-c", code), rounds=10)
