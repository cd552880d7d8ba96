"""NetAdapt: many small cuts, each the one that costs least accuracy for what it saves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor

from energysim.checks import member, number, whole
from energysim.errors import InvalidInput
from energysim.pruning.driver import ChannelDriver
from energysim.pruning.importance import ChannelScore, l2_norm, prepared
from energysim.pruning.snapshot import Held, Origin, Place

__all__ = ["NetAdapt", "first_met"]

# As in the authors' code (denru01/netadapt, master.py), which divides by energies of about 1, too.
_LEAST_LOSS, _LEAST_SAVING = 1e-6, 1e-5
_HALVINGS = 30


@dataclass(frozen=True)
class _Candidate:
    """A network with one group cut."""

    group: str
    accuracy: float
    rank: float
    copies: dict[Place, Tensor]  # of the tensors that its cut left alone
    snapshot: Any = None


def first_met(met: Callable[[int], bool], most: int, guess: int = 1) -> int | None:
    """Return the least number from 1 to `most` for which `met` holds, or None.

    It looks at the guess, goes away from it by 1, 2, 4, ... and bisects the last gap.  `met` must
    not cease to hold above the answer.

    Examples
    --------
    >>> first_met(lambda n: n >= 5, 100), first_met(lambda n: n >= 5, 100, guess=7)
    (5, 5)
    >>> first_met(lambda n: False, 100) is None
    True
    """
    low = high = min(max(guess, 1), most)
    step = 1
    if met(high):
        while (low := max(high - step, 0)) and met(low):
            high, step = low, 2 * step
    else:
        while low < most and not met(high := min(low + step, most)):
            low, step = high, 2 * step
        if low == most:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if met(middle) else (middle, high)
    return high


class NetAdapt(ChannelDriver):
    """NetAdapt (Yang et al., ECCV 2018, algorithm 1) with energy as the resource.

    In each step every group of channels is a candidate: it is cut just as much as this step has to
    save, keeping the filters of largest norm, and fine-tuned for a short time.  The best candidate
    is the network of the next step.  What a step has to save is a share of the cost before pruning
    that decays; the cost of every candidate is asked of the simulator.  At the end, what the budget
    still has room for comes back (`ChannelDriver.fill`).

    Parameters
    ----------
    first : float, default 0.025
        What the first step saves, relative to the cost before pruning (authors' code).
    decay : float, default 0.96
        By what this is multiplied from step to step (authors' code).
    channel_step : int, default 1
        Channels are cut to multiples of this; the authors' code takes 8.
    select : {"ratio", "accuracy"}
        The best candidate: the one of least accuracy lost per cost saved (authors' code), or of
        highest accuracy (paper).
    score_func : callable, optional
        Score of channels; `energysim.pruning.importance.l2_norm` unless given.
    *args, **more
        As for `Driver`.
    """

    method = "netadapt"

    def __init__(
        self,
        *args: Any,
        first: float = 0.025,
        decay: float = 0.96,
        channel_step: int = 1,
        select: Literal["ratio", "accuracy"] = "ratio",
        score_func: ChannelScore = l2_norm,
        **more: Any,
    ) -> None:
        self.first, self.decay = number(first, "first", 0, 1), number(decay, "decay", 0, 1)
        if not self.first:
            raise InvalidInput("first must be more than 0: each step has to save something")
        self.channel_step = whole(channel_step, "channel_step")
        self.select = member(select, "way to select", ("ratio", "accuracy"))
        self._score = score_func
        self._spare: list[dict[Place, Tensor]] = []
        super().__init__(*args, **more)

    def config(self) -> dict[str, Any]:
        """Return all that decides how a run goes and can be written down."""
        return super().config() | {
            "first": self.first,
            "decay": self.decay,
            "channel_step": self.channel_step,
            "select": self.select,
        }

    def _steps(self) -> Iterator[dict[str, Any]]:
        whole_cost = self.meter.excess()
        while (excess := self.meter.excess(**self.pruned.question())) > 1:
            done = self.memory.get("iterations", 0)
            target = max(excess - self.first * whole_cost * self.decay**done, 1.0)
            prepared(self._score, self.model)
            best, tried = self._best(excess, target)
            self.pruned.restore(best.snapshot)
            self.memory |= {"iterations": done + 1, "accuracy": best.accuracy}
            yield self.metrics(
                "pruning", accuracy=best.accuracy, group=best.group, candidates=tried
            )
        self._spare.clear()
        if self.memory.get("iterations") and self.fill(self._score, step=self.channel_step):
            self.finetune()
            yield self.metrics("filling", accuracy=self.evaluate())

    def _best(self, excess: float, target: float) -> tuple[_Candidate, int]:
        """Try all groups; return the best candidate, and how many there were."""
        for _halving in range(_HALVINGS):
            cuts = {name: self._most(name, excess, target) for name in self.pruned.kept}
            able = {name: n for name, n in cuts.items() if n is not None}
            if able:
                break
            # No group can save so much by itself: a smaller step.
            target = (excess + target) / 2
        else:
            raise InvalidInput(
                f"no group of channels can be cut any further by {self.channel_step} at a time: "
                "take a smaller channel_step"
            )
        order = {name: self._order(name) for name in able}
        before = self.pruned.snapshot(lambda model: Origin(model, self._spare))
        best: _Candidate | None = None
        for name, n in able.items():
            candidate = self._tried(name, order[name][:n], excess, before[0])
            loser: _Candidate | None = candidate
            if best is None or candidate.rank < best.rank:
                loser, best = best, replace(candidate, snapshot=self.pruned.snapshot(Held))
            if loser is not None:
                self._spare.append(loser.copies)
            self.pruned.restore(before)
        assert best is not None
        return best, len(able)

    def _most(self, name: str, excess: float, target: float) -> int | None:
        """Return how many channels a group may keep at most to reach a target, if it can."""
        step = self.channel_step
        highest = (len(self.pruned.kept[name]) - 1) // step * step  # the next multiple below
        if not highest:
            return None

        def cost(cuts: int) -> float:
            return self._excess({name: highest - (cuts - 1) * step})

        saved = excess - cost(1)
        most = highest // step
        guess = math.ceil(min((excess - target) / saved, most)) if saved > 0 else 1
        cuts = first_met(lambda cuts: cost(cuts) <= target, most, guess)
        return None if cuts is None else highest - (cuts - 1) * step

    def _excess(self, left: dict[str, int]) -> float:
        return self.meter.excess(**self.pruned.question(left))

    def _order(self, name: str) -> list[int]:
        """Return the channels of a group, best first."""
        channels = self.pruned.kept[name]
        scores = self._score(self.pruned.parts(name), len(channels))
        best = torch.argsort(scores, descending=True, stable=True)
        return [channels[i] for i in best.tolist()]

    def _tried(self, name: str, left: list[int], excess: float, origin: Origin) -> _Candidate:
        """Cut, train and evaluate."""
        self.pruned.keep(name, left)
        copies = origin.unshare()
        self.finetune()
        accuracy = self.evaluate()
        if self.select == "accuracy":
            return _Candidate(name, accuracy, -accuracy, copies)
        lost = self.memory["accuracy"] - accuracy + _LEAST_LOSS
        # Relative to the cost before pruning, for the constants to be small beside it.
        saved = (excess - self._excess({})) / self.meter.excess()
        return _Candidate(name, accuracy, lost / (saved + _LEAST_SAVING), copies)
