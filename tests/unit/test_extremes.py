"""Sizes up to 2^63-1: a right answer or a clear error, at once."""

from typing import Any

import pytest

import energysim as es
from energysim import Layer, _core
from energysim.errors import CountOverflow, InvalidInput, InvalidMapping, NoMapping

MOST, HALF = 2**63 - 1, 2**62
CHIP = es.architectures.eyeriss()
ONES = dict.fromkeys("NMCHWRS", 1)


def layer_of(**sizes: Any) -> Layer:
    return Layer("huge", **(ONES | sizes))


@pytest.mark.parametrize("dataflow", ["rs", "rs-chip"])
@pytest.mark.parametrize("size", [2**60, HALF, MOST])
@pytest.mark.parametrize("dim", "NGMCHW")
def test_one_huge_dimension(dim: str, size: int, dataflow: str) -> None:
    counts = es.search(layer_of(**{dim: size}), CHIP, dataflow).counts
    assert counts.macs == size
    assert counts.dram.ifmap.read == (1 if dim == "M" else size)
    assert counts.dram.filter.read == (size if dim in "GMC" else 1)
    assert counts.dram.psum.write == (1 if dim == "C" else size)
    assert counts.dram.psum.read == 0


def test_two_huge_dimensions_overflow() -> None:
    with pytest.raises(CountOverflow, match=rf"^layer 'huge': .* 64 bits \(limit {MOST}"):
        layer_of(C=HALF, M=HALF)


def test_padding_counts() -> None:
    with pytest.raises(CountOverflow, match="layer 'huge': .* 64 bits"):
        layer_of(C=4, stride=HALF, padding=(HALF, 0, 0, 0))


def test_a_filter_larger_than_the_glb() -> None:
    layer = layer_of(W=HALF, S=HALF)
    with pytest.raises(NoMapping, match=f"GLB needs {HALF + 1} words .* there are") as error:
        es.search(layer, CHIP)
    assert str(error.value).count("huge") == 1


LETTERS = {"m": 1, "n": 1, "e": 1, "p": 1, "q": 1, "r": 1, "t": 1}
HUGE_LETTERS = [
    (
        {"N": MOST},
        {"n": HALF},
        f"the GLB needs at least {MOST} words .* make n smaller",
    ),
    ({"N": 4}, {"n": HALF}, f"n = {HALF} is not possible here.*; make n 4"),
    ({"M": MOST}, {"p": HALF, "m": HALF}, "a PE needs at least .* 256; make p smaller"),
    ({"M": HALF}, {"t": HALF, "m": HALF}, f"needs {HALF} PE sets .* make t smaller"),
    ({"M": 4}, {"m": MOST}, f"m = {MOST} is not possible here.*; make m 4"),
    ({"C": HALF}, {"q": HALF}, "make q smaller"),
    ({"H": HALF}, {"e": HALF}, "PE sets"),
]


@pytest.mark.parametrize(("sizes", "letters", "message"), HUGE_LETTERS)
def test_huge_letters(sizes: dict[str, int], letters: dict[str, int], message: str) -> None:
    mapping = es.RowStationaryMapping(**(LETTERS | letters))
    with pytest.raises(InvalidMapping, match=f"^layer 'huge': .* does not fit: .*{message}"):
        mapping.on(layer_of(**sizes), es.architectures.isca16())


def test_threads_below_zero() -> None:
    with pytest.raises(InvalidInput, match="threads must be at least 0 .* got -1"):
        _core.search_layers([layer_of(M=2)], CHIP, "rs", [es.LayerData()], -1)


def test_sizes_of_huge_spaces() -> None:
    assert _core.space_size(layer_of(N=MOST), "rs-chip") == float(MOST)
    assert 1e38 < _core.space_size(layer_of(M=MOST), "rs-chip") < 1e40
