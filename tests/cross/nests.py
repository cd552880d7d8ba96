"""Random loop nests on tiny layers: any tiles, any order of loops, dataflow or not."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from math import prod

DIMS = "NMCRSEF"
# Storeys, and which tiles (layer, glb, pass, pe, rf) their loops step from and to.
STOREYS = {"dram": (0, 1), "glb": (1, 2), "pe": (3, 4)}
# Chooses an integer between two bounds, which are included.
Choose = Callable[[int, int], int]


@dataclass(frozen=True)
class Case:
    """One nest on one layer."""

    sizes: dict[str, int]
    groups: int
    strides: tuple[int, int]
    dilations: tuple[int, int]
    tiles: dict[str, tuple[int, int, int, int, int]]
    loops: tuple[tuple[str, str], ...]
    ways: dict[str, dict[str, object]]
    padding: tuple[int, int]
    past_glb: bool

    @property
    def macs(self):
        """Multiply-accumulates of one group."""
        return prod(self.sizes.values())

    def ifmap(self):
        """The ifmap that the windows reach over: rows, columns, padding on top and on the left."""
        reach = [
            (self.sizes[out] - 1) * stride + (self.sizes[tap] - 1) * dilation + 1
            for out, tap, stride, dilation in zip(
                "EF", "RS", self.strides, self.dilations, strict=True
            )
        ]
        top, left = (min(pad, size - 1) for pad, size in zip(self.padding, reach, strict=True))
        return reach[0] - top, reach[1] - left, top, left

    def walk_arguments(self):
        """What `walk` and `naive` take."""
        return (
            self.sizes,
            self.strides,
            self.dilations,
            self.tiles,
            self.loops,
            self.ways,
        )


def draw_sizes(choose: Choose, most_macs: int, window: str):
    """Sizes whose product is at most `most_macs`; those of the window are the largest."""
    sizes = dict.fromkeys(DIMS, 1)
    left = most_macs
    others = shuffled(choose, [dim for dim in DIMS if dim not in window])
    for dim in [*window, *others]:
        most = (1, 2, 3, 5, 8, 13)[choose(3 if dim in window else 0, 5)]
        sizes[dim] = choose(1, max(1, min(most, left)))
        left //= sizes[dim]
    return sizes


def draw_tile(choose: Choose, most: int):
    """A tile size; often all or one."""
    return (most, 1, choose(1, most))[min(2, choose(0, 3))]


def draw_tiles(choose: Choose, size: int):
    """Nested tiles, cut in space or streamed."""
    glb = draw_tile(choose, size)
    in_pass = draw_tile(choose, glb)
    inner = draw_tile(choose, in_pass)
    if choose(0, 1):
        return (size, glb, in_pass, inner, inner)
    return (size, glb, in_pass, in_pass, inner)


def draw_spread(choose: Choose, size: int):
    """Nested tiles with more than one PE, and more than one pass, wherever there is room."""
    glb = size - choose(0, size // 2)
    in_pass = max(1, glb - choose(1, 1 + glb // 2))
    pe = max(1, in_pass - choose(1, in_pass))
    return (size, glb, in_pass, pe, pe)


def draw_loops(choose: Choose, tiles):
    """All loops that turn, and a few that do not, each storey in any order."""
    loops = []
    for storey, (outer, inner) in STOREYS.items():
        turning = [dim for dim in DIMS if tiles[dim][outer] > tiles[dim][inner]]
        others = [dim for dim in DIMS if dim not in turning and choose(0, 7) == 7]
        loops += [(dim, storey) for dim in shuffled(choose, turning + others)]
    return tuple(loops)


def draw_ways(choose: Choose):
    """Ways of the operands: often the plain law of residence, often not."""
    ways = {
        operand: {
            "levels": ["dram"]
            + ["glb"] * (choose(0, 2 if operand == "psum" else 1) > 0)
            + ["noc"] * (choose(0, 7) > 0)
            + ["rf"] * (choose(0, 3) > 0)
        }
        for operand in ("ifmap", "filter", "psum")
    }
    for operand in ("ifmap", "filter"):
        held = "glb" in ways[operand]["levels"]
        if held or (operand == "filter" and "rf" in ways[operand]["levels"]):
            ways[operand]["refetch"] = ("on_change", "always")[choose(0, 5) == 5]
    if "glb" in ways["ifmap"]["levels"]:
        ways["ifmap"]["halo"] = ("slide", "refetch")[choose(0, 3) == 3]
    ways["psum"]["chain"] = [dim for dim in "CRS" if choose(0, 3) > 0]
    return ways


def shuffled(choose: Choose, items):
    """The items in any order."""
    rest = list(items)
    return [rest.pop(choose(0, len(rest) - 1)) for _ in items]


def draw_plain_ways(choose: Choose):
    """The plain law of residence; ifmaps and filters may pass the GLB by."""
    past = {
        operand: operand != "psum" and choose(0, 1) == 1 for operand in ("ifmap", "filter", "psum")
    }
    return {
        operand: {"levels": ["dram", *([] if past[operand] else ["glb"]), "noc", "rf"]}
        for operand in past
    } | {"psum": {"levels": ["dram", "glb", "noc", "rf"], "chain": ["C", "R", "S"]}}


def draw_case(choose: Choose, most_macs: int, plain: bool = False) -> Case:
    """Any nest on a layer of at most `most_macs` multiply-accumulates per group."""
    # Many layers are mostly a window over rows or columns, shared out among PEs: there, words are
    # needed by several PEs, not all of which still hold them.
    window = ("", "", "ER", "FS")[choose(0, 3)]
    spread = window[: choose(0, 2)]
    sizes = draw_sizes(choose, most_macs, window)
    tiles = {
        dim: draw_spread(choose, size) if dim in spread else draw_tiles(choose, size)
        for dim, size in sizes.items()
    }
    return Case(
        sizes=sizes,
        groups=(1, 1, 1, 2, 3)[choose(0, 4)],
        strides=((1, 1, 2, 3, 4)[choose(0, 4)], (1, 1, 2, 3, 4)[choose(0, 4)]),
        dilations=((1, 1, 2, 3)[choose(0, 3)], (1, 1, 2, 3)[choose(0, 3)]),
        tiles=tiles,
        loops=draw_loops(choose, tiles),
        ways=draw_plain_ways(choose) if plain else draw_ways(choose),
        padding=(choose(0, 1), choose(0, 1)),
        past_glb=choose(0, 1) == 1,
    )


def random_cases(seed: int, count: int, most_macs: int, plain: bool = False):
    """Cases drawn without Hypothesis, which is too slow for very many.

    If `plain`, all operands follow the law of residence and have scratch pads.
    """
    # random.randint is slow.
    draw = random.Random(seed).random

    def choose(low, high):
        return low + int(draw() * (high - low + 1))

    return (draw_case(choose, most_macs, plain) for _ in range(count))
