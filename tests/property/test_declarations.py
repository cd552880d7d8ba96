"""Whatever is declared: counted as the walk counts, and searched as counting everything finds."""

from __future__ import annotations

import pytest
from property.cases import uniform_case
from property.declarations import declare

import energysim as es
from energysim import NoMapping, _core


def optimum(
    layer: es.Layer, arch: es.Architecture, dataflow: es.Dataflow, method: str
) -> es.LayerResult | None:
    try:
        return es.search(layer, arch, dataflow, method=method)  # type: ignore[arg-type]
    except NoMapping:
        return None


def check_declared(seed: int, most_mappings: int) -> int:
    """Check a dataflow on three layers; return on how many of them it ran."""
    dataflow = declare(seed)
    ran = 0
    for case in range(3 * seed, 3 * seed + 3):
        layer, arch = uniform_case(case)
        if _core.space_size(layer, dataflow) > most_mappings:
            continue
        found = optimum(layer, arch, dataflow, "bounds")
        every = optimum(layer, arch, dataflow, "exhaustive")
        assert (found is None) == (every is None), (seed, case)
        if found is None or every is None:
            continue
        ran += 1
        # All costs are whole numbers, so that nothing is rounded.
        assert found.energy == every.energy, (seed, case, every.mapping)
        if layer.macs <= 1_000:
            assert es.count(layer, arch, found.mapping, backend="reference") == found.counts
    return ran


@pytest.mark.parametrize("block", range(2))
def test_any_declaration(block: int) -> None:
    ran = sum(check_declared(seed, 1_000) for seed in range(150 * block, 150 * (block + 1)))
    assert ran > 150


@pytest.mark.deep
@pytest.mark.parametrize("block", range(8))
def test_very_many_declarations(block: int) -> None:
    for seed in range(10_000 + 2_000 * block, 12_000 + 2_000 * block):
        check_declared(seed, 10_000)
