"""The reference's walker, against sets in plain Python and against counts made by hand."""

import pytest
from cross.naive import naive
from cross.nests import random_cases

from energysim.errors import InvalidInput, InvalidMapping
from energysim.reference import can_compile, walker
from energysim.reference.walker import OPERANDS, walk

LAW = {operand: {"levels": ["dram", "glb", "noc", "rf"]} for operand in OPERANDS}


def nest(sizes=(), tiles=()):
    """Sizes and tiles, of one coordinate where nothing else is said."""
    sizes = dict.fromkeys(walker.DIMS, 1) | dict(sizes)
    return sizes, {dim: (size,) * 5 for dim, size in sizes.items()} | dict(tiles)


def flows(sizes, tiles, loops, strides=(1, 1), dilations=(1, 1), ways=LAW):
    sizes, tiles = nest(sizes, tiles)
    found = walk(sizes, strides, dilations, tiles, loops, ways)
    return {operand: tuple(flow) for operand, flow in found.items()}


def compare_with_naive(seed, count, most_macs, compiled):
    for case in random_cases(seed, count, most_macs):
        found = walk(*case.walk_arguments(), compiled=compiled)
        assert {name: tuple(flow) for name, flow in found.items()} == naive(
            *case.walk_arguments()
        ), case


def test_random_nests():
    compare_with_naive(0, 600, 150, compiled=False)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(1, 5))
def test_many_random_nests(seed):
    compare_with_naive(seed, 10_000, 400, compiled=False)


@pytest.mark.skipif(not can_compile(), reason="needs Numba")
def test_compiled_as_plain():
    for case in random_cases(7, 500, 300):
        arguments = case.walk_arguments()
        assert walk(*arguments, compiled=True) == walk(*arguments, compiled=False), case


def test_sliding_window():
    found = flows({"S": 3, "F": 4}, {"F": (4, 4, 4, 4, 1)}, [("F", "pe")])
    assert found == {"ifmap": (6, 6, 6), "filter": (3, 3, 3), "psum": (4, 4, 4)}


def test_stride_beyond_filter_leaves_gaps():
    found = flows({"S": 2, "F": 3}, {"F": (3, 3, 3, 3, 1)}, [("F", "pe")], strides=(1, 5))
    assert found["ifmap"] == (6, 6, 6)


def test_dilated_taps_are_not_kept_by_a_neighbour():
    # Columns 0 2, 1 3, 2 4, 3 5: no two neighbours share one; the GLB holds 0..5.
    found = flows({"S": 2, "F": 4}, {"F": (4, 4, 4, 4, 1)}, [("F", "pe")], dilations=(1, 2))
    assert found["ifmap"] == (6, 8, 8)


def test_second_filter_has_the_row_fetched_again():
    # For each of 2 filters the window of 1 slides over 3 columns; the GLB keeps them.
    sizes, tiles = {"M": 2, "F": 3}, {"M": (2, 2, 1, 1, 1), "F": (3, 3, 3, 3, 1)}
    found = flows(sizes, tiles, [("M", "glb"), ("F", "pe")])
    assert found == {"ifmap": (3, 6, 6), "filter": (2, 2, 2), "psum": (6, 6, 6)}


def test_whole_row_stays_for_the_second_filter():
    found = flows({"M": 2, "F": 3}, {"M": (2, 2, 1, 1, 1)}, [("M", "glb")])
    assert found["ifmap"] == (3, 3, 3)


def test_multicast_is_read_once():
    # 3 PEs with a filter each: the ifmap is read once and delivered to all three.
    found = flows({"M": 3}, {"M": (3, 3, 3, 1, 1)}, [])
    assert found == {"ifmap": (1, 1, 3), "filter": (3, 3, 3), "psum": (3, 3, 3)}


def test_pe_without_filters_keeps_its_ifmap():
    # 5 filters, 3 in the GLB, on 2 PEs: passes of 2, 1, 2 filters.  PE 1 rests in the second.
    sizes, tiles = {"M": 5}, {"M": (5, 3, 2, 1, 1)}
    found = flows(sizes, tiles, [("M", "dram"), ("M", "glb")])
    assert found["ifmap"] == (1, 1, 2)
    # With two images in turn in each pass, PE 1 takes no part in the second pass at all.
    sizes, tiles = sizes | {"N": 2}, tiles | {"N": (2, 2, 1, 1, 1)}
    found = flows(sizes, tiles, [("M", "dram"), ("M", "glb"), ("N", "glb")])
    assert found["ifmap"] == (2, 6, 10)


def test_pe_without_images_keeps_its_filter():
    # 3 images on 2 PEs, for each of 2 ofmap rows: PE 1 rests in every second pass.
    sizes, tiles = {"N": 3, "E": 2}, {"N": (3, 3, 2, 1, 1), "E": (2, 1, 1, 1, 1)}
    found = flows(sizes, tiles, [("E", "dram"), ("N", "glb")])
    assert found["filter"] == (1, 1, 2)


def test_pe_without_filters_has_none():
    # 3 filters on 2 PEs, for each of 2 images: PE 1 drops filter 1 in the second pass.
    sizes, tiles = {"N": 2, "M": 3}, {"N": (2, 2, 1, 1, 1), "M": (3, 3, 2, 1, 1)}
    found = flows(sizes, tiles, [("N", "glb"), ("M", "glb")])
    assert found["filter"] == (3, 6, 6)


def test_filters_past_the_glb():
    ways = LAW | {"filter": {"levels": ["dram", "noc", "rf"]}}
    found = flows({"M": 2, "C": 2}, {}, [], ways=ways)
    assert found["filter"] == (0, 4, 4)


