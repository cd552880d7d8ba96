"""What the counts of any optimal mapping have to satisfy, whatever it is."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from property.cases import (
    CHIP,
    DATAFLOWS,
    KINDS,
    LEVELS,
    OPERANDS,
    examples,
    middling_layers,
    real_architectures,
    tiny_architectures,
    tiny_layers,
)

import energysim as es
from energysim import AccessCounts, Layer, NoMapping

RAW_CHIP = es.architectures.eyeriss().replace(compression=es.Compression())

#: An architecture with a layer that may fit it.
pairs = st.one_of(
    st.tuples(tiny_layers, tiny_architectures), st.tuples(middling_layers, real_architectures)
)


def search(pair: tuple[Layer, es.Architecture], dataflow: str, **options: float) -> es.LayerResult:
    try:
        return es.search(*pair, dataflow, **options)
    except NoMapping:
        assume(False)
        raise


def touched(ofmap: int, taps: int, stride: int, dilation: int) -> int:
    """Rows (or columns) of the padded ifmap that any MAC needs."""
    return len({stride * e + dilation * tap for e in range(ofmap) for tap in range(taps)})


def cost(counts: AccessCounts, table: es.EnergyTable) -> Fraction:
    """The dot product of counts and costs, exact."""
    plain = counts.to_dict()
    return Fraction(table.mac) * counts.macs + sum(
        Fraction(getattr(getattr(getattr(table, level), operand), kind))
        * plain[level][operand][kind]
        for level in LEVELS
        for operand in OPERANDS
        for kind in KINDS
    )


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@given(pair=pairs)
@examples(60)
def test_counts_of_an_optimum(dataflow: str, pair: tuple[Layer, es.Architecture]) -> None:
    layer, arch = pair
    result = search(pair, dataflow)
    counts = result.counts
    plain = counts.to_dict()
    assert all(
        plain[level][operand][kind] >= 0
        for level in LEVELS
        for operand in OPERANDS
        for kind in KINDS
    )
    assert counts.macs == layer.macs
    for operand in ("ifmap", "filter"):
        in_pads = "rf" in result.mapping.ways[operand]["levels"]
        assert getattr(counts.rf, operand).read == (layer.macs if in_pads else 0)
    assert counts == es.count(layer, arch, result.mapping)

    # DRAM: every distinct word is needed once at least, and every ofmap word leaves in the end.
    rows = touched(layer.E, layer.R, layer.stride[0], layer.dilation[0])
    columns = touched(layer.F, layer.S, layer.stride[1], layer.dilation[1])
    dram = counts.dram
    assert dram.ifmap.read >= layer.N * layer.G * layer.C * rows * columns
    assert dram.filter.read >= layer.filter_words
    assert dram.psum.write - dram.psum.read == layer.ofmap_words
    assert dram.ifmap.write == dram.filter.write == dram.psum.fill == 0


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@given(pair=pairs)
@examples(60)
def test_words_that_leave_a_level_arrive_at_the_next(
    dataflow: str, pair: tuple[Layer, es.Architecture]
) -> None:
    layer, arch = pair
    result = search(pair, dataflow)
    counts = result.counts
    dram, glb, noc, rf = counts.dram, counts.glb, counts.noc, counts.rf
    for operand in ("ifmap", "filter"):
        levels = result.mapping.ways[operand]["levels"]
        above = getattr(dram, operand).read
        assert getattr(glb, operand).fill == (above if "glb" in levels else 0)
        into_array = getattr(glb, operand).read if "glb" in levels else above
        # One read serves all PEs that need the word; each of them keeps it, or uses it up.
        delivered = getattr(rf, operand).fill if "rf" in levels else layer.macs
        assert delivered >= into_array
        assert getattr(noc, operand).read == (delivered if "noc" in levels else 0)

    # Of all MACs of an ofmap word, those of a PE are added in its scratch pad, then those of the
    # PEs on the array; what is left are the stays of the psum in the array.
    assert rf.psum.read == rf.psum.write
    stays = layer.macs - rf.psum.read - noc.psum.read
    levels = result.mapping.ways["psum"]["levels"]
    assert stays - layer.ofmap_words >= 0
    assert rf.psum.fill == (stays - layer.ofmap_words if "rf" in levels else 0)
    if "glb" not in levels:
        assert glb.psum.write == glb.psum.read == 0 and dram.psum.write == stays
    elif arch.ofmap_path == "through_glb":
        assert glb.psum.write == stays
    else:
        assert glb.psum.write == glb.psum.read == stays - dram.psum.write


@given(pair=pairs, dataflow=st.sampled_from(DATAFLOWS))
@examples(500)
def test_energy_is_the_dot_product_of_counts_and_costs(
    pair: tuple[Layer, es.Architecture], dataflow: str
) -> None:
    arch = pair[1]
    result = search(pair, dataflow)
    exact = cost(result.counts, arch.energy)
    assert result.energy_mac == result.counts.energy(arch) == exact
    assert sum(result.by_level().values()) == sum(result.by_operand().values()) == exact


@given(layer=middling_layers, density=st.floats(0, 1), dataflow=st.sampled_from(DATAFLOWS))
@examples(300)
def test_zeros_gate_filter_reads_psums_and_macs(
    layer: Layer, density: float, dataflow: str
) -> None:
    result = search((layer, RAW_CHIP), dataflow, ifmap_density=density)
    counts, table = result.counts, CHIP.energy
    dense = cost(counts, table)
    gated = (
        Fraction(table.rf.filter.read) * counts.rf.filter.read
        + Fraction(table.rf.psum.read) * counts.rf.psum.read
        + Fraction(table.rf.psum.write) * counts.rf.psum.write
        + Fraction(table.mac) * counts.macs
    )
    expected = dense - (1 - Fraction(density)) * gated
    assert result.energy_mac == pytest.approx(float(expected), rel=1e-12)
