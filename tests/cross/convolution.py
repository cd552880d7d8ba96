"""A convolution in NumPy, and random tensors for it."""

import numpy as np


def convolve(layer, ifmap, filters):
    """The ofmap (N, G M, E, F) in 64-bit integers, tap by tap."""
    top, bottom, left, right = layer.padding
    padded = np.pad(ifmap.astype(np.int64), ((0, 0), (0, 0), (top, bottom), (left, right)))
    by_group = padded.reshape(layer.N, layer.G, layer.C, *padded.shape[2:])
    weights = filters.astype(np.int64).reshape(layer.G, layer.M, layer.C, layer.R, layer.S)
    ofmap = np.zeros((layer.N, layer.G, layer.M, layer.E, layer.F), dtype=np.int64)
    for r in range(layer.R):
        for s in range(layer.S):
            rows = r * layer.dilation[0] + layer.stride[0] * np.arange(layer.E)
            columns = s * layer.dilation[1] + layer.stride[1] * np.arange(layer.F)
            words = by_group[:, :, :, rows][..., columns]
            ofmap += np.einsum("ngcef,gmc->ngmef", words, weights[..., r, s])
    return ofmap.reshape(layer.N, -1, layer.E, layer.F)


def zero_macs(layer, ifmap):
    """MACs whose ifmap value is zero, padding included."""
    ones = np.ones((layer.G * layer.M, layer.C, layer.R, layer.S), dtype=np.int64)
    return layer.macs - int(convolve(layer, ifmap != 0, ones).sum())


def random_tensors(layer, seed, zeros=0.4, most=100):
    """Ifmap and filters of 16 bits, some of whose values are zero."""
    rng = np.random.default_rng(seed)
    ifmap = rng.integers(-most, most + 1, (layer.N, layer.G * layer.C, layer.H, layer.W))
    ifmap[rng.random(ifmap.shape) < zeros] = 0
    filters = rng.integers(-most, most + 1, (layer.G * layer.M, layer.C, layer.R, layer.S))
    return ifmap.astype(np.int16), filters.astype(np.int16)
