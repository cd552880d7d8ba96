"""A small network is trained, quantized and run on the simulated chip, layer by layer."""

import numpy as np
import pytest
from cross.convolution import convolve

import energysim as es

CHIP = es.architectures.eyeriss()
# 5 x 3 pixels of each digit, a row in three bits.
GLYPHS = (0x7B6F, 0x2C97, 0x73E7, 0x72CF, 0x5BC9, 0x79CF, 0x79EF, 0x7249, 0x7BEF, 0x7BCF)
LAYERS = (
    es.Layer("conv1", N=16, M=8, C=1, H=12, W=12, R=3, S=3, padding=1),
    es.Layer("conv2", N=16, M=16, C=8, H=12, W=12, R=3, S=3, stride=2, padding=1),
    es.Layer("fc", N=16, M=10, C=16, H=6, W=6, R=6, S=6),
)


def draw_digits(rng, number):
    """Noisy digits of 10 x 6 pixels somewhere in 12 x 12, and their labels."""
    labels = rng.integers(0, 10, number)
    images = np.zeros((number, 1, 12, 12))
    for image, label in zip(images, labels, strict=True):
        bits = np.array([GLYPHS[label] >> i & 1 for i in range(14, -1, -1)], dtype=float)
        glyph = np.kron(bits.reshape(5, 3), np.ones((2, 2)))
        row, column = rng.integers(0, 3), rng.integers(0, 7)
        image[0, row : row + 10, column : column + 6] = glyph * rng.uniform(0.7, 1)
    noise = rng.random(images.shape) < 0.05
    return np.where(noise, rng.random(images.shape), images), labels


def windows(layer, ifmap):
    """The ifmap values of each ofmap place: (N, E, F, C, R, S), as a view."""
    top, bottom, left, right = layer.padding
    padded = np.pad(ifmap, ((0, 0), (0, 0), (top, bottom), (left, right)))
    views = np.lib.stride_tricks.sliding_window_view(padded, (layer.R, layer.S), axis=(2, 3))
    return views[:, :, :: layer.stride[0], :: layer.stride[1]].transpose(0, 2, 3, 1, 4, 5)


def forward(weights, images):
    """The ifmap of every layer, and the logits."""
    ifmaps = [images]
    for layer, filters in zip(LAYERS, weights, strict=True):
        ofmap = np.einsum("nefcrs,mcrs->nmef", windows(layer, ifmaps[-1]), filters, optimize=True)
        ifmaps.append(np.maximum(ofmap, 0) if layer.name != "fc" else ofmap)
    return ifmaps[:-1], ifmaps[-1][:, :, 0, 0]


def gradients(weights, images, labels):
    """Of the cross entropy, layer by layer from the back."""
    ifmaps, logits = forward(weights, images)
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    chances[np.arange(len(labels)), labels] -= 1
    error = chances[:, :, None, None] / len(labels)
    found = []
    for layer, filters, ifmap in reversed(list(zip(LAYERS, weights, ifmaps, strict=True))):
        view = windows(layer, ifmap)
        found.append(np.einsum("nmef,nefcrs->mcrs", error, view, optimize=True))
        back = np.zeros((*ifmap.shape[:2], ifmap.shape[2] + 2, ifmap.shape[3] + 2))
        pad = layer.padding[0]
        for r in range(layer.R):
            for s in range(layer.S):
                rows = slice(1 - pad + r, 1 - pad + r + layer.E * layer.stride[0], layer.stride[0])
                columns = slice(
                    1 - pad + s, 1 - pad + s + layer.F * layer.stride[1], layer.stride[1]
                )
                back[:, :, rows, columns] += np.einsum(
                    "nmef,mc->ncef", error, filters[:, :, r, s], optimize=True
                )
        error = back[:, :, 1:-1, 1:-1] * (ifmap > 0)
    return found[::-1]


