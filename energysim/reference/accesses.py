"""From words that enter storages to accesses of the storages."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import prod
from typing import Any

from energysim.errors import InvalidInput
from energysim.reference.walker import DIMS, Flow

__all__ = ["accesses"]

Accesses = dict[str, int]


def _cell(read: int = 0, write: int = 0, fill: int = 0) -> Accesses:
    return {"read": read, "write": write, "fill": fill}


def _fetched(flow: Flow, levels: Collection[str], macs: int) -> dict[str, Accesses]:
    """Accesses by level of an operand that is only read: ifmap or filter."""
    by_level = {
        "dram": _cell(read=flow.glb if "glb" in levels else flow.array),
        "glb": _cell(read=flow.array, fill=flow.glb),
        "noc": _cell(read=flow.pads),
        "rf": _cell(read=macs, fill=flow.pads),
    }
    return {level: cell if level in levels else _cell() for level, cell in by_level.items()}


def _psum_in_glb(flow: Flow, ofmap: int, ofmap_path: str) -> Accesses:
    if ofmap_path == "through_glb":
        # Each stay in the array ends with a write. All but an ofmap word's first begin with a
        # read, and each stay in the buffer ends with one, to drain it.
        return _cell(read=flow.array - ofmap + flow.glb, write=flow.array, fill=flow.glb - ofmap)
    if ofmap_path == "past_glb":
        # What enters or leaves the buffer's tile goes straight between the array and DRAM.
        return _cell(read=flow.array - flow.glb, write=flow.array - flow.glb)
    raise InvalidInput(f"ofmap_path must be 'through_glb' or 'past_glb', not {ofmap_path!r}")


def _psum(
    flow: Flow, levels: Collection[str], ofmap: int, macs: int, ofmap_path: str, psum_pad: str
) -> dict[str, Accesses]:
    """Accesses by level of psums, which are read back for every stay but the first."""
    if psum_pad not in ("between_macs", "every_mac"):
        raise InvalidInput(f"psum_pad must be 'between_macs' or 'every_mac', not {psum_pad!r}")
    # Of each chain of MACs in a PE, the first reads no psum, and the last hands it on.
    pad = macs if psum_pad == "every_mac" else macs - flow.pads
    stays = flow.glb if "glb" in levels else flow.array
    by_level = {
        "dram": _cell(read=stays - ofmap, write=stays),
        "glb": _psum_in_glb(flow, ofmap, ofmap_path),
        "noc": _cell(read=flow.pads - flow.array),
        "rf": _cell(read=pad, write=pad, fill=flow.array - ofmap),
    }
    return {level: cell if level in levels else _cell() for level, cell in by_level.items()}


def accesses(
    sizes: Mapping[str, int],
    flows: Mapping[str, Flow],
    ways: Mapping[str, Mapping[str, Any]],
    ofmap_path: str,
    psum_pad: str,
    *,
    groups: int = 1,
) -> dict[str, Any]:
    """Count the accesses of all levels that the flows of one group cause.

    Parameters
    ----------
    sizes : mapping of str to int
        Sizes of the layer's dimensions, of one group.
    flows : mapping of str to Flow
        What `walk` returns.
    ways : mapping of str to mapping
        The ways of the operands, as `Mapping.ways` has them; only ``"levels"`` matters here.
    ofmap_path : str
        ``"through_glb"``: all psums that leave the array go to the global buffer; or
        ``"past_glb"``: those that go on to DRAM pass it by.
    psum_pad : str
        ``"between_macs"``: the first psum of a chain is not read and the last not written; or
        ``"every_mac"``.
    groups : int, default 1
        All counts are multiplied by it.

    Returns
    -------
    dict
        Counts by level, operand and kind, and ``"macs"``, as `AccessCounts.to_dict` returns them.
    """
    macs = prod(sizes[dim] for dim in DIMS)
    ofmap = prod(sizes[dim] for dim in "NMEF")
    levels_of = {operand: way["levels"] for operand, way in ways.items()}
    by_operand = {
        "ifmap": _fetched(flows["ifmap"], levels_of["ifmap"], macs),
        "filter": _fetched(flows["filter"], levels_of["filter"], macs),
        "psum": _psum(flows["psum"], levels_of["psum"], ofmap, macs, ofmap_path, psum_pad),
    }
    counts: dict[str, Any] = {"macs": macs * groups}
    for level in ("dram", "glb", "noc", "rf"):
        counts[level] = {
            operand: {kind: words * groups for kind, words in levels[level].items()}
            for operand, levels in by_operand.items()
        }
    return counts
