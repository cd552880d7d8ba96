"""Energy reference tables of Accelergy: what they mean, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energysim import AccessCost, EnergyTable, LevelCost, energy_tables
from energysim.errors import InvalidInput, UnknownName
from energysim.ert import load_ert, parse_ert, write_ert

# As Accelergy writes it, shortened.
ERT = """\
ERT:
    version: '0.4'
    tables:
      - name: system_top_level.DRAM[1..1]
        actions:
          - name: write
            arguments: {global_cycle_seconds: 1e-09}
            energy: 512.0
          - name: read
            arguments: {}
            energy: 480.0
          - name: leak
            arguments: {}
            energy: 0.0
      - name: system_top_level.shared_glb[1..1]
        actions:
          - {name: write, arguments: {}, energy: 14.1}
          - {name: read, arguments: {data_delta: 0}, energy: 0.75}
          - {name: read, arguments: {data_delta: 1}, energy: 18.2}
      - name: system_top_level.PE[0..167].ifmap_spad[1..168]
        actions:
          - {name: write, arguments: {}, energy: 0.18}
          - {name: read, arguments: {}, energy: 0.20}
      - name: system_top_level.weights_spad[1..168]
        actions:
          - {name: write, arguments: {}, energy: 1.88}
          - {name: read, arguments: {}, energy: 1.97}
      - name: system_top_level.psum_spad[1..168]
        actions:
          - {name: write, arguments: {}, energy: 0.22}
          - {name: read, arguments: {}, energy: 0.25}
      - name: system_top_level.mac[1..168]
        actions:
          - {name: compute, arguments: {}, energy: 0.21}
"""
NO_WIRES = {"noc": 0}


def test_costs_are_those_of_the_components() -> None:
    table = parse_ert(ERT, "mine.ERT.yaml", components=NO_WIRES)
    assert (table.unit, table.source) == ("pJ", "Accelergy ERT: mine.ERT.yaml")
    assert table.dram.psum == AccessCost(480, 512)
    assert table.glb.ifmap == AccessCost(18.2, 14.1, 14.1)  # a fill is a write
    assert table.noc.filter == AccessCost(0, 0)
    assert table.rf.ifmap == AccessCost(0.2, 0.18, 0.18)
    assert table.rf.filter.read == 1.97
    assert table.rf.psum.write == 0.22
    assert table.mac == 0.21


def test_an_action_may_move_several_words() -> None:
    table = parse_ert(ERT, components=NO_WIRES, words_per_action={"dram": 4, "glb": 2})
    assert (table.dram.ifmap.read, table.glb.ifmap.read, table.rf.ifmap.read) == (120, 9.1, 0.2)


def test_components_may_have_other_names() -> None:
    other = ERT.replace("shared_glb", "Buffer")
    table = parse_ert(other, components={"noc": 1.5, "glb": "top.buffer", "mac": 0.9})
    assert (table.glb.ifmap.read, table.noc.psum.read, table.mac) == (18.2, 1.5, 0.9)


COSTS = st.floats(0, 1e6)
ACCESSES = st.builds(AccessCost, COSTS, COSTS, COSTS)
PLAIN = st.builds(AccessCost, COSTS, COSTS)


@given(
    dram=PLAIN,
    glb=ACCESSES,
    noc=COSTS,
    rf=st.builds(LevelCost, ACCESSES, ACCESSES, ACCESSES),
    mac=COSTS,
)
def test_written_tables_read_back(
    dram: AccessCost, glb: AccessCost, noc: float, rf: LevelCost, mac: float
) -> None:
    source = "Accelergy ERT: ERT"
    table = EnergyTable(dram=dram, glb=glb, noc=noc, rf=rf, mac=mac, unit="pJ", source=source)
    assert parse_ert(write_ert(table)) == table


def test_relative_costs_are_no_ert() -> None:
    with pytest.raises(InvalidInput, match="an ERT is in pJ"):
        write_ert(energy_tables.get("relative"))


def test_costs_by_operand_have_no_component() -> None:
    glb = LevelCost(AccessCost(1, 1), AccessCost(2, 2), AccessCost(1, 1))
    with pytest.raises(InvalidInput, match="costs of glb differ by operand"):
        write_ert(EnergyTable(dram=1, glb=glb, noc=1, rf=1, unit="pJ"))


BAD = {
    "no ERT": ("ERT:", "EAT:", "a.yaml: no Accelergy ERT"),
    "old tables": (ERT, "ERT: {version: 0.2, tables: {a.DRAM: []}}", "no list 'tables'"),
    "no name": ("name: system_top_level.mac", "nome: system_top_level.mac", "must have a name"),
    "no actions": (
        "[1..1]\n        actions:",
        "[1..1]\n        notes:",
        "line 4: .*no list of act",
    ),
    "action without name": ("- name: write", "- nome: write", "line 4: an action of .* no name"),
    "no component": ("shared_glb", "buffer", "no component for glb .*there are: .*buffer"),
    "no read": (
        "name: read, arguments: {}, energy: 0.20",
        "name: idle, energy: 0",
        "line 20: .*PE",
    ),
    "no write": ("energy: 512.0", "energy: 1}\n          - {name: x", "a.yaml: line"),
    "no compute": (
        "name: compute",
        "name: leak",
        "line 32: system_top_level.mac.*no action 'compu",
    ),
    "negative": ("energy: 18.2", "energy: -1", "line 15: .*shared_glb.*: energy of read must be"),
    "NaN": ("energy: 18.2", "energy: .nan", "a.yaml: line 19: .*not a finite number"),
    "text": ("energy: 18.2", "energy: much", "energy of read must be a number.*'much'"),
    "missing energy": (", energy: 18.2", "", "energy of read must be a number .*None"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_file_is_refused_in_one_line(case: str, tmp_path: Path) -> None:
    old, new, message = BAD[case]
    path = tmp_path / "a.yaml"
    assert old in ERT
    path.write_text(ERT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InvalidInput, match=message) as caught:
        load_ert(path, components=NO_WIRES)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_wires_are_not_forgotten() -> None:
    with pytest.raises(InvalidInput, match="no component for noc .*looked for noc, array_noc"):
        parse_ert(ERT)


def test_missing_action_names_line_and_action() -> None:
    text = ERT.replace("name: read, arguments: {}, energy: 0.20", "name: idle, energy: 0.2")
    message = (
        r"ERT: line 20: system_top_level.PE\[0..167\].ifmap_spad\[1..168\] has no action 'read'"
    )
    with pytest.raises(InvalidInput, match=message):
        parse_ert(text, components=NO_WIRES)


def test_unknown_place() -> None:
    with pytest.raises(UnknownName, match="unknown place 'gbl': did you mean 'glb'"):
        parse_ert(ERT, components={"gbl": "x"})
