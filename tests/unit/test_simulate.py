"""Simulating networks: what may be simulated, and what is refused."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

import energysim as es
from energysim import CountOverflow, InvalidInput, Layer, NoMapping, UnknownName

CHIP = es.architectures.eyeriss()
FC = Layer("fc", M=10, C=8, H=1, W=1, R=1, S=1)
CONV = Layer("conv", M=4, C=3, H=9, W=9, R=3, S=3)


def simulate(*args: Any, **options: Any) -> es.Report:
    return es.simulate(*args, **({"dataflow": "rs-chip"} | options))


# --- What may be simulated ----------------------------------------------------------------


def test_networks_by_name_as_object_and_as_layers() -> None:
    by_name = simulate("AlexNet", "eyeriss", batch=2)
    network = es.networks.alexnet(2)
    assert by_name == simulate(network, CHIP)
    assert by_name == simulate(es.networks.alexnet(), CHIP, batch=2)
    assert by_name.network == network
    as_layers = simulate(network.layers, CHIP)
    assert as_layers.network.name == "layers"
    assert as_layers.batch == 2
    assert as_layers.layers == by_name.layers
    assert simulate(iter(network.layers), CHIP) == as_layers


def test_batch_of_the_network_stays_unless_given() -> None:
    network = es.Network("tiny", (FC.with_batch(3),), batch=3)
    assert simulate(network, CHIP).batch == 3
    assert simulate(network, CHIP, batch=5).layers["fc"].layer.N == 5
    assert simulate("alexnet", CHIP).batch == 1


def test_densities_by_layer() -> None:
    report = simulate([FC, CONV], CHIP, ifmap_density={"conv": 0.25})
    assert [layer.ifmap_density for layer in report.layers] == [1.0, 0.25]
    assert report.layers["conv"] == es.search(CONV, CHIP, "rs-chip", ifmap_density=0.25)
    every = simulate([FC, CONV], CHIP, ifmap_density=np.float32(0.5))
    assert [layer.ifmap_density for layer in every.layers] == [0.5, 0.5]


def test_same_shapes_have_the_same_results() -> None:
    twin = CONV.replace(name="twin")
    report = simulate([CONV, FC, twin], CHIP)
    assert [layer.name for layer in report.layers] == ["conv", "fc", "twin"]
    assert report.layers["conv"].mapping == report.layers["twin"].mapping
    assert report.layers["twin"].layer == twin


def test_same_shapes_of_other_densities_differ() -> None:
    twin = CONV.replace(name="twin")
    report = simulate([CONV, twin], CHIP, ifmap_density={"twin": 0.0})
    assert report.layers["twin"].energy_mac < report.layers["conv"].energy_mac


def test_simulating_alexnet_on_the_chip_takes_milliseconds() -> None:
    network = es.networks.alexnet(4)
    simulate(network, CHIP)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        simulate(network, CHIP)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.02  # 1 ms on a quiet machine


# --- What is refused ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"network": "alexnt"}, UnknownName, "unknown network 'alexnt': did you mean 'alexnet'"),
        ({"arch": "eyris"}, UnknownName, "unknown architecture 'eyris': did you mean 'eyeriss'"),
        ({"dataflow": "rs-chp"}, UnknownName, "unknown dataflow 'rs-chp': did you mean 'rs-chip'"),
        (
            {"network": "n.yaml"},
            UnknownName,
            r"in Python, energysim.load_network\(path\) ",
        ),
        ({"arch": "a.YML"}, UnknownName, r"in Python, energysim.Architecture.from_yaml\(path\) "),
        (
            {"dataflow": "d.yaml"},
            UnknownName,
            r"in Python, energysim.load_dataflow\(path\) reads",
        ),
        ({"network": 3}, InvalidInput, "network must be a Network, layers, or a name, not 3"),
        ({"network": []}, InvalidInput, "network 'layers' has no layers: give at least one"),
        ({"network": [3]}, InvalidInput, "network 'layers': 3 is not a Layer"),
        ({"network": [FC, FC]}, InvalidInput, "layer 'fc' is there twice"),
        ({"network": [FC, CONV.with_batch(2)]}, InvalidInput, "layer 'conv' has N=2.*batch is 1"),
        ({"arch": 168}, InvalidInput, "arch must be an Architecture or a name, not 168"),
        ({"batch": 0}, InvalidInput, "batch must be a whole number of at least 1, not 0"),
        ({"batch": True}, InvalidInput, "batch must be a whole number of at least 1, not True"),
        ({"batch": 1.0}, InvalidInput, "batch must be a whole number of at least 1, not 1.0"),
        ({"batch": float("nan")}, InvalidInput, "batch must be a whole number .* not nan"),
        ({"batch": 2**50}, CountOverflow, "layer 'CONV1': .*does not fit 64 bits"),
        ({"threads": -1}, InvalidInput, "threads must be a whole number of at least 0, not -1"),
        ({"threads": 1.5}, InvalidInput, "threads must be a whole number of at least 0, not 1.5"),
        (
            {"ifmap_density": {"CONV9": 0.5}},
            UnknownName,
            "unknown layer 'CONV9': did you mean 'CONV[1-5]'.*known: CONV1, CONV2",
        ),
        (
            {"ifmap_density": {"CONV1": float("nan")}},
            InvalidInput,
            "the ifmap density of layer 'CONV1' must be a number from 0 to 1, not nan",
        ),
        (
            {"arch": CHIP.replace(name="tiny", glb_words=1)},
            NoMapping,
            "layer 'CONV1': no mapping of dataflow 'rs-chip' fits architecture 'tiny'",
        ),
    ],
)
def test_bad_arguments(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        simulate(**({"network": "alexnet", "arch": CHIP} | options))


def test_all_errors_are_of_the_package() -> None:
    for error in (InvalidInput, UnknownName, es.InvalidMapping, NoMapping, CountOverflow):
        assert issubclass(error, es.EnergysimError)
    assert issubclass(InvalidInput, ValueError)
    assert issubclass(NoMapping, es.InvalidMapping)
    assert issubclass(es.InvalidMapping, InvalidInput)
    assert issubclass(UnknownName, InvalidInput)
    assert issubclass(CountOverflow, OverflowError)
