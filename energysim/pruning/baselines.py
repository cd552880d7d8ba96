"""Pruning by magnitude: what a user would try first, and what other methods have to beat."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor

from energysim.checks import member, whole
from energysim.pruning.driver import ChannelDriver, Driver, WeightDriver
from energysim.pruning.filling import Rank, filled, relative
from energysim.pruning.importance import ChannelScore, WeightScore, l2_norm, magnitude, prepared
from energysim.pruning.masks import Masked
from energysim.pruning.surgery import Sliced

__all__ = ["MagnitudeChannels", "MagnitudeWeights", "Scope", "fewest", "geometric"]

#: Whether scores are compared across the network, or all layers lose the same share.
Scope = Literal["global", "layer"]

_Pruned = TypeVar("_Pruned", Sliced, Masked)
_SHARES = 1 << 14  # how finely the same share for all layers is resolved


def fewest(met: Callable[[int], bool], most: int) -> int:
    """Return the least number from 0 to `most` for which `met` holds, if it does for `most`.

    It is found by bisection: `met` must not cease to hold above it.

    Examples
    --------
    >>> fewest(lambda n: n * n >= 50, 100)
    8
    """
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if met(middle) else (middle + 1, high)
    return high


def geometric(start: float, steps: int) -> list[float]:
    """Return the excess to reach in each step on a geometric way down to 1.

    Examples
    --------
    >>> geometric(4.0, 2)
    [2.0, 1.0]
    """
    return [start ** (1 - i / steps) for i in range(1, steps)] + [1.0]


class _Magnitude(Driver[_Pruned]):
    """What pruning weights and pruning channels have in common: steps, each with its target."""

    def __init__(
        self,
        *args: Any,
        scope: Scope = "global",
        steps: int = 1,
        score_func: Any = None,
        **more: Any,
    ) -> None:
        self.scope = member(scope, "scope", ("global", "layer"))
        self.steps = whole(steps, "steps")
        self._score = self._default_score if score_func is None else score_func
        super().__init__(*args, **more)

    def config(self) -> dict[str, Any]:
        """Return all that decides how a run goes and can be written down."""
        return super().config() | {"scope": self.scope, "steps": self.steps}

    def _steps(self) -> Iterator[dict[str, Any]]:
        start = self.meter.excess()
        targets = geometric(start, self.steps) if start > 1 else []
        while (done := self.memory.get("steps", 0)) < len(targets):
            prepared(self._score, self.model)
            self._cut_to(targets[done])
            if done + 1 == len(targets):
                self._use_up()
            self.finetune()
            self.memory["steps"] = done + 1
            yield self.metrics("pruning", accuracy=self.evaluate())

    @property
    @abstractmethod
    def _default_score(self) -> Any:
        """The score that is taken unless another is given."""

    @abstractmethod
    def _cut_to(self, target: float) -> None:
        """Prune until the excess over the budget is at most a target."""

    def _use_up(self) -> None:
        """Give back what the budget has room for and earlier steps took."""


class MagnitudeWeights(_Magnitude[Masked], WeightDriver):
    """Fine-grained pruning by magnitude (Han et al., NeurIPS 2015).

    Takes the smallest weights until the budget is met, fine-tunes, and so on in steps.

    Parameters
    ----------
    scope : {"global", "layer"}
        Whether weights are compared across the network, or each layer loses the same share.
    steps : int, default 1
        Steps on a geometric way to the budget, each followed by the finetuner.
    score_func : callable, optional
        Score of weights; `energysim.pruning.importance.magnitude` unless given.
    *args, **more
        As for `Driver`.
    """

    method = "magnitude"

    @property
    def _default_score(self) -> WeightScore:
        return magnitude

    def _cut_to(self, target: float) -> None:
        names = list(self.pruned.layers)
        scores = {name: self._scores(name) for name in names}
        sizes = torch.tensor([scores[name].numel() for name in names])
        if self.scope == "global":
            owners = torch.repeat_interleave(torch.arange(len(names)), sizes)
            ranked = torch.cat([scores[name].flatten() for name in names])
            order = torch.argsort(ranked, stable=True)
            owners, most = owners[order], int(sizes.sum())

            def removed(number: int) -> Tensor:
                return torch.bincount(owners[:number], minlength=len(names))
        else:
            most = _SHARES

            def removed(number: int) -> Tensor:
                return (sizes * number + _SHARES - 1) // _SHARES

        def met(number: int) -> bool:
            densities = (1 - removed(number).double() / sizes).tolist()
            question = self.pruned.question(dict(zip(names, densities, strict=True)))
            return self.meter.excess(**question) <= target

        counts = removed(fewest(met, most)).tolist()
        self.pruned.put(
            {name: _without(scores[name], n) for name, n in zip(names, counts, strict=True)}
        )

    def _scores(self, name: str) -> Tensor:
        """Return scores of a layer's weights; of those that are masked, the least of all."""
        scores = self._score(self.pruned.weight(name)).detach().float().cpu()
        return scores.masked_fill(self.pruned.mask(name).cpu() == 0, -1.0)


