"""What all pruning methods have in common: a model, a budget, steps, and runs that can go on."""

from __future__ import annotations

import math
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Generic, TypeVar

from torch import nn

from energysim._core import Dataflow
from energysim.architecture import Architecture
from energysim.checks import whole
from energysim.errors import Diverged, InvalidInput
from energysim.estimator import Estimator
from energysim.frontends.torch import from_torch
from energysim.pruning.budget import BudgetLike, Meter
from energysim.pruning.filling import Rank, filled, give_back, removed
from energysim.pruning.importance import ChannelScore
from energysim.pruning.kept import KeptChannels, KeptWeights
from energysim.pruning.masks import Masked, unmasked_copy
from energysim.pruning.progress import StepProgress
from energysim.pruning.result import Result
from energysim.pruning.run import RunFolder, seed_all
from energysim.pruning.surgery import Sliced, Surgery
from energysim.pruning.training import Evaluator, Finetuner

__all__ = ["ChannelDriver", "Driver", "WeightDriver"]

_Pruned = TypeVar("_Pruned", Sliced, Masked)


class Driver(ABC, Generic[_Pruned]):
    """A pruning method at work on a model; the base of all methods.

    A method is a generator of steps (`_steps`).  Between two steps everything that it knows is in
    `pruned` and in `memory`; that is saved after each step, and a run that was killed goes on
    there and ends with the same result.

    Parameters
    ----------
    model : torch.nn.Module
        The trained model.  It is copied, and stays as it is.
    example_inputs : tensor, tuple or dict
        What the model is called with, as for `energysim.from_torch`.
    budget : Budget, str, float or dict
        What the pruned network may cost, such as ``"60%"``; see `Budget`.
    evaluator : callable
        Takes a model, and returns its accuracy from 0 to 1: on images held out of the training
        data, never on test images.
    finetuner : callable, optional
        Takes a model, and trains it for a short time, in place: what a method does between its
        steps.  A `Trainer`, for example.
    final : callable, optional
        As `finetuner`, for the long training at the end.  What has a method ``start`` (as
        `Trainer` has) is stopped and resumed epoch by epoch.
    arch, dataflow, batch
        What the energy is asked for, as for `energysim.simulate`.
    question : dict, optional
        Bits and densities that the energy is asked with, as for `energysim.Estimator.set`.
    seed : int, default 0
        Of all random numbers.

    Attributes
    ----------
    estimator : Estimator
        Of the model before pruning.
    meter : Meter
        Asks it, and knows the limits.
    pruned : Sliced or Masked
        The model as it is now, and what is pruned of it.
    memory : dict
        Plain values and tensors that the method needs for its next steps.
    """

    method: ClassVar[str]

    def __init__(
        self,
        model: nn.Module,
        example_inputs: Any,
        budget: BudgetLike,
        *,
        evaluator: Evaluator,
        finetuner: Finetuner | None = None,
        final: Finetuner | None = None,
        arch: Architecture | str = "eyeriss",
        dataflow: Dataflow | str = "rs",
        batch: int | None = None,
        question: Mapping[str, Any] | None = None,
        seed: int = 0,
    ) -> None:
        for what, function in (("evaluator", evaluator), ("finetuner", finetuner),
                               ("final", final)):  # fmt: skip
            if not callable(function) and (function is not None or what == "evaluator"):
                raise InvalidInput(f"{what} must be a function of a model, not {function!r}")
        self._evaluator, self._finetuner, self._final = evaluator, finetuner, final
        self._example_inputs = example_inputs
        self._original = model
        self.seed = whole(seed, "seed", least=0)
        for name in sorted({"batch", "channels"} & set(question or {})):
            raise InvalidInput(
                f"question gives bits and densities, not {name}: "
                + ("give batch= itself" if name == "batch" else "the method decides on them")
            )
        network = from_torch(model, example_inputs, batch=batch)
        self.estimator = Estimator(network, arch, dataflow)
        if question:
            self.estimator.set(**dict(question))
        self.meter = Meter(self.estimator, budget)
        self.pruned: _Pruned = self._prepared(unmasked_copy(model))
        self.memory: dict[str, Any] = {}
        self.history: list[dict[str, Any]] = []
        self._demand_reachable()
        self._generator: Any = None

    @property
    def model(self) -> nn.Module:
        """The model as it is now."""
        return self.pruned.model

    def config(self) -> dict[str, Any]:
        """Return all that decides how a run goes and can be written down."""
        network = self.estimator.network
        return {
            "method": self.method,
            "network": network.name,
            "layers": [repr(layer) for layer in network],
            "architecture": self.estimator.architecture.name,
            "dataflow": self.estimator.report().dataflow,
            "budget": str(self.meter.budget),
            # Stands for all that it depends on: costs, densities, bits.
            "energy_before": self.estimator.energy(),
            "limits": self.meter.limits,
            "seed": self.seed,
        }

    def step(self) -> bool:
        """Do one step; return whether there was one left to do.

        Raises
        ------
        Diverged
            If a training or an evaluation gives what is no number.  After this and any other error
            the model is as it was before the step.
        """
        if self._generator is None:
            self._generator = self._all_steps()
        before, memory = self.pruned.snapshot(), dict(self.memory)
        seed_all(self.seed, len(self.history))
        try:
            metrics = next(self._generator, None)
        except BaseException:
            self.pruned.restore(before)
            self.memory, self._generator = memory, None
            raise
        if metrics is None:
            return False
        self.history.append({"step": len(self.history), **metrics})
        return True

    def run(
        self,
        folder: str | os.PathLike[str] | None = None,
        *,
        resume: bool = False,
        config: Mapping[str, Any] | None = None,
        tester: Evaluator | None = None,
        progress: bool = True,
    ) -> Result:
        """Do all steps, and return the result.

        Parameters
        ----------
        folder : path, optional
            Where to keep config, metrics, checkpoints and the result; see `RunFolder`.
        resume : bool, default False
            Go on with the run that the folder has.
        config : dict, optional
            What else decides how the run goes, such as the data and how long to train: it is noted
            in the folder, and must be the same when the run is resumed.
        tester : callable, optional
            As the evaluator, but on test images: it is called when all is decided, with the pruned
            model and with the one before pruning.
        progress : bool, default True
            Whether to show a bar on a terminal.

        Raises
        ------
        InvalidInput
            If the folder has another run.
        Diverged
            As `step` does; the folder keeps the last good checkpoint.
        """
        kept = (
            None
            if folder is None
            else RunFolder(folder, self.config() | dict(config or {}), resume=resume)
        )
        state = kept.load() if kept is not None else None
        if kept is not None and state is not None:
            self._load(state)
            self.history = [_without_time(line) for line in kept.metrics()]
        with StepProgress(self.method, visible=progress) as bar:
            start = time.perf_counter()
            while self.step():
                bar.show(self.history[-1], self.meter)
                if kept is not None:
                    seconds = round(time.perf_counter() - start, 3)
                    kept.save(self._state(), {**self.history[-1], "seconds": seconds})
                start = time.perf_counter()
        result = self.result()
        if tester is not None:
            tested = {"before": tester(self._original), "after": tester(result.model)}
            result = replace(result, test_accuracy=tested)
        if kept is not None:
            result.save(kept)
        return result

    def result(self) -> Result:
        """Return what there is now."""
        return Result(
            method=self.method,
            model=self.pruned.plain(),
            kept=self._kept(),
            example_inputs=self._example_inputs,
            baseline=self.estimator.report(),
            report=self.estimator.report(**self.pruned.question()),
            budget=str(self.meter.budget),
            limits=dict(self.meter.limits),
            seed=self.seed,
            history=tuple(self.history),
        )

    def evaluate(self) -> float:
        """Return the accuracy of the model as it is now, as the evaluator says."""
        found = float(self._evaluator(self.model))
        if not math.isfinite(found):
            raise Diverged(f"the evaluator returned {found}: look for NaN in model and data")
        return found

    def finetune(self) -> None:
        """Train for a short time, if there is something to train with."""
        if self._finetuner is not None:
            self._finetuner(self.model)

    def metrics(self, phase: str, **more: Any) -> dict[str, Any]:
        """Return what is to be noted of a step: accuracy and costs."""
        question = self.pruned.question()
        return {
            "phase": phase,
            "accuracy": more.pop("accuracy", None),
            "energy": self.estimator.energy(**question),
            "costs": self.meter.measures(**question),
            **more,
        }

    @abstractmethod
    def _prepared(self, model: nn.Module) -> _Pruned:
        """Return a model made ready to be pruned in place."""

    @abstractmethod
    def _demand_reachable(self) -> None:
        """Raise an error if the budget is out of reach."""

    @abstractmethod
    def _steps(self) -> Any:
        """Yield the metrics of each step, after it was done.

        Starts where `pruned` and `memory` say; ends when the budget is met.
        """

    @abstractmethod
    def _kept(self) -> Any:
        """Return what is kept, as JSON can say it and apply it."""

    def _all_steps(self) -> Any:
        if "accuracy" not in self.memory:
            self.memory["accuracy"] = self.evaluate()
            yield self.metrics("baseline", accuracy=self.memory["accuracy"])
        if not self.memory.get("pruned"):
            yield from self._steps()
            self.memory["pruned"] = True
        yield from self._long_training()

    def _long_training(self) -> Any:
        if self._final is None or self.memory.get("trained"):
            return
        start = getattr(self._final, "start", None)
        if start is None:
            self._final(self.model)
        else:
            training = start(self.model)
            if "training" in self.memory:
                training.load_state_dict(self.memory["training"])
            while training.step():
                self.memory["training"] = training.state_dict()
                yield self.metrics("training", accuracy=self.evaluate(), epoch=training.epoch)
        self.memory.pop("training", None)
        self.memory["trained"] = True
        yield self.metrics("final", accuracy=self.evaluate())

    def _state(self) -> dict[str, Any]:
        return {
            "kept": self.pruned.state(),
            "weights": self.model.state_dict(),
            "memory": self.memory,
        }

    def _load(self, state: Mapping[str, Any]) -> None:
        self.pruned.load(state["kept"])
        self.model.load_state_dict(state["weights"])
        self.memory = dict(state["memory"])
        self._generator = None


