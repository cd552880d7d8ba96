"""Mappings: letters, nests, drawings, and what is refused."""

from __future__ import annotations

import dataclasses
import json
import pickle
from typing import Any

import pytest

import energysim as es
from energysim import (
    CountOverflow,
    InvalidInput,
    InvalidMapping,
    Layer,
    Mapping,
    RowStationaryMapping,
    UnknownName,
    _core,
    architectures,
)

CHIP = architectures.eyeriss()
CONV3 = es.networks.alexnet(4)["CONV3"]
CONV4 = es.networks.alexnet(4)["CONV4"]
# JSSC 2017, Table III.
WAYS = {
    "ifmap": {
        "levels": ["dram", "glb", "noc", "rf"], "halo": "slide", "refetch": "on_change"
    },
    "filter": {"levels": ["dram", "glb", "noc", "rf"], "refetch": "on_change"},
    "psum": {"levels": ["dram", "glb", "noc", "rf"], "chain": ["C", "R", "S"]},
}  # fmt: skip
LETTERS = {"m": 64, "n": 4, "e": 13, "p": 16, "q": 3, "r": 2, "t": 2}


def chip_mapping(layer: Layer = CONV3, **changes: Any) -> Mapping:
    return RowStationaryMapping(**(LETTERS | changes)).on(layer, CHIP)


# --- Letters ------------------------------------------------------------------------------


def test_letters_make_the_tiles_of_the_chip() -> None:
    mapping = chip_mapping()
    tiles = {dim: tuple(sizes) for dim, sizes in mapping.tiles.items()}
    assert tiles == {
        #     layer, GLB, pass, PE, RF
        "N": (4, 4, 4, 4, 1),
        "G": (1, 1, 1, 1, 1),
        "M": (384, 64, 32, 16, 16),
        "C": (256, 6, 6, 3, 3),
        "R": (3, 3, 3, 1, 1),
        "S": (3, 3, 3, 3, 3),
        "E": (13, 13, 13, 1, 1),
        "F": (13, 13, 13, 13, 1),
    }
    assert (mapping.dataflow, mapping.scheme) == ("rs-chip", "chip")
    assert mapping.ways == WAYS | {"filter": WAYS["filter"] | {"levels": ["dram", "noc", "rf"]}}
    assert mapping.loops[:2] == (("M", "dram"), ("N", "dram"))


def test_letters_come_back() -> None:
    mapping = chip_mapping()
    assert {name: getattr(mapping, name) for name in LETTERS} == LETTERS
    assert mapping.letters == LETTERS | {"E1": 13}
    assert repr(mapping) == "<Mapping rs-chip/chip m=64 n=4 e=13 p=16 q=3 r=2 t=2>"


def test_letters_left_out_are_smallest() -> None:
    mapping = Mapping.from_letters(CONV3, CHIP, "rs-chip", "", {"e": 13})
    assert mapping.letters == dict.fromkeys(LETTERS, 1) | {"e": 13, "E1": 13}


def test_other_dataflow_and_loop_order() -> None:
    mapping = chip_mapping(dataflow="rs", scheme="psums", m=32, e=4, E1=13)
    assert (mapping.dataflow, mapping.scheme) == ("rs", "psums")
    assert mapping.letters == LETTERS | {"m": 32, "e": 4, "E1": 13}
    assert repr(mapping).endswith(" E1=13>")
    assert chip_mapping(dataflow="rs").scheme == "psums"


# --- Nests --------------------------------------------------------------------------------


def test_nest_gives_back_what_it_was_made_of() -> None:
    mapping = chip_mapping(CONV4)
    again = Mapping.from_nest(
        "rs-chip",
        "chip",
        tiles=mapping.tiles,
        loops=mapping.loops,
        ways=mapping.ways,
    )
    assert again == mapping
    assert hash(again) == hash(mapping)
    assert Mapping.from_nest("rs-chip", "", tiles=mapping.tiles) == mapping


def test_dimensions_left_out_of_a_nest_are_one() -> None:
    mapping = Mapping.from_nest("rs", "", tiles={"M": (8, 4, 2, 1, 1)}, loops=[("M", "dram")])
    assert tuple(mapping.tiles["M"]) == (8, 4, 2, 1, 1)
    assert tuple(mapping.tiles["C"]) == (1, 1, 1, 1, 1)
    assert mapping.loops == (("M", "dram"),)


@pytest.mark.parametrize("scheme", es.dataflows()[0].schemes, ids=lambda scheme: scheme.name)
def test_ways_are_what_the_scheme_says(scheme: Any) -> None:
    mapping = Mapping.from_nest("rs", scheme.name, tiles={})
    glb = ["glb"] if scheme.name == "filters" else []
    assert mapping.ways == WAYS | {
        "filter": {"levels": ["dram", *glb, "noc", "rf"], "refetch": "on_change"}
    }
    changed = Mapping.from_nest("rs", scheme.name, tiles={}, ways={"ifmap": {"halo": "refetch"}})
    assert changed.ways == mapping.ways | {"ifmap": WAYS["ifmap"] | {"halo": "refetch"}}
    assert changed != mapping


