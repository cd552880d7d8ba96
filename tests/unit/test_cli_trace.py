"""The command ``energysim trace``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cross.convolution import random_tensors
from unit.command import out, run

import energysim as es
from energysim.errors import InvalidInput

LAYER = es.Layer("layer", N=2, M=6, C=4, H=9, W=8, R=3, S=3, padding=1)
IFMAP, FILTERS = random_tensors(LAYER, 1)


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("both.npz", ifmap=IFMAP, filters=FILTERS)
    np.savez_compressed("packed.npz", ifmap=IFMAP, filters=FILTERS)
    np.save("ifmap.npy", IFMAP)
    np.save("filters.npy", FILTERS)
    np.save("real.npy", FILTERS / 7)


def expected() -> es.Trace:
    density = np.count_nonzero(IFMAP) / IFMAP.size
    mapping = es.search(LAYER, "eyeriss", ifmap_density=density).mapping
    return es.trace(LAYER, "eyeriss", mapping, IFMAP, FILTERS)


def json_of(*words: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(out("trace", *words, "--json", "-"))
    return read


@pytest.mark.parametrize("words", ["both.npz", "packed.npz", "ifmap.npy filters.npy"])
def test_files_of_every_kind(words: str) -> None:
    read = json_of(*words.split(), "--padding", "1")
    assert expected().to_dict().items() <= read.items()
    assert read["closed_form_by_level"] == expected().closed_form_by_level()
    assert read["dataflow"] == "rs"


def test_table() -> None:
    text = out("trace", "both.npz", "--padding", "1")
    traced = expected()
    assert re.search(rf"^MACs +{traced.gated.macs:,} +{LAYER.macs:,}", text, re.M)
    bits = traced.dram_words()["ofmap"]["rlc_bits"]
    assert re.search(rf"^ofmap .* {bits:,} ", text, re.M)
    assert "closed form   these tensors   difference" in text


def test_mapping_by_letters() -> None:
    words = ("both.npz", "--padding", "1", "--mapping")
    letters = json_of(*words, "m=6,e=3,q=2", "--dataflow", "rs-chip")["mapping"]["letters"]
    assert {key: letters[key] for key in "meq"} == {"m": 6, "e": 3, "q": 2}
    assert json_of(*words, "ifmaps:e=3")["mapping"]["scheme"] == "ifmaps"


def test_real_numbers_are_quantized() -> None:
    read = json_of("ifmap.npy", "real.npy", "--padding", "1", "--quantize", "8", "--bits", "8")
    assert read["macs"] == LAYER.macs


def test_groups_strides_and_fully_connected() -> None:
    assert json_of("both.npz", "--stride", "2x1", "--dilation", "1x2")["macs"] == 2 * 6 * 4 * 9 * 16
    np.save("w.npy", FILTERS[:, :2])
    assert (
        json_of("ifmap.npy", "w.npy", "--groups", "2", "--padding", "1")["macs"] == LAYER.macs // 2
    )
    np.save("x.npy", IFMAP[:, :, 0, 0])
    np.save("w.npy", FILTERS[:, :, 0, 0])
    assert json_of("x.npy", "w.npy")["macs"] == 2 * 6 * 4


def check_error(words: str, message: str) -> None:
    result = run("trace", *words.split())
    assert result.exit_code == 2, result.output
    assert (result.stdout, result.stderr.count("\n")) == ("", 1)
    assert re.search(f"^error: {message}", result.stderr), result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "Missing argument 'FILE"),
        ("none.npz", "cannot read none.npz: No such file"),
        ("ifmap.npy", "ifmap.npy has one array: give the file of the filters too"),
        ("both.npz both.npz", "both.npz: give one .npz file, or two .npy files"),
        ("a b c", "give one .npz file, or an ifmap and a filters .npy file"),
        ("ifmap.npy real.npy", "real numbers have to be rounded .* give --quantize BITS"),
        ("ifmap.npy real.npy --quantize 99", "bits must be at most 16"),
        ("both.npz --bits 7", "ifmap: the value .* does not fit 7 bits"),
        ("both.npz --bits 0", "ifmap_bits must be a whole number of at least 2"),
        ("both.npz --psum-bits 12", "a partial sum of .* give psums more bits"),
        ("both.npz --stride 0", "layer 'layer': the vertical stride must be at least 1"),
        ("both.npz --stride x", "--stride must be a whole number, not 'x'"),
        ("both.npz --padding 1.5", "--padding must be a whole number"),
        ("both.npz --groups 3", "an ifmap of 4 channels and 6 filters of 4 channels do not make 3"),
        ("both.npz --groups 0", "an ifmap of 4 channels"),
        ("both.npz --mapping m=0", ".*m must be at least 1"),
        ("both.npz --mapping m", "--mapping: m must be a whole number, not ''"),
        ("both.npz --mapping m=1,m=2", "--mapping: m is there twice"),
        ("both.npz --mapping z=1", "unknown letter of rs 'z'"),
        ("both.npz --mapping psms:m=1", "unknown loop order of rs 'psms'"),
        ("both.npz --dataflow rss", "unknown dataflow 'rss'"),
        ("both.npz --threads -1", "threads must be a whole number of at least 0"),
        ("both.npz --arch nope", "unknown architecture 'nope'"),
    ],
)
def test_bad_words(words: str, message: str) -> None:
    check_error(words, message)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 2, 2, 2, 2), dtype=int), r"the ifmap \(N, C, H, W\) must have four dimens"),
        (np.zeros((0, 4, 9, 8), dtype=int), "the ifmap .* must have four dimensions"),
        (np.zeros((2, 4, 9, 8), dtype="U3"), "ifmap: integers are needed, not <U3"),
        (np.zeros((2, 4, 9, 8), dtype=complex), "ifmap: integers are needed, not complex128"),
        (np.full((2, 4, 9, 8), 40000), "ifmap: the value 40000 at .* does not fit 16 bits"),
        (np.full((2, 4, 9, 8), np.nan), "real numbers have to be rounded"),
        (np.zeros((2, 4, 2, 2), dtype=int), "layer 'layer': the filter reaches over 3"),
    ],
)
def test_bad_tensors(array: np.ndarray, message: str) -> None:
    np.save("bad.npy", array)
    check_error("bad.npy filters.npy", message)


def test_not_a_number_is_not_quantized() -> None:
    np.save("bad.npy", np.full((2, 4, 9, 8), np.nan))
    check_error("bad.npy real.npy --quantize 8", "values must be finite")


def test_pickles_are_not_loaded() -> None:
    np.save("bad.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    check_error("bad.npy filters.npy", "bad.npy is no .npy or .npz file .* is not loaded")
    Path("bad.npy").write_bytes(b"no array")
    check_error("bad.npy filters.npy", "bad.npy is no .npy or .npz file")


@pytest.mark.parametrize("name", ["both.npz", "packed.npz", "ifmap.npy"])
def test_damaged_files_end_with_one_line(name: str) -> None:
    """Whatever is cut off or overwritten, there is a result or a one-line error."""
    whole = Path(name).read_bytes()
    rng = np.random.default_rng(1)
    for cut in (0, 1, 5, 60, 100, 130, len(whole) // 2, len(whole) - 3):
        Path("bad.npz").write_bytes(whole[:cut])
        check_error("bad.npz filters.npy", "")
    for _ in range(60):
        damaged = bytearray(whole)
        for place in rng.integers(0, min(len(whole), 400), 3):
            damaged[place] = rng.integers(0, 256)
        Path("bad.npz").write_bytes(damaged)
        result = run("trace", "bad.npz", *(["filters.npy"] if name == "ifmap.npy" else []))
        assert result.exit_code in (0, 2), result
        assert result.exception is None or isinstance(result.exception, SystemExit)


def test_layers_of_bad_tensors() -> None:
    from energysim.cli.arrays import layer_of_tensors

    with pytest.raises(InvalidInput, match="must have four dimensions"):
        layer_of_tensors(IFMAP, FILTERS[0], groups=1)
