"""What commands are told of values and costs: bits, densities and energy tables."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from energysim.cli.app import Failure
from energysim.errors import InvalidInput

if TYPE_CHECKING:
    from energysim import Architecture, EnergyTable, LayerData

__all__ = ["data_options", "layer_data", "table_options", "with_energy_table"]

_Command = TypeVar("_Command", bound=Callable[..., Any])

_BITS = ("ifmap", "filter", "psum", "ofmap")
_DENSITIES = ("ifmap", "filter", "ofmap")


def data_options(command: _Command) -> _Command:
    """Add ``--bits`` and ``--density``."""
    bits = click.option(
        "--bits",
        "bits_words",
        multiple=True,
        metavar="N|OPERAND=N",
        help="Bits of a value, at most those of the architecture's words: of all operands, or of "
        "ifmap, filter, psum or ofmap alone. Fewer bits cost less, and more values fit.",
    )
    density = click.option(
        "--density",
        "density_words",
        multiple=True,
        metavar="X|OPERAND=X|FILE",
        help="Share of values that are not zero, from 0 to 1: of all operands; of ifmap, filter or "
        "ofmap alone; or by layer, from a .csv or .json file (columns: layer, ifmap_density, "
        "filter_density, ofmap_density; also ifmap_bits and so on), or one that 'energysim "
        "measure-densities' wrote (.json, .parquet). Zeros save energy where the "
        "architecture gates, skips or compresses them.",
    )
    return bits(density(command))


def table_options(command: _Command) -> _Command:
    """Add ``--energy-table`` and what belongs to it."""
    options = (
        click.option(
            "--energy-table",
            "table_name",
            metavar="NAME|FILE",
            help="In place of the architecture's costs: relative (ISCA 2016), 45nm (picojoules), a "
            ".yaml file, or an ERT.yaml file of Accelergy.",
        ),
        click.option(
            "--component",
            "component_words",
            multiple=True,
            metavar="PLACE=NAME|PJ",
            help="The component of an ERT for dram, glb, noc, 'rf ifmap', 'rf filter', 'rf psum' "
            "or mac, or the cost of a word there in pJ.",
        ),
        click.option(
            "--words-per-action",
            "action_words",
            multiple=True,
            metavar="PLACE=N",
            help="Words that one action of an ERT moves, such as dram=4 for 64 bits.",
        ),
        click.option(
            "--scale-glb",
            "rule",
            metavar="RULE",
            help="Scale the GLB's costs from the size they are stated for to the architecture's: "
            "sqrt or linear. Not scaled unless given.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def layer_data(bits_words: tuple[str, ...], density_words: tuple[str, ...]) -> dict[str, Any]:
    """Return the arguments of `energysim.simulate` for ``--bits`` and ``--density``.

    Examples
    --------
    >>> layer_data(("8", "filter=4"), ("ifmap=0.5",))["bits"]
    {'ifmap': 8, 'filter': 4, 'psum': 8}
    >>> layer_data((), ("ifmap=0.5",))["ifmap_density"]
    0.5
    """
    arguments: dict[str, Any] = {}
    bits: dict[str, int] = {}
    for operand, number in _by_operand("--bits", bits_words, _BITS):
        width = _bits(number)
        bits |= {operand: width} if operand else dict.fromkeys(_BITS[:3], width)
    if bits:
        arguments["bits"] = bits
    words = [word for word in density_words if not _is_file(word)]
    for operand, number in _by_operand("--density", tuple(words), _DENSITIES):
        density = _density(number)
        for name in (operand,) if operand else _DENSITIES:
            arguments[f"{name}_density"] = density
    files = [word for word in density_words if _is_file(word)]
    if len(files) > 1:
        raise InvalidInput(f"--density: give one file, not {len(files)}")
    if files:
        arguments["data"] = _load(files[0])
    return arguments


def _load(path: str) -> dict[str, LayerData]:
    from energysim.data_file import load_data

    try:
        return load_data(path)
    except OSError as error:
        raise Failure(f"cannot read {path}: {error.strerror or error}") from error


def _by_operand(
    option: str, words: tuple[str, ...], operands: tuple[str, ...]
) -> list[tuple[str, str]]:
    """Split into operand ('' for all, which come first) and number."""
    pairs: list[tuple[str, str]] = []
    for word in words:
        operand, equals, number = word.rpartition("=")
        if "=" in operand:
            raise InvalidInput(f"{option}: give it once per operand, not {word[:60]!r}")
        if equals and operand not in operands:
            known = ", ".join(operands)
            raise InvalidInput(f"{option}: unknown operand {operand[:30]!r}; known: {known}")
        if operand in dict(pairs):
            raise InvalidInput(f"{option}: {operand or 'a number for all'} is there twice")
        pairs.append((operand, number))
    return sorted(pairs, key=lambda pair: pair[0] != "")


def _bits(word: str) -> int:
    if not word.removeprefix("-").isdecimal() or len(word) > 18:
        raise InvalidInput(f"--bits: must be a whole number of at least 1, not {word[:30]!r}")
    return int(word)


def _density(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise InvalidInput(
            "--density: must be a number from 0 to 1, or a .csv, .json or .parquet file, not "
            f"{word[:60]!r}"
        ) from None


def _is_file(word: str) -> bool:
    return word.lower().endswith((".csv", ".json", ".parquet"))


def with_energy_table(
    arch: Architecture,
    table_name: str | None,
    component_words: tuple[str, ...],
    action_words: tuple[str, ...],
    rule: str | None,
) -> Architecture:
    """Return the architecture with the costs that the options ask for."""
    table = arch.energy
    if table_name is not None:
        table = _energy_table(table_name, component_words, action_words)
    elif component_words or action_words:
        raise InvalidInput("--component and --words-per-action need --energy-table with an ERT")
    if rule is not None:
        if table.glb_words is None:
            raise InvalidInput(
                "--scale-glb: the energy table does not say for which size of GLB its costs are: "
                "write glb_words into it (in an architecture's file, under energy), or give one "
                "that says so, as --energy-table 45nm"
            )
        table = table.scaled_to(arch.glb_words, rule)
    return arch if table is arch.energy else arch.replace(energy=table)


def _energy_table(
    name: str, component_words: tuple[str, ...], action_words: tuple[str, ...]
) -> EnergyTable:
    from energysim import EnergyTable, energy_tables
    from energysim.ert import load_ert

    is_file = name.lower().endswith((".yaml", ".yml")) or os.sep in name
    is_ert = is_file and "ert." in os.path.basename(name).lower()
    if not is_ert and (component_words or action_words):
        raise InvalidInput(
            "--component and --words-per-action are for files of Accelergy, whose names end in "
            f"ERT.yaml, not {name!r}"
        )
    if not is_file:
        return energy_tables.get(name)
    components = {place: _component(value) for place, value in _pairs(component_words)}
    words = {place: _bits(value) for place, value in _pairs(action_words)}
    try:
        if is_ert:
            return load_ert(name, components=components, words_per_action=words)
        return EnergyTable.from_yaml(name)
    except OSError as error:
        raise Failure(f"cannot read {name}: {error.strerror or error}") from error


def _pairs(words: tuple[str, ...]) -> list[tuple[str, str]]:
    pairs = []
    for word in words:
        place, equals, value = word.partition("=")
        if not equals or not value:
            raise InvalidInput(f"write PLACE=VALUE, such as noc=0 or glb=my_buffer, not {word!r}")
        pairs.append((place, value))
    return pairs


def _component(value: str) -> str | float:
    try:
        return float(value)
    except ValueError:
        return value
