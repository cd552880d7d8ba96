"""The command that measures densities on real data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from energysim.cli.app import Failure, one_line
from energysim.cli.models import made, needing, told, torch_model
from energysim.cli.output import file_writer, show, table
from energysim.errors import EnergysimError, InvalidInput

if TYPE_CHECKING:
    import rich.table

    from energysim import Densities
    from energysim.densities import Measured

__all__ = ["measure_densities"]

_OPERANDS = ("ifmap", "filter", "ofmap")


@click.command("measure-densities", short_help="Shares of zeros, measured on real data.")
@click.argument("model", metavar="MODULE:FACTORY")
@click.option(
    "--data",
    "loader_name",
    required=True,
    metavar="MODULE:LOADER",
    help="Batches, such as a DataLoader, or a function without arguments that gives them. Of a "
    "tuple the first item is the model's input.",
)
@click.option(
    "--batches", type=int, metavar="N", help="How many batches to look at; all unless given."
)
@click.option(
    "--device", metavar="NAME", help="Where to run, such as cuda; where the model is if not given."
)
@click.option(
    "-o",
    "--to",
    "target",
    default="-",
    show_default=True,
    metavar="FILE|-",
    help="Where to write the densities: .json or .parquet; '-' prints JSON.",
)
def measure_densities(
    model: str, loader_name: str, batches: int | None, device: str | None, target: str
) -> None:
    """Run a PyTorch model on real data, and count the zeros of every layer.

    MODULE:FACTORY gives the model with its weights, MODULE:LOADER its batches; both are imported
    from the current folder or the installed packages. The file has, for each layer, the values of
    ifmap, filter and ofmap (after the activation that follows) that were not zero, and enough for
    a confidence interval; 'energysim simulate --density' takes it.

    \b
    Examples:
      energysim measure-densities mynets:resnet --data mynets:images -o measured.json
      energysim measure-densities mynets:resnet --data mynets:images --batches 20
      energysim simulate mynets:resnet --input 1x3x224x224 --density measured.json
    """  # noqa: D301
    if target == "-":
        click.echo(_measured(model, loader_name, batches, device).to_json())
        return
    ending = target.lower().rpartition(".")[2]
    if ending not in ("json", "parquet"):
        raise InvalidInput(f"--to: must be a .json or .parquet file, not {target!r}")
    if ending == "parquet":
        with needing("pyarrow", "parquet"):
            import pyarrow  # noqa: F401
    with file_writer(target) as write:
        found = _measured(model, loader_name, batches, device)
        write(found.save)
    show(_table(found))


def _measured(model: str, loader_name: str, batches: int | None, device: str | None) -> Densities:
    from energysim.frontends import measure_densities as run

    network = torch_model(model)
    try:
        if device is not None:
            network = network.to(device)
        loader = _loader(loader_name)
        with told():
            return run(network, loader, batches=batches, name=_name(model))
    except (EnergysimError, Failure):
        raise
    except Exception as error:  # of the user's code, or of the model on these data
        text = one_line(f"{type(error).__name__}: {error}")[:300]
        raise InvalidInput(f"{model} on {loader_name}: {text}") from error


def _loader(name: str) -> Iterable[Any]:
    loader = made(name, lambda named: named() if callable(named) else named)
    if not isinstance(loader, Iterable):
        raise InvalidInput(f"{name} must give batches, not {type(loader).__name__}")
    return loader


def _name(model: str) -> str:
    return model.rpartition(":")[2].rpartition(".")[2]


def _table(found: Densities) -> rich.table.Table:
    """Densities with half of their 95 % confidence intervals."""
    shown = table("layer", *_OPERANDS, "samples")
    for name, operands in found.layers.items():
        samples = max(measured.samples for measured in operands.values())
        shown.add_row(name, *(_cell(operands.get(each)) for each in _OPERANDS), str(samples))
    return shown


def _cell(measured: Measured | None) -> str:
    if measured is None:
        return ""
    low, high = measured.interval()
    spread = f" +-{(high - low) / 2:.3f}" if measured.samples > 1 else ""
    return f"{measured.density:.3f}{spread}"