@pytest.fixture(scope="module")
def weights():
    """Filters after a hundred steps of Adam."""
    rng = np.random.default_rng(1)
    shapes = [(layer.M, layer.C, layer.R, layer.S) for layer in LAYERS]
    trained = [rng.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape) for shape in shapes]
    means, squares = ([np.zeros(shape) for shape in shapes] for _ in range(2))
    for step in range(1, 121):
        for i, slope in enumerate(gradients(trained, *draw_digits(rng, 32))):
            means[i] = 0.9 * means[i] + 0.1 * slope
            squares[i] = 0.999 * squares[i] + 0.001 * slope**2
            scale = np.sqrt(squares[i] / (1 - 0.999**step)) + 1e-8
            trained[i] -= 0.01 * means[i] / (1 - 0.9**step) / scale
    return trained


@pytest.fixture(scope="module")
def traces(weights):
    """Every layer on 16 bits, with the real numbers that it stands for."""
    images, _ = draw_digits(np.random.default_rng(2), 16)
    ifmaps, _ = forward(weights, images)
    found = []
    for layer, ifmap, filters in zip(LAYERS, ifmaps, weights, strict=True):
        x, w = es.quantize(ifmap), es.quantize(filters)
        mapping = es.search(layer, CHIP).mapping
        traced = es.trace(layer, CHIP, mapping, x.values, w.values)
        assert (traced.ofmap == convolve(layer, x.values, w.values)).all()
        assert traced.counts == es.count(layer, CHIP, mapping)
        found.append((traced, x.scale * w.scale, convolve_real(layer, ifmap, filters)))
    return found


def convolve_real(layer, ifmap, filters):
    return np.einsum("nefcrs,mcrs->nmef", windows(layer, ifmap), filters, optimize=True)


def test_network_has_learned(weights):
    images, labels = draw_digits(np.random.default_rng(3), 400)
    _, logits = forward(weights, images)
    assert np.mean(logits.argmax(axis=1) == labels) > 0.9


def test_chip_computes_what_the_network_does(traces):
    for traced, scale, real in traces:
        assert np.abs(traced.ofmap * scale - real).max() < 2e-3 * np.abs(real).max()
    logits = [values.reshape(16, 10).argmax(axis=1) for values in (traces[-1][0].ofmap, real)]
    assert (logits[0] == logits[1]).all()


def test_density_model_is_near_the_data(traces):
    """Zeros of trained networks are not independent: what the density model leaves out."""
    for traced, _, _ in traces:
        closed, real = sum(traced.closed_form_by_level().values()), traced.energy_mac
        assert 0 < traced.ifmap_density < 1
        # DRAM, GLB and NoC do not depend on values; gated are only RF accesses and MACs.
        for level in ("dram", "glb", "noc"):
            assert traced.closed_form_by_level()[level] == traced.by_level()[level]
        assert closed == pytest.approx(real, rel=0.15)


def test_density_model_errs_on_the_side_of_padding(traces):
    """Padding is zero, and not in the density of the ifmap: less is gated than could be."""
    conv2 = traces[1][0]
    ones = np.ones((16, 8, 12, 12), dtype=int)
    filters = np.ones((16, 8, 3, 3), dtype=int)
    padded = es.trace(conv2.layer, CHIP, conv2.mapping, ones, filters)
    assert padded.ifmap_density == 1
    # Of 6 x 6 windows of 3 x 3, at stride 2, the first row and the first column are padding.
    assert padded.gated.macs * 18**2 == conv2.layer.macs * (18**2 - 17**2)


def test_zeros_compress(traces):
    for traced, _, _ in traces:
        part = traced.dram_words()["ifmap"]
        assert part["words"] == traced.counts.dram.ifmap.read
        # A pair of 21 bits and a third for each value that is not zero, or a long run.
        density = traced.ifmap_density
        assert part["rlc_bits"] < part["words"] * (64 / 3) * (density + 0.1)
