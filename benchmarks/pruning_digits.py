"""Pruning methods side by side on handwritten digits: a table of accuracies, over several seeds.

    python -m benchmarks.pruning_digits [--network chain] [--seeds 3] [--methods netadapt ...]

Methods that cut channels are compared on `eyeriss`; those that prune single weights on
`estimation-tool`, which saves energy for weights that are zero.  All train equally long at the end;
those with steps of their own train shortly in each, and ECC for some epochs while it prunes.
"""

from __future__ import annotations

import argparse
import functools
import statistics
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from energysim import measure_densities, pruning
from energysim.pruning import data
from energysim.pruning.methods import METHODS, make
from examples import digits as residual

SPARSE = {"arch": "estimation-tool", "dataflow": "rs-estimation-tool"}
OPTIONS: dict[str, dict[str, Any]] = {"netadapt": {"first": 0.05}}


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
    network: str, method: str, budget: str, seed: int, **options: Any
) -> tuple[Task, pruning.Result]:
    """Prune and fine-tune a network; return what it was, and the result."""
    of = task(network, seed)
    sparse = SPARSE | {"question": {"ifmap_density": of.ifmap_density}}
    driver = make(
        method,
        of.model,
        of.digits.example(),
        budget,
        options=OPTIONS.get(method, {}) | options,
        train=of.digits.train,
        evaluator=pruning.evaluator_on(of.digits.holdout),
        finetuner=pruning.Trainer(of.digits.train, batches=10, lr=0.02),
        final=pruning.Trainer(of.digits.train, epochs=8, lr=0.02),
        seed=seed,
        **(sparse if method in ("magnitude", "eap") else {}),
    )
    return of, driver.run(progress=False)


def accuracies(network: str, method: str, budget: str, seed: int) -> tuple[float, float, float]:
    """Return accuracies on test images before and after, and the share of energy, all in %."""
    of, result = pruned(network, method, budget, seed)
    after = pruning.accuracy(result.model, of.digits.test)
    return 100 * of.before, 100 * after, 100 * result.energy_share


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--network", default="residual", choices=list(NETWORKS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--budgets", nargs="+", default=["50%", "25%"])
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    words = parser.parse_args()
    torch.set_num_threads(1)
    print("| Budget | Method | Energy % | Before % | After % | Lost, mean | Lost, spread |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for budget in words.budgets:
        for method in words.methods:
            found = [accuracies(words.network, method, budget, seed) for seed in range(words.seeds)]
            before, after, energy = (statistics.mean(column) for column in zip(*found, strict=True))
            lost = [one[0] - one[1] for one in found]
            spread = statistics.stdev(lost) if len(lost) > 1 else 0.0
            print(
                f"| {budget} | {method} | {energy:.1f} | {before:.2f} | {after:.2f} "
                f"| {before - after:.2f} | {spread:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
