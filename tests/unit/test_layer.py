"""Layers: sizes that follow from the shape, immutability, and what is refused."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energysim import CountOverflow, InvalidInput, Layer

SHAPE: dict[str, Any] = {"M": 8, "C": 3, "H": 9, "W": 7, "R": 3, "S": 2}
LARGEST = 2**63 - 1

sizes = st.integers(1, 9)


def make(**changes: Any) -> Layer:
    return Layer("a", **(SHAPE | changes))


# --- What follows from the shape ----------------------------------------------------------


def test_conv1_of_alexnet() -> None:
    layer = Layer("CONV1", N=4, M=96, C=3, H=227, W=227, R=11, S=11, stride=4)
    assert (layer.E, layer.F) == (55, 55)
    assert layer.macs == 4 * 96 * 3 * 11 * 11 * 55 * 55
    assert layer.ifmap_words == 4 * 3 * 227 * 227
    assert layer.filter_words == 96 * 3 * 11 * 11
    assert layer.ofmap_words == 4 * 96 * 55 * 55


def test_groups_multiply_all_totals() -> None:
    one, three = make(), make(G=3)
    for total in ("macs", "ifmap_words", "filter_words", "ofmap_words"):
        assert getattr(three, total) == 3 * getattr(one, total)


def test_attributes_are_what_was_given() -> None:
    layer = make(N=2, G=3, stride=(2, 1), padding=(1, 2, 3, 4), dilation=[2, 3])
    given_sizes = {name: getattr(layer, name) for name in ("N", "G", *SHAPE)}
    assert given_sizes == SHAPE | {"N": 2, "G": 3}
    assert (layer.name, layer.stride, layer.dilation) == ("a", (2, 1), (2, 3))
    assert layer.padding == (1, 2, 3, 4)
    assert layer.E == (9 + 1 + 2 - (2 * 2 + 1)) // 2 + 1
    assert layer.F == (7 + 3 + 4 - (1 * 3 + 1)) // 1 + 1


def test_numbers_for_both_axes_and_all_sides() -> None:
    assert make(stride=2, padding=1, dilation=2) == make(
        stride=(2, 2), padding=(1, 1, 1, 1), dilation=(2, 2)
    )
    assert make(padding=(1, 2)) == make(padding=(1, 1, 2, 2))


@given(
    h=st.integers(1, 30), r=sizes, pad=st.integers(0, 5), stride=sizes, dilation=st.integers(1, 3)
)
def test_ofmap_rows_are_the_positions_of_the_filter(
    h: int, r: int, pad: int, stride: int, dilation: int
) -> None:
    reach = (r - 1) * dilation + 1
    positions = len(range(0, h + 2 * pad - reach + 1, stride))
    window = {"stride": (stride, 1), "padding": (pad, 0), "dilation": (dilation, 1)}
    if positions == 0:
        with pytest.raises(InvalidInput, match="padded ifmap"):
            make(H=h, R=r, **window)
    else:
        assert make(H=h, R=r, **window).E == positions


def test_numpy_integers_are_integers() -> None:
    assert make(M=np.int32(8), stride=np.array([2, 1])) == make(stride=(2, 1))


# --- A value ------------------------------------------------------------------------------


def test_equal_layers_have_equal_hashes() -> None:
    assert make() == make()
    assert hash(make()) == hash(make())


@pytest.mark.parametrize(
    "change",
    [
        {name: 5} if name != "R" else {"R": 2}
        for name in ("N", "G", "M", "C", "H", "W", "R", "padding")
    ]
    + [{"S": 1}, {"stride": (1, 2)}, {"dilation": (1, 2)}, {"padding": (0, 0, 0, 1)}],
)
def test_layers_differ_in_every_argument(change: dict[str, Any]) -> None:
    assert make(**change) != make()
    assert len({make(**change), make()}) == 2


def test_layers_differ_in_their_names_and_from_other_things() -> None:
    assert Layer("b", **SHAPE) != make()
    assert make() != "a"


@pytest.mark.parametrize(
    "layer",
    [make(), make(N=2, G=3, stride=(2, 1), padding=(1, 2, 3, 4), dilation=2), make(padding=(1, 2))],
)
def test_repr_and_pickle_and_copy_give_it_back(layer: Layer) -> None:
    assert eval(repr(layer)) == layer
    assert pickle.loads(pickle.dumps(layer)) == layer
    assert copy.deepcopy(layer) == layer


def test_repr_leaves_defaults_out() -> None:
    assert repr(make()) == "Layer('a', M=8, C=3, H=9, W=7, R=3, S=2)"
    assert "stride=2, padding=(0, 1)" in repr(make(stride=2, padding=(0, 1)))


def test_with_batch_and_replace_change_a_copy() -> None:
    layer = make(stride=2)
    assert layer.with_batch(4) == make(stride=2, N=4)
    assert layer.replace(name="b", C=5) == Layer("b", **(SHAPE | {"C": 5, "stride": 2}))
    assert layer == make(stride=2)


def test_layer_is_immutable() -> None:
    layer = make()
    for name in ("M", "name", "E", "macs", "new"):
        with pytest.raises(AttributeError):
            setattr(layer, name, 1)


# --- What is refused ----------------------------------------------------------------------

NOT_WHOLE = [True, 1.0, float("nan"), "3", None, 2 + 0j, np.float64(3), [3]]


@pytest.mark.parametrize("name", ["N", "G", "M", "C", "H", "W", "R", "S"])
@pytest.mark.parametrize("value", NOT_WHOLE, ids=repr)
def test_sizes_that_are_no_integers(name: str, value: object) -> None:
    with pytest.raises(InvalidInput, match=f"^layer 'a': {name} must be a whole number, not "):
        make(**{name: value})


@pytest.mark.parametrize("name", ["stride", "padding", "dilation"])
@pytest.mark.parametrize("value", [*NOT_WHOLE[:-1], (1, 2.0), [True, 1]], ids=repr)
def test_windows_that_are_no_integers(name: str, value: object) -> None:
    with pytest.raises(InvalidInput, match=f"^layer 'a': {name} must be a whole number, not "):
        make(**{name: value})


@pytest.mark.parametrize(
    ("name", "lists"), [("stride", "2"), ("dilation", "2"), ("padding", "2 or 4")]
)
@pytest.mark.parametrize("value", [[], [1], (1, 2, 3), [1] * 5], ids=repr)
def test_windows_of_the_wrong_length(name: str, lists: str, value: object) -> None:
    message = f"^layer 'a': {name} must be a whole number or a list of {lists}, not "
    with pytest.raises(InvalidInput, match=message):
        make(**{name: value})


@pytest.mark.parametrize("name", ["N", "G", "M", "C", "H", "W", "R", "S"])
@pytest.mark.parametrize("value", [0, -1, -(2**63)])
def test_sizes_below_one(name: str, value: int) -> None:
    with pytest.raises(
        InvalidInput, match=rf"^layer 'a': {name} \(.*\) must be at least 1, got {value}"
    ):
        make(**{name: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stride": 0}, "vertical stride must be at least 1, got 0"),
        ({"stride": (1, -2)}, "horizontal stride must be at least 1, got -2"),
        ({"dilation": (1, 0)}, "horizontal dilation must be at least 1, got 0"),
        ({"padding": (0, 0, -1, 0)}, "left padding must be at least 0, got -1"),
        ({"R": 10}, "reaches over 10 ifmap rows but the padded ifmap has 9.*or pad more"),
        ({"S": 5, "dilation": (1, 2)}, "reaches over 9 ifmap columns .* has 7"),
    ],
)
def test_windows_that_do_not_fit(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=f"^layer 'a': .*{message}"):
        make(**change)


@pytest.mark.parametrize("value", [LARGEST + 1, -(2**63) - 1, 10**5000], ids=["+", "-", "huge"])
def test_sizes_beyond_64_bits(value: int) -> None:
    with pytest.raises(CountOverflow, match="^layer 'a': M does not fit 64 bits"):
        make(M=value)


@pytest.mark.parametrize(
    "change", [{"M": LARGEST}, {"N": 2**40, "M": 2**30}, {"H": LARGEST, "padding": 1}]
)
def test_totals_beyond_64_bits(change: dict[str, Any]) -> None:
    with pytest.raises(CountOverflow, match="^layer 'a': .*64 bits.*make the layer"):
        make(**change)


def test_largest_total_is_exact() -> None:
    layer = Layer("a", M=LARGEST, C=1, H=1, W=1, R=1, S=1)
    assert layer.macs == LARGEST


@pytest.mark.parametrize("name", [1, None, b"a", "\ud800"], ids=repr)
def test_names_that_are_no_text(name: Any) -> None:
    with pytest.raises(InvalidInput, match="a layer's name must be text"):
        Layer(name, **SHAPE)


def test_missing_and_unknown_arguments_are_named() -> None:
    with pytest.raises(TypeError, match=r"^Layer\(\): missing arguments: C, S$"):
        Layer("a", M=1, H=1, W=1, R=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"unknown argument 'strides': did you mean 'stride'\?"):
        make(strides=1)
    with pytest.raises(TypeError, match=r"^Layer.replace\(\): unknown argument 'K': known: name"):
        make().replace(K=1)
    with pytest.raises(TypeError, match="only the name may stand without a keyword"):
        Layer("a", 1, **SHAPE)  # type: ignore[misc]


def test_with_batch_refuses_what_the_layer_refuses() -> None:
    with pytest.raises(InvalidInput, match="N must be a whole number, not 1.5"):
        make().with_batch(1.5)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="at least 1, got 0"):
        make().with_batch(0)


def test_images_with_filters_of_their_own() -> None:
    layer = Layer("qk", N=3, G=2, M=7, C=5, H=1, W=6, R=1, S=1, own_filters=True)
    assert layer.filter_words == 3 * 2 * 7 * 5
    assert layer.macs == layer.replace(own_filters=False).macs
    assert layer.with_batch(1).filter_words == 2 * 7 * 5
    assert pickle.loads(pickle.dumps(layer)) == layer != layer.replace(own_filters=False)
    assert repr(layer).endswith("own_filters=True)") and eval(repr(layer)) == layer
    with pytest.raises(InvalidInput, match="own_filters must be True or False, not 1"):
        layer.replace(own_filters=1)
