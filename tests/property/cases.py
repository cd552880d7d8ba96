"""Random layers and architectures."""

from __future__ import annotations

import os
import random

from hypothesis import settings
from hypothesis import strategies as st

import energysim as es
from energysim import Layer

CHIP = es.architectures.eyeriss()
DATAFLOWS = tuple(dataflow.name for dataflow in es.dataflows())
#: Loop orders of each.
SCHEMES = {d.name: {scheme.name for scheme in d.schemes} for d in es.dataflows()}
KINDS = ("read", "write", "fill")
LEVELS = ("dram", "glb", "noc", "rf")
OPERANDS = ("ifmap", "filter", "psum")


def examples(number: int) -> settings:
    """Settings for so many examples, and thirty times as many in the deep run."""
    return settings(max_examples=number * (30 if os.environ.get("ENERGYSIM_DEEP") == "1" else 1))


@st.composite
def windows(draw: st.DrawFn, most_filter: int, most_ofmap: int) -> dict[str, object]:
    """Draw ifmap, filter, stride, padding and dilation that make an ofmap of at most that size."""
    sizes: dict[str, object] = {}
    strides, dilations = [], []
    for ifmap, rows in (("H", "R"), ("W", "S")):
        taps, ofmap = draw(st.integers(1, most_filter)), draw(st.integers(1, most_ofmap))
        stride = draw(st.sampled_from((1, 1, 1, 2, 3, 4)))
        dilation = draw(st.sampled_from((1, 1, 1, 2)))
        reach = dilation * (taps - 1) + 1
        # Rows at the end that no filter position reaches are allowed too.
        sizes[ifmap] = (ofmap - 1) * stride + reach + draw(st.integers(0, stride - 1))
        sizes[rows] = taps
        strides.append(stride)
        dilations.append(dilation)
    return sizes | {"stride": strides, "dilation": dilations}


def layers(channels: int, filters: int, most_filter: int, most_ofmap: int) -> st.SearchStrategy:
    """Layers with up to so many channels and filters per group."""
    return st.builds(
        lambda window, **sizes: Layer("drawn", **sizes, **window),
        windows(most_filter, most_ofmap),
        N=st.integers(1, 3),
        G=st.sampled_from((1, 1, 2, 3)),
        M=st.integers(1, filters),
        C=st.integers(1, channels),
    )


#: So small that all their mappings can be counted.
tiny_layers = layers(channels=7, filters=8, most_filter=3, most_ofmap=6)
#: With tiles of many sizes, but searched fast.
middling_layers = layers(channels=96, filters=96, most_filter=5, most_ofmap=24)
#: Of the sizes of real networks, prime ones too.
real_layers = layers(channels=400, filters=400, most_filter=7, most_ofmap=56)

_costs = st.builds(
    es.AccessCost, read=st.integers(0, 300), write=st.integers(0, 300), fill=st.integers(0, 30)
)
_level_costs = st.builds(es.LevelCost, ifmap=_costs, filter=_costs, psum=_costs)
#: Whole costs, so that sums are exact.
whole_tables = st.one_of(
    st.just(es.architectures.isca16().energy),
    st.builds(
        es.EnergyTable,
        dram=_level_costs,
        glb=_level_costs,
        noc=_level_costs,
        rf=_level_costs,
        mac=st.integers(0, 9),
    ),
)
#: Costs that fall from level to level, as those of real memories do.
real_tables = st.builds(
    es.EnergyTable,
    dram=st.integers(100, 400),
    glb=st.integers(5, 12),
    noc=st.integers(2, 4),
    rf=st.just(1),
    mac=st.integers(1, 4),
)


def scratchpads(ifmap: int, filters: int, psum: int) -> st.SearchStrategy:
    """Pooled or separate scratch pads of at most so many words."""
    return st.one_of(
        st.builds(es.Scratchpads, pooled=st.integers(3, ifmap + filters + psum)),
        st.builds(
            es.Scratchpads,
            ifmap=st.integers(1, ifmap),
            filter=st.integers(1, filters),
            psum=st.integers(1, psum),
        ),
    )


#: So small that tiny layers do not simply fit.
tiny_architectures = st.builds(
    CHIP.replace,
    name=st.just("tiny"),
    rows=st.integers(1, 5),
    columns=st.integers(1, 5),
    glb_words=st.integers(4, 300),
    rf=scratchpads(ifmap=6, filters=16, psum=4),
    ofmap_path=st.sampled_from(("through_glb", "past_glb")),
    energy=whole_tables,
)
#: Around the sizes of the Eyeriss chip.
real_architectures = st.builds(
    CHIP.replace,
    name=st.just("drawn"),
    rows=st.integers(7, 20),
    columns=st.integers(4, 20),
    glb_words=st.integers(8_000, 80_000),
    rf=scratchpads(ifmap=30, filters=250, psum=30),
    ofmap_path=st.sampled_from(("through_glb", "past_glb")),
    energy=real_tables,
)


def uniform_case(seed: int) -> tuple[Layer, es.Architecture]:
    """A tiny layer and architecture, all sizes equally likely.

    Hypothesis prefers small numbers, with which few mappings differ; these find more.
    """
    rng = random.Random(seed)
    draw = rng.randint
    taps, ofmap = (draw(1, 3), draw(1, 3)), (draw(1, 5), draw(1, 4))
    strides, dilations = ([rng.choice(of) for _ in "HW"] for of in ((1, 1, 2, 3), (1, 1, 2)))
    rows, columns = (
        (ofmap[i] - 1) * strides[i] + dilations[i] * (taps[i] - 1) + draw(1, strides[i])
        for i in range(2)
    )
    layer = Layer(
        "uniform",
        N=draw(1, 3),
        G=draw(1, 2),
        M=draw(1, 24),
        C=draw(1, 8),
        H=rows,
        W=columns,
        R=taps[0],
        S=taps[1],
        stride=strides,
        dilation=dilations,
    )
    pads = {"ifmap": draw(1, 8), "filter": draw(1, 24), "psum": draw(1, 6)}
    arch = CHIP.replace(
        name="uniform",
        rows=draw(1, 8),
        columns=draw(1, 8),
        glb_words=draw(4, 500),
        rf=rng.choice((es.Scratchpads(pooled=sum(pads.values())), es.Scratchpads(**pads))),
        ofmap_path=rng.choice(("through_glb", "past_glb")),
        energy=_uniform_table(rng),
    )
    return layer, arch


def _uniform_table(rng: random.Random) -> es.EnergyTable:
    levels = ("dram", "glb", "noc", "rf")
    costs: dict[str, float | es.LevelCost]
    match rng.randint(0, 2):
        case 0:
            return CHIP.energy
        case 1:
            costs = {level: rng.randint(1, 30) for level in levels}
        case _:
            costs = {
                level: es.LevelCost(
                    *(
                        es.AccessCost(*(rng.randint(0, most) for most in (300, 300, 30)))
                        for _ in "ifp"
                    )
                )
                for level in levels
            }
    return es.EnergyTable(**costs, mac=rng.randint(0, 9))  # type: ignore[arg-type]


def _uniform_cost(rng: random.Random) -> es.AccessCost:
    return es.AccessCost(rng.randint(0, 300), rng.randint(0, 300), rng.randint(0, 30))
