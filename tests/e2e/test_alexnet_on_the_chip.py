"""AlexNet on the Eyeriss chip, from the name of the network to the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import energysim as es
from energysim import Architecture, _core

CONVS = ("CONV1", "CONV2", "CONV3", "CONV4", "CONV5")
FCS = ("FC1", "FC2", "FC3")


@pytest.fixture(scope="module", params=["rs-chip", "rs"])
def report(request: pytest.FixtureRequest) -> es.Report:
    return es.simulate("alexnet", "eyeriss", request.param, batch=4)


def test_counts_are_those_of_the_mappings(report: es.Report) -> None:
    for layer in report.layers:
        assert es.count(layer.layer, report.architecture, layer.mapping) == layer.counts
        assert layer.counts.energy(report.architecture) == layer.energy_mac


def test_every_word_comes_from_dram_and_goes_there(report: es.Report) -> None:
    for layer in report.layers:
        dram = layer.counts.dram
        assert dram.filter.read >= layer.layer.filter_words
        assert dram.psum.write - dram.psum.read == layer.layer.ofmap_words
        assert layer.counts.rf.filter.read == layer.counts.macs == layer.macs


def test_conv_layers_spend_on_the_rf_and_fc_layers_on_dram(report: es.Report) -> None:
    # ISCA 2016, Fig. 10: the RF dominates the energy of CONV layers, DRAM that of FC layers.
    for name in CONVS:
        shares = report.layers[name].by_level()
        assert max(shares, key=lambda level: shares[level]) == "rf"
    for name in FCS:
        shares = report.layers[name].by_level()
        assert max(shares, key=lambda level: shares[level]) == "dram"


def test_optimum_is_proven(report: es.Report) -> None:
    for layer in report.layers:
        assert layer.proof.lower_bound == pytest.approx(layer.proof.optimum, rel=1e-9)


def test_freer_loop_orders_never_cost_more() -> None:
    chip, free = (es.simulate("alexnet", "eyeriss", name, batch=4) for name in ("rs-chip", "rs"))
    for fixed, best in zip(chip.layers, free.layers, strict=True):
        assert best.energy_mac <= fixed.energy_mac


def test_larger_batch_costs_less_per_image() -> None:
    energies = [
        es.simulate("alexnet", "eyeriss", "rs-chip", batch=n).energy_mac_per_image
        for n in (1, 4, 16)
    ]
    assert energies == sorted(energies, reverse=True)
    assert energies[-1] < energies[0]


def test_files_give_the_same_as_the_built_in_ones(tmp_path: Path) -> None:
    chip = es.architectures.eyeriss()
    path = tmp_path / "chip.yaml"
    path.write_text(chip.to_yaml(), encoding="utf-8")
    assert Architecture.from_yaml(path) == chip
    mine = es.simulate("alexnet", Architecture.from_yaml(path), "rs-chip")
    assert mine.to_json() == es.simulate("alexnet", "eyeriss", "rs-chip").to_json()


def test_json_holds_all_that_is_needed_to_count_again(report: es.Report) -> None:
    plain = json.loads(report.to_json())
    network = es.networks.get(plain["network"], plain["batch"])
    for layer in plain["layers"]:
        mapping = layer["mapping"]
        nest = es.Mapping.from_nest(
            mapping["dataflow"],
            mapping["scheme"],
            tiles={dim: list(sizes.values()) for dim, sizes in mapping["tiles"].items()},
            loops=[(dim, storey) for dim, storey in mapping["loops"]],
            ways=mapping["ways"],
        )
        counts = es.count(network[layer["name"]], plain["architecture"], nest)
        assert {"macs": layer["macs"], **layer["counts"]} == counts.to_dict()


def test_same_run_gives_the_same_bytes() -> None:
    runs = {
        es.simulate("alexnet", "eyeriss", "rs-chip", batch=4, threads=threads).to_json()
        for threads in (1, 1, 2)
    }
    assert len(runs) == 1


def test_core_and_package_agree_on_the_dataflows() -> None:
    assert es.dataflows is _core.dataflows
