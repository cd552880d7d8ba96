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

The functions from `_open` to `_walk` use flat sequences of integers only, so that the same code
runs as plain Python on lists and, compiled by Numba, on arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableSequence, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import groupby, pairwise
from math import prod
from types import FunctionType
from typing import Any, NamedTuple, cast

from energysim.errors import InvalidInput, InvalidMapping

__all__ = [
    "COMPILED_LIMIT",
    "DIMS",
    "OPERANDS",
    "PLAIN_LIMIT",
    "Flow",
    "can_compile",
    "walk",
]

DIMS = "NMCRSEF"
OPERANDS = ("ifmap", "filter", "psum")
STOREYS = ("dram", "glb", "pe")

# The coordinates of a word, as (dim, dim of the sliding window or "").
_COORDINATES = {
    "ifmap": (("N", ""), ("C", ""), ("E", "R"), ("F", "S")),
    "filter": (("M", ""), ("C", ""), ("R", ""), ("S", "")),
    "psum": (("N", ""), ("M", ""), ("E", ""), ("F", "")),
}

# Most multiply-accumulates of one group that are walked: minutes, in either way.
PLAIN_LIMIT = 50_000_000
COMPILED_LIMIT = 10_000_000_000
# Most words of an operand, those that a stride skips included: memory for 8 bytes each.
_MOST_WORDS = 200_000_000
# From here on compiling, which takes seconds, is worth it.
_WORTH_COMPILING = 2_000_000

Ints = MutableSequence[int]


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


class _Tile(NamedTuple):
    """Coordinates low <= x < high of every dimension."""

    low: Ints
    high: Ints


class _Storage(NamedTuple):
    """What one kind of storage holds of one operand: a sorted set of words in each of its slots."""

    capacity: int  # words that a slot can hold
    words: Ints  # the words in slot i begin at i * capacity
    filled: Ints  # how many words are in slot i
    seen: Ints  # the step in which a word last entered any of the slots


class _Operand(NamedTuple):
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
    glb: _Storage
    pads: _Storage


class _Nest(NamedTuple):
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


class _Scratch(NamedTuple):
    """Working memory."""

    layer: _Tile
    glb: _Tile
    pass_: _Tile
    stream: _Tile
    own: _Tile
    axis: Ints
    axis_start: Ints
    marks: Ints
    words: Ints


def _open(outer: _Tile, sizes: Ints, tile: _Tile) -> None:
    """Make `tile` the first one in `outer`."""
    for d in range(len(sizes)):
        tile.low[d] = outer.low[d]
        tile.high[d] = min(outer.low[d] + sizes[d], outer.high[d])


def _advance(loops: Ints, outer: _Tile, sizes: Ints, tile: _Tile) -> bool:
    """Make `tile` the next one in `outer`; false if it was the last."""
    for j in range(len(loops) - 1, -1, -1):
        d = loops[j]
        more = tile.high[d] < outer.high[d]
        tile.low[d] = tile.high[d] if more else outer.low[d]
        tile.high[d] = min(tile.low[d] + sizes[d], outer.high[d])
        if more:
            return True
    return False


def _cut_chunk(nest: _Nest, scratch: _Scratch, pe: int) -> None:
    """Make `scratch.own` the tile of a PE: its chunk of the pass, as far as the step reaches."""
    rest = pe
    for d in range(nest.dims):
        begin = scratch.pass_.low[d] + (rest % nest.grid[d]) * nest.chunk[d]
        rest //= nest.grid[d]
        scratch.own.low[d] = max(begin, scratch.stream.low[d])
        scratch.own.high[d] = min(begin + nest.chunk[d], scratch.stream.high[d])


def _list_axis(operand: _Operand, i: int, tile: _Tile, begin: int, scratch: _Scratch) -> int:
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


def _list_words(operand: _Operand, tile: _Tile, scratch: _Scratch) -> int:
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
    storage: _Storage, slot: int, words: Ints, count: int, step: int, chain_begin: int
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


