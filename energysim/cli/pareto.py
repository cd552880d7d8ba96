"""The command that weighs energy against cycles."""

from __future__ import annotations

from typing import Any

import click

from energysim.cli.data_options import data_options, layer_data, table_options, with_energy_table
from energysim.cli.inputs import (
    arch_option,
    architecture_named,
    batch_option,
    dataflow_named,
    dataflow_option,
)
from energysim.cli.models import model_named, model_options
from energysim.cli.output import json_option, save, show, text_writer
from energysim.progress import Progress
from energysim.tables import number_of

__all__ = ["pareto"]


@click.command(short_help="Energy against cycles: all that no mappings beat.")
@click.argument("network", metavar="NETWORK|FILE|MODULE:FACTORY")
@click.option("--layer", "layer_name", metavar="NAME", help="One layer of it, such as CONV3.")
@arch_option
@dataflow_option
@batch_option
@model_options
@data_options
@table_options
@click.option(
    "--most-points",
    type=int,
    default=100_000,
    show_default=True,
    metavar="N",
    help="Points of a network's front at most; a larger one is thinned out, and says so.",
)
@click.option(
    "--threads", type=int, default=1, show_default=True, metavar="N", help="0 takes all cores."
)
@json_option
@click.option("--figure", "figure_path", metavar="FILE", help="Draw it as .png, .svg, ...")
def pareto(
    network: str,
    layer_name: str | None,
    arch: str,
    dataflow: str,
    batch: int | None,
    inputs: tuple[str, ...],
    dims: tuple[str, ...],
    strict: bool,
    bits_words: tuple[str, ...],
    density_words: tuple[str, ...],
    most_points: int,
    threads: int,
    json_path: str | None,
    figure_path: str | None,
    **table_words: Any,
) -> None:
    """Find all pairs of energy and cycles of a network that no mappings beat.

    A mapping of least energy may be slow, and a fast one cost more. Shown are the points between:
    each is the least energy for its cycles, over all mappings of all layers. Cycles are those with
    the waits for DRAM; layers run one after another. EDP is energy times cycles of the whole
    network. --json has all points, with the mappings behind each.

    \b
    Examples:
      energysim pareto alexnet --batch 4
      energysim pareto resnet50 --figure front.svg
      energysim pareto vgg16 --layer CONV3-1 --json -
    """  # noqa: D301
    from energysim.pareto import pareto as run

    net = model_named(network, batch, inputs, dims, strict)
    architecture = with_energy_table(architecture_named(arch), **table_words)
    data = layer_data(bits_words, density_words)
    if layer_name is not None:
        net[layer_name]  # or it is unknown, which is said at once
    with text_writer(json_path) as write:
        with Progress(f"searching {number_of(len(net), 'layer')}") as progress:
            front = run(
                net,
                architecture,
                dataflow_named(dataflow),
                **data,
                most_points=most_points,
                threads=threads,
                progress=progress if progress.visible else None,
            )
        if layer_name is not None:
            front = front.of_layer(layer_name)
        if figure_path is not None:
            save(figure_path, front.figure().savefig)
        write(front.to_json())
    if json_path != "-":
        from energysim.pareto_views import front_parts

        show(*front_parts(front))
