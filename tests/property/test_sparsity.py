"""What must hold for all widths and densities: fewer bits or more zeros never cost more."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from property.cases import CHIP, examples, middling_layers, tiny_layers

import energysim as es
from energysim import Layer, NoMapping

ZEROS = ["none", "ifmap", "filter", "both"]
FORMATS = ["raw", "rlc", "significance_map", "csc"]
codings = st.builds(
    es.Coding,
    ifmap=st.sampled_from(FORMATS),
    filter=st.sampled_from(FORMATS),
    only_if_smaller=st.booleans(),
)
dram_codings = st.builds(
    es.Coding,
    ifmap=st.sampled_from(FORMATS),
    filter=st.sampled_from(FORMATS),
    ofmap=st.sampled_from(FORMATS),
    only_if_smaller=st.booleans(),
)
flags = st.builds(
    es.Coding,
    ifmap=st.sampled_from(["raw", "significance_map"]),
    filter=st.sampled_from(["raw", "significance_map"]),
)
chips = st.builds(
    CHIP.replace,
    gating=st.sampled_from(ZEROS),
    skipping=st.sampled_from(ZEROS),
    compression=st.builds(es.Compression, dram=dram_codings, glb=codings, noc=codings, rf=flags),
)
densities = st.floats(0, 1)
DENSITIES = ("ifmap_density", "filter_density", "ofmap_density")
BITS = ("ifmap_bits", "filter_bits", "psum_bits", "ofmap_bits")


@st.composite
def data_and_less(draw: st.DrawFn) -> tuple[es.LayerData, es.LayerData]:
    """Data, and the same with lower densities and fewer bits."""
    more: dict[str, Any] = {}
    less: dict[str, Any] = {}
    for name in DENSITIES:
        less[name], more[name] = sorted((draw(densities), draw(densities)))
    for name in BITS:
        widths = (draw(st.integers(1, 16)), draw(st.integers(1, 16)))
        less[name], more[name] = sorted(widths)
    for fields in (less, more):
        fields["psum_bits"] = max(fields["psum_bits"], fields["ofmap_bits"])
    return es.LayerData(**more), es.LayerData(**less)


def no_more(less: float, more: float) -> bool:
    return less <= more * (1 + 1e-12)


@given(layer=middling_layers, arch=chips, both=data_and_less())
@examples(100)
def test_fewer_bits_or_more_zeros_never_cost_more_in_a_mapping(
    layer: Layer, arch: es.Architecture, both: tuple[es.LayerData, es.LayerData]
) -> None:
    more, less = both
    counts = es.search(layer, arch, "rs-chip").counts
    assert no_more(counts.energy(arch, less), counts.energy(arch, more))


@given(layer=middling_layers, arch=chips, both=data_and_less())
@examples(60)
def test_fewer_bits_or_more_zeros_never_cost_more_at_the_optimum(
    layer: Layer, arch: es.Architecture, both: tuple[es.LayerData, es.LayerData]
) -> None:
    more, less = (es.search(layer, arch, "rs-chip", data=data).energy_mac for data in both)
    assert no_more(less, more)


@given(layer=tiny_layers, arch=chips, both=data_and_less())
@examples(40)
def test_search_equals_exhaustive_for_any_data(
    layer: Layer, arch: es.Architecture, both: tuple[es.LayerData, es.LayerData]
) -> None:
    small = arch.replace(glb_words=40, rows=3, columns=3, rf=es.Scratchpads(pooled=12))
    try:
        every = es.search(layer, small, "rs-chip", data=both[0], method="exhaustive")
    except NoMapping:
        with pytest.raises(NoMapping):
            es.search(layer, small, "rs-chip", data=both[0])
        return
    found = es.search(layer, small, "rs-chip", data=both[0])
    assert found.energy_mac == pytest.approx(every.energy_mac, rel=1e-12)


@given(layer=middling_layers, arch=chips)
@examples(60)
def test_words_without_zeros_cost_what_they_always_did(layer: Layer, arch: es.Architecture) -> None:
    plain = CHIP.replace(gating="none", compression=es.Compression())
    dense = arch.replace(compression=es.Compression())
    assert es.search(layer, dense, data=es.LayerData(bits=16)).energy_mac == (
        es.search(layer, plain).energy_mac
    )


@given(layer=middling_layers, bits=st.integers(1, 16))
@examples(40)
def test_mapping_of_narrow_values_counts_under_its_own_widths(layer: Layer, bits: int) -> None:
    data = es.LayerData(bits=bits)
    found = es.search(layer, CHIP, "rs-chip", data=data)
    assert es.count(layer, CHIP, found.mapping, data=data) == found.counts


@given(layer=tiny_layers, arch=chips, both=data_and_less())
@examples(40)
def test_least_dram_traffic_is_found_and_proven(
    layer: Layer, arch: es.Architecture, both: tuple[es.LayerData, es.LayerData]
) -> None:
    small = arch.replace(glb_words=40, rows=3, columns=3, rf=es.Scratchpads(pooled=12))
    options: dict[str, Any] = {"data": both[0], "objective": "dram"}
    try:
        every = es.search(layer, small, "rs-chip", method="exhaustive", **options)
    except NoMapping:
        return
    found = es.search(layer, small, "rs-chip", **options)
    assert found.dram_bits == pytest.approx(every.dram_bits, rel=1e-12)
    assert found.proof.optimum == pytest.approx(found.dram_bits, rel=1e-12)
    assert found.proof.lower_bound == pytest.approx(found.proof.optimum, rel=1e-12)
    best = es.search(layer, small, "rs-chip", data=both[0])
    assert no_more(found.dram_bits, best.dram_bits)
    assert no_more(best.energy_mac, found.energy_mac)
    assert found.energy_mac == pytest.approx(found.counts.energy(small, both[0]), rel=1e-12)
