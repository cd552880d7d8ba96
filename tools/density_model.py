"""How far the density model is off on real activations: the tables of docs/density-model.md.

Runs a trained CIFAR ResNet (He et al., CVPR 2016) on CIFAR-10 images, takes the ifmap of every
layer as it is, and compares the closed form at its density with the tensor simulator.

    python tools/density_model.py CIFAR.npz WEIGHTS.npz [--images 4] [--bits 16]

CIFAR.npz has the arrays test_jpeg (the bytes of all JPEG files, one after another), test_offsets
(where each begins, and the end) and test_labels.  WEIGHTS.npz has the arrays of a PyTorch state
dict: conv1, bn1, layer{1,2,3}.{i}.{conv1,bn1,conv2,bn2}, linear.  Needs Pillow, to decode JPEGs.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

import energysim as es
from energysim import _core

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
STAGES = (("layer1", 1), ("layer2", 2), ("layer3", 2))
LEVELS = ("dram", "glb", "noc", "rf", "mac")

Weights = dict[str, np.ndarray]


class Step(NamedTuple):
    """One layer of the network, with the ifmap that it was given."""

    layer: es.Layer
    ifmap: np.ndarray
    filters: np.ndarray


def images_of(path: str, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Test images in even distances, normalized (N, 3, 32, 32), and their labels."""
    with np.load(path, allow_pickle=False) as data:
        files, offsets, labels = data["test_jpeg"], data["test_offsets"], data["test_labels"]
    # The files are in the order of their labels.
    chosen = np.linspace(0, len(labels), number, endpoint=False, dtype=int)
    pixels = [
        np.asarray(
            Image.open(io.BytesIO(files[offsets[i] : offsets[i + 1]].tobytes())).convert("RGB")
        )
        for i in chosen
    ]
    scaled = (np.stack(pixels) / 255.0 - MEAN) / DEVIATION
    return scaled.transpose(0, 3, 1, 2), labels[chosen]


