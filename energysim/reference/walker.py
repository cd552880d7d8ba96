"""The loop walker: walks every step of a loop nest and moves sets of words.

The law of residence: a storage holds exactly the current tile of each operand it may hold.  When a
tile changes, the words that were not in the tile just before are fetched; the others stay.

- The tile in the global buffer has all words that the tiles of the DRAM loops touch.
- The tile in a PE's scratch pads has those that its chunk of the pass touches in the current step.
  All PEs take their steps together.
- An operand that passes the scratch pads by is held by no PE.  Each pass takes every word of it in
  once (once per chain of PEs, for psums), and delivers one for every multiply-accumulate.
- PEs that pass psums on to each other form a chain, along the dimensions that the psum's way names.
- In a pass at the edge, some PEs get no chunk of some dimension.  Such a PE is idle.  It drops the
  operands that have this dimension among their coordinates, and keeps what it has of the others.

Nothing here is derived from it: the walker makes every tile, lists its words, and compares them
with the words held.

`energysim.reference.steps` takes the steps, `energysim.reference.problem` checks what is walked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from energysim.reference.problem import (
    COMPILED_LIMIT,
    DIMS,
    OPERANDS,
    PLAIN_LIMIT,
    STOREYS,
    Problem,
    build_nest,
    build_operand,
    build_scratch,
    check_loops,
    check_size,
    check_tiles,
    zeros,
)
from energysim.reference.steps import can_compile, compiled_steps, take_steps

__all__ = ["COMPILED_LIMIT", "DIMS", "OPERANDS", "PLAIN_LIMIT", "Flow", "can_compile", "walk"]

# From here on compiling, which takes seconds, is worth it.
_WORTH_COMPILING = 2_000_000


class Flow(NamedTuple):
    """Words of one operand that enter the storages, for one group.

    Attributes
    ----------
    glb : int
        Words that enter the global buffer; 0 if the operand does not pass through it.
    array : int
        Words that enter the array; one that enters several PEs in the same step counts once.
    pads : int
        Words that enter the scratch pads, counted in every PE.
    """

    glb: int
    array: int
    pads: int


def walk(
    sizes: Mapping[str, int],
    strides: tuple[int, int],
    dilations: tuple[int, int],
    tiles: Mapping[str, Sequence[int]],
    loops: Sequence[tuple[str, str]],
    ways: Mapping[str, Mapping[str, Any]],
    *,
    compiled: bool | None = None,
) -> dict[str, Flow]:
    """Walk the loop nest of one group and count the words that enter the storages.

    Parameters
    ----------
    sizes : mapping of str to int
        Size of each of the dimensions N, M, C, R, S, E, F.
    strides, dilations : tuple of int
        Vertical, horizontal.
    tiles : mapping of str to sequence of int
        The nested tiles (layer, glb, pass, pe, rf) of each dimension.  None need divide another.
        Where ``pe < pass`` the pass is cut in space and ``rf`` must equal ``pe``.
    loops : sequence of (dim, storey)
        The loops, outermost first: those of ``"dram"``, of ``"glb"``, of ``"pe"``.  A dimension
        that a storey does not list must have a single tile there.
    ways : mapping of str to mapping
        The way of ``"ifmap"``, ``"filter"`` and ``"psum"``, each with the ``"levels"`` that it
        passes, of ``"dram"``, ``"glb"``, ``"noc"``, ``"rf"``. Where they differ from the law of
        residence: ``"halo": "refetch"``, ``"refetch": "always"``, and for psums ``"chain"``, the
        dimensions along which PEs pass them on.
    compiled : bool, optional
        Whether to compile the walk with Numba; by default, if the layer is large and Numba is
        installed.

    Returns
    -------
    dict of str to Flow
        The flow of each operand.

    Raises
    ------
    InvalidMapping
        If the tiles do not nest or a loop is missing.
    InvalidInput
        If there are too many steps to walk.

    Examples
    --------
    A convolution of 3 taps over 6 positions, one output at a time: the window slides.

    >>> sizes = dict(N=1, M=1, C=1, R=1, S=3, E=1, F=4)
    >>> tiles = {dim: (size,) * 5 for dim, size in sizes.items()} | {"F": (4, 4, 4, 4, 1)}
    >>> ways = dict.fromkeys(OPERANDS, {"levels": ("dram", "glb", "noc", "rf")})
    >>> flows = walk(sizes, (1, 1), (1, 1), tiles, [("F", "pe")], ways)
    >>> flows["ifmap"], flows["filter"]
    (Flow(glb=6, array=6, pads=6), Flow(glb=3, array=3, pads=3))
    """
    loops = [(dim, storey) for dim, storey in loops]
    problem = Problem(
        sizes={dim: sizes[dim] for dim in DIMS},
        steps={"E": strides[0], "F": strides[1], "R": dilations[0], "S": dilations[1]}
        | dict.fromkeys("NMC", 1),
        tiles={dim: tuple(tiles[dim]) for dim in DIMS},
        loops={storey: [dim for dim, of in loops if of == storey] for storey in STOREYS},
        ways={name: ways[name] for name in OPERANDS},
    )
    for dim in DIMS:
        check_tiles(dim, problem.sizes[dim], problem.tiles[dim])
    check_loops(problem, loops)
    if compiled is None:
        compiled = can_compile() and prod(problem.sizes.values()) >= _WORTH_COMPILING
    check_size(problem, compiled)
    nest = build_nest(problem, compiled)
    operands = tuple(build_operand(problem, name, nest.pes, compiled) for name in OPERANDS)
    flow = zeros(3 * len(OPERANDS), compiled)
    run = compiled_steps() if compiled else take_steps
    run(nest, operands, build_scratch(problem, nest, compiled), flow)
    return {
        name: Flow(*(int(words) for words in flow[3 * i : 3 * i + 3]))
        for i, name in enumerate(OPERANDS)
    }
