"""Convolutions as layers compute what the convolution computes, in numbers."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

import energysim as es
from energysim.frontends.convolution import Convolution, layers_of


@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_phases_of_a_transposed_convolution(stride: int, kernel: int, dilation: int) -> None:
    """Each phase is a convolution of the same ifmap with some of the taps, turned around."""
    size, padding, extra = 5, min(kernel - 1, 1), stride - 1
    torch.manual_seed(0)
    x, weight = torch.randn(1, 2, size).double(), torch.randn(2, 3, kernel).double()
    expected = F.conv_transpose1d(
        x, weight, stride=stride, padding=padding, output_padding=extra, dilation=dilation
    )
    conv = Convolution(
        1, 1, 3, 2, (size,), (kernel,), (stride,), (dilation,), ((padding,) * 2,), True, (extra,)
    )
    made = torch.zeros_like(expected)
    layers = {}
    for layer in layers_of("up", conv):
        layers[layer.S, layer.dilation[1], layer.padding[2:], layer.W] = layer.F
    for first in range(min(stride, expected.shape[-1])):
        taps = [k for k in range(kernel) if (first + padding - k * dilation) % stride == 0]
        if not taps:
            continue
        outputs = made[..., first::stride].shape[-1]
        # The layer of this phase: as many taps, and the ifmap from its first tap's input on.
        step = taps[1] * dilation // stride - taps[0] * dilation // stride if len(taps) > 1 else 0
        start = (first + padding - taps[-1] * dilation) // stride
        end = (first + padding - taps[0] * dilation) // stride + outputs
        window = F.pad(x, (max(-start, 0), max(end - size, 0)))[..., max(start, 0) :]
        window = window[..., : end - start]
        filters = weight[..., taps[::-1]].transpose(0, 1)
        made[..., first::stride] = F.conv1d(window, filters, dilation=max(step, 1))
        pads = (max(-start, 0), max(end - size, 0))
        shapes = {(key[0], key[2], columns) for key, columns in layers.items()}
        assert (len(taps), pads, outputs) in shapes, "no layer has the shape of this phase"
    torch.testing.assert_close(made, expected)


def test_phases_that_share_windows_are_one_layer() -> None:
    up = torch.nn.ConvTranspose2d(4, 8, 2, stride=2)
    [layer] = es.from_torch(up, torch.empty(1, 4, 5, 6)).layers
    assert layer == es.Layer("convtranspose2d", M=32, C=4, H=5, W=6, R=1, S=1).replace(
        name=layer.name
    )


def test_one_dimension_is_a_row() -> None:
    conv = torch.nn.Conv1d(4, 6, 5, stride=2, padding=3, dilation=2, groups=2)
    [layer] = es.from_torch(conv, torch.empty(3, 4, 20)).layers
    assert layer == es.Layer(
        layer.name, N=3, G=2, M=3, C=2, H=1, W=20, R=1, S=5,
        stride=(1, 2), padding=(0, 3), dilation=(1, 2),
    )  # fmt: skip


def test_frames_that_filters_reach_are_channels() -> None:
    conv = torch.nn.Conv3d(4, 6, (3, 5, 5), stride=(2, 1, 1), padding=(1, 2, 2))
    net = es.from_torch(conv, torch.empty(2, 4, 7, 9, 8))
    [layer] = net.layers
    assert layer == es.Layer(layer.name, N=2 * 4, M=6, C=4 * 3, H=9, W=8, R=5, S=5, padding=2)
    assert net.batch == 2 and net.with_batch(3)[0].N == 12


def test_convolution_over_time_alone_has_frames_as_rows() -> None:
    conv = torch.nn.Conv3d(4, 6, (3, 1, 1), stride=(2, 1, 1), padding=(1, 0, 0), dilation=(2, 1, 1))
    [layer] = es.from_torch(conv, torch.empty(2, 4, 7, 9, 8)).layers
    assert layer == es.Layer(
        layer.name, N=2, M=6, C=4, H=7, W=72, R=3, S=1, stride=(2, 1), padding=(1, 0),
        dilation=(2, 1),
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore:Using padding")
def test_same_padding_with_an_even_filter_differs_by_side() -> None:
    conv = torch.nn.Conv2d(1, 1, 4, padding="same")
    net = es.from_torch(conv, torch.empty(1, 1, 8, 8))
    assert (net[0].E, net[0].F) == (8, 8)
