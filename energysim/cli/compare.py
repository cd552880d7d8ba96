"""The command that compares dataflows."""

from __future__ import annotations

import click

from energysim.cli.data_options import layer_data
from energysim.cli.inputs import architecture_named, dataflow_named, is_path
from energysim.cli.models import model_named, model_options
from energysim.cli.output import json_option, save, show, text_writer
from energysim.errors import InvalidInput
from energysim.progress import Progress

__all__ = ["compare"]


def _words(option: str, text: str) -> list[str]:
    parts = [part.split() for part in text.split(",")]
    if not all(parts):
        raise InvalidInput(
            f"{option}: a value is missing in {text[:40]!r}: write one between commas"
        )
    return [word for part in parts for word in part]


@click.command(short_help="Dataflows side by side.")
@click.argument("network", metavar="NETWORK|FILE|MODULE:FACTORY")
@click.option(
    "--dataflows",
    default="rs,ws,osa,osb,osc,nlr,is",
    show_default=True,
    metavar="NAME|FILE,...",
    help="Built-in dataflows (see 'energysim dataflows') or .yaml files.",
)
@click.option(
    "--arch",
    "archs",
    default="isca16",
    show_default=True,
    metavar="NAME|FILE,...",
    help="Built-in architectures or .yaml files. isca16, isca16-512, ... give every dataflow "
    "storage of the same area, as in the ISCA 2016 paper; all others are the same for all.",
)
@click.option("--batch", "batches", metavar="N,...", help="Images processed together.")
@model_options
@click.option(
    "--bits",
    "widths",
    metavar="N,...",
    help="Bits of all values, at most those of the architecture's words; or by operand (ifmap, "
    "filter, psum, ofmap), such as ifmap=8+filter=4. The words of the architecture if not given.",
)
@click.option("--threads", type=int, default=1, metavar="N", help="Threads; 0 takes all cores.")
@json_option
@click.option("--html", "html_path", metavar="FILE", help="Write a page with stacked bars.")
@click.option("--figure", "figure_path", metavar="FILE", help="Write the bars as .png, .svg, ...")
def compare(
    network: str,
    dataflows: str,
    archs: str,
    batches: str | None,
    inputs: tuple[str, ...],
    dims: tuple[str, ...],
    strict: bool,
    widths: str | None,
    threads: int,
    json_path: str | None,
    html_path: str | None,
    figure_path: str | None,
) -> None:
    """Find the optimal mappings of a network under several dataflows.

    The table has one line per dataflow, architecture, batch and width of the values: energy per
    MAC, in total, by level (DRAM, GLB, NoC, RF, MAC) and by operand; DRAM words per MAC; MACs per
    PE and cycle; energy times cycles. A dataflow that cannot run a layer says why; the others are
    still shown.

    \b
    Examples:
      energysim compare alexnet --batch 16
      energysim compare alexnet --dataflows rs,osc --arch isca16,isca16-1024 --batch 1,16,64
      energysim compare alexnet --dataflows rs,ws --bits 16,8,ifmap=8+filter=4
      energysim compare resnet50 --dataflows rs,mine.yaml --arch eyeriss --html bars.html
    """  # noqa: D301
    from energysim.compare import compare as run

    net = model_named(network, None, inputs, dims, strict)
    with text_writer(json_path) as write:
        with Progress("comparing") as progress:
            comparison = run(
                net,
                [
                    architecture_named(name) if is_path(name) else name
                    for name in _words("--arch", archs)
                ],
                [dataflow_named(name) for name in _words("--dataflows", dataflows)],
                batch=None if batches is None else _numbers(batches),
                bits=None
                if widths is None
                else [_width(word) for word in _words("--bits", widths)],
                threads=threads,
                progress=progress if progress.visible else None,
            )
        if html_path is not None:
            save(html_path, lambda path: _write(path, comparison.to_html()))
        if figure_path is not None:
            save(figure_path, comparison.figure().savefig)
        write(comparison.to_json())
    if json_path != "-":
        show(comparison)


def _numbers(text: str) -> list[int]:
    words = _words("--batch", text)
    if not all(word.isdecimal() and len(word) < 20 for word in words):
        raise InvalidInput(f"--batch must be whole numbers, such as 1,16,64, not {text[:40]!r}")
    return [int(word) for word in words]


def _width(word: str) -> int | dict[str, int]:
    if word.isdecimal() and len(word) < 20:
        return int(word)
    bits: dict[str, int] = layer_data(tuple(word.split("+")), ())["bits"]
    return bits


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
