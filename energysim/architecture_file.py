"""Architecture files: architectures as YAML that a person can read and edit.

The top level has ``name``, ``array``, ``glb``, ``rf`` and ``energy``, and may have the other keys
of the example of `parse_architecture`.  ``rf`` may be ``{pooled: 256}``, and have ``psum_pad``.
Under ``energy``, a level is a number (what each read and write costs), or ``{read: , write: ,
fill: }``, or one of these for each of ``{ifmap: , filter: , psum: }``.

The built-in architectures in `energysim.architectures` are such files too, and go through this
reader.
"""

from __future__ import annotations

import dataclasses
from typing import Any, cast

from energysim import safe_yaml
from energysim.architecture import Architecture, Buses, DramLink, Scratchpads
from energysim.compression import Coding, Compression
from energysim.energy_table import EnergyTable, number_text
from energysim.errors import InvalidInput, show

__all__ = ["parse_architecture", "write_architecture"]

_PADS = ("ifmap", "filter", "psum", "pooled", "psum_pad")
_KEYS = (
    "name",
    "source",
    "array",
    "glb",
    "rf",
    "word_bits",
    "gating",
    "skipping",
    "compression",
    "buses",
    "clock_mhz",
    "dram_link",
    "energy",
)
_REQUIRED_KEYS = ("name", "array", "glb", "rf", "energy")


def parse_architecture(text: str, where: str = "architecture") -> Architecture:
    """Read the text of an architecture file; see `Architecture.parse`.

    Examples
    --------
    >>> arch = parse_architecture('''
    ... name: chip
    ... source: "JSSC 2017"
    ... array: {rows: 12, columns: 14}
    ... glb: {words: 51200, ofmap_path: through_glb}
    ... rf: {ifmap: 12, filter: 224, psum: 24}
    ... word_bits: 16
    ... gating: ifmap
    ... skipping: none
    ... compression: {dram: {ifmap: rlc, ofmap: rlc}, network_input: false}
    ... buses: {ifmap: 1, filter: 4, psum: 4, pass_overhead_cycles: 400}
    ... clock_mhz: 200
    ... dram_link: {bits: 64, clock_mhz: 60, overlaps: [filter]}
    ... energy: {unit: mac, source: "ISCA 2016", mac: 1, dram: 200, glb: 6, noc: 2, rf: 1}
    ... ''')
    >>> arch.energy.dram.ifmap.read
    200.0
    >>> parse_architecture(write_architecture(arch)) == arch
    True
    """
    table = safe_yaml.load_mapping(text, where)
    safe_yaml.check_keys(table, _KEYS, _REQUIRED_KEYS, where)
    array = _part(table, "array", ("rows", "columns"), ("rows", "columns"), where)
    glb = _part(table, "glb", ("words", "ofmap_path"), ("words",), where)
    rf = _part(table, "rf", _PADS, (), where)
    bus_keys = tuple(f.name for f in dataclasses.fields(Buses))
    buses = _part(table, "buses", bus_keys, (), where) if "buses" in table else {}
    rest = ("name", "source", "word_bits", "gating", "skipping", "clock_mhz")
    fields: dict[str, Any] = {key: table[key] for key in rest if key in table}
    if "psum_pad" in rf:
        fields["psum_pad"] = rf.pop("psum_pad")
    fields |= {("glb_words" if key == "words" else key): glb[key] for key in glb}
    energy = EnergyTable.from_plain(table["energy"], f"{where}: energy")
    try:
        return Architecture(
            **array,
            **fields,
            rf=Scratchpads(**rf),
            buses=Buses(**buses),
            compression=_compression(table, where),
            dram_link=_dram_link(table, where),
            energy=energy,
        )
    except InvalidInput as error:
        raise type(error)(f"{where}: {error}") from error


def write_architecture(arch: Architecture) -> str:
    """Return an architecture as the text of a file; see `Architecture.to_yaml`."""
    glb = {"words": arch.glb_words, "ofmap_path": arch.ofmap_path}
    rf = {name: size for name, size in dataclasses.asdict(arch.rf).items() if size is not None}
    rf |= {} if arch.psum_pad == "between_macs" else {"psum_pad": arch.psum_pad}
    plain = {
        "name": arch.name,
        "source": arch.source,
        "array": {"rows": arch.rows, "columns": arch.columns},
        "glb": glb,
        "rf": rf,
        "word_bits": arch.word_bits,
        "gating": arch.gating,
        "skipping": arch.skipping,
        "compression": arch.compression.to_plain(),
        "buses": dataclasses.asdict(arch.buses),
        "clock_mhz": arch.clock_mhz,
        "dram_link": dataclasses.asdict(arch.dram_link) if arch.dram_link else None,
        "energy": arch.energy.to_plain(),
    }
    lines = (f"{key}: {_flow(value)}\n" for key, value in plain.items() if value is not None)
    return "".join(lines)


def _part(
    table: dict[str, object], key: str, known: tuple[str, ...], need: tuple[str, ...], where: str
) -> dict[str, Any]:
    part = table[key]
    if not isinstance(part, dict):
        raise InvalidInput(f"{where}: {key} must be a mapping of 'key: value', not {show(part)}")
    safe_yaml.check_keys(part, known, need, f"{where}: {key}")
    return cast("dict[str, Any]", part)


def _compression(table: dict[str, object], where: str) -> Compression:
    if "compression" not in table:
        return Compression()
    levels = ("dram", "glb", "noc", "rf")
    part = _part(table, "compression", (*levels, "network_input"), (), where)
    keys = tuple(f.name for f in dataclasses.fields(Coding))
    codings = {
        level: Coding(**_part(part, level, keys, (), f"{where}: compression"))
        for level in levels
        if level in part
    }
    return Compression(**part | codings)


def _dram_link(table: dict[str, object], where: str) -> DramLink | None:
    if "dram_link" not in table:
        return None
    keys = ("bits", "clock_mhz", "overlaps")
    return DramLink(**_part(table, "dram_link", keys, keys[:2], where))


def _flow(value: object) -> str:
    """Write plain data as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return safe_yaml.quoted(value) if isinstance(value, str) else str(value)
