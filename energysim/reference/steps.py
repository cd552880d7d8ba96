"""Every step of a loop nest: tiles are made, their words listed, and compared with those held.

Its functions use flat sequences of integers only, so that the same code runs as plain Python on
lists and, compiled by Numba, on arrays.
"""

from __future__ import annotations

from collections.abc import Callable, MutableSequence
from functools import cache
from importlib.util import find_spec
from types import FunctionType
from typing import Any, NamedTuple

__all__ = [
    "Ints",
    "Nest",
    "Operand",
    "Scratch",
    "Storage",
    "Tile",
    "can_compile",
    "compiled_steps",
    "take_steps",
]

Ints = MutableSequence[int]


class Tile(NamedTuple):
    """Coordinates low <= x < high of every dimension."""

    low: Ints
    high: Ints


class Storage(NamedTuple):
    """What one kind of storage holds of one operand: a sorted set of words in each of its slots."""

    capacity: int  # words that a slot can hold
    words: Ints  # the words in slot i begin at i * capacity
    filled: Ints  # how many words are in slot i
    seen: Ints  # the step in which a word last entered any of the slots


class Operand(NamedTuple):
    """Coordinate i of a word is x[i] * x_step[i] + y[i] * y_step[i]; y[i] is -1 for none."""

    x: Ints
    x_step: Ints
    y: Ints
    y_step: Ints
    extent: Ints
    relevant: Ints
    chained: Ints  # whether PEs along a dimension take words in together
    in_glb: bool
    in_pads: bool
    whole_tiles: bool  # a tile that changes enters the buffer with all its words
    all_tiles: bool  # a tile that does not change enters it again too
    words: int
    glb: Storage
    pads: Storage


class Nest(NamedTuple):
    """Sizes of tiles by dimension, and dimensions of loops, outermost first."""

    dims: int
    layer: Ints
    glb: Ints
    pass_: Ints  # the tile of a pass
    chunk: Ints  # what a PE gets of it
    stream: Ints  # what all PEs together work on in a step
    dram_loops: Ints
    glb_loops: Ints
    pe_loops: Ints
    pes: int
    grid: Ints  # most chunks of a dimension


class Scratch(NamedTuple):
    """Working memory."""

    layer: Tile
    glb: Tile
    pass_: Tile
    stream: Tile
    own: Tile
    axis: Ints
    axis_start: Ints
    marks: Ints
    words: Ints


def _open(outer: Tile, sizes: Ints, tile: Tile) -> None:
    """Make `tile` the first one in `outer`."""
    for d in range(len(sizes)):
        tile.low[d] = outer.low[d]
        tile.high[d] = min(outer.low[d] + sizes[d], outer.high[d])


def _advance(loops: Ints, outer: Tile, sizes: Ints, tile: Tile) -> bool:
    """Make `tile` the next one in `outer`; false if it was the last."""
    for j in range(len(loops) - 1, -1, -1):
        d = loops[j]
        more = tile.high[d] < outer.high[d]
        tile.low[d] = tile.high[d] if more else outer.low[d]
        tile.high[d] = min(tile.low[d] + sizes[d], outer.high[d])
        if more:
            return True
    return False


def _cut_chunk(nest: Nest, scratch: Scratch, pe: int) -> None:
    """Make `scratch.own` the tile of a PE: its chunk of the pass, as far as the step reaches."""
    rest = pe
    for d in range(nest.dims):
        begin = scratch.pass_.low[d] + (rest % nest.grid[d]) * nest.chunk[d]
        rest //= nest.grid[d]
        scratch.own.low[d] = max(begin, scratch.stream.low[d])
        scratch.own.high[d] = min(begin + nest.chunk[d], scratch.stream.high[d])


