"""Fewer channels never cost more: what a search over all tiles, not only divisors, has to give."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from property.cases import DATAFLOWS, examples, real_layers

import energysim as es
from energysim import Layer, _core

ARCHITECTURES = {name: es.architectures.get(name) for name in es.architectures.names()}

# A 3x3, a pointwise, a strided and a fully connected layer, of which one width is swept.
SHAPES = {
    "conv": Layer("conv", M=96, C=64, H=28, W=28, R=3, S=3, padding=1),
    "pointwise": Layer("pointwise", M=96, C=64, H=14, W=14, R=1, S=1),
    "strided": Layer("strided", M=96, C=64, H=27, W=27, R=5, S=5, stride=2, padding=2),
    "fc": Layer("fc", M=96, C=64, H=4, W=4, R=4, S=4),
}


def energies(layers: Iterable[Layer], arch: str, dataflow: str) -> list[float]:
    many = list(layers)
    found = _core.search_layers(
        many, ARCHITECTURES[arch], dataflow, [_core.LayerData()] * len(many), 1
    )
    return [one.energy for one in found]


def check_sweep(layer: Layer, width: str, arch: str, dataflow: str, most: int) -> None:
    sizes = range(1, most + 1)
    swept = energies((layer.replace(**{width: size}) for size in sizes), arch, dataflow)
    rises = [size for size, less, more in zip(sizes, swept, swept[1:], strict=False) if less > more]
    assert not rises, f"{width} of {rises} costs more than one more"
    assert swept[0] < swept[-1]


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("dataflow", DATAFLOWS)
@given(layer=real_layers, width=st.sampled_from(("C", "M")))
@examples(20)
def test_optimum_never_rises_when_a_channel_goes(
    arch: str, dataflow: str, layer: Layer, width: str
) -> None:
    # One channel or filter goes, then half of them.
    size = getattr(layer, width)
    sizes = [size, max(1, size - 1), max(1, size // 2)]
    costs = energies((layer.replace(**{width: n}) for n in sizes), arch, dataflow)
    assert costs == sorted(costs, reverse=True)


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("width", ["C", "M"])
@pytest.mark.parametrize("shape", SHAPES)
def test_prime_width_costs_about_as_much_as_its_neighbour(
    shape: str, width: str, arch: str
) -> None:
    # 191 is prime; tiles that have to divide it would leave one filter or channel per pass.
    pruned, full = energies(
        (SHAPES[shape].replace(**{width: size}) for size in (191, 192)), arch, "rs"
    )
    assert 0.98 * full < pruned <= full


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@pytest.mark.parametrize("width", ["C", "M"])
@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("shape", SHAPES)
def test_sweep_of_all_widths(shape: str, arch: str, width: str, dataflow: str) -> None:
    check_sweep(SHAPES[shape], width, arch, dataflow, 400)


@pytest.mark.deep
@pytest.mark.parametrize("width", ["C", "M"])
@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("name", ["alexnet", "resnet18", "mobilenet-v2"])
def test_sweep_of_the_layers_of_networks(name: str, arch: str, width: str) -> None:
    shapes = {layer.replace(name="", M=1, C=1): layer for layer in es.networks.get(name)}
    for layer in shapes.values():
        check_sweep(layer, width, arch, "rs", 512)
