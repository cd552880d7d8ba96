"""The text format of the published estimation tool: what it means, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import energysim as es
from energysim.errors import InvalidInput
from energysim.frontends import tool_text
from energysim.frontends.tool_text import FIELDS

CONV1 = "1,227,227,3,2,1000,16,11,11,3,96,34848,8,55,55,96,2,290400,12,4,4,0,0,0,0"
CONV2 = "2,27,27,96,2,0,16,5,5,48,256,0,16,27,27,256,2,0,16,1,1,2,2,2,2"
GOOD = f"{CONV1}\n\n{CONV2}\n"


def changed(field: str, value: str, line: str = CONV1) -> str:
    words = line.split(",")
    words[FIELDS.index(field)] = value
    return ",".join(words)


def test_fields_have_their_published_order() -> None:
    assert len(FIELDS) == 25
    assert FIELDS[0] == "layer index"
    assert FIELDS[5:7] == ("ifmap zero entries", "ifmap bits")
    assert FIELDS[10] == "filter filters"
    assert FIELDS[18:21] == ("ofmap bits", "stride y", "stride x")
    assert FIELDS[-1] == "padding right"


def test_a_line_is_a_layer() -> None:
    network, data = tool_text.parse(GOOD, name="two")
    assert (network.name, network.batch, network.layer_names) == ("two", 2, ("layer1", "layer2"))
    conv1, conv2 = network
    assert (conv1.stride, conv1.E, conv1.G, conv1.M) == ((4, 4), 55, 1, 96)
    assert (conv2.G, conv2.M, conv2.C, conv2.padding) == (2, 128, 48, (2, 2, 2, 2))
    first = data["layer1"]
    assert first.ifmap_density == 1 - 1000 / (227 * 227 * 3 * 2)
    assert first.filter_density == 0.0
    assert first.ofmap_density == 0.5
    assert (first.ifmap_bits, first.filter_bits, first.ofmap_bits) == (16, 8, 12)
    assert first.psum_bits is None


def test_padding_is_full_of_zeros() -> None:
    data = tool_text.parse(GOOD).data["layer2"]
    assert data.ifmap_density == 27 * 27 / (31 * 31)


def test_written_text_reads_back() -> None:
    network, data = tool_text.parse(GOOD)
    text = tool_text.write(network, data)
    assert text == GOOD.replace("\n\n", "\n")
    assert tool_text.parse(text, name="network") == (network, data)


@pytest.mark.parametrize("name", es.networks.names())
def test_every_network_can_be_written(name: str) -> None:
    network = es.networks.get(name, batch=3)
    again = tool_text.parse(tool_text.write(network), in_sequence=False).network
    assert [layer.macs for layer in again] == [layer.macs for layer in network]
    assert [layer.ifmap_words for layer in again] == [layer.ifmap_words for layer in network]


def test_file_gives_the_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text(GOOD, encoding="utf-8")
    assert tool_text.load(path).network.name == "mine"
    path.write_text(changed("ifmap bits", "0"), encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        tool_text.load(path)
    assert str(caught.value).startswith(f"{path}: line 1: ifmap bits must be")


def test_flat_ifmap_follows_any_fmap() -> None:
    fc = "2,1,1,290400,2,0,16,1,1,290400,10,0,16,1,1,10,2,0,16,1,1,0,0,0,0"
    assert tool_text.parse(f"{CONV1}\n{fc}").network["layer2"].C == 290400


def test_branches_need_to_be_said() -> None:
    text = f"{CONV1}\n{changed('layer index', '2', CONV1)}"
    with pytest.raises(InvalidInput, match="line 2: ifmap channels must be 96, .*in_sequence"):
        tool_text.parse(text)
    assert len(tool_text.parse(text, in_sequence=False).network) == 2


def test_dilation_has_no_place() -> None:
    layer = es.Layer("a", M=1, C=1, H=9, W=9, R=3, S=3, dilation=2)
    with pytest.raises(InvalidInput, match="'a' is dilated"):
        tool_text.write(es.Network("n", (layer,)))


BAD = {
    "no lines": ("\n \n", "tool: no layers"),
    "24 fields": (CONV1.rpartition(",")[0], "tool: line 1: 24 fields, but a layer has 25: layer"),
    "26 fields": (f"{CONV1},0", "line 1: 26 fields"),
    "spaces for commas": (CONV1.replace(",", " "), "line 1: 1 fields"),
    "second line": (f"{CONV1}\n\n{CONV1},", "line 3: 26 fields"),
    "text": (changed("stride y", "four"), "line 1: stride y must be a whole number.*'four'"),
    "empty": (changed("padding top", ""), "padding top must be a whole number of at least 0, not"),
    "fraction": (changed("ifmap height", "22.5"), "ifmap height must be .*not '22.5'"),
    "NaN": (changed("ifmap zero entries", "nan"), "ifmap zero entries must be .*not 'nan'"),
    "negative": (changed("filter zero entries", "-1"), "filter zero entries must be .*not '-1'"),
    "huge": (changed("ifmap maps", "9" * 5000), "ifmap maps must be a whole number"),
    "zero bits": (changed("filter bits", "0"), "filter bits must be .* at least 1, not '0'"),
    "negative bits": (changed("ofmap bits", "-8"), "ofmap bits must be .* at least 1, not '-8'"),
    "wide bits": (changed("ofmap bits", "17"), "line 1: ofmap bits must be at most 16, not 17"),
    "more zeros than entries": (
        changed("ifmap zero entries", str(227 * 227 * 3 * 2 + 1)),
        "line 1: ifmap zero entries must be at most the 309174 entries",
    ),
    "wrong index": (changed("layer index", "7"), "line 1: layer index must be 1, .*not 7"),
    "wrong ofmap": (changed("ofmap height", "54"), "line 1: ofmap height must be 55, .*not 54"),
    "wrong filters": (changed("ofmap channels", "95"), "line 1: ofmap channels must be 96"),
    "other maps": (changed("ofmap maps", "1"), "line 1: ofmap maps must be 2"),
    "other batch": (
        f"{CONV1}\n{changed('ifmap maps', '3', CONV2)}",
        "line 2: ifmap maps must be 2",
    ),
    "half a group": (changed("filter channels", "2"), "line 1: ifmap channels must be a multiple"),
    "filters of no group": (
        f"{CONV1}\n{changed('filter filters', '255', CONV2)}",
        "line 2: filter filters must be a multiple of the 2 groups",
    ),
    "channels that nobody made": (
        f"{CONV1}\n{changed('filter channels', '24', changed('ifmap channels', '48', CONV2))}",
        "line 2: ifmap channels must be 96, the ofmap channels of the line before, not 48",
    ),
    "filter beyond the ifmap": (changed("filter height", "300"), "line 1: layer 'layer1': "),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_text_is_refused_in_one_line(case: str) -> None:
    text, message = BAD[case]
    with pytest.raises(InvalidInput, match=message) as caught:
        tool_text.parse(text, where="tool")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 900
