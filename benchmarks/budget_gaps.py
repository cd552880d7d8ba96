"""How much of a budget the methods that cut channels leave unused, in % of it.

    python -m benchmarks.budget_gaps [--networks chain resnet20] [--budgets 80 60]

Weights and data are random, which does not matter here.  That no channel more would fit is checked.
"""

from __future__ import annotations

import argparse
from typing import Any

import torch
from torch import nn

from benchmarks.pruning_digits import NETWORKS as DIGITS
from energysim.pruning import Driver
from energysim.pruning.methods import make
from examples.cifar10 import ResNet20
from examples.digits import Net

METHODS = ("netadapt", "ecc", "magnitude-channels", "uniform")
# By name: the network, its images, and ECC's step in channels per batch.
NETWORKS: dict[str, tuple[Any, tuple[int, ...], float]] = {
    "chain": (DIGITS["chain"], (1, 8, 8), 1.0),
    "residual": (Net, (1, 8, 8), 1.0),
    "resnet20": (ResNet20, (3, 32, 32), 8.0),
    "mobilenet_v2": (None, (3, 224, 224), 60.0),
}


def network(name: str) -> nn.Module:
    """Return a network with random weights."""
    torch.manual_seed(0)
    if name == "mobilenet_v2":
        from tests.unit.frontends.architectures import torchvision

        found: nn.Module = torchvision().models.mobilenet_v2(num_classes=10)
    else:
        found = NETWORKS[name][0]()
    return found


def pruned(name: str, method: str, budget: float) -> Driver[Any]:
    """Prune a network, check that the budget is met and used up, and return the driver."""
    _factory, shape, width_lr = NETWORKS[name]
    options = {
        "netadapt": {"first": 0.05},
        "ecc": {"width_lr": width_lr, "samples": 200, "epochs": 400, "lr": 1e-5},
    }
    batch = torch.randn(8, *shape), torch.arange(8) % 10
    driver = make(
        method,
        network(name),
        torch.zeros(1, *shape),
        f"{budget:g}%",
        options=options.get(method, {}),
        evaluator=lambda model: 0.5,
        train=[batch] * 20,
    )
    driver.run(progress=False)
    if not driver.meter.met(**driver.pruned.question()):
        raise AssertionError(f"{method} does not meet the budget")
    for group in driver.pruned.surgery.groups:
        n = len(driver.pruned.kept[group.name]) + 1
        if n <= group.channels and driver.meter.met(**driver.pruned.question({group.name: n})):
            raise AssertionError(f"{method} leaves room for a channel of {group.name}")
    return driver


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--budgets", type=float, nargs="+", default=[80, 60, 50, 40])
    words = parser.parse_args()
    torch.set_num_threads(1)
    print(f"| Network | Budget | {' | '.join(METHODS)} |")
    print("| --- | ---: |" + " ---: |" * len(METHODS))
    for name in words.networks:
        for budget in words.budgets:
            row = []
            for method in METHODS:
                if (name, method) == ("mobilenet_v2", "ecc"):  # trains: hours of a CPU
                    row.append("-")
                    continue
                driver = pruned(name, method, budget)
                energy = driver.estimator.energy(**driver.pruned.question())
                row.append(f"{100 * (1 - energy / driver.meter.limits['energy']):.2f}")
            print(f"| {name} | {budget:g} % | {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
