"""Running commands in this process."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from energysim.cli.commands import energysim

TINY_LAYER = "{name: fc, M: 10, C: 8, H: 1, W: 1, R: 1, S: 1}"
TINY_SHAPE = "M=3,C=2,H=4,R=3"


def run(*words: str) -> Result:
    return CliRunner().invoke(energysim, words)


def out(*words: str) -> str:
    """What a command that succeeds prints; nothing goes to stderr."""
    result = run(*words)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def written(name: str, text: str) -> str:
    """Write a file and return its name."""
    Path(name).write_text(text, encoding="utf-8")
    return name


def network(name: str = "net.yaml", layers: str = TINY_LAYER, head: str = "name: tiny") -> str:
    return written(name, f"{{{head}, layers: [{layers}]}}")
