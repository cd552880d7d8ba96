"""Random dataflows: tiles, loop orders, ways and arrays as nobody would choose them."""

from __future__ import annotations

import random
from typing import Any

import energysim as es

DIMS = "NMCRSEF"


def draw_tiles(rng: random.Random) -> list[str]:
    """Words for one dimension: cut in space, streamed, or a single coordinate at a time."""
    glb = rng.choice(("same", "same", "free", "whole"))
    match rng.randint(0, 4):
        case 0:
            return [glb, "free", rng.choice(("one", "free")), "same"]
        case 1:
            return [glb, "same", "free", rng.choice(("one", "same"))]
        case 2:
            return [glb, rng.choice(("whole", "untiled")), "one", "same"]
        case 3:
            return [glb, "same", rng.choice(("whole", "untiled")), rng.choice(("one", "same"))]
    return [glb, "same", "one", "same"]


def draw_operands(rng: random.Random) -> dict[str, Any]:
    """Ways: the law for some operands, not for others."""
    operands: dict[str, Any] = {}
    for operand in ("ifmap", "filter", "psum"):
        levels = [level for level in ("glb", "noc", "rf") if rng.random() < 0.7]
        way: dict[str, Any] = {"levels": ["dram", *levels]}
        if operand != "psum" and "glb" in levels and rng.random() < 0.2:
            way["refetch"] = "always"
        if operand == "ifmap" and "glb" in levels and rng.random() < 0.3:
            way["halo"] = "refetch"
        if operand == "psum":
            way["chain"] = [dim for dim in "CRS" if rng.random() < 0.7]
        operands[operand] = way
    return operands


def declare(seed: int) -> es.Dataflow:
    """A dataflow of one loop order; the same for the same seed."""
    rng = random.Random(seed)
    tiles = {dim: draw_tiles(rng) for dim in DIMS}
    for tap in "RS":  # are never free
        while "free" in tiles[tap]:
            tiles[tap] = draw_tiles(rng)
    free = [
        (dim, place)
        for dim in DIMS
        for place, word in zip(("glb", "pass", "pe"), tiles[dim], strict=False)
        if word == "free"
    ]
    rng.shuffle(free)
    in_space = [dim for dim in DIMS if tiles[dim][1] != "same"]
    array: Any = "pool"
    if len(in_space) >= 2 and rng.random() < 0.5:
        vertical, horizontal = rng.sample(in_space, 2)
        array = {"vertical": vertical, "horizontal": horizontal}

    def loops() -> str:
        return " ".join(rng.sample(DIMS, len(DIMS)))

    return es.Dataflow(
        name=f"drawn {seed}",
        array=array,
        tiles={dim: " ".join(words) for dim, words in tiles.items()},
        letters={f"{dim}{place}": f"{dim} {place}" for dim, place in free},
        operands=draw_operands(rng),
        schemes={"only": {"dram": loops(), "glb": loops(), "pe": loops()}},
    )
