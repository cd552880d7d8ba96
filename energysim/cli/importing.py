"""The command that turns models of other programs into network files."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import click

from energysim.cli.inputs import batch_option
from energysim.cli.models import model_named, model_options
from energysim.cli.output import naming, text_writer
from energysim.tables import number_of, si

if TYPE_CHECKING:
    from energysim import Network

__all__ = ["import_command"]


@click.command("import", short_help="A network file from a PyTorch, ONNX or Timeloop model.")
@click.argument("model", metavar="MODEL")
@click.option(
    "--to",
    "target",
    default="-",
    show_default=True,
    metavar="FILE|-",
    help="Where to write the network; with --format timeloop, a folder for one file per layer.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["network", "timeloop"]),
    default="network",
    show_default=True,
    help="A network file, or problems of Timeloop.",
)
@batch_option
@model_options
def import_command(
    model: str,
    target: str,
    form: str,
    batch: int | None,
    inputs: tuple[str, ...],
    dims: tuple[str, ...],
    strict: bool,
) -> None:
    """Turn a model into a network file that can be read, edited and simulated.

    MODEL is an ONNX file (model.onnx), a PyTorch model as package.module:factory (the factory is
    imported from the current folder or the installed packages, called, and traced without
    computing anything), a problem of Timeloop (.yaml), a network file, or a built-in network.

    The file has the layers with MACs and, as its graph, all operations with what became of them:
    counted, ignored (with the reason) or unsupported. Weights are not read.

    \b
    Examples:
      energysim import model.onnx --to net.yaml
      energysim import open.onnx --dim height=224 --batch 4 --to net.yaml
      energysim import mypackage.nets:resnet --input 1x3x224x224 --to net.yaml
      energysim import net.yaml --format timeloop --to problems
    """  # noqa: D301
    network = model_named(model, batch, inputs, dims, strict)
    if form == "timeloop":
        _write_problems(network, target)
    else:
        with text_writer(target) as write:
            write(network.to_yaml().rstrip("\n"))
    if target != "-":
        click.echo(_summary(network))


def _write_problems(network: Network, target: str) -> None:
    from energysim.frontends import to_timeloop

    if target == "-":
        for layer in network:
            click.echo(f"---\n{to_timeloop(layer)}", nl=False)
        return
    with naming(target):
        os.makedirs(target, exist_ok=True)
    for i, layer in enumerate(network):
        # Names of layers come from files of others: of them only what no file system minds.
        safe = re.sub(r"[^A-Za-z0-9.-]+", "_", layer.name).strip("._") or "layer"
        with text_writer(os.path.join(target, f"{i:03}_{safe[:80]}.yaml")) as write:
            write(to_timeloop(layer).rstrip("\n"))


def _summary(network: Network) -> str:
    layers = number_of(len(network), "layer")
    text = f"{layers}, {si(network.macs)} MACs, {si(network.filter_words)} weights"
    if network.graph is not None:
        text += (
            f"; {number_of(len(network.graph.ignored), 'operation')} ignored, "
            f"{len(network.graph.unsupported)} unsupported"
        )
    return text
