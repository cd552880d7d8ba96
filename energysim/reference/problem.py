"""What is walked: a checked nest, and the flat sequences of integers that the steps run on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from math import prod
from typing import Any, NamedTuple, cast

from energysim.errors import InvalidInput, InvalidMapping
from energysim.reference.steps import Ints, Nest, Operand, Scratch, Storage, Tile

__all__ = [
    "COMPILED_LIMIT",
    "DIMS",
    "OPERANDS",
    "PLAIN_LIMIT",
    "STOREYS",
    "Problem",
    "build_nest",
    "build_operand",
    "build_scratch",
    "check_loops",
    "check_size",
    "check_tiles",
    "zeros",
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


def _numbers(values: Sequence[int], compiled: bool) -> Ints:
    """Return integers in the container that the walk runs on."""
    if not compiled:
        return list(values)
    import numpy as np

    return cast(Ints, np.asarray(values, dtype=np.int64))


def zeros(count: int, compiled: bool) -> Ints:
    """Return `count` zeros in the container that the walk runs on."""
    if not compiled:
        return [0] * count
    import numpy as np

    return cast(Ints, np.zeros(count, dtype=np.int64))


class Problem(NamedTuple):
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


def check_tiles(dim: str, size: int, chain: tuple[int, ...]) -> None:
    """Refuse tiles that do not nest."""
    if len(chain) != 5 or chain[0] != size:
        raise InvalidMapping(
            f"{dim}: tiles {chain} are not (layer, glb, pass, pe, rf) of size {size}"
        )
    if any(inner > outer for outer, inner in pairwise(chain)) or chain[-1] < 1:
        raise InvalidMapping(f"{dim}: tiles {chain} do not nest: each must be in 1..the one before")
    _, _, in_pass, pe, rf = chain
    if pe < in_pass and rf < pe:
        raise InvalidMapping(f"{dim}: tiles {chain} are cut in space and streamed: make rf = pe")


def check_loops(problem: Problem, loops: Sequence[tuple[str, str]]) -> None:
    """Refuse loops that are out of order, or that do not step over the tiles."""
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


def check_size(problem: Problem, compiled: bool) -> None:
    """Refuse what would take too long, or too much memory."""
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


def _build_storage(capacity: int, slots: int, words: int, compiled: bool) -> Storage:
    return Storage(
        capacity,
        zeros(capacity * slots, compiled),
        zeros(slots, compiled),
        zeros(words, compiled),
    )


def build_operand(problem: Problem, name: str, pes: int, compiled: bool) -> Operand:
    """Return what the steps need to know of an operand, and its empty storages."""
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
    return Operand(
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


def build_nest(problem: Problem, compiled: bool) -> Nest:
    """Return tiles and loops as the steps read them."""

    def sizes(by_dim: Mapping[str, int]) -> Ints:
        return _numbers([by_dim[dim] for dim in DIMS], compiled)

    def loops(storey: str) -> Ints:
        return _numbers([DIMS.index(dim) for dim in problem.loops[storey]], compiled)

    in_pass, pe, rf = problem.column(2), problem.column(3), problem.column(4)
    grid = {dim: -(-in_pass[dim] // pe[dim]) for dim in DIMS}
    return Nest(
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


def build_scratch(problem: Problem, nest: Nest, compiled: bool) -> Scratch:
    """Return working memory for the largest tile of any operand."""

    def tile(high: Sequence[int]) -> Tile:
        return Tile(zeros(len(DIMS), compiled), _numbers(high, compiled))

    longest = max(max(problem.extents(name, problem.sizes)) for name in OPERANDS)
    held = [(name, problem.column(4)) for name in OPERANDS]
    held += [(name, problem.column(1)) for name in OPERANDS if problem.passes(name, "glb")]
    empty = [0] * len(DIMS)
    return Scratch(
        layer=tile(nest.layer),
        glb=tile(empty),
        pass_=tile(empty),
        stream=tile(empty),
        own=tile(empty),
        axis=zeros(4 * longest, compiled),
        axis_start=zeros(5, compiled),
        marks=zeros(longest, compiled),
        words=zeros(max(problem.most_words(name, tile) for name, tile in held), compiled),
    )