def _idle(operand: _Operand, tile: _Tile) -> tuple[bool, bool]:
    """Tell whether a PE has nothing to do, and whether that is for want of words of an operand."""
    idle = False
    nothing = False
    for d in range(len(tile.low)):
        if tile.low[d] >= tile.high[d]:
            idle = True
            if operand.relevant[d]:
                nothing = True
    return idle, nothing


def _chain_of(nest: _Nest, operand: _Operand, pe: int) -> int:
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
    nest: _Nest, operand: _Operand, scratch: _Scratch, step: int, flow: Ints, at: int
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
    nest: _Nest, operand: _Operand, scratch: _Scratch, number: int, flow: Ints, at: int
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


def _empty_pads(nest: _Nest, operand: _Operand) -> None:
    """Have an operand that passes the buffer by fetched anew for the next pass."""
    for pe in range(nest.pes):
        if operand.in_pads:
            operand.pads.filled[pe] = 0


def _holds(storage: _Storage, words: Ints, count: int) -> bool:
    """Tell whether the first slot holds exactly these words."""
    same = storage.filled[0] == count
    for i in range(count):
        same = same and storage.words[i] == words[i]
    return same


def _fill_glb(operand: _Operand, scratch: _Scratch, step: int, flow: Ints, at: int) -> None:
    """Move one operand's words for one tile of the global buffer."""
    if operand.in_glb:
        count = _list_words(operand, scratch.glb, scratch)
        changed = not _holds(operand.glb, scratch.words, count)
        if operand.all_tiles or (operand.whole_tiles and changed):
            operand.glb.filled[0] = 0
        entered, _ = _replace(operand.glb, 0, scratch.words, count, step, 0)
        flow[at] += entered


def _walk(nest: _Nest, operands: tuple[_Operand, ...], scratch: _Scratch, flow: Ints) -> None:
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
    _walk,
)


def can_compile() -> bool:
    """Tell whether Numba is installed."""
    return find_spec("numba") is not None


@cache
def _compiled() -> Callable[..., None]:
    """Compile `_walk` and all it calls."""
    import numba

    names: dict[str, Any] = dict(globals())
    for function in _COMPILABLE:
        assert isinstance(function, FunctionType)
        names[function.__name__] = numba.njit(FunctionType(function.__code__, names))
    compiled: Callable[..., None] = names["_walk"]
    return compiled


def _numbers(values: Sequence[int], compiled: bool) -> Ints:
    """Return integers in the container that the walk runs on."""
    if not compiled:
        return list(values)
    import numpy as np

    return cast(Ints, np.asarray(values, dtype=np.int64))


def _zeros(count: int, compiled: bool) -> Ints:
    """Return `count` zeros in the container that the walk runs on."""
    if not compiled:
        return [0] * count
    import numpy as np

    return cast(Ints, np.zeros(count, dtype=np.int64))


class _Problem(NamedTuple):
    """A checked nest over plain integers, all keyed by the dimension's letter."""

    sizes: dict[str, int]
    steps: dict[str, int]  # stride or dilation of the dimensions of the sliding window
    tiles: dict[str, tuple[int, ...]]  # (layer, glb, pass, pe, rf)
    loops: dict[str, list[str]]  # by storey
    ways: dict[str, Mapping[str, Any]]

    def passes(self, operand: str, level: str) -> bool:
        """Tell whether an operand passes a level."""
        return level in self.ways[operand]["levels"]

    def column(self, i: int) -> dict[str, int]:
        """Tile sizes of one storey."""
        return {dim: chain[i] for dim, chain in self.tiles.items()}

    def relevant(self, operand: str) -> str:
        """Dimensions among an operand's coordinates."""
        return "".join(x + y for x, y in _COORDINATES[operand])

    def extents(self, operand: str, tile: dict[str, int]) -> list[int]:
        """How far the words of the first tile of that size reach along each coordinate."""
        return [
            (tile[x] - 1) * self.steps[x] + (tile[y] - 1) * self.steps[y] + 1 if y else tile[x]
            for x, y in _COORDINATES[operand]
        ]

    def most_words(self, operand: str, tile: dict[str, int]) -> int:
        """Return a bound on the words of any tile of that size."""
        return prod(
            min(extent, tile[x] * (tile[y] if y else 1))
            for extent, (x, y) in zip(
                self.extents(operand, tile), _COORDINATES[operand], strict=True
            )
        )


