"""The command ``energysim``."""

from __future__ import annotations

import sys

from energysim.cli.commands import energysim

__all__ = ["main"]


def main() -> None:
    """Run the command with the arguments of the process, and exit."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks must not end in a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    energysim.main(prog_name="energysim")
