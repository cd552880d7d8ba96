"""Results are copied and sent to other processes: the same numbers arrive, and none is trusted."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

import energysim as es
from energysim import InvalidInput, InvalidMapping, _core

CHIP = es.architectures.eyeriss()
CONV = es.Layer("conv", M=64, C=32, H=28, W=28, R=3, S=3, padding=1)
DATA = es.LayerData(bits=8, ifmap_density=0.3)


def pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


both = pytest.mark.parametrize("copied", [pickled, copy.deepcopy])


@both
@pytest.mark.parametrize("arch", es.architectures.names())
@pytest.mark.parametrize("objective", ["energy", "dram", "cycles", "edp"])
def test_reports(copied: Callable[[Any], Any], arch: str, objective: Any) -> None:
    report = es.simulate("alexnet", arch, "rs-chip", data=DATA, objective=objective)
    for _ in range(2):  # the second time with all that it has cached
        again = copied(report)
        assert again == report and hash(again.layers[0]) == hash(report.layers[0])
        assert again.to_dict() == report.to_dict()


@both
def test_architectures_with_everything(copied: Callable[[Any], Any]) -> None:
    mixed = es.Coding(ifmap="csc", filter="significance_map", only_if_smaller=True)
    arch = CHIP.replace(
        rf=es.Scratchpads(pooled=300),
        energy=es.energy_tables.get("45nm"),
        ofmap_path="past_glb",
        psum_pad="every_mac",
        gating="filter",
        skipping="both",
        compression=es.Compression(dram=mixed, noc=mixed, network_input=True),
        buses=es.Buses(ifmap=1.5, filter=3, psum=2, pass_overhead_cycles=7),
        word_bits=32,
        clock_mhz=100,
        dram_link=es.DramLink(bits=64, clock_mhz=30, overlaps=("ifmap",)),
    )
    result = es.search(CONV, arch, "rs-chip", data=DATA)
    again = copied(result)
    assert again == result and again.to_dict() == result.to_dict()


@both
def test_comparisons_and_fronts(copied: Callable[[Any], Any]) -> None:
    comparison = es.compare("alexnet", dataflows=["rs-chip", "nlr"])
    assert copied(comparison) == comparison and copied(comparison).rows() == comparison.rows()
    front = es.pareto("alexnet", "eyeriss", "rs-chip")
    pairs = [(point.energy, point.total_cycles) for point in front]
    assert [(point.energy, point.total_cycles) for point in copied(front)] == pairs
    assert copied(front.least_edp).to_dict() == front.least_edp.to_dict()


def test_results_come_from_other_processes() -> None:
    names = ["alexnet", "resnet20"]
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        reports = list(pool.map(es.simulate, names, ["eyeriss"] * 2))
    assert reports == [es.simulate(name, "eyeriss") for name in names]


def state_of(found: _core.Found) -> list[Any]:
    return list(found.__getstate__())


def found_of(state: list[Any]) -> _core.Found:
    found = _core.Found.__new__(_core.Found)
    found.__setstate__(tuple(state))
    return found


@pytest.fixture
def state() -> list[Any]:
    return state_of(es.search(CONV, CHIP, "rs-chip", data=DATA)._found)


def test_counts_are_not_saved_but_counted(state: list[Any]) -> None:
    found = es.search(CONV, CHIP, "rs-chip", data=DATA)._found
    assert found_of(state) == found
    assert not any(isinstance(part, _core.AccessCounts) for part in state)
    state[3] = dense = es.LayerData(bits=8)
    again = found_of(state)
    assert again.counts == es.count(CONV, CHIP, found.mapping, data=dense)
    assert again.energy == again.counts.energy(CHIP, dense) > found.energy


def test_saved_results_that_contradict_themselves(state: list[Any]) -> None:
    layer, arch, mapping, data, proof = state
    with pytest.raises(InvalidMapping, match="it was made for M = 64, the layer has 65"):
        found_of([layer.replace(M=65), arch, mapping, data, proof])
    with pytest.raises(InvalidMapping, match="the mapping does not fit: .* scratch pad"):
        tight = CHIP.replace(rf=es.Scratchpads(ifmap=1, filter=1, psum=1))
        found_of([layer, tight.native, mapping, data, proof])
    with pytest.raises(InvalidInput, match="bits"):
        found_of([layer, arch, mapping, es.LayerData(bits=64), proof])
    with pytest.raises(InvalidInput, match="a saved result has no architecture"):
        found_of([layer, None, mapping, data, proof])
    for wrong in ((-1, *proof[1:]), (*proof[:5], 2.0, 1.0), (*proof[:5], float("nan"), 1.0)):
        with pytest.raises(InvalidInput, match="a saved proof has counts below 0, or a bound"):
            found_of([layer, arch, mapping, data, wrong])
    for nonsense in ([], [layer], [layer, arch, "m=64", data, proof]):
        with pytest.raises(TypeError):
            found_of(nonsense)


def test_caches_are_not_saved() -> None:
    report = es.simulate("alexnet", "eyeriss", "rs-chip")
    energy = report.energy
    report.__dict__["energy"] = 1.0
    assert pickled(report).energy == energy