def test_psums_may_pass_by_the_glb() -> None:
    mapping = chip_mapping(CONV4)
    ways = {"psum": {"levels": ["dram", "noc", "rf"]}}
    nest = Mapping.from_nest("rs-chip", "chip", tiles=mapping.tiles, loops=mapping.loops, ways=ways)
    held, past = (_core.count_unchecked(CONV4, CHIP, one) for one in (mapping, nest))
    # Unfinished ones, which waited in the GLB, now wait in DRAM.
    assert past.glb.psum.read == past.glb.psum.write == past.glb.psum.fill == 0
    assert past.dram.psum.write == held.glb.psum.write
    assert past.dram.psum.read == held.glb.psum.write - CONV4.ofmap_words
    assert past.noc == held.noc and past.rf == held.rf


@pytest.mark.parametrize(
    "change",
    [
        {"loops": [*chip_mapping(CONV4).loops[1::-1], *chip_mapping(CONV4).loops[2:]]},
        {"loops": chip_mapping(CONV4).loops, "ways": {"ifmap": {"halo": "refetch"}}},
    ],
    ids=["loops", "ways through the GLB"],
)
def test_loops_are_those_of_the_loop_order(change: dict[str, Any]) -> None:
    change = {"tiles": chip_mapping(CONV4).tiles} | change
    with pytest.raises(es.InvalidMapping, match="CONV4.*not those of loop order 'chip'.*'rs-chip'"):
        es.count(CONV4, "eyeriss", Mapping.from_nest("rs-chip", "chip", **change))


def test_mapping_is_a_value() -> None:
    mapping = chip_mapping()
    assert mapping == chip_mapping()
    assert mapping != chip_mapping(m=32)
    assert len({mapping, chip_mapping(), chip_mapping(m=32)}) == 2
    assert pickle.loads(pickle.dumps(mapping)) == mapping
    for name in ("m", "scheme", "tiles", "new"):
        with pytest.raises(AttributeError):
            setattr(mapping, name, 1)
    mapping.tiles["M"] = mapping.tiles["C"]  # a copy
    assert mapping == chip_mapping()
    written = RowStationaryMapping(**LETTERS)
    with pytest.raises(dataclasses.FrozenInstanceError):
        written.m = 1  # type: ignore[misc]


def test_to_dict_is_plain() -> None:
    plain = json.loads(json.dumps(chip_mapping(CONV4).to_dict()))
    assert list(plain) == ["dataflow", "scheme", "letters", "tiles", "loops", "ways"]
    assert plain["tiles"]["M"] == {"layer": 192, "glb": 64, "pass": 32, "pe": 16, "rf": 16}
    assert plain["loops"][0] == ["M", "dram"]
    assert plain["letters"]["m"] == 64


def test_drawing_shows_each_loop_once() -> None:
    lines = str(chip_mapping(CONV4)).splitlines()
    assert lines == [
        "dataflow 'rs-chip', loop order 'chip': m=64 n=4 e=13 p=16 q=3 r=2 t=2",
        "for each of 2 groups:",
        "  for M in 192 by 64:                                                       # DRAM loop",
        "    for C in 192 by 6:                                                      # DRAM loop",
        "      GLB holds ifmap, psum of N=4 M=64 C=6 R=3 S=3 E=13 F=13",
        "      for M in 64 by 32:                                                    # GLB loop",
        "        all at once M in 32 by 16, C in 6 by 3, R in 3 by 1, E in 13 by 1:  # array",
        "          for N in 4 by 1:                                                  # PE loop",
        "            for F in 13 by 1:                                               # PE loop",
        "              PE holds ifmap, filter, psum of M=16 C=3 S=3",
    ]


# --- What does not fit --------------------------------------------------------------------

MISFITS = {
    "filter pad": ({"p": 32}, "the filter needs 288 words .* there are 224; make q or p smaller"),
    "ifmap pad": ({"q": 5, "p": 8}, "the ifmap needs 15 words .* there are 12; make q smaller"),
    "psum pad": ({"p": 25, "q": 1}, "the psum needs 25 words .* there are 24; make p smaller"),
    "GLB": (
        {"m": 96},
        r"the GLB needs 70296 words \(ifmap 5400 \+ psum 64896\), there are 51200; "
        "make e, n, q, r or m smaller",
    ),
    "array": (
        {"t": 3},
        "it needs 6 PE sets of 3 x 13 PEs, the array of 12 x 14 holds 4; make e, r or t smaller",
    ),
    "more rows than there are": ({"e": 14}, "e = 14 is not possible here.* makes it 13; make e 13"),
    "more images": ({"n": 5}, "n = 5 is not possible here.*; make n 4"),
    "more than fit": (
        {"p": 999, "m": 384},
        "p = 999 is not possible here.* makes it 384, and with that the filter needs",
    ),
    "fewer than in a pass": ({"m": 16}, "m = 16 is not possible here.*; make m 32"),
    "a GLB tile that is fixed": ({"e": 4, "E1": 13}, "E1 = 13 is not possible here.*; make E1 4"),
}


