# The functions below have a docstring but no body: @_builtin fills it in.
# mypy: disable-error-code="empty-body"
"""Built-in networks: the CONV and FC layers of well-known CNNs.

Each network is a table, the YAML file of its name beside this module, which says where its
shapes come from.  Get one by function (``alexnet()``) or by name (``get("alexnet")``).

Only convolutions and fully connected layers are listed: they do all the multiply-accumulate
operations (MACs) that the Eyeriss papers count.  Pooling, normalization, activations, biases
and the auxiliary classifiers used in training are left out.  MACs and weights (in words,
without biases) below are per image.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from energysim.errors import unknown_name
from energysim.network import Network
from energysim.network_file import load_network

__all__ = [
    "alexnet",
    "alexnet_isca16",
    "get",
    "googlenet",
    "mobilenet_v1",
    "mobilenet_v2",
    "names",
    "resnet18",
    "resnet20",
    "resnet50",
    "resnet56",
    "squeezenet1_0",
    "squeezenet1_1",
    "vgg16",
]

_SHARED_DOC = """

Parameters
----------
batch : int, default 1
    Number of images processed together.

Returns
-------
Network
    The network with ``N = batch`` in every layer.

Raises
------
InvalidInput
    If `batch` is not a positive integer.
"""

_Declaration = TypeVar("_Declaration", bound=Callable[..., Network])

# Canonical names by spelling-independent key, in the order of definition below.
_NAMES: dict[str, str] = {}


def names() -> tuple[str, ...]:
    """Return the canonical names of all built-in networks.

    Returns
    -------
    tuple of str
        Names that `get` takes.

    Examples
    --------
    >>> names()[:3]
    ('alexnet', 'alexnet-isca16', 'vgg16')
    """
    return tuple(_NAMES.values())


def get(name: str, batch: int = 1) -> Network:
    """Return a built-in network by name.

    Parameters
    ----------
    name : str
        One of `names`; case, ``-``, ``_``, ``.`` and spaces do not matter.
    batch : int, default 1
        Number of images processed together.

    Returns
    -------
    Network
        The network with ``N = batch`` in every layer.

    Raises
    ------
    UnknownName
        If there is no such network; the message suggests one.
    InvalidInput
        If `batch` is not a positive integer.

    Examples
    --------
    >>> get("ResNet-50").name
    'resnet50'
    >>> get("vgg16", batch=3)
    <Network 'vgg16': 16 layers, batch 3, 46.41 G MACs, 138.3 M weights>
    """
    canonical = _NAMES.get(_key(name))
    if canonical is None:
        raise unknown_name("network", name, names())
    return _load(canonical).with_batch(batch)


def _key(name: str) -> str:
    return re.sub(r"[-_. ]", "", name).lower()


@functools.cache
def _load(canonical: str) -> Network:
    return load_network(Path(__file__).with_name(f"{canonical}.yaml"))


def _builtin(canonical: str) -> Callable[[_Declaration], _Declaration]:
    """Register a declared network under its canonical name, and fill in the function's body."""

    def fill_in(declaration: _Declaration) -> _Declaration:
        @functools.wraps(declaration)
        def network(batch: int = 1) -> Network:
            return get(canonical, batch)

        # Python runs without docstrings under -OO.
        network.__doc__ = inspect.cleandoc(declaration.__doc__ or "") + _SHARED_DOC
        _NAMES[_key(canonical)] = canonical
        return cast(_Declaration, network)

    return fill_in


@_builtin("alexnet")
def alexnet(batch: int = 1) -> Network:
    """AlexNet with its two groups, 227x227 input: 724.4 M MACs, 60.95 M weights.

    Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks",
    NIPS 2012, as in Caffe's bvlc_alexnet.  CONV2, CONV4 and CONV5 have two groups.

    >>> alexnet(batch=4)
    <Network 'alexnet': 8 layers, batch 4, 2.898 G MACs, 60.95 M weights>
    """


@_builtin("alexnet-isca16")
def alexnet_isca16(batch: int = 1) -> Network:
    """AlexNet as in Table II of the Eyeriss paper: 724.4 M MACs, 60.95 M weights.

    Chen et al., "Eyeriss: A Spatial Architecture for Energy-Efficient Dataflow for
    Convolutional Neural Networks", ISCA 2016.  The table leaves groups out: it gives CONV2,
    CONV4 and CONV5 the channels of one group and the filters of both.  MACs and weights are
    those of `alexnet`, but the ifmaps of these layers are half as large.

    >>> alexnet_isca16()["CONV2"].ifmap_words, alexnet()["CONV2"].ifmap_words
    (34992, 69984)
    """