def convolve(layer: es.Layer, ifmap: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """The ofmap of real numbers."""
    pads = layer.padding
    padded = np.pad(ifmap, ((0, 0), (0, 0), pads[:2], pads[2:]))
    ofmap = np.zeros((layer.M, layer.N * layer.E * layer.F))
    for r in range(layer.R):
        for s in range(layer.S):
            rows = slice(r, r + (layer.E - 1) * layer.stride[0] + 1, layer.stride[0])
            columns = slice(s, s + (layer.F - 1) * layer.stride[1] + 1, layer.stride[1])
            words = padded[:, :, rows, columns].transpose(1, 0, 2, 3).reshape(layer.C, -1)
            ofmap += filters[:, :, r, s] @ words
    return ofmap.reshape(layer.M, layer.N, layer.E, layer.F).transpose(1, 0, 2, 3)


class ResNet:
    """A CIFAR ResNet whose batch normalization is folded into filters and biases."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.blocks = 1 + max(int(name.split(".")[1]) for name in weights if "layer1" in name)

    def steps(self, images: np.ndarray) -> Iterator[Step]:
        """Every layer with its ifmap; the last ofmap is left in `logits`."""
        hidden = yield from self._conv("conv1", "bn1", images, 1)
        hidden = np.maximum(hidden, 0)
        for stage, stride in STAGES:
            for i in range(self.blocks):
                name, step = f"{stage}.{i}", stride if i == 0 else 1
                inner = yield from self._conv(f"{name}.conv1", f"{name}.bn1", hidden, step)
                outer = yield from self._conv(
                    f"{name}.conv2", f"{name}.bn2", np.maximum(inner, 0), 1
                )
                hidden = np.maximum(outer + self._shortcut(hidden, outer), 0)
        pooled = hidden.mean(axis=(2, 3), keepdims=True)
        filters = self.weights["linear.weight"][:, :, None, None]
        layer = es.Layer(
            "linear", N=len(images), M=len(filters), C=filters.shape[1], H=1, W=1, R=1, S=1
        )
        yield Step(layer, pooled, filters)
        self.logits = convolve(layer, pooled, filters)[:, :, 0, 0] + self.weights["linear.bias"]

    def _conv(self, conv: str, norm: str, ifmap: np.ndarray, stride: int) -> Iterator[Step]:
        w = self.weights
        gain = w[f"{norm}.weight"] / np.sqrt(w[f"{norm}.running_var"] + 1e-5)
        filters = w[f"{conv}.weight"] * gain[:, None, None, None]
        bias = w[f"{norm}.bias"] - w[f"{norm}.running_mean"] * gain
        n, c, h, columns = ifmap.shape
        layer = es.Layer(
            conv, N=n, M=len(filters), C=c, H=h, W=columns, R=3, S=3, stride=stride, padding=1
        )
        yield Step(layer, ifmap, filters)
        return convolve(layer, ifmap, filters) + bias[:, None, None]

    @staticmethod
    def _shortcut(hidden: np.ndarray, like: np.ndarray) -> np.ndarray:
        if hidden.shape == like.shape:
            return hidden
        more = (like.shape[1] - hidden.shape[1]) // 2
        return np.pad(hidden[:, :, ::2, ::2], ((0, 0), (more, more), (0, 0), (0, 0)))


class Row(NamedTuple):
    """A layer: what the density model says, and what the tensors do."""

    name: str
    ifmap_density: float
    mac_density: float  # of ifmap values as MACs meet them, padding included
    inside: float  # share of the MACs whose ifmap value is no padding
    closed: dict[str, float]
    real: dict[str, float]
    rlc_bits: int
    shuffled_bits: int  # of the same ifmap values in random places
    words: int


def compare(step: Step, arch: es.Architecture, bits: int) -> Row:
    """Run the tensors of a layer under the mapping that is optimal at their density."""
    ifmap, filters = (
        np.ascontiguousarray(es.quantize(tensor, bits).values)
        for tensor in (step.ifmap, step.filters)
    )
    density = np.count_nonzero(ifmap) / ifmap.size
    mapping = es.search(step.layer, arch, ifmap_density=density).mapping
    traced = es.trace(step.layer, arch, mapping, ifmap, filters)
    full = es.trace(step.layer, arch, mapping, np.ones_like(ifmap), filters)
    shuffled = np.random.default_rng(1).permutation(ifmap.ravel()).reshape(ifmap.shape)
    return Row(
        step.layer.name,
        density,
        1 - traced.gated.macs / step.layer.macs,
        1 - full.gated.macs / step.layer.macs,
        traced.closed_form_by_level(),
        traced.by_level(),
        64 * len(_core.rlc_encode(ifmap)),
        64 * len(_core.rlc_encode(shuffled)),
        ifmap.size,
    )


def off(closed: float, real: float) -> str:
    return f"{100 * (closed / real - 1):+.1f}" if real else "-"


COLUMNS = (
    "Layer",
    "Ifmap density",
    "At the MACs",
    "RF %",
    "MAC %",
    "All %",
    "MAC % but for padding",
    "RLC bits per word",
    "Shuffled",
)


def print_layers(rows: list[Row]) -> None:
    print("| " + " | ".join(COLUMNS) + " |")
    print("| --- |" + " ---: |" * (len(COLUMNS) - 1))
    for row in rows:
        both = (row.closed, row.real)
        cells = [f"{row.ifmap_density:.3f}", f"{row.mac_density:.3f}"]
        cells += [off(*(levels[key] for levels in both)) for key in ("rf", "mac")]
        cells.append(off(*(sum(levels.values()) for levels in both)))
        cells.append(off(row.ifmap_density * row.inside, row.mac_density))
        cells += [f"{bits / row.words:.1f}" for bits in (row.rlc_bits, row.shuffled_bits)]
        print("| " + " | ".join([row.name, *cells]) + " |")


def print_levels(rows: list[Row]) -> None:
    print("| Level | Closed form, M | These tensors, M | Difference % |")
    print("| --- | ---: | ---: | ---: |")
    totals = [
        {key: sum(levels[key] for levels in column) for key in LEVELS}
        for column in ([row.closed for row in rows], [row.real for row in rows])
    ]
    for levels in totals:
        levels["all"] = sum(levels.values())
    for key in (*LEVELS, "all"):
        closed, real = (levels[key] for levels in totals)
        print(f"| {key} | {closed / 1e6:.3f} | {real / 1e6:.3f} | {off(closed, real)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("cifar")
    parser.add_argument("weights")
    parser.add_argument("--images", type=int, default=4, help="images to run (default 4)")
    parser.add_argument("--bits", type=int, default=16, help="bits of all values (default 16)")
    parser.add_argument("--arch", default="eyeriss", help="architecture (default eyeriss)")
    parser.add_argument(
        "--accuracy-images", type=int, default=1000, help="images to measure the accuracy on"
    )
    options = parser.parse_args()
    with np.load(options.weights, allow_pickle=False) as data:
        net = ResNet({name: data[name] for name in data.files})
    # The tables compare what zeros gate; compressed sizes have columns of their own.
    arch = es.architectures.get(options.arch).replace(compression=es.Compression())

    images, labels = images_of(options.cifar, options.accuracy_images)
    for _ in net.steps(images):
        pass
    right = np.mean(net.logits.argmax(axis=1) == labels)
    print(f"accuracy on {len(labels)} test images: {right:.1%}\n", file=sys.stderr)

    images, _ = images_of(options.cifar, options.images)
    rows = [compare(step, arch, options.bits) for step in net.steps(images)]
    print_layers(rows)
    print()
    print_levels(rows)


if __name__ == "__main__":
    main()
