"""Energy-aware pruning: layer by layer, those first that cost most (Yang et al., CVPR 2017)."""

from __future__ import annotations

import copy
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from energysim.checks import number, whole
from energysim.frontends.torch_densities import measure_densities
from energysim.pruning.baselines import fewest, geometric
from energysim.pruning.driver import WeightDriver
from energysim.pruning.joint_impact import largest, restore
from energysim.pruning.least_squares import NormalEquations
from energysim.pruning.samples import Sampler, first_images

__all__ = ["EnergyAwarePruner"]

# Restoring looks at fewer positions than fitting: it chooses weights, and does not set them.
_RESTORED_PER_IMAGE = 2


class EnergyAwarePruner(WeightDriver):
    """Energy-aware pruning of single weights (EAP; Yang, Chen and Sze, CVPR 2017).

    In each iteration the layers are pruned in the order of their energy, most first.  Of a layer,
    the smallest weights are removed, more than is wanted; those that its outputs miss most come
    back (`joint_impact`); the rest is fitted to the outputs in closed form (`least_squares`).
    After all layers, the network is fine-tuned.

    Not given in the paper, and so: what each layer keeps (`_left`); inputs are those of
    the network as it is pruned so far, outputs to be met those of the network before pruning.

    Parameters
    ----------
    model, example_inputs, budget
        As for `Driver`.
    train : iterable
        Batches of training images, alone or with labels.
    images : int, default 1000
        How many of them to look at.
    per_image : int, default 10
        Positions of a layer's output to look at in each.
    steps : int, default 1
        Iterations on a geometric way to the budget, each followed by the finetuner.
    removed_more : float, default 0.05
        Share of a layer's weights that are removed to come back, at most half of those kept (the
        paper removes 35 % where 30 % is wanted).
    ridge : float, default 1e-4
        See `NormalEquations.solve`.
    max_loss : float, optional
        Stop before the accuracy has fallen by more than this, short of the budget.
    arch, dataflow
        As for `Driver`; an accelerator that saves energy where weights are zero.
    question : dict, optional
        As for `Driver`.  Densities of ifmaps are measured on the images unless given.
    **more
        As for `Driver`.

    Examples
    --------
    >>> from torch import nn
    >>> _ = torch.manual_seed(0)
    >>> model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 10))
    >>> images = torch.randn(20, 1, 8, 8)
    >>> pruner = EnergyAwarePruner(
    ...     model, images[:1], "60%", evaluator=lambda model: 1.0, train=[images]
    ... )
    >>> result = pruner.run(progress=False)
    >>> result.energy_share <= 0.6
    True
    """

    method = "eap"

    def __init__(
        self,
        model: nn.Module,
        example_inputs: Any,
        budget: Any,
        *,
        train: Iterable[Any],
        images: int = 1000,
        per_image: int = 10,
        steps: int = 1,
        removed_more: float = 0.05,
        ridge: float = 1e-4,
        max_loss: float | None = None,
        arch: Any = "estimation-tool",
        dataflow: Any = "rs-estimation-tool",
        question: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> None:
        self.steps = whole(steps, "steps")
        self.removed_more = number(removed_more, "removed_more", 0, 1)
        self.ridge = number(ridge, "ridge")
        self.max_loss = None if max_loss is None else number(max_loss, "max_loss", 0, 1)
        self.per_image = whole(per_image, "per_image")
        with torch.random.fork_rng():
            torch.manual_seed(more.get("seed", 0))
            self._images = first_images(train, whole(images, "images"))
        asked = dict(question or {})
        if "ifmap_density" not in asked:
            found = measure_densities(model, self._images.split(100), progress=False)
            asked["ifmap_density"] = found.ifmap
        super().__init__(
            model, example_inputs, budget, arch=arch, dataflow=dataflow, question=asked, **more
        )
        self._sampler = Sampler(self._images, self.per_image, self.seed)
        self._original = copy.deepcopy(model)
        self._targets: dict[str, Tensor] | None = None

    def config(self) -> dict[str, Any]:
        """Return all that decides how a run goes and can be written down."""
        return super().config() | {
            "steps": self.steps,
            "removed_more": self.removed_more,
            "ridge": self.ridge,
            "max_loss": self.max_loss,
            "images": len(self._images),
            "images_crc32": zlib.crc32(self._images.cpu().contiguous().numpy().tobytes()),
            "per_image": self.per_image,
        }

    def _steps(self) -> Iterator[dict[str, Any]]:
        memory = self.memory
        memory.setdefault("baseline", memory["accuracy"])
        memory.setdefault("start", self.meter.excess())
        ways = geometric(memory["start"], self.steps) if memory["start"] > 1 else []
        while (done := memory.get("iterations", 0)) < len(ways):
            if "order" not in memory:
                if self.max_loss is not None:
                    memory["before"] = _copied(self.model.state_dict())
                memory["left"] = self._left(ways[done])
                memory["order"] = self._by_energy()
            while memory["order"]:
                name, *rest = memory["order"]
                self._prune(name, memory["left"][name])
                memory["order"] = rest
                yield self.metrics("layer", layer=name)
            self.finetune()
            accuracy = self.evaluate()
            before = memory.pop("before", None)
            del memory["left"], memory["order"]
            memory["iterations"] = done + 1
            if self.max_loss is not None and accuracy < memory["baseline"] - self.max_loss:
                memory["iterations"] = len(ways)
                self.model.load_state_dict(before)
                yield self.metrics("given up", accuracy=self.evaluate(), refused=accuracy)
            else:
                yield self.metrics("pruning", accuracy=accuracy)

    def _demand_reachable(self) -> None:
        one = {name: 1 / self.pruned.mask(name).numel() for name in self.pruned.layers}
        question = self.pruned.question(one)
        self.meter.demand("the network with one weight per layer", weights=True, **question)

    def _by_energy(self) -> list[str]:
        """Return all layers with weights, those first that cost most."""
        energies = self.estimator.energy_by_layer(**self.pruned.question())
        return sorted(self.pruned.layers, key=lambda name: -energies[name])

    def _left(self, target: float) -> dict[str, int]:
        """Return how many weights each layer keeps, if the cost is to be so many times the limit.

        Across layers a weight is worth its share of the layer's squared weights, per energy that
        its absence saves.
        """
        full = self.estimator.energy_by_layer(**self.pruned.question())
        none = self.pruned.question(dict.fromkeys(self.pruned.layers, 0.0))
        empty = self.estimator.energy_by_layer(**none)
        worths, counts = [], []
        for name in self.pruned.layers:
            weight = self._weight(name)
            kept = weight[weight != 0].double().square()
            saved = (full[name] - empty[name]) / max(len(kept), 1)
            # The last weight of a layer stays.
            share = kept.sort().values[:-1] / kept.sum()
            worths.append(share / saved if saved > 0 else torch.full_like(share, torch.inf))
            counts.append(len(kept))
        sizes = torch.tensor([len(worth) for worth in worths])
        most = torch.tensor(counts)
        owners = torch.repeat_interleave(torch.arange(len(worths)), sizes)
        owners = owners[torch.cat(worths).cpu().argsort(stable=True)]

        def left(removed: int) -> dict[str, int]:
            gone = torch.bincount(owners[:removed], minlength=len(worths))
            return dict(zip(self.pruned.layers, (most - gone).tolist(), strict=True))

        def met(removed: int) -> bool:
            densities = {
                name: n / self.pruned.mask(name).numel() for name, n in left(removed).items()
            }
            return self.meter.excess(**self.pruned.question(densities)) <= target

        return left(fewest(met, len(owners)))

    def _prune(self, name: str, keep: int) -> None:
        """Remove, restore and fit the weights of a layer."""
        module, weight = self.pruned.layers[name], self._weight(name)
        inputs, targets = self._samples(name)
        more = min(round(self.removed_more * weight.numel()), keep // 2)
        wanted, fewer = largest(weight, keep), largest(weight, keep - more)
        mask = torch.zeros_like(wanted)
        rows = slice(None, None, max(1, self.per_image // _RESTORED_PER_IMAGE))
        for group, filters in enumerate(_filters(module)):
            mask[filters] = restore(
                inputs[group, rows],
                weight[filters],
                fewer[filters],
                int(wanted[filters].sum()),
                targets[rows, filters],
            )
        self._fit(name, mask, inputs, targets)

    def _fit(self, name: str, mask: Tensor, inputs: Tensor, targets: Tensor) -> None:
        weight = self._weight(name)
        for group, filters in enumerate(_filters(self.pruned.layers[name])):
            sums = NormalEquations.of(inputs[group], targets[:, filters])
            weight[filters] = sums.solve(weight[filters], mask[filters], ridge=self.ridge)
        parameter = self.pruned.weight(name)
        with torch.no_grad():
            parameter.copy_(weight.view_as(parameter))
        self.pruned.put({name: mask.view_as(parameter).to(parameter)})

    def _weight(self, name: str) -> Tensor:
        """Return the weights of a layer that are left, a row per filter."""
        weight = self.pruned.weight(name).detach() * self.pruned.mask(name)
        return weight.flatten(1)

    def _samples(self, name: str) -> tuple[Tensor, Tensor]:
        """Return what a layer meets as the network is now, and what it should give."""
        if self._targets is None:
            layers = dict(self._original.named_modules())
            chosen = {each: layers[each] for each in self.pruned.layers}
            self._targets = self._sampler.outputs(self._original, chosen)
        inputs = self._sampler.inputs(self.model, name, self.pruned.layers[name])
        return inputs, self._targets[name]


def _filters(module: nn.Module) -> Iterator[slice]:
    """Return which filters are in each group of a layer."""
    groups = getattr(module, "groups", 1)
    size = module.weight.shape[0] // groups
    for group in range(groups):
        yield slice(group * size, (group + 1) * size)


def _copied(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: each.clone() for name, each in state.items()}