def _list_axis(operand: Operand, i: int, tile: Tile, begin: int, scratch: Scratch) -> int:
    """Write coordinate `i` of the words that a tile touches, ascending; return where they end."""
    x, y = operand.x[i], operand.y[i]
    end = begin
    if y < 0:
        for value in range(tile.low[x], tile.high[x]):
            scratch.axis[end] = value
            end += 1
        return end
    for a in range(tile.low[x], tile.high[x]):
        for b in range(tile.low[y], tile.high[y]):
            scratch.marks[a * operand.x_step[i] + b * operand.y_step[i]] = 1
    first = tile.low[x] * operand.x_step[i] + tile.low[y] * operand.y_step[i]
    last = (tile.high[x] - 1) * operand.x_step[i] + (tile.high[y] - 1) * operand.y_step[i]
    for value in range(first, last + 1):
        if scratch.marks[value]:
            scratch.marks[value] = 0
            scratch.axis[end] = value
            end += 1
    return end


def _list_words(operand: Operand, tile: Tile, scratch: Scratch) -> int:
    """Write the numbers of all words that a tile touches, ascending; return how many."""
    axis, start, words = scratch.axis, scratch.axis_start, scratch.words
    start[0] = 0
    for i in range(4):
        start[i + 1] = _list_axis(operand, i, tile, start[i], scratch)
    count = 0
    for a in range(start[0], start[1]):
        for b in range(start[1], start[2]):
            for c in range(start[2], start[3]):
                row = axis[a] * operand.extent[1] + axis[b]
                row = (row * operand.extent[2] + axis[c]) * operand.extent[3]
                for d in range(start[3], start[4]):
                    words[count] = row + axis[d]
                    count += 1
    return count


def _replace(
    storage: Storage, slot: int, words: Ints, count: int, step: int, chain_begin: int
) -> tuple[int, int]:
    """Put a new tile in a slot; return (words that enter, those that enter no other slot yet).

    The other slots are those of its chain.
    """
    begin = slot * storage.capacity
    end = begin + storage.filled[slot]
    at = begin
    entered = 0
    first = 0
    for i in range(count):
        word = words[i]
        while at < end and storage.words[at] < word:
            at += 1
        if at == end or storage.words[at] != word:
            entered += 1
            if storage.seen[chain_begin + word] != step:
                storage.seen[chain_begin + word] = step
                first += 1
    for i in range(count):
        storage.words[begin + i] = words[i]
    storage.filled[slot] = count
    return entered, first


def _idle(operand: Operand, tile: Tile) -> tuple[bool, bool]:
    """Tell whether a PE has nothing to do, and whether that is for want of words of an operand."""
    idle = False
    nothing = False
    for d in range(len(tile.low)):
        if tile.low[d] >= tile.high[d]:
            idle = True
            if operand.relevant[d]:
                nothing = True
    return idle, nothing


def _chain_of(nest: Nest, operand: Operand, pe: int) -> int:
    """Return the number of the chain that a PE belongs to."""
    chain = 0
    chains = 1
    rest = pe
    for d in range(nest.dims):
        if not operand.chained[d]:
            chain += chains * (rest % nest.grid[d])
            chains *= nest.grid[d]
        rest //= nest.grid[d]
    return chain


def _do_step(
    nest: Nest, operand: Operand, scratch: Scratch, step: int, flow: Ints, at: int
) -> None:
    """Move one operand's words for one step of all PEs, which hold them in scratch pads."""
    for pe in range(nest.pes):
        _cut_chunk(nest, scratch, pe)
        idle, nothing = _idle(operand, scratch.own)
        if nothing:
            operand.pads.filled[pe] = 0
        if idle:
            continue
        count = _list_words(operand, scratch.own, scratch)
        chain_begin = _chain_of(nest, operand, pe) * operand.words
        entered, first = _replace(operand.pads, pe, scratch.words, count, step, chain_begin)
        flow[at + 1] += first
        flow[at + 2] += entered


