"""Dataflows side by side: numbers, refusals, tables and pictures."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from unit.command import out, run

import energysim as es

PLAIN = ["rs", "osc", "nlr"]


@pytest.fixture(scope="module")
def comparison() -> es.Comparison:
    return es.compare("alexnet", "isca16", [*PLAIN, "ws"], batch=64)


def test_totals_are_those_of_reports(comparison: es.Comparison) -> None:
    for name in PLAIN:
        arch = es.architectures.isca16(256, name)
        report = es.simulate("alexnet", arch, name, batch=64)
        total = comparison[name].totals
        assert total["energy"] == pytest.approx(report.energy, rel=1e-12)
        assert total["energy_per_mac"] == pytest.approx(report.energy / report.macs, rel=1e-12)
        assert total["utilization"] == pytest.approx(report.utilization, rel=1e-12)
        assert total["edp"] == pytest.approx(report.energy * report.cycles, rel=1e-12)
        for part, energy in (report.by_level() | report.by_operand()).items():
            assert total[f"{part}_per_mac"] == pytest.approx(energy / report.macs, rel=1e-12)
        words = sum(
            cell["read"] + cell["write"]
            for layer in report.layers
            for cell in layer.counts.to_dict()["dram"].values()
        )
        assert total["dram_accesses_per_mac"] == pytest.approx(words / report.macs, rel=1e-12)


def test_refusal_is_shown_with_its_reason(comparison: es.Comparison) -> None:
    ws = comparison["ws"]
    assert ws.refused and list(ws.refusals) == ["CONV1"]
    text = comparison.table()
    assert re.search(r"^ws +cannot run$", text, re.MULTILINE)
    text = " ".join(text.split())
    assert "the GLB needs 193600 words (psum 193600), there are 171161" in text
    assert all(name in text for name in PLAIN)  # the rest is shown
    rows = {row["layer"]: row for row in comparison.rows(layers=True) if row["dataflow"] == "ws"}
    assert rows["CONV1"]["energy"] is None and rows["CONV1"]["refusal"]
    assert rows["CONV2"]["energy"] > 0 and rows["CONV2"]["refusal"] is None


def test_frame_is_tidy(comparison: es.Comparison) -> None:
    frame = comparison.to_pandas()
    assert list(frame["dataflow"]) == [*PLAIN, "ws"]
    by_level = frame[[f"{level}_per_mac" for level in ("dram", "glb", "noc", "rf", "mac")]]
    assert by_level.sum(axis=1)[:3].tolist() == pytest.approx(frame["energy_per_mac"][:3].tolist())
    layers = comparison.to_pandas(layers=True)
    assert len(layers) == 4 * 8
    assert set(frame.columns) == set(layers.columns)


def test_several_architectures_batches_and_dataflows() -> None:
    chip = es.architectures.eyeriss()
    layer = es.Layer("conv", M=8, C=4, H=9, W=9, R=3, S=3)
    mine = es.Dataflow(**es.dataflows()[1].to_dict() | {"name": "mine"})
    many = es.compare([layer], [chip, "isca16-512"], ["rs-chip", mine], batch=[1, 2])
    assert [(r.architecture.name, r.network.batch, r.dataflow) for r in many.runs] == [
        (arch, batch, name)
        for arch in ("eyeriss", "isca16-512")
        for batch in (1, 2)
        for name in ("rs-chip", "mine")
    ]
    for one, other in zip(many.runs[::2], many.runs[1::2], strict=True):
        assert one.totals == other.totals
    assert "mine isca16-512 N=2" in many.table()
    assert repr(many) == "<Comparison of rs-chip, mine: 8 runs>"


def test_several_widths() -> None:
    widths = [None, 8, {"ifmap": 8, "filter": 4}]
    many = es.compare("alexnet", "isca16", ["rs", "osc"], bits=widths)
    assert [(run.width, run.dataflow) for run in many.runs] == [
        (width, name) for width in (None, 8, "ifmap=8+filter=4") for name in ("rs", "osc")
    ]
    for one, bits in zip(many.runs[::2], widths, strict=True):
        arch = es.architectures.isca16()
        report = es.simulate("alexnet", arch, "rs", bits=bits)
        assert one.totals["energy"] == pytest.approx(report.energy, rel=1e-12)
    assert list(many.to_pandas()["bits"][::2]) == [None, 8, "ifmap=8+filter=4"]
    for label in ("rs words", "osc 8 bit", "rs ifmap=8+filter=4 bit"):
        assert re.search(rf"^{re.escape(label)} ", many.table(), re.MULTILINE)


def test_narrow_values_let_a_layer_run_that_words_do_not() -> None:
    wide, narrow = es.compare("alexnet", "isca16", "ws", batch=64, bits=[16, 8]).runs
    assert list(wide.refusals) == ["CONV1"] and not narrow.refused
    assert [run.bits for run in (wide, narrow)] == [16, 8]
    # Where some layers are refused, the others are searched with their widths all the same.
    [some] = es.compare("alexnet", "isca16", "ws", batch=64, bits={"filter": 8}).runs
    arch = es.architectures.isca16(256, "ws")
    layer = es.networks.alexnet(64)["CONV2"]
    alone = es.search(layer, arch, "ws", data=es.LayerData(filter_bits=8))
    assert some.refused and some.results[0].energy == alone.energy


def test_equal_area_by_name_only() -> None:
    named = es.compare("alexnet", "isca16-1024", ["osa", "osa-free"]).runs
    assert [run.architecture.name for run in named] == ["isca16-1024-osa"] * 2
    assert named[0].architecture.glb_words == 499507
    given = es.compare("alexnet", es.architectures.isca16(), ["rs", "osa"]).runs
    assert {run.architecture.glb_words for run in given} == {65536}


def test_law_unrestricted_never_costs_more() -> None:
    for name in ("ws", "osa", "osb", "osc", "nlr"):
        for network in ("alexnet", "squeezenet1.1"):
            paper, free = es.compare(network, "isca16", [name, f"{name}-free"], batch=4).runs
            assert free.totals["energy"] <= paper.totals["energy"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("alexnet", "isca16", []), "no dataflows are given"),
        (("alexnet", [], ["rs"]), "no architectures are given"),
        (("alexnet", 3, ["rs"]), "architectures must be given by name or as a list, not 3"),
        (("alexnet", "isca16", ["rss"]), "unknown dataflow 'rss': did you mean 'rs'"),
        (("alexnet", "isca17", ["rs"]), "unknown architecture 'isca17'"),
        (("alexnet", "isca16", [7]), "dataflow must be a name or a Dataflow, not 7"),
    ],
)
def test_what_cannot_be_compared(arguments: tuple, message: str) -> None:
    with pytest.raises(es.InvalidInput, match=message):
        es.compare(*arguments)


@pytest.mark.parametrize(
    ("bits", "message"),
    [
        ([], "no bits are given"),
        (0, "bits must be a whole number of at least 1, not 0"),
        ([8.5], "bits must be a whole number"),
        (17, "must lie between 1 and the 16 of the architecture's word, got 17"),
        ({"weights": 8}, "unknown operand 'weights'"),
    ],
)
def test_widths_that_are_none(bits: object, message: str) -> None:
    with pytest.raises(es.InvalidInput, match=message):
        es.compare("alexnet", "isca16", "rs", bits=bits)  # type: ignore[arg-type]


def test_progress_counts_runs() -> None:
    seen = []
    layer = es.Layer("fc", M=10, C=8, H=1, W=1, R=1, S=1)
    es.compare([layer], "isca16", ["rs", "osc"], progress=lambda *state: seen.append(state))
    assert seen == [(0, 2), (1, 2), (2, 2)]


# --- On the command line ------------------------------------------------------------------


def test_command_prints_the_table_of_the_api() -> None:
    text = out("compare", "alexnet", "--dataflows", "rs,osc", "--batch", "4")
    table = es.compare("alexnet", dataflows=["rs", "osc"], batch=4).table()
    assert " ".join(text.split()) == " ".join(table.split())


def test_widths_on_the_command_line() -> None:
    words = ("--dataflows", "rs", "--bits", "8,filter=4+ifmap=8", "--json", "-")
    rows = json.loads(out("compare", "alexnet", *words))["runs"]
    assert [row["bits"] for row in rows] == [8, "filter=4+ifmap=8"]
    found = es.compare("alexnet", dataflows="rs", bits=[8, {"filter": 4, "ifmap": 8}])
    assert [row["energy"] for row in rows] == [run.totals["energy"] for run in found.runs]


def test_json_alone_on_stdout() -> None:
    words = ("--dataflows", "rs,ws", "--batch", "64", "--json", "-")
    plain = json.loads(out("compare", "alexnet", *words))
    rs, ws = plain["runs"]
    assert rs["energy_per_mac"] > 1 and rs["refusal"] is None
    assert ws["energy"] is None and "CONV1" in ws["refusal"]
    assert len(plain["layers"]) == 16


def test_pictures(tmp_path: Path) -> None:
    page, bars = tmp_path / "bars.html", tmp_path / "bars.svg"
    out("compare", "alexnet", "--dataflows", "rs,ws", "--batch", "64",
        "--html", str(page), "--figure", str(bars))  # fmt: skip
    text = page.read_text(encoding="utf-8")
    assert "cannot run" in text and "https://cdn" not in text.split("<body>")[0]
    assert "<svg" in bars.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--batch", "many"), "--batch must be whole numbers"),
        (("--bits", "few"), "--bits: must be a whole number of at least 1, not 'few'"),
        (("--bits", "weights=8"), "--bits: unknown operand 'weights'"),
        (("--bits", "32"), "must lie between 1 and the 16 of the architecture's word"),
        (("--dataflows", "none.yaml"), "cannot read none.yaml"),
        (("--dataflows", ","), "--dataflows: a value is missing in ','"),
        (("--html", "no/where.html"), "cannot write no/where.html"),
        (("--figure", "bars.what"), "cannot write bars.what"),
    ],
)
def test_bad_words_end_with_one_line(words: tuple[str, ...], message: str) -> None:
    result = run("compare", "alexnet", "--dataflows", "rs", *words)
    assert result.exit_code == 2
    assert message in result.stderr and result.stderr.count("\n") == 1
