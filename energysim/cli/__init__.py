"""The command ``energysim``."""

from __future__ import annotations

import os
import sys

import click

from energysim.cli.commands import energysim

__all__ = ["main"]


def main() -> None:
    """Run the command with the arguments of the process, and exit."""
    # Python has None for what was closed before it began, as by `energysim ... >&-`.
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - as long as the process
    if sys.stdout is None:
        click.echo("error: cannot write the output: stdout is closed", err=True)
        sys.exit(2)
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks must not end in a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    energysim.main(prog_name="energysim")
