"""Widths and densities, compression and sensitivity in Python."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import energysim as es
from energysim import _core
from energysim.errors import InvalidInput, UnknownName
from energysim.layer_data import data_of_layers

CHIP = es.architectures.eyeriss()
ALEXNET = es.networks.alexnet(4)
CONV3 = ALEXNET["CONV3"]


def test_data_are_values() -> None:
    data = es.LayerData(bits=8, filter_bits=4, ofmap_density=0.5)
    assert (data.ifmap_bits, data.filter_bits, data.psum_bits, data.ofmap_bits) == (8, 4, 8, None)
    assert data == es.LayerData(ifmap_bits=8, filter_bits=4, psum_bits=8, ofmap_density=0.5)
    assert len({data, data.replace(), data.replace(filter_bits=5)}) == 2
    assert pickle.loads(pickle.dumps(data)) == data
    assert eval(repr(data), {"LayerData": es.LayerData}) == data
    assert data.with_bits_of(16).ofmap_bits == 8
    with pytest.raises(AttributeError):
        data.filter_bits = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"bits": 0}, "bits must be a whole number of at least 1, not 0"),
        ({"ifmap_bits": -8}, "ifmap_bits must be a whole number"),
        ({"ofmap_bits": 7.5}, "ofmap_bits must be a whole number"),
        ({"filter_density": 1.5}, "the filter density must be a number from 0 to 1, not 1.5"),
        (
            {"ofmap_density": float("nan")},
            "the ofmap density must be a number from 0 to 1, not nan",
        ),
        ({"ifmap_density": True}, "the ifmap density must be a number"),
    ],
)
def test_data_that_are_none(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        es.LayerData(**fields)


def test_bits_wider_than_the_word_are_refused_with_the_layer() -> None:
    message = "layer 'CONV1': the bits of the filter must lie between 1 and the 16 of the arch"
    with pytest.raises(InvalidInput, match=message):
        es.simulate(ALEXNET, CHIP, bits={"filter": 17})
    with pytest.raises(InvalidInput, match="the bits of the ofmap must lie between 1 and the 8 of"):
        es.search(CONV3, CHIP, data=es.LayerData(psum_bits=8, ofmap_bits=9))
    with pytest.raises(InvalidInput, match="bits must be a whole number of at least 1, not 0"):
        es.simulate(ALEXNET, CHIP, bits=0)
    with pytest.raises(UnknownName, match="unknown operand 'weight'"):
        es.simulate(ALEXNET, CHIP, bits={"weight": 8})


def test_data_of_a_network() -> None:
    given = {"CONV2": es.LayerData(ifmap_density=0.5, ofmap_bits=4)}
    data = data_of_layers(ALEXNET, given, {"ifmap": 8}, filter_density={"CONV2": 0.25})
    assert data[1] == es.LayerData(
        ifmap_density=0.5, ofmap_bits=4, ifmap_bits=8, filter_density=0.25
    )
    assert data[0] == es.LayerData(ifmap_bits=8)
    with pytest.raises(UnknownName, match="unknown layer 'CONV9'"):
        data_of_layers(ALEXNET, {"CONV9": es.LayerData()})
    with pytest.raises(InvalidInput, match="data must be LayerData, or a dict"):
        data_of_layers(ALEXNET, 8)  # type: ignore[arg-type]


def test_network_input_is_raw_on_the_chip() -> None:
    report = es.simulate(ALEXNET, CHIP, "rs-chip", ifmap_density=0.3)
    assert [layer.data.network_input for layer in report.layers][:2] == [True, False]
    conv1 = report.layers["CONV1"]
    words = conv1.counts.dram
    assert conv1.dram_bits == 16 * (words.ifmap.read + words.filter.read + words.psum.write)


def test_narrow_words_fit_more() -> None:
    mapping = es.RowStationaryMapping(m=64, n=4, e=13, p=16, q=3, r=2, t=2)
    twice = es.RowStationaryMapping(m=128, n=4, e=13, p=16, q=3, r=2, t=2)
    assert es.count(CONV3, CHIP, mapping).macs == CONV3.macs
    with pytest.raises(es.InvalidMapping, match="the GLB needs 91928 words .*there are 51200"):
        es.count(CONV3, CHIP, twice)
    assert es.count(CONV3, CHIP, twice, data=es.LayerData(bits=8)).macs == CONV3.macs
    with pytest.raises(es.InvalidMapping, match="words of 8 bits .*there are 102400"):
        es.count(CONV3, CHIP, twice, data=es.LayerData(ifmap_bits=8))


def test_sizes_of_given_values() -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(1, 9, (50, 64)) * (rng.random((50, 64)) < 0.3)
    kept = np.count_nonzero(values)
    assert es.coded_bits("significance_map", values, 8) == values.size + 8 * kept
    assert es.coded_bits("raw", values) == 16 * values.size
    with pytest.raises(UnknownName, match="unknown compression format 'zip'"):
        es.coded_bits("zip", values)  # type: ignore[arg-type]


@pytest.mark.parametrize("chunk", [None, 1, 31, 96, 3200, 10_000])
def test_run_lengths_of_real_values_are_those_of_the_codec(chunk: int | None) -> None:
    rng = np.random.default_rng(2)
    values = (rng.integers(1, 9, (50, 64)) * (rng.random((50, 64)) < 0.2)).astype(np.int16)
    flat = values.ravel()
    size = chunk or flat.size
    streams = [
        _core.rlc_encode(flat[start : start + size].copy()) for start in range(0, flat.size, size)
    ]
    assert es.coded_bits("rlc", values, chunk=chunk) == sum(64 * len(words) for words in streams)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, float("nan")], "values must be finite, but one is nan"),
        ([[0.0], [float("-inf")]], "values must be finite, but one is -inf"),
        (np.array(["a"]), "values must be numbers, not <U1"),
        ([None], "values must be numbers, not object"),
        ([[1], [1, 2]], r"values must be an array of numbers, not \[\[1\], \[1, 2\]\]"),
    ],
)
def test_values_without_bits(values: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        es.coded_bits("rlc", values)


@pytest.mark.parametrize("chunk", [0, -1, 1.5])
def test_chunks_that_are_none(chunk: int) -> None:
    with pytest.raises(InvalidInput, match="chunk must be a whole number of at least 1"):
        es.coded_bits("rlc", [1, 0], chunk=chunk)


def test_densities_of_tensors() -> None:
    layer = es.Layer("conv", N=2, G=2, M=3, C=2, H=5, W=5, R=3, S=3, padding=(1, 0))
    rng = np.random.default_rng(3)
    ifmap = rng.integers(0, 2, (7, 4, 5, 5))  # of any number of images
    filters = rng.integers(0, 3, (6, 2, 3, 3)).astype(float)
    ofmap = rng.integers(0, 4, (2, 6, layer.E, layer.F))
    data = es.data_from_tensors(layer, ifmap, filters, ofmap, es.LayerData(bits=8))
    assert data == es.LayerData(
        bits=8,
        ifmap_density=np.count_nonzero(ifmap) / (7 * 4 * 7 * 5),  # with two rows of padding
        filter_density=np.count_nonzero(filters) / filters.size,
        ofmap_density=np.count_nonzero(ofmap) / ofmap.size,
    )
    kept = es.data_from_tensors(layer, ofmap=ofmap, data=es.LayerData(ifmap_density=0.25))
    assert (kept.ifmap_density, kept.filter_density) == (0.25, 1)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"ifmap": np.ones((3, 5, 5))}, "ifmap: the layer has 100 values per image, the tensor 75"),
        ({"filters": np.ones((12, 2, 3, 3))}, "filter: the layer has 108 values, the tensor 216"),
        ({"ofmap": np.ones(0)}, "ofmap: the layer has .* values per image, the tensor 0"),
        ({"ifmap": np.full((4, 5, 5), np.nan)}, "ifmap: a value is NaN"),
        ({"ifmap": [[1, 2], [3]]}, "ifmap: rows of different lengths are not an array"),
        ({"filters": "zeros"}, "filter: numbers are needed, not <U5"),
    ],
)
def test_tensors_of_another_layer(tensors: dict[str, Any], message: str) -> None:
    layer = es.Layer("conv", G=2, M=3, C=2, H=5, W=5, R=3, S=3)
    with pytest.raises(InvalidInput, match=message):
        es.data_from_tensors(layer, **tensors)


def test_break_even() -> None:
    for form in ("rlc", "significance_map", "csc"):
        even = es.break_even_density(form)  # type: ignore[arg-type]
        assert es.expected_bits(form, even - 1e-6) < 16  # type: ignore[arg-type]
        assert es.expected_bits(form, even + 1e-6) > 16  # type: ignore[arg-type]


def test_compression_only_if_smaller_is_the_break_even() -> None:
    always = CHIP.replace(compression=es.Compression(dram=es.Coding(ifmap="rlc")))
    smaller = es.Compression(dram=es.Coding(ifmap="rlc", only_if_smaller=True))
    chosen = CHIP.replace(compression=smaller)
    for density in (0.7, 0.74, 0.76, 1.0):
        data = es.LayerData(ifmap_density=density)
        costs = [es.search(CONV3, arch, "rs-chip", data=data) for arch in (always, chosen)]
        assert (costs[0].energy_mac > costs[1].energy_mac) == (density > 0.75)


@pytest.mark.parametrize("name", ["ifmap_density", "filter_density", "ofmap_density"])
def test_sensitivity_is_the_derivative_of_the_optimum(name: str) -> None:
    arch = es.architectures.estimation_tool()
    data = es.LayerData(ifmap_density=0.4, filter_density=0.5, ofmap_density=0.6)
    net = es.Network("one", (CONV3,), 4)

    def energy(density: float) -> float:
        seen = data.replace(**{name: density})
        return es.simulate(net, arch, "rs-chip", data=seen).energy_mac

    [layer] = es.sensitivity(es.simulate(net, arch, "rs-chip", data=data))
    middle, step = getattr(data, name), 1e-4
    slope = (energy(middle + step) - energy(middle - step)) / (2 * step)
    assert layer.density[name] == pytest.approx(slope, rel=1e-4)
    assert slope > 0


def test_sensitivity_to_bits_is_the_last_bit() -> None:
    report = es.simulate(es.Network("one", (CONV3,), 4), CHIP, "rs-chip", bits=8)
    [layer] = es.sensitivity(report)
    found = report.layers[0]
    seven = found.data.replace(filter_bits=7)
    assert layer.bits["filter_bits"] == found.energy - found.counts.energy(CHIP, seven)
    assert layer.energy == found.energy
    one = es.simulate(es.Network("one", (CONV3,), 4), CHIP, "rs-chip", bits=1)
    assert set(es.sensitivity(one)[0].bits.values()) == {0.0}
