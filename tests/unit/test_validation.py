"""Validation: figures, tolerances and tables, and the search with several channel passes."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import energysim as es
from energysim import InvalidMapping, Layer, NoMapping, _core, validation
from energysim.validation import Comparison, Figure, Source, Tolerance, Validation
from energysim.validation.channel_passes import best_in_several_passes
from energysim.validation.figures import EXACT, read_table

TABLES = sorted(Path(validation.__file__).parent.glob("*.csv"))


# --- Figures ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "tolerance", "ok"),
    [
        (100.0, EXACT, True),
        (100.001, EXACT, False),
        (99.71, Tolerance.within(0.003), True),
        (99.69, Tolerance.within(0.003), False),
        (100.29, Tolerance.within(0.003), True),
        (100.31, Tolerance.within(0.003), False),
        (95.1, Tolerance(0.05, 0.01), True),
        (94.9, Tolerance(0.05, 0.01), False),
        (101.1, Tolerance(0.05, 0.01), False),
        (1.0, Tolerance(math.inf, 0.01), True),
        (101.1, Tolerance(math.inf, 0.01), False),
        (1.0, None, True),
        (math.nan, Tolerance.within(0.5), False),
    ],
)
def test_tolerance(ours: float, tolerance: Tolerance | None, ok: bool) -> None:
    assert Figure("a", 100.0, ours, tolerance).ok is ok


def test_error_is_relative_to_the_whole_if_there_is_one() -> None:
    assert Figure("a", 2.0, 3.0).error == 0.5
    assert Figure("a", 2.0, 3.0, whole=100.0).error == 0.01
    assert Figure("a", 2.0, 3.0, Tolerance.within(0.02), whole=100.0).ok


def test_one_bad_figure_spoils_all() -> None:
    good, bad = (Figure("a", 1.0, ours, EXACT) for ours in (1.0, 2.0))

    def validated(*figures: Figure) -> Validation:
        return Validation((Source("s", "c", "x", (Comparison("q", "", "e", figures),)),))

    assert validated(good, good).ok
    assert not validated(good, bad).ok
    plain = json.loads(validated(good, bad).to_json())
    assert plain["ok"] is False
    [comparison] = plain["sources"][0]["comparisons"]
    assert comparison["ok"] is False
    assert [figure["ok"] for figure in comparison["figures"]] == [True, False]


def test_everything_is_validated() -> None:
    result = validation.validate()
    assert result.ok
    assert [source.name for source in result.sources] == [
        "Eyeriss chip",
        "ISCA 2016",
        "ISCA 2016, dataflows",
        "Asilomar 2017",
    ]
    assert len(result.figures) > 80
    judged = [figure for figure in result.figures if figure.tolerance is not None]
    shown = [figure.name for figure in result.figures if figure not in judged]
    # CONV1 and the total are those of the compressed DRAM traffic.
    assert shown[:3] == ["CONV3 as printed", "CONV1", "total"]
    assert len(shown) == 3 + 8 * 3 + 9  # and parts and free optima of the estimation tool
    for source in result.sources:
        assert source.citation
        for comparison in source.comparisons:
            assert comparison.explanation.endswith(".")
            assert comparison.figures


def test_json_has_no_infinity() -> None:
    plain = json.loads(validation.validate().to_json(), parse_constant=pytest.fail)
    figures = [
        figure
        for source in plain["sources"]
        for comparison in source["comparisons"]
        for figure in comparison["figures"]
    ]
    keys = {"name", "paper", "ours", "error", "tolerance", "ok"}
    assert all(set(figure) == keys for figure in figures)
    assert [None, 0.01] in [figure["tolerance"] for figure in figures]


# --- Tables -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_tables_name_their_source(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    comments = [line for line in lines if line.startswith("#")]
    assert any(
        "201" in line and any(venue in line for venue in ("JSSC", "ISCA", "Asilomar"))
        for line in comments
    )
    assert max(map(len, lines)) <= 100
    header, *rows = (line.split(",") for line in lines if not line.startswith("#"))
    assert all(len(row) == len(header) for row in rows)
    if header[0] != "layer":  # one row per bar
        assert header[:3] == ["pes", "dataflow", "batch"]
        bars = [tuple(row[:3]) for row in rows]
        assert len(set(bars)) == len(bars)
        assert all(abs(sum(map(float, row[3:-1])) - float(row[-1])) < 0.0025 for row in rows)
        return
    table = read_table(path.stem)
    assert list(table) == [row[0] for row in rows]
    assert all(math.isfinite(value) for row in table.values() for value in row.values())


def test_rows_of_figure_10_add_up() -> None:
    for name, row in read_table("isca16_fig10").items():
        parts = sum(row[column] for column in ("mac", "dram", "glb", "array", "rf"))
        assert parts == pytest.approx(row["total"], abs=0.003), name


def test_rows_of_the_chip_add_up() -> None:
    table = read_table("eyeriss_chip")
    total = table.pop("total")
    for column, tolerance in {
        "macs": 1e6,
        "latency_ms": 0.1,
        "glb_mb": 0.2,
        "dram_mb": 1e-9,
    }.items():
        parts = sum(row[column] for row in table.values())
        assert parts == pytest.approx(total[column], abs=tolerance), column


# --- Several channel passes ---------------------------------------------------------------


def all_mappings_in_several_passes(layer: Layer, arch: es.Architecture) -> list[float]:
    """Energies of all mappings of the chip's loop order with q r < C, trying all letters."""
    energies = []
    sizes = {
        "e": layer.E,
        "n": layer.N,
        "q": layer.C,
        "r": layer.C,
        "p": layer.M,
        "t": layer.M,
        "m": layer.M,
    }
    for values in itertools.product(*(range(1, most + 1) for most in sizes.values())):
        letters = dict(zip(sizes, values, strict=True))
        if letters["q"] * letters["r"] < layer.C:
            try:
                mapping = _core.Mapping.from_letters(layer, arch, "rs-chip", "", letters)
            except InvalidMapping:
                continue
            energies.append(_core.count(layer, arch, mapping).energy(arch))
    return energies


@given(
    layer=st.builds(
        Layer,
        st.just("small"),
        N=st.integers(1, 2),
        M=st.integers(1, 4),
        C=st.integers(1, 4),
        H=st.integers(4, 6),
        W=st.integers(2, 4),
        R=st.integers(1, 3),
        S=st.integers(1, 2),
    ),
    arch=st.builds(
        es.architectures.isca16().replace,
        rows=st.integers(2, 6),
        columns=st.integers(1, 6),
        glb_words=st.integers(20, 200),
        rf=st.builds(es.Scratchpads, pooled=st.integers(6, 30)),
        ofmap_path=st.sampled_from(("through_glb", "past_glb")),
    ),
)
@settings(max_examples=40)
def test_several_passes_equal_trying_everything(layer: Layer, arch: es.Architecture) -> None:
    try:
        es.search(layer, arch, "rs-chip")
    except NoMapping:
        assume(False)
    energies = all_mappings_in_several_passes(layer, arch)
    if not energies:
        with pytest.raises(InvalidMapping, match="no mapping with several channel passes fits"):
            best_in_several_passes(layer, arch)
        return
    best = best_in_several_passes(layer, arch)
    assert best.energy == min(energies)
    assert best.mapping.q * best.mapping.r < layer.C
    assert best.counts.energy(arch) == best.energy
    assert 1 <= best.counted <= len(energies)