def _pass_by_pads(
    nest: Nest, operand: Operand, scratch: Scratch, number: int, flow: Ints, at: int
) -> None:
    """Move the words of an operand that no PE holds, for one step of pass `number`."""
    for pe in range(nest.pes):
        _cut_chunk(nest, scratch, pe)
        idle, _ = _idle(operand, scratch.own)
        if idle:
            continue
        macs = 1
        for d in range(nest.dims):
            macs *= scratch.own.high[d] - scratch.own.low[d]
        flow[at + 2] += macs
        count = _list_words(operand, scratch.own, scratch)
        chain_begin = _chain_of(nest, operand, pe) * operand.words
        for i in range(count):
            seen = chain_begin + scratch.words[i]
            if operand.pads.seen[seen] != number:
                operand.pads.seen[seen] = number
                flow[at + 1] += 1


def _empty_pads(nest: Nest, operand: Operand) -> None:
    """Have an operand that passes the buffer by fetched anew for the next pass."""
    for pe in range(nest.pes):
        if operand.in_pads:
            operand.pads.filled[pe] = 0


def _holds(storage: Storage, words: Ints, count: int) -> bool:
    """Tell whether the first slot holds exactly these words."""
    same = storage.filled[0] == count
    for i in range(count):
        same = same and storage.words[i] == words[i]
    return same


def _fill_glb(operand: Operand, scratch: Scratch, step: int, flow: Ints, at: int) -> None:
    """Move one operand's words for one tile of the global buffer."""
    if operand.in_glb:
        count = _list_words(operand, scratch.glb, scratch)
        changed = not _holds(operand.glb, scratch.words, count)
        if operand.all_tiles or (operand.whole_tiles and changed):
            operand.glb.filled[0] = 0
        entered, _ = _replace(operand.glb, 0, scratch.words, count, step, 0)
        flow[at] += entered


def take_steps(nest: Nest, operands: tuple[Operand, ...], scratch: Scratch, flow: Ints) -> None:
    """Walk a nest; flow gets glb, array, pads for each operand."""
    step = 0
    number = 0
    _open(scratch.layer, nest.glb, scratch.glb)
    in_layer = True
    while in_layer:
        for o in range(3):
            _fill_glb(operands[o], scratch, step + 1, flow, 3 * o)
        _open(scratch.glb, nest.pass_, scratch.pass_)
        in_glb = True
        while in_glb:
            number += 1
            for o in range(3):
                if operands[o].all_tiles and not operands[o].in_glb:
                    _empty_pads(nest, operands[o])
            _open(scratch.pass_, nest.stream, scratch.stream)
            in_pass = True
            while in_pass:
                step += 1
                for o in range(3):
                    if operands[o].in_pads:
                        _do_step(nest, operands[o], scratch, step, flow, 3 * o)
                    else:
                        _pass_by_pads(nest, operands[o], scratch, number, flow, 3 * o)
                in_pass = _advance(nest.pe_loops, scratch.pass_, nest.stream, scratch.stream)
            in_glb = _advance(nest.glb_loops, scratch.glb, nest.pass_, scratch.pass_)
        in_layer = _advance(nest.dram_loops, scratch.layer, nest.glb, scratch.glb)


# Called functions before their callers.
_COMPILABLE = (
    _open,
    _advance,
    _cut_chunk,
    _list_axis,
    _list_words,
    _replace,
    _idle,
    _chain_of,
    _do_step,
    _pass_by_pads,
    _empty_pads,
    _holds,
    _fill_glb,
    take_steps,
)


def can_compile() -> bool:
    """Tell whether Numba is installed."""
    return find_spec("numba") is not None


@cache
def compiled_steps() -> Callable[..., None]:
    """Compile `take_steps` and all it calls."""
    import numba

    names: dict[str, Any] = dict(globals())
    for function in _COMPILABLE:
        assert isinstance(function, FunctionType)
        names[function.__name__] = numba.njit(FunctionType(function.__code__, names))
    compiled: Callable[..., None] = names["take_steps"]
    return compiled
