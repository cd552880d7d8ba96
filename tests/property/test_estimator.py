"""An estimator says what a fresh search says, whatever was asked before."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from property.cases import (
    DATAFLOWS,
    examples,
    real_architectures,
    tiny_architectures,
    tiny_layers,
)

import energysim as es
from energysim import Layer, LayerData, NoMapping

ARCHITECTURES = {name: es.architectures.get(name) for name in es.architectures.names()}
densities = st.one_of(st.sampled_from((0.0, 0.25, 0.5, 1.0)), st.floats(0, 1))
widths = st.fixed_dictionaries({}, optional={o: st.integers(1, 16) for o in ("ifmap", "filter")})


@st.composite
def questions(draw: st.DrawFn, est: es.Estimator) -> dict[str, Any]:
    """Draw a question: some channels, densities, bits, and a batch."""
    names = st.sampled_from(est.network.layer_names)
    kept = {
        group.name: draw(st.integers(1, group.channels // group.step)) * group.step
        for group in est.groups
        if draw(st.booleans())
    }
    optional = {
        "ifmap_density": st.one_of(densities, st.dictionaries(names, densities, max_size=2)),
        "weight_density": st.one_of(densities, st.dictionaries(names, densities, max_size=2)),
        "bits": st.one_of(st.integers(1, 16), widths, st.dictionaries(names, widths, max_size=2)),
        "batch": st.integers(1, 4),
    }
    rest = draw(st.fixed_dictionaries({}, optional=optional))
    return ({"channels": kept} if kept else {}) | rest


def small_network() -> es.Network:
    """A branch, a sum, a concatenation, a depthwise and a grouped layer, all of them small."""
    shape = {"H": 6, "W": 6, "R": 1, "S": 1}
    return es.Network(
        "small",
        (
            Layer("stem", M=12, C=3, H=8, W=8, R=3, S=3),
            Layer("left", M=12, C=12, H=6, W=6, R=3, S=3, padding=1),
            Layer("right", M=8, C=12, **shape),
            Layer("joined", M=16, C=20, **shape),
            Layer("depthwise", G=16, M=1, C=1, H=6, W=6, R=3, S=3),
            Layer("grouped", G=4, M=2, C=4, H=4, W=4, R=3, S=3),
            Layer("fc", M=5, C=8, H=2, W=2, R=2, S=2),
        ),
    )


FEEDS = {
    "stem": ("left", "right"),
    "left": ("joined",),
    "right": ("joined",),
    "joined": ("depthwise",),
    "depthwise": ("grouped",),
    "grouped": ("fc",),
}


def fresh(est: es.Estimator, dataflow: str, question: dict[str, Any]) -> float:
    """The energy of a question, each of its layers searched on its own."""
    layers = est.report(**question).layers
    return math.fsum(
        es.search(one.layer, est.architecture, dataflow, data=one.data).energy for one in layers
    )


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_question_is_a_fresh_search(arch: str, dataflow: str) -> None:
    est = es.Estimator(small_network(), ARCHITECTURES[arch], dataflow, feeds=FEEDS)

    @given(question=questions(est))
    @examples(8)
    def check(question: dict[str, Any]) -> None:
        assert est.energy(**question) == fresh(est, dataflow, question)

    check()


@given(arch=real_architectures, draw=st.data())
@examples(15)
def test_question_on_any_architecture(arch: es.Architecture, draw: st.DataObject) -> None:
    est = es.Estimator(small_network(), arch, feeds=FEEDS)
    question = draw.draw(questions(est))
    assert est.energy(**question) == fresh(est, "rs", question)


@given(layer=tiny_layers, arch=tiny_architectures, bits=st.integers(1, 16))
@examples(60)
def test_question_is_what_counting_everything_finds(
    layer: Layer, arch: es.Architecture, bits: int
) -> None:
    try:
        est = es.Estimator([layer], arch, "rs-chip")
    except NoMapping:
        return
    asked = est.energy(bits=bits)
    best = es.search(layer, arch, "rs-chip", data=LayerData(bits=bits), method="exhaustive")
    assert asked == best.energy


@pytest.mark.parametrize("remember", [1, 65536])
@given(draw=st.data())
@examples(8)
def test_walk_ends_where_a_fresh_estimator_is(remember: int, draw: st.DataObject) -> None:
    walker = es.Estimator(small_network(), "eyeriss", feeds=FEEDS, remember=remember)
    for _ in range(12):
        question = draw.draw(questions(walker))
        asked = walker.energy(**question)
        walker.set(**question)
        if draw.draw(st.booleans()):
            assert walker.energy() == asked
    report = walker.report()
    again = es.simulate(
        es.Network("small", tuple(one.layer for one in report.layers), report.batch),
        "eyeriss",
        data={one.name: one.data for one in report.layers},
    )
    assert walker.energy() == report.energy == again.energy
    kept = walker.channels
    other = es.Estimator(small_network(), "eyeriss", feeds=FEEDS, batch=report.batch)
    other.set(channels=kept)
    assert other.channels == kept
    walker.reset()
    assert walker.energy() == es.simulate(small_network(), "eyeriss").energy


def test_shapes_follow_the_channels() -> None:
    est = es.Estimator(small_network(), "eyeriss", "rs-chip", feeds=FEEDS)

    @given(question=questions(est))
    @examples(30)
    def check(question: dict[str, Any]) -> None:
        layers = est.report(**question).layers
        one = {name: layers[name].layer for name in est.network.layer_names}
        assert one["left"].C == one["right"].C == one["stem"].M
        assert one["joined"].C == one["left"].M + one["right"].M
        assert one["depthwise"].G == one["joined"].M == one["grouped"].C * one["grouped"].G
        assert one["fc"].C == one["grouped"].M * one["grouped"].G
        assert (one["stem"].C, one["fc"].M, one["grouped"].G) == (3, 5, 4)

    check()
