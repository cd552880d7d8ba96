"""Questions and states of an estimator: the same numbers as a fresh simulation, or an error."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Any

import numpy as np
import pytest

import energysim as es
from energysim import CountOverflow, InvalidInput, Layer, UnknownName

ALL = [96, 256, 384, 384, 256, 4096, 4096]


@pytest.fixture
def est() -> es.Estimator:
    return es.Estimator("alexnet", "eyeriss", "rs-chip")


def pruned(**shapes: dict[str, int]) -> list[Layer]:
    """AlexNet with other sizes of some layers."""
    return [layer.replace(**shapes.get(layer.name, {})) for layer in es.networks.alexnet()]


def simulated(layers: list[Layer], **data: Any) -> es.Report:
    return es.simulate(es.Network("alexnet", layers), "eyeriss", "rs-chip", **data)


def test_compiled_network(est: es.Estimator) -> None:
    assert est.energy() == es.simulate("alexnet", "eyeriss", "rs-chip").energy
    assert est.channels == dict(zip([g.name for g in est.groups], ALL, strict=True))
    assert est.unit == "mac" and est.architecture.name == "eyeriss"
    assert "8 layers, 7 groups" in repr(est)


def test_state_to_begin_with() -> None:
    data = es.LayerData(ifmap_density=0.5)
    est = es.Estimator("alexnet", "eyeriss", "rs-chip", "dram", batch=2, data=data, bits=8)
    report = es.simulate(
        "alexnet", "eyeriss", "rs-chip", batch=2, data=data, bits=8, objective="dram"
    )
    assert est.report() == report and est.energy() == report.energy


def test_channels_go_from_layer_to_layer(est: es.Estimator) -> None:
    fresh = simulated(pruned(CONV1={"M": 64}, CONV2={"C": 32}, FC1={"M": 999}, FC2={"C": 999}))
    assert est.energy({"CONV1": 64, "FC1": 999}) == fresh.energy
    assert est.energy([64, 256, 384, 384, 256, 999, 4096]) == fresh.energy
    assert est.energy(np.array([64, 256, 384, 384, 256, 999, 4096])) == fresh.energy


def test_data(est: es.Estimator) -> None:
    network = es.networks.alexnet()
    densities = {"CONV2": 0.3, "FC1": 0.9}
    for given, simulating in (
        ({"ifmap_density": 0.5}, {"ifmap_density": 0.5}),
        ({"ifmap_density": densities}, {"ifmap_density": densities}),
        ({"weight_density": densities}, {"filter_density": densities}),
        ({"ofmap_density": 0.5}, {"ofmap_density": 0.5}),
        ({"bits": 8}, {"bits": 8}),
        ({"bits": {"filter": 4, "ofmap": 8}}, {"bits": {"filter": 4, "ofmap": 8}}),
        ({"batch": 3}, {"batch": 3}),
    ):
        fresh = es.simulate(network, "eyeriss", "rs-chip", **simulating)
        assert est.energy(**given) == fresh.energy, given
    per_layer = np.linspace(0.1, 0.8, 8)
    by_name = dict(zip(network.layer_names, per_layer.tolist(), strict=True))
    assert est.energy(ifmap_density=per_layer) == est.energy(ifmap_density=by_name)
    narrow = {"CONV3": es.LayerData(bits=8), "CONV4": es.LayerData(filter_bits=4)}
    fresh = es.simulate(network, "eyeriss", "rs-chip", data=narrow)
    assert est.energy(bits={"CONV3": 8, "CONV4": {"filter": 4}}) == fresh.energy


def test_report_is_that_of_a_fresh_simulation(est: es.Estimator) -> None:
    question: dict[str, Any] = {"channels": {"CONV3": 301}, "ifmap_density": 0.5, "batch": 2}
    with pytest.raises(InvalidInput, match="CONV4"):
        est.report(**question)
    question["channels"] = {"CONV3": 302}
    shapes = pruned(CONV3={"M": 302}, CONV4={"C": 151})
    fresh = es.simulate(
        es.Network("alexnet", tuple(shapes)), "eyeriss", "rs-chip", batch=2, ifmap_density=0.5
    )
    report = est.report(**question)
    assert report.to_dict() == fresh.to_dict()
    assert est.by_level(**question) == fresh.by_level()
    assert est.by_operand(**question) == fresh.by_operand()
    assert est.mapping("CONV4", **question) == fresh.layers["CONV4"].mapping
    assert est.energy_by_layer(**question) == {one.name: one.energy for one in fresh.layers}


def test_set_and_reset(est: es.Estimator) -> None:
    before = est.energy()
    est.set(channels={"CONV1": 48}, batch=2)
    est.set(ifmap_density=0.5)
    assert est.channels["CONV1"] == 48 and est.report().batch == 2
    state = est.energy()
    assert state == es.Estimator("alexnet", "eyeriss", "rs-chip").energy(
        {"CONV1": 48}, batch=2, ifmap_density=0.5
    )
    assert est.energy({"CONV1": 96}) > state  # what is not said stays
    assert est.energy() == state
    est.reset()
    assert est.energy() == before


def test_residual_layers_are_pruned_together() -> None:
    est = es.Estimator("resnet18", "eyeriss", "rs-chip")
    assert est.energy({"layer1.1.conv2": 48}) == est.energy({"conv1": 48})
    report = est.report(channels={"conv1": 48})
    assert report.layers["layer1.0.conv2"].layer.M == 48
    assert report.layers["layer2.0.downsample.0"].layer.C == 48
    with pytest.raises(InvalidInput, match="same group"):
        est.energy({"conv1": 48, "layer1.0.conv2": 47})


def test_feeds_of_ones_own() -> None:
    layers = [Layer(name, M=8, C=8, H=4, W=4, R=1, S=1) for name in "abc"]
    feeds = {"a": ("b", "c"), "b": ("c",)}
    est = es.Estimator(layers, "eyeriss", "rs-chip", feeds=feeds)
    assert [group.layers for group in est.groups] == [("a", "b")]


def test_batches(est: es.Estimator) -> None:
    rows = np.array([ALL, [48, 256, 384, 384, 256, 4096, 4096], [2, 2, 2, 2, 2, 1, 1], ALL])
    energies = est.energy_batch(rows)
    assert energies.tolist() == [est.energy(row) for row in rows]
    by_layer = est.energy_batch(rows, per="layer", threads=2)
    assert by_layer[1].tolist() == list(est.energy_by_layer(channels=rows[1]).values())
    by_level = est.energy_batch(rows, per="level")
    assert by_level[2].tolist() == pytest.approx(
        list(est.by_level(channels=rows[2]).values()), rel=1e-14
    )
    densities = np.linspace(0, 1, 32).reshape(4, 8)
    both = est.energy_batch(rows, ifmap_density=densities, weight_density=densities[::-1])
    assert both[3] == est.energy(rows[3], ifmap_density=densities[3], weight_density=densities[0])
    assert est.energy_batch(np.empty((0, 7), dtype=int)).shape == (0,)


def test_batches_take_any_memory(est: es.Estimator) -> None:
    rows = np.array([ALL, [48, 256, 384, 384, 256, 4096, 4096]])
    expected = est.energy_batch(rows).tolist()
    wide = np.repeat(rows, 2, axis=1)[:, ::2]
    frozen = rows.copy()
    frozen.setflags(write=False)
    for same in (wide, np.asfortranarray(rows), frozen, rows.astype(np.uint16), rows.tolist()):
        assert est.energy_batch(same).tolist() == expected


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([ALL[:-1]], "7 groups"),
        (ALL, "7 groups"),
        ([[*ALL[:-1], 0]], "row 0: group 'FC2' must keep between 1 and its 4096 channels, got 0"),
        ([ALL, [*ALL[:-1], 4097]], "row 1: group 'FC2'"),
        ([[*ALL[:-1], 4096.0]], "whole numbers, not an array of float64"),
        ([[*ALL[:-1], float("nan")]], "whole numbers"),
        ([ALL, [95, *ALL[1:]]], "row 1: group 'CONV1' keeps 95.*2 groups"),
        ([ALL, ALL[:-1]], "table of whole numbers"),
    ],
)
def test_bad_batches(est: es.Estimator, rows: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        est.energy_batch(rows)


def test_bad_densities_of_batches(est: es.Estimator) -> None:
    with pytest.raises(InvalidInput, match="row 1: that of layer 'CONV1' must be.*nan"):
        est.energy_batch(ifmap_density=[[0.5] * 8, [np.nan] + [0.5] * 7])
    with pytest.raises(InvalidInput, match="2 rows"):
        est.energy_batch([ALL, ALL], weight_density=[[0.5] * 8])
    with pytest.raises(InvalidInput, match="needs rows"):
        est.energy_batch()
    with pytest.raises(UnknownName, match="'sum'"):
        est.energy_batch([ALL], per="sum")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "error", "message"),
    [
        ({"channels": [96]}, InvalidInput, "each of the 7 groups, got 1"),
        ({"channels": {"CONV9": 3}}, UnknownName, "unknown group 'CONV9'"),
        ({"channels": {"FC3": 3}}, UnknownName, "unknown group 'FC3'"),
        ({"channels": {"CONV1": 97}}, InvalidInput, "'CONV1' must keep between 1 and its 96"),
        ({"channels": {"CONV1": 0}}, InvalidInput, "got 0"),
        ({"channels": {"CONV1": 47}}, InvalidInput, "'CONV1' keeps 47, but layer 'CONV2'"),
        ({"channels": {"CONV1": 2.0}}, InvalidInput, "whole number, not 2.0"),
        ({"channels": "CONV1"}, InvalidInput, "must be a dict"),
        ({"channels": 2**70}, InvalidInput, "must be a dict"),
        ({"channels": {"CONV1": 2**70}}, CountOverflow, "64 bits"),
        ({"ifmap_density": 1.5}, InvalidInput, "from 0 to 1, not 1.5"),
        ({"ifmap_density": float("nan")}, InvalidInput, "not nan"),
        ({"weight_density": {"CONV9": 0.5}}, UnknownName, "unknown layer 'CONV9'"),
        ({"ofmap_density": [0.5]}, InvalidInput, "each of the 8 layers, got 1"),
        ({"ifmap_density": "half"}, InvalidInput, "not 'half'"),
        ({"bits": 0}, InvalidInput, "at least 1"),
        ({"bits": 17}, InvalidInput, "layer 'CONV1'.*between 1 and the 16"),
        ({"bits": {"weight": 8}}, UnknownName, "unknown layer or operand 'weight'"),
        ({"bits": {"CONV1": {"weight": 8}}}, UnknownName, "unknown operand 'weight'"),
        ({"batch": 0}, InvalidInput, "at least 1, not 0"),
        ({"batch": 1.5}, InvalidInput, "whole number"),
        ({"densities": 1}, TypeError, "densities"),
    ],
)
def test_bad_questions_change_nothing(
    est: es.Estimator, question: dict[str, Any], error: type[Exception], message: str
) -> None:
    before = est.energy()
    for ask in (est.energy, est.set, est.report):
        with pytest.raises(error, match=message):
            ask(**question)
    assert est.energy() == before == es.simulate("alexnet", "eyeriss", "rs-chip").energy


def test_networks_without_groups() -> None:
    layers = [Layer(name, M=8, C=c, H=4, W=4, R=1, S=1) for name, c in (("a", 8), ("b", 7))]
    est = es.Estimator(layers, "eyeriss", "rs-chip")
    assert est.groups == () and est.energy(bits=8) < est.energy()
    with pytest.raises(InvalidInput, match="feeds="):
        est.energy({"a": 4})


def test_table(est: es.Estimator) -> None:
    before = est.cache_use()["answers"]
    table = est.table("CONV2", [2, 48, 96], np.array([2, 256]), threads=2)
    layer = es.networks.alexnet()["CONV2"]
    for (i, c), (j, m) in ((a, b) for a in enumerate((1, 24, 48)) for b in enumerate((1, 128))):
        assert table[i, j] == es.search(layer.replace(C=c, M=m), "eyeriss", "rs-chip").energy
    assert est.cache_use()["answers"] == before
    est.set(bits=8)
    assert est.table("CONV2", [96], [256])[0, 0] == est.energy_by_layer()["CONV2"]
    assert est.table("CONV2", [], [2]).shape == (0, 1)


def test_table_of_a_depthwise_layer() -> None:
    est = es.Estimator("mobilenet-v1", "eyeriss", "rs-chip")
    table = est.table("conv_dw_2", [7, 64])
    assert table.tolist() == [
        est.energy_by_layer(channels={"conv_pw_1": kept})["conv_dw_2"] for kept in (7, 64)
    ]
    with pytest.raises(InvalidInput, match="leave out M_values"):
        est.table("conv_dw_2", [7], [7])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("CONV2", [0], [2]), "C_values must be between 1 and the layer's 96, got 0"),
        (("CONV2", [2], [258]), "M_values must be between 1 and the layer's 256"),
        (("CONV2", [3], [2]), "C_values must be multiples of 2"),
        (("CONV2", [2.0], [2]), "whole numbers"),
        (("CONV2", [[2]], [2]), "must be a list"),
        (("CONV2", [2]), "give M_values"),
        (("CONV9", [2], [2]), "unknown layer 'CONV9'"),
    ],
)
def test_bad_tables(est: es.Estimator, arguments: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        est.table(*arguments)


def test_progress_and_interruption(est: es.Estimator) -> None:
    seen: list[tuple[int, int]] = []
    est.energy_batch([ALL] * 100, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (100, 100)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    for threads in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            est.table("CONV3", range(1, 257), range(1, 385), threads=threads, progress=stop)
    with pytest.raises(InvalidInput, match="progress"):
        est.energy_batch([ALL], progress=1)  # type: ignore[arg-type]


def test_gradient(est: es.Estimator) -> None:
    question: dict[str, Any] = {"ifmap_density": 0.5, "bits": 12}
    gradient = est.gradient(**question)
    step = 1e-6
    for name in ("CONV2", "FC1"):
        for field in ("ifmap_density", "weight_density", "ofmap_density"):
            there = 0.5 if field == "ifmap_density" else 1.0
            less, more = there - step, min(1.0, there + step)
            change = est.energy(**(question | {field: _one(name, more, there)})) - est.energy(
                **(question | {field: _one(name, less, there)})
            )
            scale = est.energy_by_layer(**question)[name]
            slope = gradient.density[field][name]
            assert slope == pytest.approx(change / (more - less), rel=1e-5, abs=1e-7 * scale)
    report = est.report(**question)
    by_bits = es.sensitivity(report)[1].bits  # the last bit of a mapping: energy is linear in bits
    assert gradient.bits["ifmap"]["CONV2"] == pytest.approx(by_bits["ifmap_bits"], rel=1e-9)
    assert gradient.bits["filter"]["CONV2"] == pytest.approx(by_bits["filter_bits"], rel=1e-9)
    down = (est.energy(**question) - est.energy({"CONV1": 94}, **question)) / 2
    assert gradient.channels_down["CONV1"] == pytest.approx(down, rel=1e-12)
    assert gradient.channels_up["CONV1"] is None
    est.set(channels={"CONV1": 90})
    up = (est.energy({"CONV1": 92}) - est.energy()) / 2
    assert est.gradient().channels_up["CONV1"] == pytest.approx(up, rel=1e-12)
    assert est.gradient(differences=False).channels_up == {}


def _one(name: str, density: float, others: float) -> dict[str, float]:
    return dict.fromkeys(es.networks.alexnet().layer_names, others) | {name: density}


def test_eight_threads(est: es.Estimator) -> None:
    questions = [{"channels": {"CONV3": 2 * k}, "batch": 1 + k % 2} for k in range(1, 25)]
    alone = es.Estimator("alexnet", "eyeriss", "rs-chip")
    expected = [alone.energy(**question) for question in questions]
    wrong: list[object] = []

    def ask(offset: int) -> None:
        try:
            for k in range(len(questions)):
                i = (k + 3 * offset) % len(questions)
                if est.energy(**questions[i]) != expected[i]:
                    wrong.append(i)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_memory_is_bounded() -> None:
    est = es.Estimator("alexnet", "eyeriss", "rs-chip", remember=64)
    for kept in range(1, 200):
        est.energy({"FC1": kept, "FC2": kept + 1})
    assert est.cache_use()["answers"] <= 64
    with pytest.raises(InvalidInput, match="remember"):
        es.Estimator("alexnet", "eyeriss", "rs-chip", remember=0)


# --- Channels by position, and copies -----------------------------------------------------


@pytest.mark.parametrize("ask", ["energy_by_layer", "by_level", "by_operand", "report", "gradient"])
def test_channels_come_first(est: es.Estimator, ask: str) -> None:
    question = getattr(est, ask)
    assert question({"CONV1": 64}, bits=8) == question(channels={"CONV1": 64}, bits=8)
    assert question([64, *ALL[1:]]) == question({"CONV1": 64}) != question()


def test_channels_come_first_elsewhere(est: es.Estimator) -> None:
    kept = {"CONV1": 64}
    assert est.mapping("CONV2", kept) == est.report(kept).layers["CONV2"].mapping
    est.frontiers.build(kept, ifmap_density=0.5)
    rows = est.frontiers.rows(kept, ifmap_density=0.5)
    assert rows == est.frontiers.rows(channels=kept, ifmap_density=0.5) and rows["CONV2"] > 0
    assert est.frontiers.rows(ifmap_density=0.5)["CONV2"] == 0
    est.set(kept)
    assert est.channels["CONV1"] == 64


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda est: pickle.loads(pickle.dumps(est))])
def test_copies_have_the_state(est: es.Estimator, copied: Any) -> None:
    est.set(
        {"CONV1": 64, "FC1": 1000},
        ifmap_density={"CONV3": 0.4},
        weight_density=0.7,
        bits={"CONV2": 8, "FC1": {"filter": 4}},
        batch=3,
    )
    again = copied(est)
    assert again.channels == est.channels and again.report() == est.report()
    again.reset()
    assert again.report() == es.simulate("alexnet", "eyeriss", "rs-chip") != est.report()


def test_copies_are_made_as_the_estimator_was() -> None:
    layers = [Layer(name, M=32, C=32, H=14, W=14, R=3, S=3, padding=1) for name in "abc"]
    est = es.Estimator(
        layers, "eyeriss", "rs-chip", "edp", feeds={"a": ("b", "c"), "b": ("c",)}, remember=5
    )
    again = copy.deepcopy(est)
    assert again.groups == est.groups and again.energy([16]) == est.energy([16])
    assert again.report().objective == "edp"
