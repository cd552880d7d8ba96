"""The commands that list what is built in."""

from __future__ import annotations

import click

from energysim.cli.output import show, table
from energysim.tables import si

__all__ = ["architectures", "dataflows", "networks"]


@click.command(short_help="Built-in networks.")
@click.argument("name", required=False)
def networks(name: str | None) -> None:
    """List the built-in networks, or print one as a file.

    With NAME, prints the network as a .yaml file: a start for one of your own.

    \b
    Examples:
      energysim networks
      energysim networks alexnet > mynet.yaml
    """  # noqa: D301
    import energysim as es

    if name is not None:
        click.echo(es.networks.get(name).to_yaml(), nl=False)
        return
    rows = table("network", "layers", "MACs per image", "weights")
    for network in map(es.networks.get, es.networks.names()):
        rows.add_row(network.name, str(len(network)), si(network.macs), si(network.filter_words))
    show(rows)


@click.command(short_help="Built-in architectures.")
@click.argument("name", required=False)
def architectures(name: str | None) -> None:
    """List the built-in architectures, or print one as a file.

    With NAME, prints the architecture as a .yaml file: a start for one of your own. isca16-512 is
    isca16 with 512 PEs, and so on.

    \b
    Examples:
      energysim architectures
      energysim architectures eyeriss > mychip.yaml
    """  # noqa: D301
    import energysim as es

    if name is not None:
        click.echo(es.architectures.get(name).to_yaml(), nl=False)
        return
    rows = table("architecture", "PEs", "array", "GLB words", "RF words per PE", "unit of energy")
    for arch in map(es.architectures.get, es.architectures.names()):
        array = f"{arch.rows} x {arch.columns}"
        sizes = (f"{arch.glb_words:,}", f"{arch.rf.words:,}")
        rows.add_row(arch.name, str(arch.pes), array, *sizes, arch.energy.unit)
    show(rows)


@click.command(short_help="Dataflows and their orders of loops.")
def dataflows() -> None:
    """List the dataflows, with the orders of loops that each may use."""
    import energysim as es

    for dataflow in es.dataflows():
        click.echo(f"{dataflow.name}: {dataflow.summary}")
        for scheme in dataflow.schemes:
            click.echo(f"  {scheme.name}: {scheme.keeps}")
        click.echo(f"  source: {dataflow.source}")
