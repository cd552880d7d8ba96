"""Fronts of energy against cycles: points, what they say, and the command."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest
from unit.command import network, out, run, written

import energysim as es

CONV = es.Layer("conv", M=64, C=32, H=28, W=28, R=3, S=3, padding=1)


@pytest.fixture(scope="module")
def front() -> es.ParetoFront:
    return es.pareto("alexnet", "eyeriss", "rs-chip", batch=4)


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_points_fall_from_the_fastest_to_the_cheapest(front: es.ParetoFront) -> None:
    cycles, energies = [p.total_cycles for p in front], [p.energy for p in front]
    assert cycles == sorted(set(cycles)) and energies == sorted(set(energies), reverse=True)
    assert (front.least_cycles, front.least_energy) == (front[0], front[-1])
    assert front[0:2] == (front[0], front[1])


def test_ends_are_what_objectives_find(front: es.ParetoFront) -> None:
    for objective, point in (("energy", front.least_energy), ("cycles", front.least_cycles)):
        report = es.simulate("alexnet", "eyeriss", "rs-chip", batch=4, objective=objective)
        assert report.energy == point.energy
        # Of mappings of least energy, the front has the fastest.
        assert report.total_cycles >= point.total_cycles
    assert front.least_cycles.energy_mac == front.least_cycles.energy


def test_edp_of_a_network_is_not_that_of_its_layers(front: es.ParetoFront) -> None:
    by_layer = es.simulate("alexnet", "eyeriss", "rs-chip", batch=4, objective="edp")
    assert by_layer.edp == by_layer.energy * by_layer.total_cycles
    assert by_layer.edp > sum(layer.edp for layer in by_layer.layers)
    assert front.least_edp.edp <= by_layer.edp
    for layer in by_layer.layers:
        assert layer.edp == layer.proof.optimum == layer.proof.lower_bound
        assert layer.edp == front.of_layer(layer.name).least_edp.edp


def test_point_says_what_a_simulation_would(front: es.ParetoFront) -> None:
    report = front.least_edp.report()
    assert (report.energy, report.edp) == (front.least_edp.energy, front.least_edp.edp)
    assert report.objective == "pareto"
    assert "On the front of energy against cycles with DRAM, proven" in report.table()
    conv1 = report.layers["CONV1"]
    assert es.count(conv1.layer, "eyeriss", conv1.mapping) == conv1.counts


def test_cheapest_within_a_number_of_cycles(front: es.ParetoFront) -> None:
    limit = front[1].total_cycles
    assert front.within(limit) is front[1]
    assert front.within(limit - 1) is front[0]
    assert front.within(1e15) is front[-1]
    with pytest.raises(es.NoMapping, match="no mappings of 'alexnet' take at most 1000 cycles"):
        front.within(1000)
    with pytest.raises(es.InvalidInput, match="total_cycles must be a number"):
        front.within(float("nan"))


def test_layer_of_its_own() -> None:
    alone = es.pareto(CONV, "eyeriss")
    assert alone.least_energy.energy == es.search(CONV, "eyeriss").energy
    assert alone.to_dict()["layers"][0]["name"] == "conv"
    assert len(alone.fronts[0]) == len(alone)


def test_zeros_of_the_input_are_those_of_a_simulation() -> None:
    # The chip leaves the network's input raw, and compresses the ifmaps of other layers.
    options = {"batch": 2, "ifmap_density": 0.3}
    front = es.pareto("alexnet", "eyeriss", "rs-chip", **options)
    report = es.simulate("alexnet", "eyeriss", "rs-chip", **options)
    assert front.least_energy.energy == report.energy
    layer, data = es.networks.alexnet()["CONV3"], es.LayerData(ifmap_density=0.3)
    alone = es.pareto(layer, "eyeriss", data=data)
    assert alone.least_energy.energy == es.search(layer, "eyeriss", data=data).energy


def test_thinned_front_keeps_its_ends_and_least_edp(front: es.ParetoFront) -> None:
    thin = es.pareto("alexnet", "eyeriss", "rs-chip", batch=4, most_points=4)
    assert not thin.exact and thin.cycles_slack > 0 and len(thin) < len(front)
    assert (thin.least_edp.edp, thin.least_energy.energy) == (
        front.least_edp.edp,
        front.least_energy.energy,
    )
    assert thin.least_cycles.total_cycles == front.least_cycles.total_cycles
    assert "Thinned out" in thin.table()


def test_picojoules_are_named() -> None:
    arch = es.architectures.eyeriss().replace(energy=es.energy_tables.get("45nm"))
    front = es.pareto(CONV, arch)
    assert front.least_edp.unit == "pJ" and "energy_pj" in front.to_dict()["points"][0]
    assert "in pJ" in front.table()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"most_points": 1}, "most_points must be a whole number of at least 2, not 1"),
        ({"threads": -1}, "threads must be a whole number of at least 0"),
        ({"ifmap_density": 1.5}, "the ifmap density must be a number from 0 to 1"),
        ({"ifmap_density": {"conv9": 1.0}}, "unknown layer 'conv9'"),
        ({"bits": 17}, "layer .CONV1.: the bits of the ifmap must .*, got 17"),
    ],
)
def test_bad_arguments(options: dict[str, object], message: str) -> None:
    with pytest.raises(es.InvalidInput, match=message):
        es.pareto("alexnet", "eyeriss", **options)  # type: ignore[arg-type]


# --- the command ---------------------------------------------------------------------------


def test_command_prints_the_front(front: es.ParetoFront) -> None:
    table = out("pareto", "alexnet", "--dataflow", "rs-chip", "--batch", "4")
    assert table == f"{front.table()}\n"
    words = " ".join(table.split())
    for word in ("cycles +%", "EDP +%", "4 images", "No mappings of the layers beat a point"):
        assert word in words


def test_command_writes_json_and_nothing_else(front: es.ParetoFront) -> None:
    text = out("pareto", "alexnet", "--dataflow", "rs-chip", "--batch", "4", "--json", "-")
    plain = json.loads(text)
    assert plain == json.loads(front.to_json())
    point = plain["points"][1]
    chosen = [
        layer["points"][i] for layer, i in zip(plain["layers"], point["choices"], strict=True)
    ]
    assert sum(each["energy_mac"] for each in chosen) == point["energy_mac"]
    assert plain["exact"] is True and plain["least_edp"]["edp"] == front.least_edp.edp


def test_command_shows_a_layer(front: es.ParetoFront) -> None:
    table = out("pareto", "alexnet", "--dataflow", "rs-chip", "--batch", "4", "--layer", "CONV2")
    assert table == f"{front.of_layer('CONV2').table()}\n"


def test_picture(front: es.ParetoFront) -> None:
    pytest.importorskip("matplotlib")
    out("pareto", "alexnet", "--layer", "CONV2", "--figure", "front.svg", "--json", "front.json")
    text = Path("front.svg").read_text(encoding="utf-8")
    assert text.startswith("<?xml")
    [axes] = front.figure().axes
    line = axes.lines[1]
    assert list(line.get_xdata()) == [point.total_cycles for point in front]
    assert list(line.get_ydata()) == [point.energy for point in front]
    assert {text.get_text() for text in axes.get_legend().get_texts()} == {
        "least cycles",
        "least EDP",
        "least energy",
    }
    failed = run("pareto", network(), "--figure", "front.nonsense")
    assert failed.exit_code == 2 and "cannot write front.nonsense" in failed.stderr
    out("pareto", network(), "--figure", "front", "--json", "tiny.json")
    assert Path("front.png").read_bytes().startswith(b"\x89PNG")


def test_picture_that_fails_leaves_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure

    def full(_: object, path: str) -> None:
        Path(path).write_text("half a pic", encoding="utf-8")
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(figure, "savefig", full)
    before = Path(written("front.svg", "a picture"))
    failed = run("pareto", network(), "--figure", "front.svg", "--json", "front.json")
    assert failed.exit_code == 2 and "cannot write front.svg: no space" in failed.stderr
    assert before.read_text(encoding="utf-8") == "a picture"
    assert not list(before.parent.glob(".energysim-*"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("alexnt",), "unknown network 'alexnt': did you mean 'alexnet'"),
        (("alexnet", "--layer", "CONV9"), "unknown layer 'CONV9'"),
        (("alexnet", "--most-points", "1"), "most_points must be a whole number of at least 2"),
        (("alexnet", "--figure", "none/front.svg"), "cannot write none/front.svg: No such file"),
    ],
)
def test_bad_options(words: tuple[str, ...], message: str) -> None:
    result = run("pareto", *words)
    assert result.exit_code == 2 and message in " ".join(result.stderr.split())
    assert len(result.stderr.strip().splitlines()) == 1