def _without_time(metrics: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metrics.items() if name != "seconds"}


class ChannelDriver(Driver[Sliced]):
    """A method that cuts out channels; see `Driver`."""

    def _prepared(self, model: nn.Module) -> Sliced:
        return Sliced(model, Surgery.find(model, self._example_inputs, self.estimator))

    def _demand_reachable(self) -> None:
        least = dict.fromkeys(self.pruned.kept, 1)
        self.meter.demand(
            "one channel left in every group that can be pruned", **self.pruned.question(least)
        )

    def _kept(self) -> Any:
        return KeptChannels.of(self.estimator.network.name, self.pruned)

    def fill(self, score: ChannelScore, rank: Rank | None = None, step: int = 1) -> bool:
        """Give channels back while the budget has room for one of any group.

        Parameters
        ----------
        score : callable
            Of a group's channels, those of highest score in the model before pruning come first.
        rank : callable, optional
            Which group is first; that of the highest score, relative to the group's mean, unless
            given.
        step : int, default 1
            Numbers of channels are multiples of this, or those before pruning.

        Returns
        -------
        bool
            Whether any came back.  They have the weights that they had before pruning.
        """
        kept = {name: len(channels) for name, channels in self.pruned.kept.items()}
        sizes = {group.name: group.channels for group in self.pruned.surgery.groups}

        def raised(rank: Rank) -> dict[str, int]:
            return filled(
                kept, sizes, lambda n: self.meter.met(**self.pruned.question(n)), rank, step
            )

        if raised(lambda name, n: 0) == kept:
            return False  # before anything is scored, which may take random numbers
        original = unmasked_copy(self._original)
        gone = removed(self.pruned, original, score)
        counts = raised(rank or (lambda name, n: -gone[name][n - 1 - kept[name]][0]))
        give_back(
            self.pruned,
            {name: [i for _score, i in gone[name][: counts[name] - n]] for name, n in kept.items()},
            original,
        )
        return True


class WeightDriver(Driver[Masked]):
    """A method that holds single weights at zero; see `Driver`."""

    def _prepared(self, model: nn.Module) -> Masked:
        return Masked(model, self.estimator.network)

    def _demand_reachable(self) -> None:
        least = dict.fromkeys(self.pruned.layers, 0.0)
        question = self.pruned.question(least)
        self.meter.demand("the network without any weight", weights=True, **question)

    def _kept(self) -> Any:
        return KeptWeights.of(self.estimator.network.name, self.pruned)