class MagnitudeChannels(_Magnitude[Sliced], ChannelDriver):
    """Structural pruning by magnitude; with ``scope="layer"``, uniform scaling of all widths.

    Takes the channels of least score until the budget is met, fine-tunes, and so on in steps.

    Parameters
    ----------
    scope : {"global", "layer"}
        Whether channels are compared across the network (by their score relative to the mean of
        their group), or each group loses the same share.
    steps : int, default 1
        Steps on a geometric way to the budget, each followed by the finetuner.
    score_func : callable, optional
        Score of channels; `energysim.pruning.importance.l2_norm` unless given.
    *args, **more
        As for `Driver`.
    """

    method = "magnitude-channels"

    @property
    def _default_score(self) -> ChannelScore:
        return l2_norm

    def _cut_to(self, target: float) -> None:
        kept = {name: len(channels) for name, channels in self.pruned.kept.items()}
        scores = {name: self._score(self.pruned.parts(name), n) for name, n in kept.items()}
        order = {
            name: torch.argsort(score, descending=True, stable=True)
            for name, score in scores.items()
        }
        left, rank = self._global(scores, target) if self.scope == "global" else self._same(target)
        left = filled(left, kept, lambda left: self._met(left, target), rank)
        for name, n in left.items():
            channels = self.pruned.kept[name]
            self.pruned.keep(name, (channels[i] for i in order[name][:n].tolist()))

    def _use_up(self) -> None:
        self.fill(self._score, None if self.scope == "global" else self._share)

    def _met(self, left: Mapping[str, int], target: float) -> bool:
        return self.meter.excess(**self.pruned.question(left)) <= target

    def _share(self, name: str, n: int) -> float:
        return n / self.pruned.surgery[name].channels

    def _global(self, scores: Mapping[str, Tensor], target: float) -> tuple[dict[str, int], Rank]:
        """Return how many channels are left of each group, if the least of all are taken."""
        worths = {
            name: relative(each).sort(descending=True).values.tolist()
            for name, each in scores.items()
        }
        # The best channel of each group stays.
        ranked = sorted((worth, name) for name, each in worths.items() for worth in each[1:])

        def without(number: int) -> dict[str, int]:
            gone = Counter(name for _worth, name in ranked[:number])
            return {name: len(each) - gone[name] for name, each in worths.items()}

        number = fewest(lambda n: self._met(without(n), target), len(ranked))
        return without(number), lambda name, n: -worths[name][n - 1]

    def _same(self, target: float) -> tuple[dict[str, int], Rank]:
        """Return how many channels are left of each group, if all lose the same share."""
        sizes = {group.name: group.channels for group in self.pruned.surgery.groups}

        def without(number: int) -> dict[str, int]:
            share = 1 - number / _SHARES
            return {
                name: max(1, min(len(self.pruned.kept[name]), round(share * size)))
                for name, size in sizes.items()
            }

        number = fewest(lambda n: self._met(without(n), target), _SHARES)
        return without(number), self._share


def _without(scores: Tensor, number: int) -> Tensor:
    """Return a mask without the least scores."""
    mask = torch.ones(scores.numel())
    mask[torch.argsort(scores.flatten(), stable=True)[:number]] = 0
    return mask.view_as(scores)