@pytest.mark.parametrize(("change", "message"), MISFITS.values(), ids=MISFITS)
def test_misfit_names_need_limit_and_remedy(change: dict[str, int], message: str) -> None:
    with pytest.raises(
        InvalidMapping, match=f"^layer 'CONV3': the mapping does not fit: {message}"
    ):
        chip_mapping(**change)


def test_pooled_pads_share_their_words() -> None:
    arch = architectures.isca16()
    fits = RowStationaryMapping(**(LETTERS | {"p": 20, "q": 3}))
    assert fits.on(CONV3, arch).p == 20  # 3*3 + 20*3*3 + 20 = 209 of 256 words
    with pytest.raises(InvalidMapping, match="a PE needs 272 words .* there are 256; make q or p"):
        RowStationaryMapping(**(LETTERS | {"e": 12, "p": 20, "q": 3, "t": 1, "r": 1, "m": 32})).on(
            CONV3.replace(S=4, R=4), arch
        )


@pytest.mark.parametrize("value", [0, -1, True, 1.0, "3", float("nan"), 2**63], ids=repr)
def test_letters_that_are_no_numbers(value: Any) -> None:
    with pytest.raises(
        InvalidInput, match="^mapping: p must be a whole number of at (least 1|most)"
    ):
        RowStationaryMapping(**(LETTERS | {"p": value}))


@pytest.mark.parametrize("value", [2**62, 2**63 - 1])
@pytest.mark.parametrize("letter", LETTERS)
def test_huge_letters_are_refused(letter: str, value: int) -> None:
    with pytest.raises(InvalidMapping, match="layer 'CONV3': the mapping does not fit"):
        chip_mapping(**{letter: value})


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(UnknownName, match="unknown dataflow 'rs-chp': did you mean 'rs-chip'"):
        chip_mapping(dataflow="rs-chp")
    with pytest.raises(UnknownName, match="unknown loop order of rs 'psum': did you mean 'psums'"):
        chip_mapping(dataflow="rs", scheme="psum")
    with pytest.raises(UnknownName, match="unknown letter of rs-chip 'x': known: m, n, e, p, q, r"):
        Mapping.from_letters(CONV3, CHIP, "rs-chip", "", {"x": 1})


@pytest.mark.parametrize(
    ("letters", "error", "message"),
    [
        (3, InvalidInput, "letters must be a dict, not 3"),
        ({"m": 1.5}, InvalidInput, "m must be a whole number, not 1.5"),
        ({1: 1}, InvalidInput, "a key of letters must be text, not 1"),
        ({"m": 2**70}, CountOverflow, "m does not fit 64 bits"),
        ({"m": 0}, InvalidMapping, "m must be at least 1, got 0"),
    ],
)
def test_bad_letters(letters: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Mapping.from_letters(CONV3, CHIP, "rs-chip", "", letters)


BAD_NESTS = {
    "unknown dimension": ({"tiles": {"K": (1,) * 5}}, "unknown dimension 'K': known: N, G, M, C"),
    "four tiles": ({"tiles": {"M": (1,) * 4}}, "tiles.*must be 5 whole numbers .layer, glb, pass,"),
    "tiles of text": ({"tiles": {"M": "11111"}}, "must be 5 whole numbers"),
    "tiles are none": ({"tiles": 5}, "tiles must be a dict, not 5"),
    "tile of half": ({"tiles": {"M": (1, 1, 1, 1, 0.5)}}, "tiles of M must be a whole number, not"),
    "unknown storey": ({"loops": [("M", "rf")]}, "unknown storey of loops 'rf': .*dram, glb, pe"),
    "loop over groups": ({"loops": [("G", "dram")]}, "do not list G"),
    "loop twice": ({"loops": [("M", "pe")] * 2}, "the pe loop over M is listed twice"),
    "storeys mixed": (
        {"loops": [("M", "glb"), ("C", "dram")]},
        "the dram loop over C stands inside a glb loop: list all dram, then all glb, then all pe",
    ),
    "unknown operand": ({"ways": {"ofmap": {}}}, "unknown operand 'ofmap': .*ifmap, filter"),
    "ways are none": ({"ways": 5}, "ways must be a dict, not 5"),
    "unknown word": ({"ways": {"psum": {"halo": "slide"}}}, "word of ways: psum 'halo': .*levels"),
    "unknown level": ({"ways": {"psum": {"levels": ["l2"]}}}, "psum: levels 'l2': known: dram"),
    "past DRAM": ({"ways": {"psum": {"levels": ["glb"]}}}, "psum: levels must have dram"),
    "unknown halo": ({"ways": {"ifmap": {"halo": "no"}}}, "halo 'no': known: slide, refetch"),
    "chain of filters": ({"ways": {"psum": {"chain": "C M"}}}, "a chain is along C, R, S"),
    "halo past the GLB": (
        {"ways": {"ifmap": {"levels": ["dram", "rf"], "halo": "refetch"}}},
        "ifmap: halo: refetch speaks of its tile in the GLB, which it passes by",
    ),
}


@pytest.mark.parametrize(("change", "message"), BAD_NESTS.values(), ids=BAD_NESTS)
def test_nests_that_are_none(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        Mapping.from_nest("rs", "", **({"tiles": {}} | change))
