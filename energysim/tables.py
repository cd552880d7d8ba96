"""Reports as tables, on a terminal or as plain text."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import rich.console
    import rich.table

    from energysim._core import Mapping
    from energysim.layer_result import LayerResult
    from energysim.report import Report

__all__ = ["number_of", "plain_table", "printable", "render", "report_table", "si"]

_LEVELS = {"dram": "DRAM", "glb": "GLB", "noc": "NoC", "rf": "RF", "mac": "MAC"}
_UNITS = {"mac": "relative to one 16-bit MAC", "pJ": "in pJ"}
# What a report's mappings are by its objective.
_OBJECTIVES = {
    "energy": "Optimal",
    "dram": "Optimal in bits moved to and from DRAM",
    "cycles": "Optimal in cycles with DRAM",
    "edp": "Optimal in energy times cycles with DRAM, layer by layer",
    "pareto": "On the front of energy against cycles with DRAM",
}
# Two rules, of ASCII, so that they print anywhere.
_RULES = "    \n    \n----\n    \n----\n----\n    \n    \n"


def si(value: float) -> str:
    """Write a number with three digits and a unit prefix, or a power of ten where there is none.

    Examples
    --------
    >>> si(1687000000), si(2900000), si(999.6), si(12), si(0.5), si(3.85e21)
    ('1.69 G', '2.90 M', '1.00 k', '12', '0.5', '3.85e+21')
    """
    scaled = value
    for prefix in ("", " k", " M", " G", " T", " P", " E"):
        if abs(scaled) < 999.5:
            digits = f"{scaled:#.3g}".removesuffix(".") if prefix else f"{scaled:.3g}"
            return f"{digits}{prefix}"
        scaled /= 1000
    return f"{value:.2e}"


def number_of(count: int, noun: str) -> str:
    """Write how many there are of something.

    Examples
    --------
    >>> number_of(1, "layer"), number_of(8, "layer")
    ('1 layer', '8 layers')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"


def plain_table(*columns: str, left: int = 1) -> rich.table.Table:
    """Return an empty table of plain ASCII; all but the first columns are aligned right."""
    from rich.box import Box
    from rich.table import Table

    # A rule under the header, and no others.
    rules = "    \n    \n----\n    \n    \n    \n    \n    \n"
    new = Table(
        box=Box(rules, ascii=True),
        show_edge=False,
        pad_edge=False,
        collapse_padding=True,
        padding=(0, 2, 0, 0),
    )
    for i, name in enumerate(columns):
        new.add_column(name, justify="left" if i < left else "right", no_wrap=True)
    return new


def report_table(report: Report) -> rich.console.RenderableType:
    """Return the report as something that rich can print.

    Examples
    --------
    >>> import energysim as es
    >>> type(report_table(es.simulate("alexnet", "eyeriss", "rs-chip"))).__name__
    'Group'
    """
    from rich.console import Group
    from rich.text import Text

    caption = Text(f"{_caption(report)}\n{_scope(report)}", style="dim")
    return Group(_table(report), "", caption)