def test_psums_leave_for_every_channel():
    sizes, tiles = {"C": 2, "F": 3}, {"C": (2, 1, 1, 1, 1), "F": (3, 1, 1, 1, 1)}
    assert flows(sizes, tiles, [("C", "dram"), ("F", "dram")])["psum"] == (6, 6, 6)
    assert flows(sizes, tiles, [("F", "dram"), ("C", "dram")])["psum"] == (3, 3, 3)


@pytest.mark.parametrize(
    ("tiles", "loops", "message"),
    [
        ((3, 3, 3, 3, 3), [], "not .* of size 4"),
        ((4, 3, 4, 1, 1), [], "do not nest"),
        ((4, 4, 4, 4, 0), [], "do not nest"),
        ((4, 4, 4, 2, 1), [("C", "pe")], "cut in space and streamed"),
        ((4, 2, 2, 2, 2), [], "none over C in dram"),
        ((4, 4, 2, 2, 2), [("C", "dram")], "none over C in glb"),
        ((4, 4, 4, 4, 1), [("C", "glb")], "none over C in pe"),
        ((4, 2, 1, 1, 1), [("C", "glb"), ("C", "dram")], "dram, then glb, then pe"),
        ((4, 2, 2, 2, 2), [("C", "dram"), ("C", "dram")], "once per storey"),
        ((4, 2, 2, 2, 2), [("C", "dram"), ("G", "dram")], "once per storey"),
        ((4, 2, 2, 2, 2), [("C", "dram"), ("C", "disk")], "dram, then glb, then pe"),
    ],
)
def test_no_nest(tiles, loops, message):
    with pytest.raises(InvalidMapping, match=message):
        flows({"C": 4}, {"C": tiles}, loops)


def test_psums_past_the_glb():
    ways = LAW | {"psum": {"levels": ["dram", "noc", "rf"]}}
    tiles = {"C": (2, 1, 1, 1, 1), "F": (3, 1, 1, 1, 1)}
    found = flows({"C": 2, "F": 3}, tiles, [("C", "dram"), ("F", "dram")], ways=ways)
    assert found["psum"] == (0, 6, 6)


def test_halo_is_fetched_again():
    # A window of 3 over 4 columns, one at a time: the buffer takes in 3 words for each, and none
    # for a second filter that needs the tile it has. The pads keep what slides.
    ways = LAW | {"ifmap": LAW["ifmap"] | {"halo": "refetch"}}
    tiles = {"F": (4, 1, 1, 1, 1), "M": (2, 1, 1, 1, 1)}
    loops = [("F", "dram"), ("M", "dram")]
    assert flows({"S": 3, "F": 4, "M": 2}, tiles, loops, ways=ways)["ifmap"] == (12, 6, 6)
    assert flows({"S": 3, "F": 4, "M": 2}, tiles, loops)["ifmap"] == (6, 6, 6)


def test_unchanged_tiles_are_fetched_again():
    # 3 filters in turn: the same ifmap enters the buffer for each of them.
    ways = LAW | {"ifmap": LAW["ifmap"] | {"refetch": "always"}}
    tiles, loops = {"M": (3, 1, 1, 1, 1)}, [("M", "dram")]
    assert flows({"S": 2, "M": 3}, tiles, loops, ways=ways)["ifmap"] == (6, 2, 2)
    assert flows({"S": 2, "M": 3}, tiles, loops)["ifmap"] == (2, 2, 2)


def test_operand_without_pads_is_delivered_for_every_mac():
    # 2 filters side by side slide a window of 3 over 4 columns in one pass: 6 ifmap words enter the
    # array once, and 24 are delivered.
    ways = LAW | {"ifmap": {"levels": ["dram", "glb", "noc"]}}
    tiles = {"M": (2, 2, 2, 1, 1), "F": (4, 4, 4, 4, 1)}
    found = flows({"S": 3, "F": 4, "M": 2}, tiles, [("F", "pe")], ways=ways)
    assert found["ifmap"] == (6, 6, 24)
    # In two passes it enters twice.
    tiles = {"M": (2, 2, 1, 1, 1), "F": (4, 4, 4, 4, 1)}
    found = flows({"S": 3, "F": 4, "M": 2}, tiles, [("M", "glb"), ("F", "pe")], ways=ways)
    assert found["ifmap"] == (6, 12, 24)


def test_partial_sums_of_chains_meet_above_the_array():
    # 2 filter rows and 3 columns side by side: a chain of 6, or of 3 for each row.
    sizes, tiles = {"R": 2, "S": 3}, {"R": (2, 2, 2, 1, 1), "S": (3, 3, 3, 1, 1)}
    assert flows(sizes, tiles, [])["psum"] == (1, 1, 6)
    ways = LAW | {"psum": LAW["psum"] | {"chain": ["S"]}}
    assert flows(sizes, tiles, [], ways=ways)["psum"] == (1, 2, 6)


def test_too_many_steps():
    sizes, tiles = nest({"M": 10_000, "N": 10_000})
    with pytest.raises(InvalidInput, match=r"100000000 .* 50000000 .*: install Numba"):
        walk(sizes, (1, 1), (1, 1), tiles, [], LAW, compiled=False)
    sizes, tiles = nest({"M": 10_000, "N": 1_000, "C": 10_000})
    for compiled in (False, True):
        with pytest.raises(InvalidInput, match="take a smaller layer"):
            walk(sizes, (1, 1), (1, 1), tiles, [], LAW, compiled=compiled)


def test_too_many_words():
    # Few steps, but a stride that leaves wide gaps.
    sizes, tiles = nest({"E": 30, "F": 30})
    with pytest.raises(InvalidInput, match=r"\d+ ifmap words .* 200000000"):
        walk(sizes, (1000, 1000), (1, 1), tiles, [], LAW)