def _check_tiles(dim: str, size: int, chain: tuple[int, ...]) -> None:
    if len(chain) != 5 or chain[0] != size:
        raise InvalidMapping(
            f"{dim}: tiles {chain} are not (layer, glb, pass, pe, rf) of size {size}"
        )
    if any(inner > outer for outer, inner in pairwise(chain)) or chain[-1] < 1:
        raise InvalidMapping(f"{dim}: tiles {chain} do not nest: each must be in 1..the one before")
    _, _, in_pass, pe, rf = chain
    if pe < in_pass and rf < pe:
        raise InvalidMapping(f"{dim}: tiles {chain} are cut in space and streamed: make rf = pe")


def _check_loops(problem: _Problem, loops: Sequence[tuple[str, str]]) -> None:
    if [storey for storey, _ in groupby(loops, key=lambda loop: loop[1])] != [
        storey for storey in STOREYS if problem.loops[storey]
    ]:
        raise InvalidMapping(f"loops {loops}: list those of dram, then glb, then pe")
    if len(set(loops)) != len(loops) or any(dim not in DIMS for dim, _ in loops):
        raise InvalidMapping(f"loops {loops}: list each of {DIMS} once per storey at most")
    for dim, (layer, glb, in_pass, pe, rf) in problem.tiles.items():
        trips = {"dram": layer > glb, "glb": glb > in_pass, "pe": pe > rf}
        for storey, turns in trips.items():
            if turns and dim not in problem.loops[storey]:
                raise InvalidMapping(f"loops {loops}: there is none over {dim} in {storey}")


def _check_size(problem: _Problem, compiled: bool) -> None:
    for name in OPERANDS:
        words = prod(problem.extents(name, problem.sizes))
        if words > _MOST_WORDS:
            raise InvalidInput(
                f"{words} {name} words per group are more than the {_MOST_WORDS} that the "
                "reference has room for: take a smaller layer"
            )
    steps = prod(problem.sizes.values())
    limit = COMPILED_LIMIT if compiled else PLAIN_LIMIT
    if steps <= limit:
        return
    remedy = "take a smaller layer"
    if not compiled and steps <= COMPILED_LIMIT:
        remedy = "install Numba (pip install 'energysim[numba]')"
    raise InvalidInput(
        f"{steps} multiply-accumulates per group are more than the {limit} that the reference "
        f"walks{'' if compiled else ' as plain Python'}: {remedy}"
    )


def _build_storage(capacity: int, slots: int, words: int, compiled: bool) -> _Storage:
    return _Storage(
        capacity,
        _zeros(capacity * slots, compiled),
        _zeros(slots, compiled),
        _zeros(words, compiled),
    )


