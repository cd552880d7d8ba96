"""Using up a budget: channels that come back where there is room left for them.

Channels are whole, and a method seldom ends on its budget.  What it leaves is given back here, one
channel after the other, until no group can have another one.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import torch
from torch import Tensor, nn

from energysim.pruning.importance import ChannelScore, prepared
from energysim.pruning.surgery import Sliced

__all__ = ["Rank", "filled", "give_back", "relative", "removed"]

#: Takes a group and a number n; the group where it is lowest is the first to have its n-th channel.
Rank: TypeAlias = Callable[[str, int], float]


def filled(
    counts: Mapping[str, int],
    most: Mapping[str, int],
    met: Callable[[dict[str, int]], bool],
    rank: Rank,
    step: int = 1,
) -> dict[str, int]:
    """Give groups channels, until no group can have another one.

    Parameters
    ----------
    counts : dict
        By group: how many channels it has.
    most : dict
        By group: how many it may have.
    met : callable
        Whether the budget is met, if groups have so many channels.
    rank : callable
        See `Rank`.
    step : int, default 1
        Groups get channels up to multiples of this.

    Examples
    --------
    >>> most = {"first": 4, "second": 2}
    >>> three_cost_as_much = lambda counts: 3 * counts["first"] + counts["second"] <= 10
    >>> filled({"first": 1, "second": 1}, most, three_cost_as_much, lambda name, n: n)
    {'first': 2, 'second': 2}
    """
    counts = dict(counts)
    raised = True
    # More than once only for costs that may fall when there are more channels, such as cycles.
    while raised:
        raised, waiting = False, set(counts)
        while waiting := {name for name in waiting if counts[name] < most[name]}:
            more = {name: min(most[name], counts[name] // step * step + step) for name in waiting}
            name = min(waiting, key=lambda name: (rank(name, more[name]), name))
            tried = counts | {name: more[name]}
            if met(tried):
                counts, raised = tried, True
            else:
                waiting.remove(name)
    return counts


def removed(
    sliced: Sliced, original: nn.Module, score: ChannelScore
) -> dict[str, list[tuple[float, int]]]:
    """Return the channels of each group that are cut, with their scores, best first.

    Scores are those in the model before pruning, relative to their group's mean.
    """
    prepared(score, original)
    whole, gone = Sliced(original, sliced.surgery), {}
    for name, channels in whole.kept.items():
        scores = relative(score(whole.parts(name), len(channels))).tolist()
        left = set(sliced.kept[name])
        gone[name] = sorted(
            ((scores[i], i) for i in channels if i not in left), key=lambda each: -each[0]
        )
    return gone


def relative(scores: Tensor) -> Tensor:
    """Return scores relative to their mean, to compare groups with each other."""
    return scores / scores.mean().clamp_min(1e-30)


def give_back(sliced: Sliced, channels: Mapping[str, Iterable[int]], original: nn.Module) -> None:
    """Bring channels back that were cut, as they are in the model before pruning.

    Their filters, normalizations, and the weights that read them are those of `original`; what was
    left has the values that it has now.  ``sliced.model`` is another object afterwards.

    Parameters
    ----------
    sliced : Sliced
        The model.
    channels : dict
        By group: channels to come back, as numbers in the model before pruning.
    original : torch.nn.Module
        The model before pruning; it stays as it is.
    """
    kept = {name: {*now, *channels.get(name, ())} for name, now in sliced.kept.items()}
    grown = Sliced(copy.deepcopy(original), sliced.surgery)
    grown.keep_all(kept)
    grown.model.train(sliced.model.training)
    here = _numbered(original, sliced, sliced.kept)
    there = _numbered(original, sliced, kept)
    wide = _tensors(grown.model)
    for name, values in _tensors(sliced.model).items():
        new = wide[name].flatten()
        if new.numel() == values.numel():
            places = slice(None)
        else:
            places = torch.searchsorted(there[name].flatten(), here[name].flatten())
            places = places.to(new.device)
        new[places] = values.flatten()
        wide[name].copy_(new.view_as(wide[name]))
    sliced.become(grown)


def _numbered(
    original: nn.Module, sliced: Sliced, kept: Mapping[str, Iterable[int]]
) -> dict[str, Tensor]:
    """Return, for each value that is left, its place in the tensor of the model before pruning.

    Cutting keeps an order, so they rise; and whatever a module makes of its axes, they go with it.
    """
    model = copy.deepcopy(original).cpu().double()  # exact for numbers up to 2^53
    for values in _tensors(model).values():
        if values.is_floating_point():
            values.copy_(torch.arange(values.numel()).view_as(values))
    numbered = Sliced(model, sliced.surgery)
    numbered.keep_all(kept)
    return _tensors(model)


def _tensors(model: nn.Module) -> dict[str, Tensor]:
    """Return all parameters and buffers by name, to be read and written."""
    named = (model.named_parameters, model.named_buffers)
    return {name: each.detach() for find in named for name, each in find(remove_duplicate=False)}
