"""Dataflows of one's own: words, files, and what is refused."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

import energysim as es
from energysim.dataflow import dataflow_text, parse_dataflow

WORDS: dict[str, Any] = es.dataflows()[1].to_dict() | {"name": "mine"}
TEXT = dataflow_text(es.Dataflow(**WORDS))


@pytest.mark.parametrize("dataflow", es.dataflows(), ids=lambda dataflow: dataflow.name)
def test_words_make_it_again(dataflow: es.Dataflow) -> None:
    assert es.Dataflow(**dataflow.to_dict()) is not None
    assert es.Dataflow(**dataflow.to_dict()) == dataflow
    assert parse_dataflow(dataflow_text(dataflow)) == dataflow
    assert pickle.loads(pickle.dumps(dataflow)) == dataflow


def test_it_is_a_value() -> None:
    mine = es.Dataflow(**WORDS)
    assert mine == es.Dataflow(**WORDS) and len({mine, es.Dataflow(**WORDS)}) == 1
    assert mine != es.dataflows()[1]
    assert repr(mine) == "<Dataflow 'mine'>"
    with pytest.raises(AttributeError):
        mine.name = "x"  # type: ignore[misc]


def test_mappings_of_it_travel(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT, encoding="utf-8")
    mine = es.load_dataflow(path)
    layer = es.Layer("conv", M=8, C=4, H=9, W=9, R=3, S=3)
    found = es.search(layer, "eyeriss", mine)
    assert found.mapping.dataflow == "mine"
    again = pickle.loads(pickle.dumps(found.mapping))
    assert again == found.mapping
    assert es.count(layer, "eyeriss", again) == found.counts
    assert es.count(layer, "eyeriss", again, backend="reference") == found.counts
    assert es.simulate([layer], "eyeriss", mine).dataflow == "mine"


def changed(**changes: Any) -> dict[str, Any]:
    return WORDS | changes


def tiles(**changes: str) -> dict[str, Any]:
    return changed(tiles=WORDS["tiles"] | changes)


def scheme(**changes: Any) -> dict[str, Any]:
    return changed(schemes={"chip": WORDS["schemes"]["chip"] | changes})


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "unknown word": (
        changed(tils={}),
        "tils: unknown word of a dataflow 'tils': did you mean 'tiles'",
    ),
    "nothing": ({}, "name is missing"),
    "no tiles": ({k: v for k, v in WORDS.items() if k != "tiles"}, "tiles is missing"),
    "taken name": (changed(name="rs"), "name: 'rs' is the name of a built-in dataflow"),
    "name of none": (changed(name=""), "it has no name"),
    "name of no text": (changed(name=3), "name: name must be text, not 3"),
    "array": (changed(array="grid"), "array: unknown array .* 'grid'.*: known: pool"),
    "half a grid": (changed(array={"vertical": "R"}), "array: horizontal is missing"),
    "side in time": (
        changed(array={"vertical": "R", "horizontal": "F"}),
        "array: the grid has F for a side, which is not cut in space",
    ),
    "unknown dimension": (tiles(K="one same one same"), "tiles: K: unknown dimension 'K'"),
    "groups": (tiles(G="same same one same"), "tiles: G: the loop over groups is always outermost"),
    "unknown tile": (
        tiles(N="same same fre one"),
        "tiles: N: unknown tile 'fre': did you mean 'free'",
    ),
    "three tiles": (tiles(N="same same free"), "tiles: N: give four words"),
    "space and time": (
        tiles(C="same free free one"),
        "tiles: C: it is cut in space and streamed inside the PE at once",
    ),
    "never fits": (
        tiles(C="same free untiled same"),
        "tiles: C: a PE that takes all of it leaves nothing to other PEs",
    ),
    "no scheme": (changed(schemes={}), "schemes: it has no loop orders"),
    "loop left out": (
        scheme(dram="M N E F"),
        "schemes: chip: dram: the loops leave out C, which is cut into tiles there",
    ),
    "loop twice": (scheme(dram="M N E F C C"), "schemes: chip: dram: C is there twice"),
    "loops of no names": (scheme(dram=7), "schemes: chip: dram: loops must be a list of names"),
    "word of a scheme": (scheme(dramm="M"), "schemes: chip: dramm: unknown word of a scheme"),
    "GLB tile": (scheme(tiles={"E": "big"}), "schemes: chip: tiles: E: unknown tile 'big'"),
    "letter of what is not free": (
        changed(letters=WORDS["letters"] | {"x": "S pe"}),
        "letters: x: it stands for a tile of S that is not free",
    ),
    "no letter": (
        changed(letters={k: v for k, v in WORDS["letters"].items() if k != "m"}),
        "letters: the glb tile of M is free; give it a letter",
    ),
    "place of a letter": (
        changed(letters=WORDS["letters"] | {"m": "M dram"}),
        "letters: m: unknown place 'dram': known: pe, pass, glb",
    ),
    "contradiction": (
        scheme(operands={"ifmap": {"levels": "dram noc rf", "refetch": "always"}}),
        "schemes: chip: operands: ifmap: refetch: always speaks of its tile in the GLB",
    ),
    "operand": (scheme(operands={"weights": {}}), "operands: unknown operand 'weights'"),
}


@pytest.mark.parametrize(("words", "message"), BAD.values(), ids=BAD)
def test_bad_words_are_refused_with_the_place(words: dict[str, Any], message: str) -> None:
    with pytest.raises(es.InvalidInput, match=message):
        es.Dataflow(**words)


def line_of(text: str, part: str) -> int:
    return next(i for i, line in enumerate(text.splitlines(), 1) if part in line)


@pytest.mark.parametrize(
    ("before", "after", "at", "reason"),
    [
        ("M: free free free same", "M: free free fre same", "M: free", "unknown tile 'fre'"),
        ("dram: M N E F C", "dram: M N E F", "dram: M N E F", "the loops leave out C"),
        ("summary:", "sumary:", "sumary:", "did you mean 'summary'"),
        ("vertical: R", "vertical: S", "array:", "the grid has S for a side"),
        ("m: M glb", "m: M dram", "m: M dram", "unknown place 'dram'"),
    ],
)
def test_bad_files_are_refused_with_the_line(before: str, after: str, at: str, reason: str) -> None:
    assert before in TEXT
    bad = TEXT.replace(before, after)
    with pytest.raises(es.InvalidInput) as raised:
        parse_dataflow(bad, "mine.yaml")
    assert str(raised.value).startswith(f"mine.yaml: line {line_of(bad, at)}: ")
    assert reason in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: [", "mine.yaml: line [0-9]+, column [0-9]+: not valid YAML"),
        ("- a", "the top level is a list, but must be a mapping"),
        ("name: a\nname: b", "line 2: key 'name' is there twice"),
        ("name: !!python/object a", "line 1: tags"),
        ("", "the file is empty"),
    ],
)
def test_what_is_no_yaml(text: str, message: str) -> None:
    with pytest.raises(es.InvalidInput, match=message):
        parse_dataflow(text, "mine.yaml")


def test_dataflow_that_fits_nowhere_says_why() -> None:
    words = tiles(N="whole same untiled one", E="same free one same")
    words["letters"] = {k: v for k, v in words["letters"].items() if k != "n"}
    greedy = es.Dataflow(**words)
    layer = es.Layer("conv", N=40000, M=8, C=4, H=9, W=9, R=3, S=3)
    with pytest.raises(es.NoMapping, match="the GLB needs .* there are 51200"):
        es.search(layer, "eyeriss", greedy)
