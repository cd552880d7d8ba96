"""Built-in energy tables, tables in files, and the scaling of buffers."""

from __future__ import annotations

from pathlib import Path

import pytest

import energysim as es
from energysim import EnergyTable, energy_tables
from energysim.errors import InvalidInput, UnknownName


@pytest.mark.parametrize("name", energy_tables.names())
def test_every_table_has_a_source(name: str) -> None:
    table = energy_tables.get(name)
    assert "nm" in table.source
    assert table.unit in ("mac", "pJ")
    assert table.dram.ifmap.read > table.glb.ifmap.read > table.rf.ifmap.read > 0


def test_relative_table_is_that_of_the_chip() -> None:
    assert energy_tables.get("relative") == es.architectures.eyeriss().energy


def test_unknown_table() -> None:
    with pytest.raises(UnknownName, match="unknown energy table '54nm': did you mean '45nm'"):
        energy_tables.get("54nm")


def test_picojoules_are_picojoules() -> None:
    chip = es.architectures.eyeriss().replace(energy=energy_tables.get("45nm"))
    report = es.simulate("alexnet", chip, "rs-chip")
    assert report.energy_pj > 0
    with pytest.raises(AttributeError, match="energies are in pJ"):
        _ = report.energy_mac
    seconds = report.total_cycles / 200e6
    assert report.seconds == seconds
    assert report.power_w == pytest.approx(1e-12 * report.energy_pj / seconds)
    assert report.frames_per_second == 1 / seconds
    assert "Han et al., NIPS 2015, Table 1: 45 nm" in " ".join(report.table().split())


def test_relative_energies_have_no_power() -> None:
    report = es.simulate("alexnet", "eyeriss", "rs-chip")
    assert report.power_w is None
    timeless = es.architectures.isca16()
    assert es.simulate("alexnet", timeless, "rs-chip").frames_per_second is None


@pytest.mark.parametrize(("rule", "factor"), [("sqrt", 2.0), ("linear", 4.0)])
def test_buffers_are_scaled_by_a_rule_that_is_named(rule: str, factor: float) -> None:
    table = energy_tables.get("45nm")
    scaled = table.scaled_to(4 * 16384, rule)
    assert scaled.glb.psum.write == factor * table.glb.psum.write
    assert (scaled.dram, scaled.rf, scaled.mac) == (table.dram, table.rf, table.mac)
    assert "GLB scaled from 16384 to 65536 words" in scaled.source
    assert scaled.scaled_to(65536).glb == scaled.glb


def test_scaling_needs_a_size_and_a_rule() -> None:
    with pytest.raises(InvalidInput, match="does not say for which size of GLB"):
        EnergyTable(dram=1, glb=1, noc=1, rf=1).scaled_to(1024)
    with pytest.raises(UnknownName, match="unknown scaling rule 'cube'.*sqrt, linear"):
        energy_tables.get("45nm").scaled_to(1024, "cube")


def test_table_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "table.yaml"
    path.write_text("{unit: pJ, dram: 9, glb: 3, noc: 2, rf: 1, glb_words: 64}", encoding="utf-8")
    table = EnergyTable.from_yaml(path)
    assert (table.unit, table.dram.ifmap.read, table.glb_words) == ("pJ", 9, 64)
    path.write_text("{unit: pJ, dram: 9, glb: -3, noc: 2, rf: 1}", encoding="utf-8")
    with pytest.raises(InvalidInput, match="glb must be a number") as caught:
        EnergyTable.from_yaml(path)
    assert str(caught.value).startswith(str(path))
