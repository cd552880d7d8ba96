"""Problems of Timeloop: what is read, written and refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import energysim as es
from energysim.errors import InvalidInput
from energysim.frontends import from_timeloop, parse_timeloop, to_timeloop

# A depthwise problem, whose dimension C selects words of all data spaces.
DEPTHWISE = """
problem:
  shape:
    name: dw
    dimensions: [R, S, P, Q, C, N]
    coefficients:
      - {name: Wstride, default: 1}
      - {name: Hstride, default: 1}
    data-spaces:
      - name: Weights
        projection: [[[C]], [[R]], [[S]]]
      - name: Inputs
        projection: [[[N]], [[C]], [[R], [P, Wstride]], [[S], [Q, Hstride]]]
      - name: Outputs
        projection: [[[N]], [[C]], [[Q]], [[P]]]
        read-write: true
  instance: {R: 3, S: 5, P: 7, Q: 8, C: 16, N: 2, Wstride: 2}
"""

GEMM = """
problem:
  shape:
    dimensions: [A, B, K]
    data_spaces:
      - {name: X, projection: [[[A]], [[K]]]}
      - {name: Y, projection: [[[K]], [[B]]]}
      - {name: Z, projection: [[[A]], [[B]]], read_write: true}
  instance: {A: 4, B: 5, K: 6}
"""


def test_roles_follow_from_data_spaces() -> None:
    assert parse_timeloop(DEPTHWISE, name="dw") == es.Layer(
        "dw", N=2, G=16, M=1, C=1, H=12, W=15, R=5, S=3, stride=(1, 2)
    )


def test_product_of_matrices() -> None:
    assert parse_timeloop(GEMM).macs == 4 * 5 * 6


@pytest.mark.parametrize("name", es.networks.names())
def test_round_trip_keeps_what_is_computed(name: str) -> None:
    for layer in es.networks.get(name, batch=2):
        back = parse_timeloop(to_timeloop(layer), name=layer.name)
        assert (back.macs, back.filter_words, back.ofmap_words) == (
            layer.macs, layer.filter_words, layer.ofmap_words,
        )  # fmt: skip
        assert to_timeloop(back) == to_timeloop(layer)
        if not any(layer.padding):
            rows = (layer.E - 1) * layer.stride[0] + (layer.R - 1) * layer.dilation[0] + 1
            columns = (layer.F - 1) * layer.stride[1] + (layer.S - 1) * layer.dilation[1] + 1
            assert back == layer.replace(H=rows, W=columns)


def test_rows_and_columns_are_not_mixed_up() -> None:
    layer = es.Layer("conv", M=2, C=3, H=17, W=20, R=3, S=4, stride=(2, 3), dilation=(1, 2))
    assert parse_timeloop(to_timeloop(layer), name="conv") == layer.replace(W=19)


def test_images_with_filters_of_their_own_are_groups() -> None:
    layer = es.Layer("qk", N=2, G=3, M=7, C=4, H=1, W=7, R=1, S=1, own_filters=True)
    back = parse_timeloop(to_timeloop(layer))
    assert (back.N, back.G, back.macs) == (1, 6, layer.macs)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "dw.yaml"
    path.write_text(DEPTHWISE)
    network = from_timeloop(path)
    assert (network.name, network.batch, len(network)) == ("dw", 2, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "keys problem and shape"),
        ("problem: {shape: fancy}", "must be a mapping or cnn-layer"),
        ("problem: {shape: cnn-layer, instance: {C: 3}}", "no size for 'R': add it"),
        ("problem: {shape: cnn-layer, instance: 3}", "instance must be a mapping"),
        (DEPTHWISE.replace("R: 3", "R: 0"), "instance: R must be a whole number of at least 1"),
        (DEPTHWISE.replace("read-write: true", ""), "one data space must be read_write"),
        (DEPTHWISE.replace("[[N]], [[C]], [[Q]]", "[[C]], [[Q]]"), "not a convolution"),
        (DEPTHWISE.replace("[R], [P, Wstride]", "[R], [S], [P]"), "is no sliding window"),
        (DEPTHWISE.replace("[R], [P", "[X], [P"), "projection .* is not read"),
        (DEPTHWISE.replace("dimensions: [R, S, P, Q, C, N]", "dimensions: 3"), "list of names"),
        ("problem: &a {shape: *a}", "anchors"),
        ("problem: !!python/object/apply:os.system [ls]", "tags"),
    ],
)
def test_bad_problems_are_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        parse_timeloop(text, "net.yaml")
    assert str(caught.value).startswith("net.yaml: ") and "\n" not in str(caught.value)
