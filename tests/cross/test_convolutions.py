"""Convolutions as layers, against what they are by definition: which input meets which filter tap.

A convolution in one, two or three dimensions, transposed or not, is lowered to layers.  Here each
is spelled out as the set of its multiply-accumulates, (input, tap, output) by position, and so are
the layers that stand for it; and the layers' counts are walked.
"""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import energysim as es
from energysim.errors import InvalidInput
from energysim.frontends.convolution import Convolution, layers_of


def meetings(conv: Convolution) -> dict[tuple[int, ...], int]:
    """How many (input, tap) pairs meet at each output position, padding that is read included."""
    found: dict[tuple[int, ...], int] = {}
    for axis_pairs in product(*(axis_meetings(conv, i) for i in range(len(conv.ifmap)))):
        at = tuple(out for out, _pairs in axis_pairs)
        count = 1
        for _out, pairs in axis_pairs:
            count *= pairs
        found[at] = count
    return found


def axis_meetings(conv: Convolution, i: int) -> list[tuple[int, int]]:
    """Outputs of an axis, and how many taps each has, by the definition."""
    size, taps = conv.ifmap[i], conv.kernel[i]
    stride, dilation = conv.stride[i], conv.dilation[i]
    before, after = conv.padding[i]
    if not conv.transposed:
        outputs = (size + before + after - (taps - 1) * dilation - 1) // stride + 1
        return [(out, taps) for out in range(outputs)]
    extra = conv.output_padding[i] if conv.output_padding else 0
    outputs = (size - 1) * stride + (taps - 1) * dilation + 1 + extra - before - after
    # An output has the taps that some input, inside the ifmap or in its padding, would reach it by.
    return [
        (out, sum((out + before - tap * dilation) % stride == 0 for tap in range(taps)))
        for out in range(outputs)
    ]


@st.composite
def convolutions(draw: st.DrawFn) -> Convolution:
    rank = draw(st.integers(1, 3))

    def axes(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(low, high)) for _ in range(rank))

    transposed = draw(st.booleans())
    stride = axes(1, 3)
    return Convolution(
        images=draw(st.integers(1, 2)),
        groups=(groups := draw(st.integers(1, 2))),
        filters=groups * draw(st.integers(1, 2)),
        channels=groups * draw(st.integers(1, 2)),
        ifmap=axes(1, 5),
        kernel=axes(1, 3),
        stride=stride,
        dilation=axes(1, 2),
        padding=tuple((draw(st.integers(-1, 2)), draw(st.integers(0, 2))) for _ in range(rank)),
        transposed=transposed,
        output_padding=tuple(draw(st.integers(0, step - 1)) for step in stride)
        if transposed
        else (),
    )


@given(convolutions())
def test_layers_do_the_macs_of_the_definition(conv: Convolution) -> None:
    per_output = meetings(conv)
    if any(size + before < 1 for size, (before, _) in zip(conv.ifmap, conv.padding, strict=True)):
        return  # cropped away
    if not any(per_output.values()):
        with pytest.raises(InvalidInput):
            layers_of("conv", conv)
        return
    layers = layers_of("conv", conv)
    scale = conv.images * conv.filters * conv.channels // conv.groups
    assert sum(layer.macs for layer in layers) == scale * sum(per_output.values())
    words = conv.images * conv.filters * sum(count > 0 for count in per_output.values())
    assert sum(layer.ofmap_words for layer in layers) == words
    names = [layer.name for layer in layers]
    assert len(set(names)) == len(names)


@settings(max_examples=15)
@given(convolutions())
def test_layers_are_counted_as_the_walker_counts_them(conv: Convolution) -> None:
    try:
        layers = layers_of("conv", conv)
    except InvalidInput:
        return
    for layer in layers[:2]:
        found = es.search(layer, "eyeriss")
        walked = es.count(layer, "eyeriss", found.mapping, backend="reference")
        assert found.counts == walked


def test_images_with_filters_of_their_own_are_counted_as_the_walker_counts_them() -> None:
    layer = es.Layer("qk", N=3, G=2, M=7, C=5, H=1, W=6, R=1, S=1, own_filters=True)
    found = es.search(layer, "eyeriss")
    assert found.counts == es.count(layer, "eyeriss", found.mapping, backend="reference")
    alone = es.search(layer.with_batch(1), "eyeriss")
    assert found.energy_mac == 3 * alone.energy_mac
    assert found.counts.dram.filter.read >= 3 * 2 * 7 * 5