@_builtin("vgg16")
def vgg16(batch: int = 1) -> Network:
    """VGG-16 (configuration D), 224x224 input: 15.47 G MACs, 138.3 M weights.

    Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
    Recognition", ICLR 2015.

    >>> vgg16()
    <Network 'vgg16': 16 layers, batch 1, 15.47 G MACs, 138.3 M weights>
    """


@_builtin("googlenet")
def googlenet(batch: int = 1) -> Network:
    """GoogLeNet (Inception v1), 224x224 input: 1.583 G MACs, 6.99 M weights.

    Szegedy et al., "Going Deeper with Convolutions", CVPR 2015, as in Caffe's bvlc_googlenet,
    with true 5x5 filters (torchvision has 3x3 ones) and without the auxiliary classifiers.

    >>> googlenet()
    <Network 'googlenet': 58 layers, batch 1, 1.583 G MACs, 6.99 M weights>
    """


@_builtin("squeezenet1.0")
def squeezenet1_0(batch: int = 1) -> Network:
    """SqueezeNet v1.0, 227x227 input: 861.3 M MACs, 1.244 M weights.

    Iandola et al., arXiv:1602.07360, as in the authors' Caffe files, where conv10 has one
    pixel of padding and so a 15x15 ofmap (torchvision has none: 13x13).

    >>> squeezenet1_0()
    <Network 'squeezenet1.0': 26 layers, batch 1, 861.3 M MACs, 1.244 M weights>
    """


@_builtin("squeezenet1.1")
def squeezenet1_1(batch: int = 1) -> Network:
    """SqueezeNet v1.1, 227x227 input: 387.7 M MACs, 1.232 M weights.

    Iandola et al., arXiv:1602.07360, as in the authors' Caffe files.

    >>> squeezenet1_1()
    <Network 'squeezenet1.1': 26 layers, batch 1, 387.7 M MACs, 1.232 M weights>
    """


@_builtin("resnet18")
def resnet18(batch: int = 1) -> Network:
    """ResNet-18, 224x224 input: 1.814 G MACs, 11.68 M weights.

    He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, with projection
    shortcuts (option B), as in torchvision.

    >>> resnet18()
    <Network 'resnet18': 21 layers, batch 1, 1.814 G MACs, 11.68 M weights>
    """


@_builtin("resnet50")
def resnet50(batch: int = 1) -> Network:
    """ResNet-50 v1.5, 224x224 input: 4.089 G MACs, 25.5 M weights.

    He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, as in torchvision:
    a block that halves the size does so in its 3x3 convolution ("v1.5").  The paper does so in
    the first 1x1 convolution, which takes 3.86 G MACs.

    >>> resnet50()
    <Network 'resnet50': 54 layers, batch 1, 4.089 G MACs, 25.5 M weights>
    """


@_builtin("mobilenet-v1")
def mobilenet_v1(batch: int = 1) -> Network:
    """MobileNet v1, width 1.0, 224x224 input: 568.7 M MACs, 4.209 M weights.

    Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision
    Applications", arXiv:1704.04861.  Depthwise layers have one group per channel.

    >>> mobilenet_v1()
    <Network 'mobilenet-v1': 28 layers, batch 1, 568.7 M MACs, 4.209 M weights>
    """


@_builtin("mobilenet-v2")
def mobilenet_v2(batch: int = 1) -> Network:
    """MobileNet v2, width 1.0, 224x224 input: 300.8 M MACs, 3.47 M weights.

    Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018.
    Depthwise layers have one group per channel.

    >>> mobilenet_v2()
    <Network 'mobilenet-v2': 53 layers, batch 1, 300.8 M MACs, 3.47 M weights>
    """


@_builtin("resnet20")
def resnet20(batch: int = 1) -> Network:
    """ResNet-20 for CIFAR-10, 32x32 input: 40.55 M MACs, 268.3 k weights.

    He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, section 4.2, with
    shortcuts without parameters (option A).

    >>> resnet20()
    <Network 'resnet20': 20 layers, batch 1, 40.55 M MACs, 268.3 k weights>
    """


@_builtin("resnet56")
def resnet56(batch: int = 1) -> Network:
    """ResNet-56 for CIFAR-10, 32x32 input: 125.5 M MACs, 848.9 k weights.

    He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, section 4.2, with
    shortcuts without parameters (option A).

    >>> resnet56()
    <Network 'resnet56': 56 layers, batch 1, 125.5 M MACs, 848.9 k weights>
    """
