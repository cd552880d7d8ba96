"""The tensor simulator against a convolution, the closed forms and the walker, to the integer."""

import pytest
from cross.convolution import convolve, random_tensors, zero_macs
from cross.native import architecture, layer_of, mapping_of
from cross.nests import draw_case, random_cases
from cross.test_counts import LAYERS, SCHEMES, all_mappings
from hypothesis import given
from hypothesis import strategies as st

from energysim import _core, reference
from energysim.errors import InvalidInput

SHORT_BLOCKS, SHORT_BLOCK, SHORT_MACS = 2, 1_000, 250
DEEP_BLOCKS, DEEP_BLOCK, DEEP_MACS = 12, 20_000, 1_000
# Also held against the walker itself, which takes most of the time; elsewhere the closed forms,
# which equal it, stand for it.
WALKED_BLOCK = 150
# Those of which every operand has scratch pads and follows the plain law of residence.
PLAIN_SCHEMES = [
    (dataflow, scheme) for dataflow, scheme in SCHEMES if dataflow in ("rs", "rs-chip")
]
# What conftest.py sums up over all tests at the end.
COMPARED = "nests that moved tensors as the closed forms count"


def run(layer, arch, mapping, ifmap, filters, threads=1):
    return _core.trace(
        layer,
        arch,
        mapping,
        ifmap,
        filters,
        psum_bits=48,
        word_bits=16,
        relu=True,
        shift=None,
        threads=threads,
        any_nest=True,
    )


def parts(traced):
    """All that a run gives but the ofmap."""
    streams = [
        (part.words, part.rlc_bits) for part in (traced.ifmap, traced.filters, traced.stored_ofmap)
    ]
    return traced.counts.to_dict(), traced.idle.to_dict(), streams, traced.spilled_psums


def check(layer, arch, mapping, seed, expected, threads=1):
    """Run random tensors; a failure prints the nest and both tables."""
    ifmap, filters = random_tensors(layer, seed)
    traced = run(layer, arch, mapping, ifmap, filters, threads)
    where = f"{layer!r}\n{mapping.to_dict()}\n{traced.counts}\n{expected}"
    assert traced.counts.to_dict() == expected.to_dict(), where
    assert (traced.ofmap == convolve(layer, ifmap, filters)).all(), where
    idle = traced.idle
    assert idle.macs == idle.rf.filter.read == zero_macs(layer, ifmap), where
    assert traced.ifmap.words == expected.dram.ifmap.read, where
    assert traced.filters.words == expected.dram.filter.read, where
    return traced


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_every_mapping_of_a_tiny_layer(layer, record_property):
    seed = compared = 0
    for past_glb in (False, True):
        arch = architecture(past_glb)
        for dataflow, scheme in PLAIN_SCHEMES:
            for mapping in all_mappings(layer, arch, dataflow, scheme):
                seed += 1
                # Of the second architecture only a part, as it differs in a single rule.
                if past_glb and seed % 7:
                    continue
                check(layer, arch, mapping, seed, _core.count(layer, arch, mapping))
                compared += 1
    record_property(COMPARED, compared)


def test_what_does_otherwise_than_the_law_is_refused():
    layer, arch = LAYERS[0], architecture(past_glb=True)
    for dataflow in ("ws", "osa", "nlr", "is"):
        found = _core.search_layers([layer], arch, dataflow, [_core.LayerData()], 1)[0]
        with pytest.raises(InvalidInput, match="the plain law of residence.*take one of row stat"):
            run(layer, arch, found.mapping, *random_tensors(layer, 0))


@given(
    st.composite(
        lambda draw: draw_case(lambda low, high: draw(st.integers(low, high)), 250, True)
    )(),
    st.integers(0, 9),
)
def test_any_nest(case, seed):
    layer, arch, mapping = layer_of(case), architecture(case.past_glb), mapping_of(case)
    check(layer, arch, mapping, seed, _core.count_unchecked(layer, arch, mapping))


def check_block(seed, count, most_macs):
    for i, case in enumerate(random_cases(seed, count, most_macs, plain=True)):
        layer, arch, mapping = layer_of(case), architecture(case.past_glb), mapping_of(case)
        expected = _core.count_unchecked(layer, arch, mapping)
        traced = check(layer, arch, mapping, i, expected)
        # Parts of the nest that run on several threads begin where the part before has ended.
        several = check(layer, arch, mapping, i, expected, threads=3)
        assert parts(several) == parts(traced)


@pytest.mark.parametrize("seed", range(SHORT_BLOCKS), ids=f"{SHORT_BLOCK} cases, seed {{}}".format)
def test_random_nests(seed, record_property):
    check_block(2_000 + seed, SHORT_BLOCK, SHORT_MACS)
    record_property(COMPARED, SHORT_BLOCK)


def test_random_nests_are_those_of_the_walker():
    for i, case in enumerate(random_cases(3_000, WALKED_BLOCK, SHORT_MACS, plain=True)):
        layer, arch, mapping = layer_of(case), architecture(case.past_glb), mapping_of(case)
        check(layer, arch, mapping, i, reference.count(layer, arch, mapping, compiled=False))


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(DEEP_BLOCKS), ids=f"{DEEP_BLOCK} cases, seed {{}}".format)
def test_very_many_random_nests(seed, record_property):
    check_block(4_000 + seed, DEEP_BLOCK, DEEP_MACS)
    record_property(COMPARED, DEEP_BLOCK)


@pytest.mark.deep
@pytest.mark.parametrize("dataflow", ["rs", "rs-chip"])
def test_optimal_mappings_of_alexnet(dataflow):
    import energysim as es

    arch = architecture(past_glb=False)
    for layer in es.networks.alexnet(2):
        found = es.search(layer, arch, dataflow)
        check(layer, arch, found.mapping, 1, found.counts, threads=0)
