"""The commands of ``energysim``: what they take, and what they do with it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from energysim.cli.app import App
from energysim.cli.compare import compare
from energysim.cli.data_options import data_options, layer_data, table_options, with_energy_table
from energysim.cli.estimates import estimate, sensitivity
from energysim.cli.importing import import_command
from energysim.cli.inputs import (
    arch_option,
    architecture_named,
    batch_option,
    dataflow_named,
    dataflow_option,
    densities,
    layer_of_shape,
)
from energysim.cli.listings import architectures, dataflows, networks
from energysim.cli.measuring import measure_densities
from energysim.cli.models import model_named, model_options, no_model_options
from energysim.cli.output import json_option, show, text_writer
from energysim.cli.pareto import pareto
from energysim.cli.prune import prune, runs
from energysim.cli.tracing import trace
from energysim.errors import InvalidInput
from energysim.progress import Progress
from energysim.tables import number_of, si

if TYPE_CHECKING:
    from energysim import Dataflow, Layer, LayerData, Network

__all__ = ["energysim"]

# Counting every mapping of a space takes a second or so for a few million.
_MOST_EXHAUSTIVE = 10_000_000

_DENSITY_HELP = (
    "Share of the ifmap values that are not zero, from 0 to 1. It saves energy where the "
    "architecture gates zeros, as the Eyeriss chip does."
)

objective_option = click.option(
    "--objective",
    default="energy",
    show_default=True,
    metavar="NAME",
    help="What the mapping of each layer has the least of: energy, dram (bits moved to and from "
    "DRAM), cycles (with the waits for DRAM), or edp (energy times these cycles, of each layer; "
    "for that of the whole network see 'energysim pareto').",
)


def _print_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        import energysim as package

        click.echo(f"energysim {package.__version__}")
        ctx.exit()


@click.group(
    cls=App, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
@click.pass_context
def energysim(ctx: click.Context) -> None:
    """Energy of convolutional networks on the Eyeriss row-stationary accelerator.

    energysim counts, exactly, how many words a mapping of a layer moves at each level of the
    memory hierarchy: DRAM, global buffer (GLB), array (NoC) and the scratch pads of the PEs (RF).
    It finds the mapping that costs the least energy, and proves that none costs less.

    Energies are relative to one 16-bit MAC, unless the architecture's file gives picojoules, and
    for the whole batch.

    \b
    Examples:
      energysim simulate alexnet --batch 4
      energysim search alexnet --layer CONV3
      energysim validate
    """  # noqa: D301
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@energysim.command(short_help="Optimal mappings and energy of a network.")
@click.argument("network", metavar="NETWORK|FILE|MODULE:FACTORY")
@arch_option
@dataflow_option
@batch_option
@model_options
@click.option(
    "--data-movement",
    is_flag=True,
    help="Count layers that only move data too (pooling, additions, normalization and so on). The "
    "Eyeriss papers leave them out. Not for the built-in networks, which list no such layers.",
)
@click.option(
    "--ifmap-density",
    "ifmap_words",
    multiple=True,
    metavar="X|LAYER=X",
    help=f"{_DENSITY_HELP} One for all layers, or once for each layer by name (1 for the rest).",
)
@data_options
@table_options
@objective_option
@click.option(
    "--threads",
    type=int,
    default=1,
    show_default=True,
    metavar="N",
    help="Threads to search with; 0 takes all cores. The result is the same for any number.",
)
@json_option
def simulate(
    network: str,
    arch: str,
    dataflow: str,
    batch: int | None,
    ifmap_words: tuple[str, ...],
    bits_words: tuple[str, ...],
    inputs: tuple[str, ...],
    dims: tuple[str, ...],
    strict: bool,
    data_movement: bool,
    density_words: tuple[str, ...],
    objective: Any,
    threads: int,
    json_path: str | None,
    **table_words: Any,
) -> None:
    """Find the mapping of least energy of every layer of a network.

    NETWORK is a built-in network (see 'energysim networks'), the path of a .yaml or .onnx file, or
    a PyTorch model as package.module:factory (see 'energysim import --help'). The table has, per
    layer: MACs and energy of the whole batch; the shares of the levels in percent; how much of the
    PEs' time is spent on MACs; and the mapping, in the letters of the Eyeriss papers:

    \b
      m  filters whose psums are in the GLB    p  filters in a PE
      n  images in a processing pass           q  channels in a PE
      e  ofmap rows in a processing pass       r  PE sets with different channels
      E1 ofmap rows in the GLB, if not e       t  PE sets with different filters

    \b
    Examples:
      energysim simulate alexnet --arch eyeriss --batch 4
      energysim simulate vgg16 --dataflow rs-chip --json vgg16.json
      energysim simulate mynet.yaml --arch mychip.yaml --ifmap-density 0.5
      energysim simulate alexnet --ifmap-density CONV2=0.61 --ifmap-density CONV3=0.28
      energysim simulate vgg16 --bits 8 --density ifmap=0.4 --density filter=0.3
      energysim simulate vgg16 --density densities.csv --energy-table 45nm --scale-glb sqrt
      energysim simulate resnet50 --json - | jq .by_level
      energysim simulate vgg16 --objective cycles
      energysim simulate model.onnx --data-movement
      energysim simulate mypackage.nets:resnet --input 1x3x224x224
    """  # noqa: D301
    from energysim.simulate import simulate as run

    net = model_named(network, batch, inputs, dims, strict)
    architecture = with_energy_table(architecture_named(arch), **table_words)
    data = layer_data(bits_words, density_words)
    if ifmap_words:
        data["ifmap_density"] = densities(ifmap_words)
    with text_writer(json_path) as write:
        with Progress(f"searching {number_of(len(net), 'layer')}") as progress:
            report = run(
                net,
                architecture,
                dataflow_named(dataflow),
                **data,
                objective=objective,
                data_movement=data_movement,
                threads=threads,
                progress=progress if progress.visible else None,
            )
        write(report.to_json())
    if json_path == "-":
        return
    if sys.stdout.isatty():
        show(report)
    else:
        click.echo(report.table())


@energysim.command(short_help="Optimal mapping of one layer, in full.")
@click.argument("network", required=False, metavar="[NETWORK|FILE|MODULE:FACTORY]")
@click.option("--layer", "layer_name", metavar="NAME", help="A layer of NETWORK, such as CONV3.")
@click.option(
    "--shape",
    metavar="SIZES",
    help="A layer of its own, such as M=64,C=32,H=28,R=3,padding=1: M filters of C channels and R "
    "rows on an ifmap of H rows without padding. Also W and S (columns; as H and R), G (groups), "
    "stride, padding, dilation (2 or, vertical and horizontal, 2x1).",
)
@arch_option
@dataflow_option
@batch_option
@model_options
@click.option("--ifmap-density", "density", type=float, metavar="X", help=_DENSITY_HELP)
@data_options
@table_options
@objective_option
@click.option("--exhaustive", is_flag=True, help="Count every mapping; for tiny layers.")
@json_option
def search(
    network: str | None,
    layer_name: str | None,
    shape: str | None,
    arch: str,
    dataflow: str,
    batch: int | None,
    inputs: tuple[str, ...],
    dims: tuple[str, ...],
    strict: bool,
    density: float | None,
    bits_words: tuple[str, ...],
    density_words: tuple[str, ...],
    objective: Any,
    exhaustive: bool,
    json_path: str | None,
    **table_words: Any,
) -> None:
    """Find the mapping of least energy of one layer, and show it in full.

    The layer is one of a network (NETWORK and --layer) or given by its --shape. Shown are the loop
    nest of its optimal mapping; the words it moves at each level, read, written by the level below
    and filled in from above; its energy by level and operand; and what proves that it is optimal.

    \b
    Examples:
      energysim search alexnet --layer CONV3 --batch 4
      energysim search --shape M=64,C=32,H=28,R=3,padding=1 --dataflow rs-chip
      energysim search --shape M=3,C=2,H=4,R=3 --exhaustive
      energysim search alexnet --layer CONV1 --objective edp
      energysim search alexnet --layer CONV3 --bits 8 --energy-table 45nm
    """  # noqa: D301
    from energysim.cli.views import search_view
    from energysim.simulate import search as run

    layer, net = _layer(network, layer_name, shape, batch, inputs, dims, strict)
    data = _data(layer, net, layer_data(bits_words, density_words))
    architecture = with_energy_table(architecture_named(arch), **table_words)
    declared = dataflow_named(dataflow)
    if exhaustive:
        _check_space(layer, declared)
    with text_writer(json_path) as write:
        result = run(
            layer,
            architecture,
            declared,
            data=data,
            ifmap_density=density,
            objective=objective,
            method="exhaustive" if exhaustive else "bounds",
        )
        costs = architecture.energy
        head = {
            "network": None if net is None else net.name,
            "architecture": architecture.name,
            "dataflow": result.mapping.dataflow,
            "batch": layer.N,
            "objective": objective,
            "energy_table": {"unit": costs.unit, "source": costs.source},
        }
        write(json.dumps(head | result.to_dict(), indent=2, allow_nan=False))
    if json_path != "-":
        show(*search_view(result, architecture.name, result.mapping.dataflow, objective))


def _layer(
    network: str | None,
    name: str | None,
    shape: str | None,
    batch: int | None,
    *model_words: Any,
) -> tuple[Layer, Network | None]:
    """Return the layer to search, and its network."""
    if shape is not None:
        if network is not None or name is not None:
            raise InvalidInput("--shape gives a layer of its own: leave out NETWORK and --layer")
        no_model_options(*model_words)
        return layer_of_shape(shape, 1 if batch is None else batch), None
    if network is None:
        raise InvalidInput("give a NETWORK and the --layer of it, or the --shape of a layer")
    net = model_named(network, batch, *model_words)
    if name is None and len(net) > 1:
        names = ", ".join(net.layer_names)
        raise InvalidInput(f"--layer is missing: which layer of {net.name}? known: {names}")
    return net[0 if name is None else name], net


def _data(layer: Layer, net: Network | None, words: dict[str, Any]) -> LayerData:
    """Return the data that `simulate` would give the layer."""
    from energysim import Network
    from energysim.layer_data import data_of_layers

    of = Network(layer.name, (layer,), layer.N) if net is None else net
    return data_of_layers(of, **words)[of.layer_names.index(layer.name)]


def _check_space(layer: Layer, dataflow: Dataflow | str) -> None:
    from energysim._core import space_size

    space = space_size(layer, dataflow)
    if space > _MOST_EXHAUSTIVE:
        raise InvalidInput(
            f"layer {layer.name!r} has {si(space)} mappings, too many to count one by one "
            f"(at most {si(_MOST_EXHAUSTIVE)}): leave out --exhaustive"
        )


@energysim.command(short_help="Published figures beside ours.")
@json_option
def validate(json_path: str | None) -> None:
    """Compare published figures with what energysim computes.

    Each line has a published value, ours, the error relative to the published one, and the
    tolerance. Nothing of ours is stored: all of it is computed now. Ends with exit code 1 if a
    figure leaves its tolerance.

    \b
    Examples:
      energysim validate
      energysim validate --json figures.json
    """  # noqa: D301
    from energysim.cli.views import validation_view
    from energysim.validation import validate as run

    with text_writer(json_path) as write:
        validation = run()
        write(validation.to_json())
    if json_path != "-":
        show(*validation_view(validation))
    if not validation.ok:
        sys.exit(1)


for _command in (
    import_command, measure_densities, compare, pareto, trace, sensitivity, estimate, prune, runs,
    networks, architectures, dataflows,
):  # fmt: skip
    energysim.add_command(_command)
