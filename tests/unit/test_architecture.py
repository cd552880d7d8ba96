"""Architectures: the numbers of the built-in ones, files, and what is refused."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from energysim import (
    AccessCost,
    Architecture,
    Buses,
    EnergyTable,
    InvalidInput,
    LevelCost,
    Scratchpads,
    UnknownName,
    architectures,
)

GOOD = architectures.eyeriss().to_yaml()


# --- Built-in ones ------------------------------------------------------------------------


def test_eyeriss_is_the_chip() -> None:
    # Chen et al., JSSC 52(1), 2017; costs of ISCA 2016, Table IV.
    chip = architectures.eyeriss()
    assert (chip.name, chip.rows, chip.columns, chip.pes) == ("eyeriss", 12, 14, 168)
    assert chip.glb_words * chip.word_bits == 100 * 1024 * 8
    assert chip.rf == Scratchpads(ifmap=12, filter=224, psum=24)
    assert (chip.ofmap_path, chip.gating) == ("through_glb", "ifmap")
    assert chip.buses == Buses(ifmap=1, filter=4, psum=4, pass_overhead_cycles=400)
    assert chip.clock_mhz == 200
    assert chip.energy == EnergyTable(
        dram=200, glb=6, noc=2, rf=1, mac=1, source=chip.energy.source
    )
    assert "Table IV" in chip.energy.source


def test_isca16_is_that_of_the_paper() -> None:
    # Chen et al., ISCA 2016, Section VII: 256 PEs, 512 B of RF per PE, 128 kB of buffer.
    arch = architectures.isca16()
    assert (arch.name, arch.rows, arch.columns) == ("isca16", 16, 16)
    assert arch.glb_words * 2 == 128 * 1024
    assert arch.rf == Scratchpads(pooled=256)
    assert (arch.ofmap_path, arch.gating, arch.buses) == ("past_glb", "none", Buses())
    assert arch.energy == dataclasses.replace(
        architectures.eyeriss().energy, source=arch.energy.source
    )


@pytest.mark.parametrize(
    ("pes", "shape"),
    [(1, (1, 1)), (17, (1, 17)), (256, (16, 16)), (512, (16, 32)), (1024, (32, 32))],
)
def test_isca16_of_any_number_of_pes(pes: int, shape: tuple[int, int]) -> None:
    arch = architectures.isca16(pes)
    assert (arch.rows, arch.columns) == shape
    assert arch.glb_words == 256 * pes
    assert arch.name == ("isca16" if pes == 256 else f"isca16-{pes}")
    assert architectures.get(arch.name) == arch


@pytest.mark.parametrize("pes", [0, -1, 1.5, True, "256", 2**63])
def test_numbers_of_pes_that_make_no_array(pes: Any) -> None:
    with pytest.raises(InvalidInput, match="the number of PEs must be a whole number"):
        architectures.isca16(pes)


def test_array_edge_has_a_limit() -> None:
    with pytest.raises(InvalidInput, match="columns must lie between 1 and 65536, got 65537"):
        architectures.isca16(65537)  # a prime


def test_get_is_forgiving_and_suggests() -> None:
    assert architectures.names() == ("eyeriss", "isca16", "estimation-tool")
    assert architectures.get("EYERISS") is architectures.eyeriss()
    assert architectures.get("ISCA-16") == architectures.isca16()
    with pytest.raises(UnknownName, match="unknown architecture 'eyris': did you mean 'eyeriss'"):
        architectures.get("eyris")
    with pytest.raises(UnknownName, match="known: eyeriss, isca16"):
        architectures.get(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", architectures.names())
def test_every_number_of_a_built_in_file_has_its_source(name: str) -> None:
    file = Path(architectures.__file__).with_name(f"{name}.yaml")
    lines = file.read_text(encoding="utf-8").splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        value = line.partition("#")[0].partition(":")[2].strip()
        if value and value[0].isdigit():
            assert "#" in line or before.lstrip().startswith("#"), line


# --- A value ------------------------------------------------------------------------------


def test_architecture_is_immutable_and_hashable() -> None:
    chip = architectures.eyeriss()
    for target, name in ((chip, "rows"), (chip.rf, "ifmap"), (chip.energy, "mac")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(target, name, 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        chip.energy.dram.ifmap.read = 1  # type: ignore[misc]
    assert len({chip, chip.replace(rows=12), chip.replace(rows=13)}) == 2


def test_pickle_gives_it_back() -> None:
    chip = architectures.eyeriss()
    again = pickle.loads(pickle.dumps(chip))
    assert again == chip
    assert again.native is not chip.native


def test_native_is_made_once() -> None:
    chip = architectures.eyeriss()
    assert chip.native is chip.native


# --- Energy tables ------------------------------------------------------------------------


def test_a_number_is_for_reads_and_writes() -> None:
    table = EnergyTable(dram=200, glb=6, noc=2, rf=1)
    for operand in ("ifmap", "filter", "psum"):
        assert getattr(table.glb, operand) == AccessCost(read=6, write=6, fill=0)
    assert (table.mac, table.unit) == (1.0, "mac")


BAD_COSTS = [-1, 1e101, float("nan"), float("inf"), "6", None, True, 10**400]


@pytest.mark.parametrize("cost", BAD_COSTS, ids=lambda cost: repr(cost)[:9])
def test_costs_that_are_none(cost: Any) -> None:
    with pytest.raises(
        InvalidInput, match="cost of a read must be a number from 0 to 1e.100, not "
    ):
        EnergyTable(dram=cost, glb=6, noc=2, rf=1)
    with pytest.raises(InvalidInput, match="cost of a MAC must be a number from 0 to 1e.100, not "):
        EnergyTable(dram=200, glb=6, noc=2, rf=1, mac=cost)


def test_units_that_are_none() -> None:
    with pytest.raises(UnknownName, match="unknown energy unit 'PJ': did you mean 'pJ'.*mac, pJ"):
        EnergyTable(dram=200, glb=6, noc=2, rf=1, unit="PJ")  # type: ignore[arg-type]


# --- Files --------------------------------------------------------------------------------

costs = st.one_of(st.integers(0, 10**6), st.floats(0, 1e100))
rates = st.one_of(st.integers(0, 10**6), st.floats(1e-12, 1e12))
accesses = st.builds(AccessCost, read=costs, write=costs, fill=costs)
levels = st.one_of(costs, accesses, st.builds(LevelCost, accesses, accesses, accesses))
tables = st.builds(
    EnergyTable,
    dram=levels,
    glb=levels,
    noc=levels,
    rf=levels,
    mac=costs,
    unit=st.sampled_from(["mac", "pJ"]),
    source=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
)
words = st.integers(1, 2**40)
pads = st.one_of(
    st.builds(Scratchpads, ifmap=words, filter=words, psum=words),
    st.builds(Scratchpads, pooled=words),
)
archs = st.builds(
    Architecture,
    name=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1),
    rows=st.integers(1, 65536),
    columns=st.integers(1, 65536),
    glb_words=words,
    rf=pads,
    energy=tables,
    ofmap_path=st.sampled_from(["through_glb", "past_glb"]),
    gating=st.sampled_from(["none", "ifmap", "filter", "both"]),
    buses=st.builds(Buses, ifmap=rates, filter=rates, psum=rates, pass_overhead_cycles=rates),
    word_bits=st.integers(1, 64),
    clock_mhz=st.one_of(st.none(), st.floats(1e-3, 1e6)),
    source=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
)


@given(archs)
@example(architectures.isca16().replace(energy=EnergyTable(dram=1e25, glb=0.1, noc=1e-9, rf=1e16)))
def test_to_yaml_and_back_is_the_same(arch: Architecture) -> None:
    assert Architecture.parse(arch.to_yaml()) == arch


def test_short_file_has_the_usual_defaults() -> None:
    arch = Architecture.parse(
        "{name: a, array: {rows: 2, columns: 3}, glb: {words: 64}, rf: {pooled: 8}, "
        "energy: {dram: 200, glb: 6, noc: 2, rf: 1}}"
    )
    assert (arch.ofmap_path, arch.gating, arch.word_bits) == ("through_glb", "none", 16)
    assert (arch.buses, arch.clock_mhz, arch.source) == (Buses(), None, "")
    assert arch.energy == EnergyTable(dram=200, glb=6, noc=2, rf=1)


def test_levels_by_access_and_by_operand() -> None:
    glb = "{ifmap: 5, filter: {read: 1, write: 2, fill: 3}, psum: 7}"
    arch = Architecture.parse(GOOD.replace("glb: 6", f"glb: {glb}"))
    assert arch.energy.glb == LevelCost(AccessCost(5, 5), AccessCost(1, 2, 3), AccessCost(7, 7))


def test_from_yaml_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "arch.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert Architecture.from_yaml(path) == architectures.eyeriss()
    path.write_text(GOOD.replace("rows: 12", "rows: 0"), encoding="utf-8")
    with pytest.raises(InvalidInput, match="rows must be a whole number of at least 1") as caught:
        Architecture.from_yaml(path)
    assert str(caught.value).startswith(str(path))


BAD_FILES = {
    "unknown key": ("rf:", "rfs:", "unknown key 'rfs': did you mean 'rf'.*known: name, source, ar"),
    "unknown array key": (
        "rows",
        "row",
        "a.yaml: array: unknown key 'row'.*known: rows",
    ),
    "unknown energy key": ("noc: 2", "nic: 2", "a.yaml: energy: unknown key 'nic'.*known: unit"),
    "missing level": (", noc: 2", "", "a.yaml: energy: missing key: noc"),
    "missing array": ("array: {rows: 12, columns: 14}", "", "a.yaml: missing key: array"),
    "array is a list": ("{rows: 12, columns: 14}", "[12, 14]", "array must be a mapping.*not .12"),
    "no rows": ("rows: 12", "rows: 0", "a.yaml: architecture 'eyeriss': rows must be a whole"),
    "negative GLB": ("words: 51200", "words: -1", "glb_words must be a whole number of at least 1"),
    "rows of text": (
        "rows: 12",
        "rows: '12'",
        "rows must be a whole number of at least 1, not '",
    ),
    "too many rows": ("rows: 12", "rows: 70000", "rows must lie between 1 and 65536, got 70000"),
    "huge GLB": ("words: 51200", "words: 9000000000000000000", "glb_words must lie between 1 and"),
    "pooled and not": ("psum: 24", "pooled: 24", "either ifmap, filter and psum words, or pooled"),
    "no pad": ("{ifmap: 12, filter: 224, psum: 24}", "{}", "or pooled words; given: nothing"),
    "less than no pad": ("psum: 24", "psum: -1", "RF words, psum, must be .* of at least 0"),
    "unknown path": ("through_glb", "trough_glb", "unknown ofmap_path.*did you mean 'through_glb'"),
    "unknown gating": (
        'gating: "ifmap"',
        "gating: filters",
        "unknown gating 'filters'.*none, ifmap",
    ),
    "gating is true": (
        'gating: "ifmap"',
        "gating: true",
        "unknown gating True: known: none",
    ),
    "unknown unit": ('unit: "mac"', "unit: J", "a.yaml: energy: unknown energy unit 'J'"),
    "negative cost": ("dram: 200", "dram: -1", "a.yaml: energy: dram must be a number from 0"),
    "NaN cost": ("dram: 200", "dram: .nan", "a.yaml: line .*not a finite number"),
    "operand missing": ("glb: 6", "glb: {ifmap: 6}", "energy: glb: missing keys: filter, psum"),
    "fill missing": ("glb: 6", "glb: {read: 6, write: 6}", "energy: glb: missing key: fill"),
    "kind unknown": ("glb: 6", "glb: {raed: 6}", "energy: glb: unknown key 'raed'.*'read'"),
    "negative bus": (
        "filter: 4",
        "filter: -4",
        "words per cycle of the filter bus must be a",
    ),
    "negative overhead": ("cycles: 400", "cycles: -1", "pass_overhead_cycles must be a number"),
    "endless bus": ("filter: 4", "filter: 1e-13", "filter bus must be 0 or at least 1e-12, not 1e"),
    "no clock": ("clock_mhz: 200", "clock_mhz: 0", "clock_mhz must be more than 0"),
    "no bits": ("word_bits: 16", "word_bits: 0", "word_bits must be a whole number of at least 1"),
    "name is a number": (
        'name: "eyeriss"',
        "name: 1",
        "name of an architecture must be text",
    ),
    "anchor": ("dram: 200", "dram: &a 200", "a.yaml: line .*anchors"),
    "tag": ("dram: 200", "dram: !!python/name:os.system", "a.yaml: line .*tags"),
    "twice": ("rows: 12", "rows: 12, rows: 12", "key 'rows' is there twice"),
}


@pytest.mark.parametrize(("good", "bad", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_bad_file_is_refused_in_one_line(good: str, bad: str, message: str) -> None:
    assert good in GOOD
    with pytest.raises(InvalidInput, match=message) as caught:
        Architecture.parse(GOOD.replace(good, bad, 1), where="a.yaml")
    assert str(caught.value).startswith("a.yaml: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rf": 256}, "rf must be of Scratchpads, not 256"),
        ({"energy": None}, "energy must be of EnergyTable, not None"),
        ({"buses": {}}, "buses must be of Buses"),
        ({"rows": True}, "rows must be a whole number of at least 1, not True"),
        ({"source": 3}, "source must be text, not 3"),
        ({"clock_mhz": float("nan")}, "clock_mhz must be a number of at least 0, not nan"),
        ({"glb_words": 2**64}, "glb_words must be a whole number of at most 9223372036854775807"),
    ],
)
def test_bad_values_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        architectures.eyeriss().replace(**change)
