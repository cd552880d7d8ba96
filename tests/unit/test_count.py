"""Counting given mappings: published counts, arithmetic of counts, and what is refused."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import energysim as es
from energysim import (
    AccessCounts,
    CountOverflow,
    InvalidInput,
    InvalidMapping,
    Mapping,
    RowStationaryMapping,
    UnknownName,
)

CHIP = es.architectures.eyeriss()
ALEXNET = es.networks.alexnet(4)
OPERANDS = ("ifmap", "filter", "psum")
WORD = 2 / 1e6  # MB

# Chen et al., JSSC 52(1), 2017: mappings of Table III; MB of DRAM and of GLB accesses at N = 4
# that follow from them. (Table V rounds to 0.1 MB; its DRAM column is after compression.)
PUBLISHED = {
    "CONV1": ((96, 1, 7, 16, 1, 1, 2), 6.0571, 18.450),
    "CONV2": ((64, 1, 27, 16, 2, 1, 1), 5.4267, 77.568),
    "CONV3": ((64, 4, 13, 16, 3, 2, 2), 5.0534, 50.178),
    "CONV4": ((64, 4, 13, 16, 3, 2, 2), 3.9199, 37.374),
    "CONV5": ((64, 4, 13, 16, 3, 2, 2), 2.6132, 24.916),
}


def mapping_of(layer: str) -> RowStationaryMapping:
    return RowStationaryMapping(**dict(zip("mnepqrt", PUBLISHED[layer][0], strict=True)))


@pytest.mark.parametrize("layer", PUBLISHED)
def test_chip_moves_what_was_published(layer: str) -> None:
    counts = es.count(ALEXNET[layer], CHIP, mapping_of(layer))
    dram, glb = (
        sum(getattr(level, name).read + getattr(level, name).write for name in OPERANDS) * WORD
        for level in (counts.dram, counts.glb)
    )
    assert dram == pytest.approx(PUBLISHED[layer][1], abs=0.5e-4)
    assert glb == pytest.approx(PUBLISHED[layer][2], abs=0.5e-3)


def test_every_count_of_conv1() -> None:
    # N = 4, M = 96, C = 3, R = S = 11, E = F = 55: 8 strips of 7 rows (the last of 6), 3 passes
    # over filters per strip, image and channel.
    counts = es.count(ALEXNET["CONV1"], CHIP, mapping_of("CONV1"))
    macs = 4 * 96 * 3 * 11 * 11 * 55 * 55
    ofmap, rows = 4 * 96 * 55 * 55, 7 * 35 + 31  # (7 - 1) * 4 + 11 = 35 ifmap rows per strip
    ifmap = 4 * 3 * rows * 227
    filters = 96 * 3 * 11 * 11
    assert counts.macs == macs
    assert counts.dram.ifmap.read == counts.glb.ifmap.fill == ifmap
    assert counts.glb.ifmap.read == 3 * ifmap
    assert counts.dram.filter.read == 4 * 8 * filters
    assert counts.dram.psum.write == ofmap
    assert counts.dram.psum.read == 0
    # Each psum leaves the array once per channel, and is read back but before the first; the ofmap
    # is read once more, to be written to DRAM.
    assert counts.glb.psum.write == 3 * ofmap
    assert counts.glb.psum.read == (3 - 1) * ofmap + ofmap
    assert counts.noc.psum.read == (11 - 1) * 3 * ofmap
    assert counts.rf.ifmap.read == counts.rf.filter.read == macs


def test_mapping_and_letters_count_the_same() -> None:
    layer = ALEXNET["CONV3"]
    letters = mapping_of("CONV3")
    nest = letters.on(layer, CHIP)
    assert es.count(layer, CHIP, letters) == es.count(layer, "eyeriss", nest)


# --- Counts -------------------------------------------------------------------------------


@pytest.fixture
def counts() -> AccessCounts:
    return es.count(ALEXNET["CONV5"], CHIP, mapping_of("CONV5"))


def test_counts_are_values(counts: AccessCounts) -> None:
    again = es.count(ALEXNET["CONV5"], CHIP, mapping_of("CONV5"))
    other = es.count(ALEXNET["CONV4"], CHIP, mapping_of("CONV4"))
    assert counts == again != other
    assert len({counts, again, other}) == 2
    assert len({counts.dram, again.dram, counts.glb}) == 2
    assert len({counts.dram.psum, again.dram.psum, counts.glb.psum}) == 2
    assert pickle.loads(pickle.dumps(counts)) == counts


def test_counts_are_immutable(counts: AccessCounts) -> None:
    for target, name in ((counts, "macs"), (counts.dram, "ifmap"), (counts.dram.ifmap, "read")):
        with pytest.raises(AttributeError):
            setattr(target, name, 0)
    counts.to_dict()["macs"] = 0
    assert counts.macs == ALEXNET["CONV5"].macs


def test_dict_and_back(counts: AccessCounts) -> None:
    plain = counts.to_dict()
    assert list(plain) == ["macs", "dram", "glb", "noc", "rf"]
    assert plain["glb"]["psum"] == {
        "read": counts.glb.psum.read,
        "write": counts.glb.psum.write,
        "fill": counts.glb.psum.fill,
    }
    assert AccessCounts.from_dict(plain) == counts


def test_sum_adds_every_count(counts: AccessCounts) -> None:
    double = (counts + counts).to_dict()
    for level in ("dram", "glb", "noc", "rf"):
        for operand in OPERANDS:
            for kind, value in counts.to_dict()[level][operand].items():
                assert double[level][operand][kind] == 2 * value
    assert double["macs"] == 2 * counts.macs


def test_sum_beyond_64_bits(counts: AccessCounts) -> None:
    plain = counts.to_dict() | {"macs": 2**63 - 1}
    with pytest.raises(CountOverflow, match="64 bits"):
        counts + AccessCounts.from_dict(plain)


def test_energy_is_counts_times_costs(counts: AccessCounts) -> None:
    costs = {"dram": 200, "glb": 6, "noc": 2, "rf": 1}
    plain = counts.to_dict()
    moved = sum(
        cost * (plain[level][operand]["read"] + plain[level][operand]["write"])
        for level, cost in costs.items()
        for operand in OPERANDS
    )
    assert counts.energy(CHIP) == moved + counts.macs
    raw = CHIP.replace(compression=es.Compression())
    half = es.LayerData(ifmap_density=0.5)
    gated = plain["rf"]["filter"]["read"] + counts.macs
    gated += plain["rf"]["psum"]["read"] + plain["rf"]["psum"]["write"]
    assert counts.energy(raw, half) == counts.energy(CHIP) - 0.5 * gated
    assert counts.energy(raw.replace(gating="none"), half) == counts.energy(CHIP)


def test_text_lists_every_level_and_operand(counts: AccessCounts) -> None:
    rows = [line.split() for line in str(counts).splitlines()]
    assert rows[0] == ["level", "operand", "read", "write", "fill"]
    assert ["glb", "psum", *(str(n) for n in counts.to_dict()["glb"]["psum"].values())] in rows
    assert rows[-1] == ["macs", str(counts.macs)]
    assert len(rows) == 1 + 12 + 1
    assert repr(counts) == f"<AccessCounts of {counts.macs} MACs>"


@pytest.mark.parametrize(
    ("plain", "error", "message"),
    [
        (3, InvalidInput, "counts must be a dict, not 3"),
        ({}, InvalidInput, "counts: missing key: macs"),
        ({"macs": 1.5}, InvalidInput, "counts macs must be a whole number, not 1.5"),
        ({"macs": 2**63}, CountOverflow, "counts macs does not fit 64 bits"),
        (
            {"macs": 1, "dram": {"ifmap": 1}},
            InvalidInput,
            "counts dram ifmap must be a dict",
        ),
    ],
)
def test_dicts_that_are_no_counts(plain: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        AccessCounts.from_dict(plain)


# --- What is refused ----------------------------------------------------------------------


def nest_of(layer: str, **tiles: tuple[int, ...]) -> Mapping:
    nest = mapping_of(layer).on(ALEXNET[layer], CHIP)
    return Mapping.from_nest("rs-chip", "chip", tiles=nest.tiles | tiles)


BAD_NESTS = {
    "grows inwards": (
        {"M": (384, 64, 128, 16, 16)},
        "tiles of M must shrink.* 384 > 64 > 128",
    ),
    "empty tile": ({"M": (384, 64, 32, 16, 0)}, "tiles of M must shrink .* be at least 1"),
    "other layer": ({"M": (192, 64, 32, 16, 16)}, "it was made for M = 192, the layer has 384"),
    "space and time": ({"M": (384, 64, 32, 16, 8)}, "M is cut in space and streamed inside the PE"),
    "no loop": ({"F": (13, 13, 5, 5, 1)}, "F is cut into tiles that the GLB loops would have to"),
    "rule": ({"E": (13, 13, 13, 13, 13)}, "dataflow 'rs-chip' .chip. wants a single E in a PE"),
    "GLB": ({"M": (384, 384, 32, 16, 16)}, "the GLB needs 264984 words .* there are 51200"),
}


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize(("tiles", "message"), BAD_NESTS.values(), ids=BAD_NESTS)
def test_nests_that_do_not_fit(tiles: Any, message: str, backend: Any) -> None:
    start = "^layer 'CONV3': the mapping does not fit: "
    with pytest.raises(InvalidMapping, match=start + message):
        es.count(ALEXNET["CONV3"], CHIP, nest_of("CONV3", **tiles), backend=backend)


def test_mapping_of_another_layer() -> None:
    layer = ALEXNET["CONV3"].replace(name="half", M=192)
    with pytest.raises(InvalidMapping, match="layer 'half': .*made for M = 384, the layer has 192"):
        es.count(layer, CHIP, nest_of("CONV3"))


def test_backends_agree_on_a_small_layer() -> None:
    layer = es.Layer("small", N=2, M=5, C=3, H=9, W=8, R=3, S=2, stride=2, padding=1)
    mapping = RowStationaryMapping(m=4, n=2, e=3, p=2, q=2, r=1, t=2)
    native = es.count(layer, CHIP, mapping)
    assert es.count(layer, CHIP, mapping, backend="reference") == native


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, CHIP, mapping_of("CONV3")), "layer must be a Layer, not 3"),
        (
            (ALEXNET["CONV3"], 3, mapping_of("CONV3")),
            "arch must be an Architecture or a name",
        ),
        ((ALEXNET["CONV3"], CHIP, {"m": 1}), "mapping must be a Mapping, not {'m': 1}"),
    ],
)
def test_arguments_of_the_wrong_kind(arguments: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        es.count(*arguments)


def test_unknown_backend() -> None:
    with pytest.raises(UnknownName, match="unknown backend 'nativ': did you mean 'native'"):
        es.count(ALEXNET["CONV3"], CHIP, mapping_of("CONV3"), backend="nativ")  # type: ignore[arg-type]
