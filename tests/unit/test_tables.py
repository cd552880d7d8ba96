"""Reports as tables, and numbers in them."""

from __future__ import annotations

import io
import re

import pytest

import energysim as es
from energysim import Layer, Report
from energysim.tables import render, si

CHIP = es.architectures.eyeriss()


def test_table_has_every_layer_and_a_total(report: Report) -> None:
    lines = report.table().splitlines()
    header = lines[0].split()
    assert header == [
        "layer", "MACs", "energy", "DRAM%", "GLB%", "NoC%", "RF%", "MAC%", "PEs%", "mapping"
    ]  # fmt: skip
    for line, layer in zip(lines[2:10], report.layers, strict=True):
        assert line.startswith(f"{layer.name} ")
        assert si(layer.energy_mac) in line
        assert f"m={layer.mapping.m} n={layer.mapping.n}" in line
        shares = [float(word) for word in re.findall(r" (\d+\.\d)(?= )", line)]
        assert sum(shares[-6:-1]) == pytest.approx(100, abs=0.3)
        assert shares[-6] == pytest.approx(
            100 * layer.by_level()["dram"] / layer.energy_mac, abs=0.06
        )
        assert shares[-1] == pytest.approx(100 * layer.utilization, abs=0.06)
    assert lines[11].startswith("8 layers ")
    assert si(report.energy_mac) in lines[11]


def test_caption_says_what_and_in_which_unit(report: Report, in_picojoules: Report) -> None:
    words = " ".join(report.table().split())
    assert "alexnet on eyeriss, dataflow rs-chip: energy of 4 images" in words
    assert "relative to one 16-bit MAC" in words
    assert "Optimal, proven: of " in words
    assert "in pJ" in " ".join(in_picojoules.table().split())
    assert "energy/pJ" in in_picojoules.table()


def test_table_is_plain_and_complete(report: Report) -> None:
    table = report.table()
    assert table.isascii()
    assert "\x1b" not in table
    assert "…" not in table
    assert max(map(len, table.splitlines())) <= 120
    narrow = render(report, 80)
    assert max(map(len, narrow.splitlines())) <= 80
    assert "…" not in narrow


def test_loop_orders_have_a_column_where_there_are_several() -> None:
    layers = [
        Layer("a", M=8, C=16, H=14, W=14, R=3, S=3, padding=1),
        Layer("b", M=64, C=32, H=28, W=28, R=5, S=5, padding=2),
        Layer("c", M=64, C=64, H=28, W=28, R=3, S=3, padding=1),
    ]
    report = es.simulate(layers, CHIP, "rs")
    orders = [layer.mapping.scheme for layer in report.layers]
    assert len(set(orders)) > 1
    assert "order" in report.table().splitlines()[0].split()
    for line, order in zip(report.table().splitlines()[2:], orders, strict=False):
        assert order in line.split()


def test_table_names_a_glb_tile_of_rows_where_it_is_larger() -> None:
    report = es.simulate([Layer("b", M=64, C=32, H=28, W=28, R=5, S=5, padding=2)], CHIP, "rs")
    rows = report.layers[0].mapping.tiles["E"]
    assert (f" E1={rows.glb}" in report.table()) == (rows.glb > rows.pass_)
    assert "E1=" not in es.simulate("alexnet", CHIP, "rs-chip").table()


def test_names_cannot_steer_the_terminal() -> None:
    name = "\x1b[31m[bold]evil[/bold]\r\n"
    network = es.Network("\x1b[2J", (Layer(name, M=1, C=1, H=1, W=1, R=1, S=1),))
    words = es.dataflows()[1].to_dict() | {"name": "\x1b[1m\nx"}
    table = es.simulate(network, CHIP, es.Dataflow(**words)).table()
    assert "\x1b" not in table and "dataflow ?[1m?x: energy" in " ".join(table.split())
    assert "?[31m[bold]evil[/bold]??" in table


def test_free_energy_has_no_shares() -> None:
    free = CHIP.replace(energy=es.EnergyTable(dram=0, glb=0, noc=0, rf=0, mac=0))
    report = es.simulate([Layer("a", M=1, C=1, H=1, W=1, R=1, S=1)], free, "rs-chip")
    assert report.energy_mac == 0
    assert " - " in report.table()


def test_reprs_are_short(report: Report) -> None:
    assert re.fullmatch(
        r"<Report of 'alexnet' on 'eyeriss' with dataflow 'rs-chip': batch 4, 8 layers, "
        r"energy_mac=[0-9.]+ G>",
        repr(report),
    )
    assert re.fullmatch(
        r"<LayerResult 'CONV1': energy_mac=[0-9.]+ G, <Mapping rs-chip/chip m=.*>>",
        repr(report.layers[0]),
    )
    assert report._repr_html_() == f"<pre>{report.table()}</pre>"


def test_rich_prints_a_report(report: Report) -> None:
    from rich.console import Console

    console = Console(width=120, record=True, file=io.StringIO())
    console.print(report)
    assert "CONV1" in console.export_text()


def test_a_small_fast_network() -> None:
    report = es.simulate([es.Layer("fc", M=10, C=8, H=1, W=1, R=1, S=1)], "eyeriss", "rs")
    assert report.frames_per_second is not None and report.frames_per_second > 1e4
    text = report.table()
    assert f"({si(report.frames_per_second)} images per second" in " ".join(text.split())
    assert "energy of 1 image," in text and "\n1 layer " in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.125, "0.125"), (12, "12"), (999.4, "999"), (999.6, "1.00 k"), (1e3, "1.00 k"),
     (1.69e9, "1.69 G"), (416e9, "416 G"), (9.99e20, "999 E"), (1e22, "1.00e+22"),
     (-9.996e20, "-1.00e+21"), (-5e6, "-5.00 M")],
)  # fmt: skip
def test_si(value: float, text: str) -> None:
    assert si(value) == text
