"""The law of residence once more, as plainly as possible: sets of words, nothing clever.

It shares no code with `energysim.reference` and is there to check that package. Far too slow for
anything but tiny nests.
"""

from itertools import product
from math import prod

RELEVANT = {"ifmap": "NCRSEF", "filter": "MCRS", "psum": "NMEF"}


def words(operand, tile, strides, dilations):
    """All words of an operand that a tile touches; a tile gives a list of coordinates per dim."""
    if operand == "filter":
        return set(product(tile["M"], tile["C"], tile["R"], tile["S"]))
    if operand == "psum":
        return set(product(tile["N"], tile["M"], tile["E"], tile["F"]))
    return {
        (n, c, e * strides[0] + r * dilations[0], f * strides[1] + s * dilations[1])
        for n in tile["N"]
        for c in tile["C"]
        for e in tile["E"]
        for r in tile["R"]
        for f in tile["F"]
        for s in tile["S"]
    }


def cut(coordinates, size):
    """Pieces of `size` coordinates, the last one smaller."""
    return [coordinates[i : i + size] for i in range(0, len(coordinates), size)]


def tiles_in_order(outer, sizes, loops):
    """All tiles that a storey's loops walk through in a tile of the storey above."""
    pieces = {dim: cut(coordinates, sizes[dim]) for dim, coordinates in outer.items()}
    for dim, of_dim in pieces.items():
        assert dim in loops or len(of_dim) == 1, f"no loop over {dim}"
    for choice in product(*(pieces[dim] for dim in loops)):
        yield {dim: pieces[dim][0] for dim in outer} | dict(zip(loops, choice, strict=True))


def chunks_in_space(pass_tile, pe_sizes):
    """The chunk of every PE that has one, by the PE's index: {index: {dim: coordinates}}."""
    dims = list(pass_tile)
    pieces = [list(enumerate(cut(pass_tile[dim], pe_sizes[dim]))) for dim in dims]
    return {
        tuple(index for index, _ in choice): {
            dim: chunk for dim, (_, chunk) in zip(dims, choice, strict=True)
        }
        for choice in product(*pieces)
    }


def naive(sizes, strides, dilations, tiles, loops, ways):
    """The nine flows as {operand: (into the GLB, into the array, into the pads)}."""
    dims = list(sizes)
    at = {name: {d: tiles[d][i] for d in dims} for i, name in enumerate(("_", "glb", "pass", "pe"))}
    rf = {d: tiles[d][4] for d in dims}
    in_storey = {s: [d for d, of in loops if of == s] for s in ("dram", "glb", "pe")}
    flows = {}
    for operand, relevant in RELEVANT.items():
        way = ways[operand]
        chain = way.get("chain", "CRS") if operand == "psum" else dims
        apart = [dims.index(d) for d in "CRS" if d not in chain]
        to_glb = to_array = to_pads = 0
        in_glb = set()
        in_pad = {}
        layer = {d: list(range(sizes[d])) for d in dims}
        for glb_tile in tiles_in_order(layer, at["glb"], in_storey["dram"]):
            tile = words(operand, glb_tile, strides, dilations)
            if way.get("refetch") == "always" or (way.get("halo") == "refetch" and tile != in_glb):
                in_glb = set()
            to_glb += len(tile - in_glb)
            in_glb = tile
            for pass_tile in tiles_in_order(glb_tile, at["pass"], in_storey["glb"]):
                chunks = chunks_in_space(pass_tile, at["pe"])
                if way.get("refetch") == "always" and "glb" not in way["levels"]:
                    in_pad = {}
                for pe in list(in_pad):
                    if any(
                        pe[dims.index(d)] >= len(cut(pass_tile[d], at["pe"][d])) for d in relevant
                    ):
                        in_pad[pe] = set()
                if "rf" not in way["levels"]:
                    taken_in = set()
                    for pe, chunk in chunks.items():
                        to_pads += prod(len(coordinates) for coordinates in chunk.values())
                        link = tuple(pe[i] for i in apart)
                        taken_in |= {
                            (link, word) for word in words(operand, chunk, strides, dilations)
                        }
                    to_array += len(taken_in)
                    continue
                # Lock-step: in each step every PE takes the next of its own rf tiles.
                streams = {
                    pe: list(tiles_in_order(chunk, rf, in_storey["pe"]))
                    for pe, chunk in chunks.items()
                }
                assert len({len(stream) for stream in streams.values()}) == 1
                for step in range(len(next(iter(streams.values())))):
                    read = set()
                    for pe, stream in streams.items():
                        tile = words(operand, stream[step], strides, dilations)
                        new = tile - in_pad.get(pe, set())
                        read |= {(tuple(pe[i] for i in apart), word) for word in new}
                        to_pads += len(new)
                        in_pad[pe] = tile
                    to_array += len(read)
        flows[operand] = (to_glb if "glb" in way["levels"] else 0, to_array, to_pads)
    return flows
