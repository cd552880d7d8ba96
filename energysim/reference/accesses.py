"""From words that enter storages to accesses of the storages."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from energysim.errors import InvalidInput
from energysim.reference.walker import DIMS, Flow

__all__ = ["accesses"]

Accesses = dict[str, int]


def _cell(read: int = 0, write: int = 0, fill: int = 0) -> Accesses:
    return {"read": read, "write": write, "fill": fill}


def _fetched(flow: Flow, in_glb: bool, macs: int) -> dict[str, Accesses]:
    """Accesses by level of an operand that is only read: ifmap or filter."""
    return {
        "dram": _cell(read=flow.glb if in_glb else flow.array),
        "glb": _cell(read=flow.array, fill=flow.glb) if in_glb else _cell(),
        "noc": _cell(read=flow.pads),
        "rf": _cell(read=macs, fill=flow.pads),
    }


def _psum_in_glb(flow: Flow, ofmap: int, ofmap_path: str) -> Accesses:
    if ofmap_path == "through_glb":
        # Each stay in the array ends with a write. All but an ofmap word's first begin with a
        # read, and each stay in the buffer ends with one, to drain it.
        return _cell(read=flow.array - ofmap + flow.glb, write=flow.array, fill=flow.glb - ofmap)
    if ofmap_path == "past_glb":
        # What enters or leaves the buffer's tile goes straight between the array and DRAM.
        return _cell(read=flow.array - flow.glb, write=flow.array - flow.glb)
    raise InvalidInput(f"ofmap_path must be 'through_glb' or 'past_glb', not {ofmap_path!r}")


def _psum(flow: Flow, ofmap: int, macs: int, ofmap_path: str) -> dict[str, Accesses]:
    """Accesses by level of psums, which are read back for every stay but the first."""
    return {
        "dram": _cell(read=flow.glb - ofmap, write=flow.glb),
        "glb": _psum_in_glb(flow, ofmap, ofmap_path),
        "noc": _cell(read=flow.pads - flow.array),
        "rf": _cell(read=macs - flow.pads, write=macs - flow.pads, fill=flow.array - ofmap),
    }


def accesses(
    sizes: Mapping[str, int],
    flows: Mapping[str, Flow],
    glb_holds: Mapping[str, bool],
    ofmap_path: str,
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
    glb_holds : mapping of str to bool
        Which operands pass through the global buffer.
    ofmap_path : str
        ``"through_glb"``: all psums that leave the array go to the global buffer; or
        ``"past_glb"``: those that go on to DRAM pass it by.
    groups : int, default 1
        All counts are multiplied by it.

    Returns
    -------
    dict
        Counts by level, operand and kind, and ``"macs"``, as `AccessCounts.to_dict` returns them.
    """
    macs = prod(sizes[dim] for dim in DIMS)
    ofmap = prod(sizes[dim] for dim in "NMEF")
    by_operand = {
        "ifmap": _fetched(flows["ifmap"], glb_holds["ifmap"], macs),
        "filter": _fetched(flows["filter"], glb_holds["filter"], macs),
        "psum": _psum(flows["psum"], ofmap, macs, ofmap_path),
    }
    counts: dict[str, Any] = {"macs": macs * groups}
    for level in ("dram", "glb", "noc", "rf"):
        counts[level] = {
            operand: {kind: words * groups for kind, words in levels[level].items()}
            for operand, levels in by_operand.items()
        }
    return counts
