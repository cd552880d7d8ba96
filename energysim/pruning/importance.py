"""How much channels and weights matter: functions that give a score, more for what is to stay.

A score of channels takes the `Part` s of a group and the number of its channels, and returns a
tensor with a score for each.  A score of weights takes a weight tensor (a parameter, perhaps with a
gradient) and returns one of the same shape.  Any function like these can be used in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from energysim.errors import InvalidInput
from energysim.pruning.surgery import Part

__all__ = [
    "ChannelScore", "Taylor", "WeightScore", "bn_scale", "l1_norm", "l2_norm", "magnitude",
    "prepared",
]  # fmt: skip

#: Scores of the channels of a group: takes its parts and the number of channels.
ChannelScore: TypeAlias = Callable[[Sequence[Part], int], Tensor]
#: Scores of single weights: takes the weights.
WeightScore: TypeAlias = Callable[[Tensor], Tensor]

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def magnitude(weight: Tensor) -> Tensor:
    """Return the size of each weight (Han et al., NeurIPS 2015)."""
    return weight.detach().abs()


def l2_norm(parts: Sequence[Part], channels: int) -> Tensor:
    """Return the squared L2 norm of the filters that make each channel.

    NetAdapt (Yang et al., ECCV 2018, section 3.2) keeps the filters where it is largest.
    """
    return _over_filters(parts, channels, lambda rows: torch.linalg.vector_norm(rows, dim=1) ** 2)


def l1_norm(parts: Sequence[Part], channels: int) -> Tensor:
    """Return the L1 norm of the filters that make each channel (Li et al., ICLR 2017)."""
    return _over_filters(parts, channels, lambda rows: torch.linalg.vector_norm(rows, 1, dim=1))


def bn_scale(parts: Sequence[Part], channels: int) -> Tensor:
    """Return the size of the scale that batch normalization gives each channel.

    This is the score of network slimming (Liu et al., ICCV 2017).

    Raises
    ------
    InvalidInput
        If the channels go through no batch normalization.
    """
    scales = [part for part in parts if isinstance(part.module, _NORMS)]
    if not scales:
        raise InvalidInput(
            "channels without batch normalization have no scale: use another score, as l2_norm"
        )
    return _sum(scales, channels, lambda module: module.weight.detach().abs())


class Taylor:
    """The first-order change of the loss without a channel, or a weight: |sum of w * dL/dw|.

    Molchanov et al., CVPR 2019, equation 8.  Of channels it is taken over the filters that make
    them.  Gradients are those of `prepare`, which the drivers call before they ask.

    Parameters
    ----------
    loader : iterable
        Batches of inputs and labels, of the training data.
    batches : int, default 8
        How many to look at.
    loss : callable, optional
        Of outputs and labels; cross-entropy unless given.
    """

    def __init__(
        self,
        loader: Iterable[Sequence[Tensor]],
        batches: int = 8,
        loss: Callable[[Tensor, Tensor], Tensor] = functional.cross_entropy,
    ) -> None:
        self._loader = loader
        self._batches = batches
        self._loss = loss

    def prepare(self, model: nn.Module) -> None:
        """Sum up the gradients of a model's parameters, in evaluation mode."""
        model.eval()
        model.zero_grad(set_to_none=True)
        device = next(model.parameters()).device
        for done, (inputs, labels) in enumerate(self._loader):
            if done == self._batches:
                break
            self._loss(model(inputs.to(device)), labels.to(device)).backward()

    def __call__(self, parts: Sequence[Part], channels: int) -> Tensor:
        """Score the channels of a group."""
        sums = torch.zeros(channels)
        for part, weight in _filters(parts):
            products = self._products(weight).flatten(1).sum(1).cpu()
            sums.index_add_(0, part.channels, products[part.positions])
        return sums.abs()

    def weights(self, weight: Tensor) -> Tensor:
        """Score single weights."""
        return self._products(weight).abs()

    def _products(self, weight: Tensor) -> Tensor:
        if weight.grad is None:
            raise InvalidInput("a first-order score needs gradients: call prepare(model) first")
        return weight.detach() * weight.grad


def prepared(score: object, model: nn.Module) -> None:
    """Let a score look at the model, if it has to, as `Taylor` has."""
    prepare = getattr(score, "prepare", None)
    if prepare is not None:
        prepare(model)


def _over_filters(parts: Sequence[Part], channels: int, size: Callable[[Tensor], Tensor]) -> Tensor:
    """Add up what a function makes of the rows of weights that make each channel."""
    filters = [part for part, _weight in _filters(parts)]
    return _sum(filters, channels, lambda module: size(_weight(module).flatten(1)))


def _filters(parts: Sequence[Part]) -> list[tuple[Part, Tensor]]:
    """Return the parts that make the channels, with their weights, a row per output."""
    made = [one for one in parts if one.side == "out" and isinstance(one.module, _CONVOLUTIONS)]
    return [(part, part.module.weight) for part in made]


def _weight(module: nn.Module) -> Tensor:
    weight: Tensor = module.weight.detach()
    return weight


def _sum(parts: Sequence[Part], channels: int, score: Callable[[nn.Module], Tensor]) -> Tensor:
    """Add up scores per position of modules, by channel."""
    sums = torch.zeros(channels)
    for part in parts:
        sums.index_add_(0, part.channels, score(part.module).cpu()[part.positions])
    return sums
