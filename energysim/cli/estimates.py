"""``energysim sensitivity`` and ``energysim estimate``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from energysim.cli.app import Failure, one_line
from energysim.cli.data_options import data_options, layer_data, table_options, with_energy_table
from energysim.cli.inputs import (
    arch_option,
    architecture_named,
    batch_option,
    dataflow_named,
    dataflow_option,
)
from energysim.cli.models import model_named, model_options, no_model_options
from energysim.cli.output import json_option, show, table, text_writer
from energysim.layer_result import LEVELS
from energysim.progress import Progress
from energysim.tables import number_of, si

if TYPE_CHECKING:
    import rich.console

    from energysim import Dataflow, LayerSensitivity, Network, Report

__all__ = ["estimate", "sensitivity"]

_UNITS = {"mac": "relative to one 16-bit MAC", "pJ": "in pJ"}


@click.command(short_help="How energy depends on densities and bits.")
@click.argument("network", metavar="NETWORK|FILE|MODULE:FACTORY")
@arch_option
@dataflow_option
@batch_option
@model_options
@data_options
@table_options
@json_option
def sensitivity(
    network: str,
    arch: str,
    dataflow: str,
    batch: int | None,
    inputs: tuple[str, ...],
    dims: tuple[str, ...],
    strict: bool,
    bits_words: tuple[str, ...],
    density_words: tuple[str, ...],
    json_path: str | None,
    **table_words: Any,
) -> None:
    """Show by how much the energy of each layer changes with densities and bits.

    Columns: dE/d density of ifmap, filter and ofmap (the energy that all values of the layer would
    cost, from none to all of them not zero, at the slope where it is); and what the last bit of
    ifmap, filter, psum and ofmap costs. Mappings are optimal for the data given, and stay. Below
    stands from which density on compressed values take more room than raw ones.

    \b
    Examples:
      energysim sensitivity alexnet --density ifmap=0.4
      energysim sensitivity vgg16 --dataflow rs-chip --bits 8 --density filter=0.5
    """  # noqa: D301
    from energysim.sensitivity import sensitivity as run

    net = model_named(network, batch, inputs, dims, strict)
    architecture = with_energy_table(architecture_named(arch), **table_words)
    with text_writer(json_path) as write:
        report = _simulated(
            net, architecture, dataflow_named(dataflow), layer_data(bits_words, density_words)
        )
        layers = run(report)
        plain = _head(report) | {
            "compression": _codings(report),
            "layers": [layer.to_dict() for layer in layers],
        }
        write(json.dumps(plain, indent=2, allow_nan=False))
    if json_path != "-":
        show(*_sensitivity_view(report, layers))


def _simulated(net: Network, arch: Any, dataflow: Dataflow | str, data: dict[str, Any]) -> Report:
    from energysim.simulate import simulate

    with Progress(f"searching {number_of(len(net), 'layer')}") as progress:
        seen = progress if progress.visible else None
        return simulate(net, arch, dataflow, progress=seen, **data)


def _head(report: Report) -> dict[str, Any]:
    costs = report.architecture.energy
    return {
        "network": report.network.name,
        "architecture": report.architecture.name,
        "dataflow": report.dataflow,
        "batch": report.batch,
        "energy_table": {"unit": costs.unit, "source": costs.source},
    }


def _sensitivity_view(
    report: Report, layers: tuple[LayerSensitivity, ...]
) -> tuple[rich.console.RenderableType, ...]:
    from rich.text import Text

    names = [name.replace("_density", "") for name in layers[0].density]
    bits = [name.replace("_bits", "") for name in layers[0].bits]
    rows = table(
        "layer", "energy", *(f"dE/d {n} dens." for n in names), *(f"{n} bit" for n in bits)
    )
    for layer in layers:
        cells = (layer.energy, *layer.density.values(), *layer.bits.values())
        rows.add_row(one_line(layer.name), *map(si, cells))
    return rows, Text(f"\n{_caption(report)}{_break_even(report)}")


def _codings(report: Report) -> list[dict[str, Any]]:
    """Return what is compressed where, and at which density that stops to pay for a word.

    That depends on the width of the word: each width that some layer has is there.
    """
    from energysim.compression import break_even_density

    arch = report.architecture
    data = [layer.data.with_bits_of(arch.word_bits) for layer in report.layers]
    return [
        {
            "level": level,
            "operand": operand,
            "format": form,
            "only_if_smaller": coding.only_if_smaller,
            "bits": bits,
            "break_even_density": break_even_density(form, bits),
        }
        for level, coding in zip(LEVELS, arch.compression, strict=True)
        for operand in ("ifmap", "filter", "ofmap")
        if (form := getattr(coding, operand)) != "raw"
        for bits in sorted({getattr(each, f"{operand}_bits") for each in data}, reverse=True)
    ]


def _break_even(report: Report) -> str:
    lines = [
        f"{each['level']} {each['operand']}: {each['format']}, which takes more room than raw "
        f"values of {each['bits']} bit above a density of {each['break_even_density']:.4g}"
        + ("; they are raw then" if each["only_if_smaller"] else "")
        for each in _codings(report)
    ]
    return "".join(f"\n{line}." for line in lines)


def _caption(report: Report) -> str:
    return (
        f"{one_line(report.network.name)} on {one_line(report.architecture.name)}, dataflow "
        f"{report.dataflow}: energy of {number_of(report.batch, 'image')}, "
        f"{_UNITS[report.unit]}; energy table: {one_line(report.architecture.energy.source)}."
    )


@click.command(short_help="Energy as the published estimation tool reports it.")
@click.argument("network", metavar="NETWORK|FILE|MODULE:FACTORY")
@batch_option
@model_options
@data_options
@click.option("--branches", is_flag=True, help="Layers of a .txt FILE need not follow each other.")
@click.option("--text", "text_path", metavar="FILE", help="Also write the network as its .txt.")
@json_option
def estimate(
    network: str,
    batch: int | None,
    inputs: tuple[str, ...],
    dims: tuple[str, ...],
    strict: bool,
    bits_words: tuple[str, ...],
    density_words: tuple[str, ...],
    branches: bool,
    text_path: str | None,
    json_path: str | None,
) -> None:
    """Estimate the energy of a network by the published method.

    Yang et al., Asilomar 2017 and CVPR 2017: architecture 'estimation-tool', dataflow
    'rs-estimation-tool'. FILE may be a .txt file of that tool, of 25 numbers per layer. Shown are,
    per layer and image, the energies of computation and of moving weights, ifmap and ofmap; and
    beside them the optimum without the tool's rule for sharing filters between images.

    \b
    Examples:
      energysim estimate alexnet --batch 44
      energysim estimate mynet.txt --json -
      energysim estimate vgg16 --density ifmap=0.4 --text vgg16.txt
    """  # noqa: D301
    from energysim import architectures
    from energysim.frontends import tool_text

    data = layer_data(bits_words, density_words)
    if network.lower().endswith(".txt"):
        no_model_options(inputs, dims, strict)
        net, known = _read(network, in_sequence=not branches)
        net = net if batch is None else net.with_batch(batch)
        data.setdefault("data", known)
    else:
        net = model_named(network, batch, inputs, dims, strict)
    with text_writer(json_path) as write:
        arch = architectures.estimation_tool()
        report = _simulated(net, arch, "rs-estimation-tool", data)
        optimum = _simulated(net, arch, "rs", data)
        if text_path is not None:
            _write(text_path, tool_text.write(net, {r.name: r.data for r in report.layers}))
        layers = [_split(layer) for layer in report.layers]
        best = [layer.energy / report.batch for layer in optimum.layers]
        plain = [
            {"name": name, **parts, "total": sum(parts.values()), "optimum": free}
            for (name, parts), free in zip(layers, best, strict=True)
        ]
        write(json.dumps(_head(report) | {"layers": plain}, indent=2, allow_nan=False))
    if json_path != "-":
        from rich.text import Text

        rows = table("layer", "computation", "weight", "ifmap", "ofmap", "total", "optimum")
        for row in plain:
            cells = [si(value) for value in row.values() if not isinstance(value, str)]
            rows.add_row(one_line(str(row["name"])), *cells)
        sums = [sum(column) for column in zip(*(tuple(r.values())[1:] for r in plain), strict=True)]
        rows.add_row("all", *map(si, sums))
        note = "Per image; optimum: dataflow rs, free to share filters between images."
        show(rows, Text(f"\n{_caption(report)}\n{note}"))


def _read(path: str, in_sequence: bool) -> Any:
    from energysim.frontends import tool_text

    try:
        return tool_text.load(path, in_sequence=in_sequence)
    except OSError as error:
        raise Failure(f"cannot read {path}: {error.strerror or error}") from error


def _write(path: str, text: str) -> None:
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise Failure(f"cannot write {path}: {error.strerror or error}") from error


def _split(layer: Any) -> tuple[str, dict[str, float]]:
    """Return the name of a layer and its energies per image, in the tool's four parts."""
    parts, batch = layer.by_operand(), layer.layer.N
    names = {"computation": "mac", "weight": "filter", "ifmap": "ifmap", "ofmap": "psum"}
    return layer.name, {name: parts[key] / batch for name, key in names.items()}
