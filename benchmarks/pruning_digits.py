"""Pruning methods side by side on handwritten digits: a table of accuracies, over several seeds.

    python -m benchmarks.pruning_digits [--network chain] [--seeds 3] [--methods netadapt ...]

Methods that cut channels are compared on `eyeriss`; those that prune single weights on
`estimation-tool`, which saves energy for weights that are zero.  All train equally long at the end,
and for 30 batches in each of their steps, NetAdapt for each candidate; ECC for some epochs while it
prunes.  Learning rates and numbers of steps were chosen on hold-out images, and are the same for
methods that are compared.
"""

from __future__ import annotations

import argparse
import functools
import statistics
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from energysim import measure_densities, pruning
from energysim.errors import InvalidInput
from energysim.pruning import data
from energysim.pruning.methods import METHODS, make
from examples import digits as residual

SPARSE = {"arch": "estimation-tool", "dataflow": "rs-estimation-tool"}
OPTIONS: dict[str, dict[str, Any]] = {
    "netadapt": {"first": 0.05},
    "eap": {"steps": 4},
    "magnitude": {"steps": 4},
}


class Chain(nn.Module):
    """So narrow that half the energy hurts, and a channel costs 2 to 4 % of it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 12, 3, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(12)
        self.conv3 = nn.Conv2d(12, 16, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(16)
        self.classifier = nn.Linear(16, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        x = torch.relu(self.bn3(self.conv3(x)))
        return self.classifier(x.mean((2, 3)))


NETWORKS = {"residual": residual.Net, "chain": Chain}


@dataclass(frozen=True)
class Task:
    """A trained network, and what all methods are given with it."""

    model: nn.Module
    digits: data.Data
    ifmap_density: Any
    before: float


@functools.cache
def task(network: str, seed: int) -> Task:
    """Train a network on the training images of a seed."""
    digits = data.digits(seed=seed)
    torch.manual_seed(seed)
    model = NETWORKS[network]()
    pruning.Trainer(digits.train, epochs=15, lr=0.05)(model)
    # EAP measures the densities of ifmaps; all that is compared with it counts with the same.
    found = measure_densities(model, digits.holdout, progress=False).ifmap
    return Task(model, digits, found, pruning.accuracy(model, digits.test))


def pruned(
    network: str, method: str, budget: str, seed: int, *, train: bool = True, **options: Any
) -> tuple[Task, pruning.Result]:
    """Prune a network, fine-tune it unless told otherwise; return what it was, and the result."""
    of = task(network, seed)
    weights = method in ("magnitude", "eap")
    sparse = SPARSE | {"question": {"ifmap_density": of.ifmap_density}}
    short = pruning.Trainer(of.digits.train, batches=30, lr=0.02 if weights else 0.05)
    long = pruning.Trainer(of.digits.train, epochs=8, lr=0.05)
    driver = make(
        method,
        of.model,
        of.digits.example(),
        budget,
        options=OPTIONS.get(method, {}) | options,
        train=of.digits.train,
        evaluator=pruning.evaluator_on(of.digits.holdout),
        finetuner=short if train else None,
        final=long if train else None,
        seed=seed,
        **(sparse if weights else {}),
    )
    return of, driver.run(progress=False)


def cross_entropy(model: nn.Module, batches: data.Loader) -> float:
    """Return the mean over all images: it tells more than an accuracy of few images."""
    total = images = 0.0
    with torch.inference_mode():
        for inputs, labels in batches:
            total += float(functional.cross_entropy(model(inputs), labels, reduction="sum"))
            images += len(labels)
    return total / images


def figures(network: str, method: str, budget: str, seed: int) -> tuple[float, ...]:
    """Return energy left, accuracy on test images before and lost (in %), and cross entropy."""
    of, result = pruned(network, method, budget, seed)
    lost = of.before - pruning.accuracy(result.model, of.digits.test)
    entropy = cross_entropy(result.model, of.digits.test)
    return 100 * result.energy_share, 100 * of.before, 100 * lost, entropy


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="residual", choices=list(NETWORKS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--budgets", nargs="+", default=["50%", "25%"])
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    words = parser.parse_args()
    seeds = range(words.seeds)
    torch.set_num_threads(1)
    print("| Budget | Method | Energy % | Before % | Lost, mean | Lost, spread | Cross entropy |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for budget in words.budgets:
        for method in words.methods:
            try:
                found = [figures(words.network, method, budget, each) for each in seeds]
            except InvalidInput as error:  # zeros of weights alone do not save so much
                print(f"| {budget} | {method} | {error} |", flush=True)
                continue
            energy, before, lost, entropy = zip(*found, strict=True)
            spread = statistics.stdev(lost) if len(lost) > 1 else 0.0
            print(
                f"| {budget} | {method} | {statistics.mean(energy):.1f} "
                f"| {statistics.mean(before):.2f} | {statistics.mean(lost):.2f} | {spread:.2f} "
                f"| {statistics.mean(entropy):.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
