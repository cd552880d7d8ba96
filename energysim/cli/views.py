"""How mappings and published figures look on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from energysim.cli.app import one_line
from energysim.cli.output import table
from energysim.fixed_point import MOST_BITS as WORD_BITS
from energysim.tables import si

if TYPE_CHECKING:
    import rich.console
    import rich.table

    from energysim import LayerResult, Trace
    from energysim._core import Layer, Proof
    from energysim.validation import Comparison, Figure, Validation

__all__ = ["layer_text", "search_view", "trace_view", "validation_view"]

_LEVELS = {"dram": "DRAM", "glb": "GLB", "noc": "NoC", "rf": "RF"}
_OPERANDS = ("ifmap", "filter", "psum")
_UNITS = {"mac": "relative to one 16-bit MAC", "pJ": "in pJ"}


def layer_text(layer: Layer) -> str:
    """Return the shape of a layer in a line.

    Examples
    --------
    >>> import energysim as es
    >>> layer_text(es.networks.alexnet(4)["CONV2"])
    'CONV2: N=4 G=2 M=128 C=48 H=27 W=27 R=5 S=5 padding=2, ofmap 27x27, 896 M MACs'
    """
    sizes = " ".join(f"{key}={getattr(layer, key)}" for key in "NGMCHWRS")
    for key, usual in (("stride", 1), ("padding", 0), ("dilation", 1)):
        numbers = getattr(layer, key)
        if set(numbers) != {usual}:
            shortest = numbers if len(set(numbers)) > 1 else numbers[:1]
            sizes += f" {key}={'x'.join(map(str, shortest))}"
    return f"{one_line(layer.name)}: {sizes}, ofmap {layer.E}x{layer.F}, {si(layer.macs)} MACs"


# What no mapping does, and what the number is, by objective.
_PROOFS = {
    "energy": ("costs less", "energy"),
    "dram": ("moves fewer bits to and from DRAM", "bits to and from DRAM"),
    "cycles": ("takes fewer cycles with DRAM", "cycles with DRAM"),
    "edp": ("has less energy times cycles with DRAM", "energy times cycles"),
}


def search_view(
    result: LayerResult, arch: str, dataflow: str, objective: str = "energy"
) -> tuple[rich.console.RenderableType, ...]:
    """Return the optimal mapping of a layer: loop nest, words, energy and proof."""
    from rich.text import Text

    head = (
        f"{layer_text(result.layer)}\n"
        f"on {one_line(arch)}, dataflow {dataflow}: energy {si(result.energy)}, "
        f"{_UNITS[result.unit]}\n"
        f"{si(result.cycles)} cycles, {si(result.total_cycles)} with DRAM, {result.active_pes} PEs "
        f"at work, {result.utilization:.1%} of all PEs' time\n"
    )
    return (
        Text(head),
        Text(f"{result.mapping}\n", no_wrap=True, overflow="ignore"),
        _words(result),
        Text(),
        _energies(result),
        Text(),
        _proof(result.proof, *_PROOFS[objective]),
    )


def _words(result: LayerResult) -> rich.table.Table:
    words = table("words", "operand", "read", "write", "fill", left=2)
    counts = result.counts.to_dict()
    for level, title in _LEVELS.items():
        for operand in _OPERANDS:
            cells = counts[level][operand]
            numbers = (f"{cells[kind]:,}" for kind in ("read", "write", "fill"))
            words.add_row(title if operand == _OPERANDS[0] else "", operand, *numbers)
    return words


def _energies(result: LayerResult) -> rich.table.Table:
    energies = table("energy", *_OPERANDS, "all", "share")
    by_level, by_operand = result.by_level(), result.by_operand()
    for level, row in result.by_level_and_operand().items():
        share = _share(by_level[level], result.energy)
        energies.add_row(_LEVELS[level], *map(si, row.values()), si(by_level[level]), share)
    mac = by_level["mac"]
    energies.add_row("MAC", "", "", "", si(mac), _share(mac, result.energy))
    operands = (by_operand[operand] for operand in _OPERANDS)
    energies.add_row("all", *map(si, operands), si(result.energy), _share(1, 1))
    return energies


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def _proof(proof: Proof, does: str, number: str) -> rich.table.Table:
    rows = {
        "mappings in the space": si(proof.space),
        "mappings counted": f"{proof.evaluated:,}",
        "parts of the space with a lower bound": f"{proof.bounded:,}",
        "parts cut, as their bound is not below the optimum": f"{proof.cut_by_bound:,}",
        "parts cut, as nothing in them fits": f"{proof.cut_by_capacity:,}",
        "parts cut, as another has the same counts": f"{proof.cut_as_equal:,}",
        "lower bound of all": f"{proof.lower_bound:,.0f}",
        f"{number} of the mapping found": f"{proof.optimum:,.0f}",
    }
    lines = table(f"proof that no mapping of the dataflow {does}", "")
    for row in rows.items():
        lines.add_row(*row)
    return lines


def trace_view(traced: Trace, arch: str) -> tuple[rich.console.RenderableType, ...]:
    """Return what tensors did under a mapping: energies, gated accesses, bits in DRAM."""
    from rich.text import Text

    head = (
        f"{layer_text(traced.layer)}\n"
        f"on {one_line(arch)}: energy {si(traced.energy)}, {_UNITS[traced.unit]}\n"
        f"not zero: {traced.ifmap_density:.1%} of the ifmap, {traced.filter_density:.1%} of the "
        "filters\n"
    )
    return (
        Text(head),
        Text(f"{traced.mapping}\n"),
        _against_closed_form(traced),
        Text(),
        _gated(traced),
        Text(),
        _streams(traced),
    )


def _against_closed_form(traced: Trace) -> rich.table.Table:
    energies = table("energy", "no zeros", "closed form", "these tensors", "difference")
    dense, closed = traced.closed_form_by_level(1.0), traced.closed_form_by_level()
    rows = [
        (title, dense[level], closed[level], traced.by_level()[level])
        for level, title in {**_LEVELS, "mac": "MAC"}.items()
    ]
    rows.append(("all", sum(dense.values()), sum(closed.values()), traced.energy))
    for title, without, expected, real in rows:
        difference = f"{expected / real - 1:+.2%}" if real else "-"
        energies.add_row(title, si(without), si(expected), si(real), difference)
    return energies


def _gated(traced: Trace) -> rich.table.Table:
    gated, counts = traced.gated, traced.counts
    rows = {
        "MACs": (gated.macs, counts.macs),
        "RF reads of filters": (gated.rf.filter.read, counts.rf.filter.read),
        "RF reads of psums": (gated.rf.psum.read, counts.rf.psum.read),
        "RF writes of psums": (gated.rf.psum.write, counts.rf.psum.write),
    }
    lines = table("gated by zeros", "", "of", "share")
    for title, (part, whole) in rows.items():
        lines.add_row(title, f"{part:,}", f"{whole:,}", _share(part, whole))
    return lines


def _streams(traced: Trace) -> rich.table.Table:
    lines = table("to and from DRAM", "words", "bits", "RLC bits", "RLC / bits")
    for name, part in traced.dram_words().items():
        bits = part["words"] * WORD_BITS
        rlc = part.get("rlc_bits")
        lines.add_row(
            name.replace("_", " "),
            f"{part['words']:,}",
            f"{bits:,}",
            "-" if rlc is None else f"{rlc:,}",
            "-" if rlc is None else _share(rlc, bits),
        )
    return lines


def validation_view(validation: Validation) -> tuple[rich.console.RenderableType, ...]:
    """Return all published figures beside ours, by source."""
    from rich.text import Text

    parts: list[rich.console.RenderableType] = []
    for source in validation.sources:
        parts += [Text(f"{source.name}: {source.citation}", style="bold"), Text(source.setup)]
        for comparison in source.comparisons:
            unit = f", in {comparison.unit}" if comparison.unit else ""
            parts += [
                Text(f"\n{comparison.quantity}{unit}", style="bold"),
                _comparison(comparison),
                Text(comparison.explanation),
            ]
        parts.append(Text())
    judged = [figure for figure in validation.figures if figure.tolerance is not None]
    good = sum(figure.ok for figure in judged)
    parts.append(Text(f"{good} of {len(judged)} published figures are within their tolerance."))
    return tuple(parts)


def _comparison(comparison: Comparison) -> rich.table.Table:
    rows = table("layer", "paper", "ours", "error", "tolerance", "")
    for figure in comparison.figures:
        rows.add_row(figure.name, *_cells(figure))
    return rows


def _cells(figure: Figure) -> tuple[str, str, str, str, str]:
    paper, ours = (
        f"{value:,.0f}" if value >= 1e5 else f"{value:.5g}" for value in (figure.paper, figure.ours)
    )
    error = f"{figure.error:+.2%}"
    tolerance = "" if figure.tolerance is None else figure.tolerance.text
    verdict = "shown only" if figure.tolerance is None else "ok" if figure.ok else "NOT OK"
    return paper, ours, "0.00%" if error in ("+0.00%", "-0.00%") else error, tolerance, verdict