def render(report: Report, width: int | None = None) -> str:
    """Return the report as plain text; it is as wide as it needs to be unless `width` is given.

    Examples
    --------
    >>> import energysim as es
    >>> print(render(es.simulate("alexnet", "eyeriss", "rs-chip")))
    layer ...
    """
    from rich.console import Console

    if width is None:
        wide = Console(width=10_000, color_system=None)
        width = max(wide.measure(_table(report)).maximum, 100)
    file = io.StringIO()
    console = Console(file=file, width=width, color_system=None, emoji=False, legacy_windows=False)
    console.print(report_table(report))
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def _table(report: Report) -> rich.table.Table:
    from rich.box import Box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=Box(_RULES, ascii=True),
        show_edge=False,
        show_footer=True,
        pad_edge=False,
        collapse_padding=True,
        padding=(0, 1, 0, 0),
    )
    table.add_column("layer", number_of(len(report.layers), "layer"), overflow="fold")
    energy = "energy" if report.unit == "mac" else "energy/pJ"
    total = _share_cells(report.by_level(), report.energy)
    right = {
        "MACs": si(report.macs),
        energy: si(report.energy),
        **dict(zip((f"{level}%" for level in _LEVELS.values()), total, strict=True)),
        "PEs%": _percent(report.utilization),
    }
    for name, footer in right.items():
        table.add_column(name, footer, justify="right", no_wrap=True)
    # A single loop order needs no column.
    several = len({layer.mapping.scheme for layer in report.layers}) > 1
    if several:
        table.add_column("order", no_wrap=True)
    table.add_column("mapping", overflow="fold")
    for layer in report.layers:
        cells = _cells(layer, with_order=several)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    for movement in report.movements or ():
        shares = _share_cells(movement.by_level(), movement.energy)
        cells = [movement.name, "0", si(movement.energy), *shares, "", movement.movement.kind]
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _cells(layer: LayerResult, with_order: bool) -> list[str]:
    return [
        layer.name,
        si(layer.macs),
        si(layer.energy),
        *_share_cells(layer.by_level(), layer.energy),
        _percent(layer.utilization),
        *([layer.mapping.scheme] if with_order else []),
        _letters(layer.mapping),
    ]


def _share_cells(parts: dict[str, float], total: float) -> list[str]:
    return [_percent(parts[level] / total) if total else "-" for level in _LEVELS]


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _letters(mapping: Mapping) -> str:
    """Write the letters of a mapping, without a GLB tile that is no larger than the strip."""
    rows = mapping.tiles["E"]
    letters = mapping.letters
    return " ".join(
        f"{letter}={value}"
        for letter, value in letters.items()
        if letter != "E1" or rows.glb > rows.pass_
    )


def printable(text: str) -> str:
    """Leave out what would steer a terminal: names come from files that others wrote."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _caption(report: Report) -> str:
    proofs = [layer.proof for layer in report.layers]
    space = sum(proof.space for proof in proofs)
    counted = sum(proof.evaluated for proof in proofs)
    bounds = sum(proof.bounded for proof in proofs)
    per_image = f" ({si(report.energy / report.batch)} per image)" if report.batch > 1 else ""
    table = printable(report.architecture.energy.source) or "no source given"
    frames = report.frames_per_second
    rate = "" if frames is None else f" ({si(frames)} images per second with DRAM)"
    power = "" if report.power_w is None else f", {report.power_w:.3g} W"
    return (
        f"{printable(report.network.name)} on {printable(report.architecture.name)}, dataflow "
        f"{printable(report.dataflow)}: energy of {number_of(report.batch, 'image')}{per_image}, "
        f"{_UNITS[report.unit]}, and the share of each level. PEs: MACs per PE and cycle, in "
        f"{si(report.cycles)} cycles{rate}{power}.\n"
        f"Energy table: {table}.\n"
        f"{_OBJECTIVES[report.objective]}, proven: of {si(space)} mappings {si(counted)} were "
        f"counted, and {si(bounds)} lower bounds exclude the rest."
    )


def _scope(report: Report) -> str:
    """Say what is counted, and name what should be and is not."""
    left_out = report.not_counted()
    known = report.network.graph is not None
    if report.movements is not None:
        text = f"Counted: layers with MACs, and {len(report.movements)} that move data alone."
    else:
        text = "Counted: layers with MACs. Not counted: layers that move data alone, and the like"
        text += f" ({number_of(len(left_out['ignored']), 'operation')})." if known else "."
    if left_out["unsupported"]:
        named = [f"{node['op']} ({node['name']})" for node in left_out["unsupported"]]
        more = f" and {len(named) - 5} more" if len(named) > 5 else ""
        text += f"\nUnsupported, so not counted: {', '.join(named[:5])}{more}."
    return _printable_lines(text)


def _printable_lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))
