"""The search finds what counting every mapping finds, and its proof says so."""

from __future__ import annotations

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st
from property.cases import (
    DATAFLOWS,
    SCHEMES,
    examples,
    middling_layers,
    real_architectures,
    tiny_architectures,
    tiny_layers,
    uniform_case,
)

import energysim as es
from energysim import Layer, NoMapping, _core


def check(layer: Layer, arch: es.Architecture, dataflow: str) -> str:
    """Search both ways, and return the loop order of the optimum."""
    try:
        every = es.search(layer, arch, dataflow, method="exhaustive")
    except NoMapping:
        with pytest.raises(NoMapping):
            es.search(layer, arch, dataflow)
        return "none"
    found = es.search(layer, arch, dataflow)
    # All costs are whole numbers, so that nothing is rounded.
    assert found.energy_mac == every.energy_mac, (layer, arch, arch.rf, arch.energy)
    space = _core.space_size(layer, dataflow)
    assert every.proof.evaluated + every.proof.cut_by_capacity == space == found.proof.space
    for result in (found, every):
        assert result.proof.lower_bound == result.proof.optimum == result.energy_mac
        assert es.count(layer, arch, result.mapping) == result.counts
    return found.mapping.scheme


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@given(layer=tiny_layers, arch=tiny_architectures)
@examples(50)
def test_search_equals_exhaustive(dataflow: str, layer: Layer, arch: es.Architecture) -> None:
    assume(_core.space_size(layer, dataflow) <= 100_000)
    event(f"loop order {check(layer, arch, dataflow)}")


def check_block(dataflow: str, seeds: range, most_mappings: int) -> set[str]:
    cases = (uniform_case(seed) for seed in seeds)
    return {
        check(layer, arch, dataflow)
        for layer, arch in cases
        if _core.space_size(layer, dataflow) <= most_mappings
    }


@pytest.mark.parametrize("block", range(3))
@pytest.mark.parametrize("dataflow", ["rs", "rs-chip"])
def test_search_equals_exhaustive_in_uniform_cases(dataflow: str, block: int) -> None:
    orders = check_block(dataflow, range(5_000 * block, 5_000 * (block + 1)), 3_000)
    assert orders == SCHEMES[dataflow] | {"none"}  # each loop order is best somewhere


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_search_equals_exhaustive_in_some_uniform_cases(dataflow: str) -> None:
    orders = check_block(dataflow, range(20_000, 20_400), 3_000)
    assert len(orders & SCHEMES[dataflow]) >= min(2, len(SCHEMES[dataflow]))


@pytest.mark.deep
@pytest.mark.parametrize("block", range(8))
@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_search_equals_exhaustive_in_many_uniform_cases(dataflow: str, block: int) -> None:
    check_block(dataflow, range(100_000 + 10_000 * block, 110_000 + 10_000 * block), 20_000)


@given(
    layer=tiny_layers,
    arch=tiny_architectures.map(lambda arch: arch.replace(gating="ifmap")),
    dataflow=st.sampled_from(DATAFLOWS),
    density=st.floats(0, 1),
)
@examples(300)
def test_search_equals_exhaustive_with_zeros(
    layer: Layer, arch: es.Architecture, dataflow: str, density: float
) -> None:
    assume(_core.space_size(layer, dataflow) <= 100_000)
    try:
        every = es.search(layer, arch, dataflow, method="exhaustive", ifmap_density=density)
    except NoMapping:
        return
    found = es.search(layer, arch, dataflow, ifmap_density=density)
    assert found.energy_mac == pytest.approx(every.energy_mac, rel=1e-12)


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@given(
    layers=st.lists(middling_layers, min_size=1, max_size=6),
    arch=real_architectures,
    densities=st.lists(st.sampled_from((0.3, 1.0)), min_size=6, max_size=6),
)
@examples(8)
def test_threads_do_not_change_the_answer(
    dataflow: str, layers: list[Layer], arch: es.Architecture, densities: list[float]
) -> None:
    data = [es.LayerData(ifmap_density=density) for density in densities[: len(layers)]]
    try:
        one = _core.search_layers(layers, arch, dataflow, data, 1)
    except NoMapping as error:
        with pytest.raises(NoMapping) as raised:
            _core.search_layers(layers, arch, dataflow, data, 2)
        assert str(raised.value) == str(error)
        return
    two = _core.search_layers(layers, arch, dataflow, data, 2)
    # Equal in layer, mapping, counts, energy and every number of the proof.
    assert one == two