def _build_operand(problem: _Problem, name: str, pes: int, compiled: bool) -> _Operand:
    coordinates = _COORDINATES[name]
    words = prod(problem.extents(name, problem.sizes))
    way = problem.ways[name]
    in_glb, in_pads = problem.passes(name, "glb"), problem.passes(name, "rf")
    glb_words = problem.most_words(name, problem.column(1)) if in_glb else 0
    pad_words = problem.most_words(name, problem.column(4)) if in_pads else 0
    _, _, in_pass, pe, _ = zip(*(problem.tiles[dim] for dim in DIMS), strict=True)
    chained = [int(dim not in "CRS" or dim in way.get("chain", "CRS")) for dim in DIMS]
    chains = prod(
        1 if whole else -(-outer // inner)
        for whole, outer, inner in zip(chained, in_pass, pe, strict=True)
    )
    return _Operand(
        x=_numbers([DIMS.index(x) for x, _ in coordinates], compiled),
        x_step=_numbers([problem.steps[x] if y else 1 for x, y in coordinates], compiled),
        y=_numbers([DIMS.index(y) if y else -1 for _, y in coordinates], compiled),
        y_step=_numbers([problem.steps[y] if y else 0 for _, y in coordinates], compiled),
        extent=_numbers(problem.extents(name, problem.sizes), compiled),
        relevant=_numbers([int(dim in problem.relevant(name)) for dim in DIMS], compiled),
        chained=_numbers(chained, compiled),
        in_glb=in_glb,
        in_pads=in_pads,
        whole_tiles=way.get("halo", "slide") == "refetch",
        all_tiles=way.get("refetch", "on_change") == "always",
        words=words,
        glb=_build_storage(glb_words, 1, words if in_glb else 0, compiled),
        pads=_build_storage(pad_words, pes, words * chains, compiled),
    )


def _build_nest(problem: _Problem, compiled: bool) -> _Nest:
    def sizes(by_dim: Mapping[str, int]) -> Ints:
        return _numbers([by_dim[dim] for dim in DIMS], compiled)

    def loops(storey: str) -> Ints:
        return _numbers([DIMS.index(dim) for dim in problem.loops[storey]], compiled)

    in_pass, pe, rf = problem.column(2), problem.column(3), problem.column(4)
    grid = {dim: -(-in_pass[dim] // pe[dim]) for dim in DIMS}
    return _Nest(
        dims=len(DIMS),
        layer=sizes(problem.column(0)),
        glb=sizes(problem.column(1)),
        pass_=sizes(in_pass),
        chunk=sizes(pe),
        stream=sizes({d: rf[d] if pe[d] == in_pass[d] else in_pass[d] for d in DIMS}),
        dram_loops=loops("dram"),
        glb_loops=loops("glb"),
        pe_loops=loops("pe"),
        pes=prod(grid.values()),
        grid=sizes(grid),
    )


def _build_scratch(problem: _Problem, nest: _Nest, compiled: bool) -> _Scratch:
    def tile(high: Sequence[int]) -> _Tile:
        return _Tile(_zeros(len(DIMS), compiled), _numbers(high, compiled))

    longest = max(max(problem.extents(name, problem.sizes)) for name in OPERANDS)
    held = [(name, problem.column(4)) for name in OPERANDS]
    held += [(name, problem.column(1)) for name in OPERANDS if problem.passes(name, "glb")]
    empty = [0] * len(DIMS)
    return _Scratch(
        layer=tile(nest.layer),
        glb=tile(empty),
        pass_=tile(empty),
        stream=tile(empty),
        own=tile(empty),
        axis=_zeros(4 * longest, compiled),
        axis_start=_zeros(5, compiled),
        marks=_zeros(longest, compiled),
        words=_zeros(max(problem.most_words(name, tile) for name, tile in held), compiled),
    )


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
    problem = _Problem(
        sizes={dim: sizes[dim] for dim in DIMS},
        steps={"E": strides[0], "F": strides[1], "R": dilations[0], "S": dilations[1]}
        | dict.fromkeys("NMC", 1),
        tiles={dim: tuple(tiles[dim]) for dim in DIMS},
        loops={storey: [dim for dim, of in loops if of == storey] for storey in STOREYS},
        ways={name: ways[name] for name in OPERANDS},
    )
    for dim in DIMS:
        _check_tiles(dim, problem.sizes[dim], problem.tiles[dim])
    _check_loops(problem, loops)
    if compiled is None:
        compiled = can_compile() and prod(problem.sizes.values()) >= _WORTH_COMPILING
    _check_size(problem, compiled)
    nest = _build_nest(problem, compiled)
    operands = tuple(_build_operand(problem, name, nest.pes, compiled) for name in OPERANDS)
    flow = _zeros(3 * len(OPERANDS), compiled)
    run = _compiled() if compiled else _walk
    run(nest, operands, _build_scratch(problem, nest, compiled), flow)
    return {
        name: Flow(*(int(words) for words in flow[3 * i : 3 * i + 3]))
        for i, name in enumerate(OPERANDS)
    }
