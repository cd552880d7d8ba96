"""The command ``energysim trace``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from energysim.cli.arrays import layer_of_tensors, load_tensors
from energysim.cli.inputs import (
    arch_option,
    architecture_named,
    dataflow_option,
    letters,
    numbers,
)
from energysim.cli.output import json_option, show, text_writer
from energysim.errors import InvalidInput
from energysim.progress import Progress

if TYPE_CHECKING:
    import numpy.typing as npt

    from energysim import Architecture, Layer, Mapping

__all__ = ["trace"]


@click.command(short_help="Real tensors of a layer, run through a mapping.")
@click.argument("files", metavar="FILE [FILTERS]", nargs=-1, required=True)
@click.option("--stride", default="1", metavar="N|VxH", help="Stride. [default: 1]")
@click.option(
    "--padding", default="0", metavar="N|VxH", help="Rows and columns of padding. [default: 0]"
)
@click.option("--dilation", default="1", metavar="N|VxH", help="Dilation. [default: 1]")
@click.option("--groups", type=int, default=1, metavar="G", help="Groups. [default: 1]")
@arch_option
@dataflow_option
@click.option(
    "--mapping",
    "mapping_text",
    metavar="LETTERS",
    help="A mapping such as m=64,e=13,p=16,q=4, instead of the one of least energy; letters left "
    "out take their least value. A loop order other than the first goes before a colon: "
    "ifmaps:e=13,p=16.",
)
@click.option(
    "--quantize",
    "quantize_bits",
    type=int,
    metavar="BITS",
    help="Round real numbers to fixed-point integers of so many bits, the largest magnitude of "
    "each tensor to the largest integer.",
)
@click.option(
    "--bits",
    type=int,
    default=16,
    metavar="N",
    help="Bits of ifmap, filter and ofmap words; values that do not fit are an error. "
    "[default: 16]",
)
@click.option(
    "--psum-bits",
    type=int,
    default=48,
    metavar="N",
    help="Bits of a partial sum; one that does not fit is an error. [default: 48]",
)
@click.option("--relu/--no-relu", default=True, help="Store negative ofmap values as 0.")
@click.option(
    "--threads",
    type=int,
    default=0,
    metavar="N",
    help="Threads to run on; 0 takes all cores. The result is the same for any number. "
    "[default: 0]",
)
@json_option
def trace(
    files: tuple[str, ...],
    stride: str,
    padding: str,
    dilation: str,
    groups: int,
    arch: str,
    dataflow: str,
    mapping_text: str | None,
    quantize_bits: int | None,
    bits: int,
    psum_bits: int,
    relu: bool,
    threads: int,
    json_path: str | None,
) -> None:
    """Run the tensors of one layer through a mapping, word by word.

    FILE is an .npz file with the arrays 'ifmap' (N, C, H, W) and 'filters' (M, C, R, S), or two
    .npy files. Without --mapping, the mapping is that of least energy at the density of the ifmap.

    Shown is what the zeros of the data save: MACs and accesses that are gated, and the bits of what
    moves to and from DRAM, run-length coded as on the Eyeriss chip. The closed form beside it knows
    of the ifmap only the share of values that are not zero.

    \b
    Examples:
      energysim trace conv3.npz --padding 1
      energysim trace ifmap.npy filters.npy --stride 2 --quantize 8
      energysim trace conv3.npz --padding 1 --dataflow rs-chip --mapping m=64,e=13,p=16,q=4
    """  # noqa: D301
    from energysim.cli.views import trace_view
    from energysim.fixed_point import quantize
    from energysim.tensor_trace import trace as run

    architecture = architecture_named(arch)
    layer, ifmap, filters = layer_of_tensors(
        *load_tensors(files),
        groups=groups,
        stride=numbers("--stride", stride),
        padding=numbers("--padding", padding),
        dilation=numbers("--dilation", dilation),
    )
    if quantize_bits is None:
        if "f" in (ifmap.dtype.kind, filters.dtype.kind):
            raise InvalidInput("real numbers have to be rounded to integers: give --quantize BITS")
    else:
        ifmap, filters = (quantize(array, quantize_bits).values for array in (ifmap, filters))
    with text_writer(json_path) as write:
        mapping = _mapping(layer, architecture, dataflow, mapping_text, ifmap)
        with Progress(f"running {layer.macs:,} MACs") as progress:
            traced = run(
                layer,
                architecture,
                mapping,
                ifmap,
                filters,
                ifmap_bits=bits,
                filter_bits=bits,
                ofmap_bits=bits,
                psum_bits=psum_bits,
                relu=relu,
                threads=threads,
                progress=progress if progress.visible else None,
            )
        costs = architecture.energy
        head: dict[str, Any] = {
            "architecture": architecture.name,
            "dataflow": mapping.dataflow,
            "batch": layer.N,
            "energy_table": {"unit": costs.unit, "source": costs.source},
        }
        closed = {"closed_form_by_level": traced.closed_form_by_level()}
        write(json.dumps(head | traced.to_dict() | closed, indent=2, allow_nan=False))
    if json_path != "-":
        show(*trace_view(traced, architecture.name))


def _mapping(
    layer: Layer,
    arch: Architecture,
    dataflow: str,
    given: str | None,
    ifmap: npt.NDArray[Any],
) -> Mapping:
    import numpy as np

    from energysim import Mapping
    from energysim.simulate import search

    if given is None:
        density = int(np.count_nonzero(ifmap)) / ifmap.size
        return search(layer, arch, dataflow, ifmap_density=density).mapping
    scheme, _, text = given.rpartition(":")
    return Mapping.from_letters(layer, arch, dataflow, scheme, letters(text))
