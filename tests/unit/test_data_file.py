"""Widths and densities of layers in files."""

from __future__ import annotations

from pathlib import Path

import pytest

from energysim import LayerData
from energysim.data_file import load_data, parse_data
from energysim.errors import InvalidInput

CSV = """\
# measured
layer, ifmap_density, filter_density, ifmap_bits
CONV1, 1, 0.9,
CONV2, 0.6,, 8
"""


def test_csv() -> None:
    assert parse_data(CSV) == {
        "CONV1": LayerData(filter_density=0.9),
        "CONV2": LayerData(ifmap_density=0.6, ifmap_bits=8),
    }


def test_json(tmp_path: Path) -> None:
    path = tmp_path / "data.JSON"
    path.write_text('{"CONV2": {"ifmap_density": 0.6, "ifmap_bits": 8}}', encoding="utf-8")
    assert load_data(path) == {"CONV2": LayerData(ifmap_density=0.6, ifmap_bits=8)}


BAD_CSV = {
    "empty": ("", "data: empty"),
    "no header": ("CONV1,0.5", "data: line 1: must be 'layer' and names of fields"),
    "unknown field": ("layer,ifmap\nCONV1,1", "line 2: unknown field 'ifmap': did you mean"),
    "twice": (CSV + "CONV1,1,1,1", "data: line 5: layer 'CONV1' is there twice"),
    "too few": (CSV + "CONV3,1,1", "line 5: 3 fields, but the first line names 4"),
    "density of 2": (CSV + "CONV3,2,1,1", "line 5: the ifmap density must be a number from 0 to 1"),
    "NaN": (CSV + "CONV3,nan,1,1", "line 5: the ifmap density must be a number"),
    "text": (CSV + "CONV3,half,1,1", "line 5: ifmap_density must be a number, not 'half'"),
    "no bits": (CSV + "CONV3,1,1,0", "line 5: ifmap_bits must be a whole number of at least 1"),
    "half a bit": (CSV + "CONV3,1,1,7.5", "line 5: ifmap_bits must be a number, not '7.5'"),
    "quote": (CSV + 'CONV3,"1', "line 5: "),
}


@pytest.mark.parametrize("case", BAD_CSV)
def test_bad_csv_names_line_and_field(case: str) -> None:
    text, message = BAD_CSV[case]
    with pytest.raises(InvalidInput, match=message) as caught:
        parse_data(text)
    assert "\n" not in str(caught.value)


BAD_JSON = {
    "no JSON": ("{", "data: no JSON: "),
    "deep": ("[" * 100_000, "data: no JSON: "),
    "list": ("[]", "data: must be an object of layers"),
    "number": ('{"a": 1}', "data: a: must be an object of fields, not 1"),
    "twice": ('{"a": {}, "a": {}}', "data: a: layer 'a' is there twice"),
    "field twice": ('{"a": {"ifmap_bits": 1, "ifmap_bits": 2}}', "data: a: a field is there twice"),
    "text": ('{"a": {"ifmap_density": "0.5"}}', "data: a: the ifmap density must be a number"),
    "NaN": ('{"a": {"ifmap_density": NaN}}', "data: a: the ifmap density must be .*not nan"),
    "negative": ('{"a": {"filter_bits": -8}}', "data: a: filter_bits must be a whole number"),
}


@pytest.mark.parametrize("case", BAD_JSON)
def test_bad_json_names_layer_and_field(case: str) -> None:
    text, message = BAD_JSON[case]
    with pytest.raises(InvalidInput, match=message):
        parse_data(text, "json")
