"""ECC: pruning and training at once, under a budget of energy (Yang, Zhu and Liu, CVPR 2019)."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import numpy
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from energysim.checks import member, number, whole
from energysim.errors import Diverged, InvalidInput
from energysim.estimator import BilinearModel, Estimator, fit_bilinear
from energysim.pruning.admm import Widths, proximal, shortened
from energysim.pruning.driver import ChannelDriver
from energysim.pruning.filling import filled
from energysim.pruning.surgery import Part
from energysim.pruning.training import Loader, _outputs, _pair

__all__ = ["ECC"]

_Vector = NDArray[numpy.float64]


class ECC(ChannelDriver):
    """Energy-constrained compression (ECC; Yang, Zhu and Liu, CVPR 2019).

    Weights and widths are optimized together, batch by batch: Adam takes a step along the loss, a
    proximal step sets channels to zero, the widths go down where the energy falls most for what the
    channels are worth, and the dual variables follow (`admm`).  Once what is left meets the budget,
    the channels that are zero are cut out.

    A channel is zero if all weights that read it are: those of the layers that it feeds, and of the
    depthwise layers that it passes through.

    Parameters
    ----------
    model, example_inputs, budget
        As for `Driver`.  If something else is limited, too, widths still go down along the energy,
        until all limits are met.
    train : iterable
        Batches of training images and labels.
    energy : {"bilinear", "simulator"}
        Where the derivatives along the widths come from: ECC's bilinear model, fitted to the
        simulator, or differences of the simulator's exact optimum.  Whether the budget is met, the
        simulator says.
    bilinear : BilinearModel, optional
        The model, if it is fitted already.
    samples : int, default 2000
        Networks to fit it to; see `energysim.fit_bilinear`.
    epochs : int, default 50
        Epochs after which it is an error if the budget is not met.
    lr, betas : float, and a pair of them
        Of Adam.  The authors take 1e-5 for a network trained on ImageNet.
    weight_decay : float, default 1e-4
        Weight of the squared weights of layers that are not depthwise.
    distillation : float, default 0.5
        Weight of the distance from the outputs before pruning; the labels have the rest.
    width_lr : float, default 0.3
        Length of the widths' step in channels, per batch: it says how fast pruning goes.  For
        layers of hundreds of channels, more.
    rho, rho_energy : float, default 10 and 0.01
        Weights of the squared excess over widths and budget.  The authors take 10 for energies in
        joules, of networks that cost some 0.03 J: for shares of the energy that is 0.01.
    least : float, default 0.0
        Share of each group's channels that is kept in any case, and one channel at least.
    **more
        As for `Driver`.
    """

    method = "ecc"

    def __init__(
        self,
        model: nn.Module,
        example_inputs: Any,
        budget: Any,
        *,
        train: Loader,
        energy: Literal["bilinear", "simulator"] = "bilinear",
        bilinear: BilinearModel | None = None,
        samples: int = 2000,
        epochs: int = 50,
        lr: float = 3e-5,
        betas: tuple[float, float] = (0.9, 0.999),
        weight_decay: float = 1e-4,
        distillation: float = 0.5,
        width_lr: float = 0.3,
        rho: float = 10.0,
        rho_energy: float = 0.01,
        least: float = 0.0,
        **more: Any,
    ) -> None:
        member(energy, "energy", ("bilinear", "simulator"))
        self.energy, self._train_loader, self._bilinear = energy, train, bilinear
        self.samples, self.epochs = whole(samples, "samples", least=10), whole(epochs, "epochs")
        self.betas = (number(betas[0], "betas", 0, 1), number(betas[1], "betas", 0, 1))
        self.settings = {
            "lr": number(lr, "lr"),
            "weight_decay": number(weight_decay, "weight_decay"),
            "distillation": number(distillation, "distillation", 0, 1),
            "width_lr": number(width_lr, "width_lr"),
            "rho": number(rho, "rho"),
            "rho_energy": number(rho_energy, "rho_energy"),
            "least": number(least, "least", 0, 1),
        }
        super().__init__(model, example_inputs, budget, **more)
        self._teacher = copy.deepcopy(model).eval()

    def config(self) -> dict[str, Any]:
        """Return all that decides how a run goes and can be written down."""
        own: dict[str, Any] = {"energy_model": self.energy, "betas": list(self.betas)}
        if self.energy == "bilinear":
            own["samples"] = self.samples
        return super().config() | own | self.settings

    def _steps(self) -> Iterator[dict[str, Any]]:
        if self.meter.met(**self.pruned.question()):
            return
        if "epochs" not in self.memory:
            full = [float(len(each)) for each in self.pruned.kept.values()]
            self.memory |= {"epochs": 0, "widths": full, "prices": [0.0] * len(full)}
            self.memory["energy_price"] = 0.0
        epoch = _Epoch(self)
        while self.memory["epochs"] < self.epochs:
            met = epoch.run()
            self.memory |= epoch.state() | {"epochs": self.memory["epochs"] + 1}
            if met:
                break
            question = self.pruned.question(epoch.channels())
            yield self.metrics(
                "admm",
                accuracy=self.evaluate(),
                energy=self.estimator.energy(**question),
                costs=self.meter.measures(**question),
            )
        else:
            excess = self.meter.excess(**self.pruned.question(epoch.channels()))
            raise InvalidInput(
                f"after {self.epochs} epochs the network still costs {excess:.4g} times the budget "
                f"of {self.meter.budget}: allow more epochs, or a larger width_lr"
            )
        for (name, kept), stays in zip(list(self.pruned.kept.items()), epoch.stays, strict=True):
            self.pruned.keep(name, (kept[i] for i in stays.nonzero()[:, 0].tolist()))
        self.finetune()
        yield self.metrics("pruning", accuracy=self.evaluate())

    def fewest(self) -> dict[str, int]:
        """Return how many channels each group keeps in any case."""
        least = self.settings["least"]
        sizes = {group.name: group.channels for group in self.pruned.surgery.groups}
        return {name: max(1, math.ceil(least * size)) for name, size in sizes.items()}

    def _demand_reachable(self) -> None:
        what = f"as few channels as least={self.settings['least']:g} allows"
        self.meter.demand(what, **self.pruned.question(self.fewest()))

    def slopes(self) -> EnergySlopes:
        """Return what says how the energy goes with the widths."""
        names = list(self.pruned.kept)
        if self.energy == "simulator":
            return SimulatorSlopes(self.estimator, names)
        if self._bilinear is None:
            self._bilinear = fit_bilinear(self.estimator, self.samples)
        return BilinearSlopes(self._bilinear, names)


class EnergySlopes(Protocol):
    """How the energy goes with widths, which are real numbers: one for each group by name."""

    def __call__(self, widths: _Vector) -> tuple[float, _Vector]:
        """Return the energy and its derivative."""


class BilinearSlopes:
    """What ECC's bilinear model says."""

    def __init__(self, model: BilinearModel, names: Sequence[str]) -> None:
        known = [group.name for group in model.groups]
        self._model, self._places = model, [known.index(name) for name in names]
        self._channels = numpy.array([group.channels for group in model.groups], dtype=float)

    def __call__(self, widths: _Vector) -> tuple[float, _Vector]:
        """Return the energy and its derivative."""
        channels = self._channels.copy()
        channels[self._places] = widths
        return float(self._model.energy(channels)), self._model.gradient(channels)[self._places]


class SimulatorSlopes:
    """What the simulator says: its exact optimum at the whole widths above, and at one less."""

    def __init__(self, estimator: Estimator, names: Sequence[str]) -> None:
        self._estimator, self._names = estimator, list(names)

    def __call__(self, widths: _Vector) -> tuple[float, _Vector]:
        """Return the energy and its derivative."""
        above = numpy.ceil(widths)
        channels = dict(zip(self._names, above.astype(int).tolist(), strict=True))
        down = self._estimator.gradient(channels=channels).channels_down
        slopes = numpy.array([down[name] or 0.0 for name in self._names])
        return self._estimator.energy(channels) - float(slopes @ (above - widths)), slopes


class _Epoch:
    """Trains for an epoch; see `ECC`."""

    def __init__(self, driver: ECC) -> None:
        memory = driver.memory
        self._driver, self._settings = driver, driver.settings
        self._duals = Widths(
            numpy.array(memory["widths"]), numpy.array(memory["prices"]), memory["energy_price"]
        )
        self._names = list(driver.pruned.kept)
        self._full = driver.estimator.energy()
        self._limit = driver.meter.limits.get("energy", self._full) / self._full
        self._slopes = driver.slopes()
        self._least = numpy.array(list(driver.fewest().values()), dtype=float)
        self._readers = [_readers(driver.pruned.parts(name)) for name in self._names]
        self.stays = [
            torch.ones(len(kept), dtype=torch.bool) for kept in driver.pruned.kept.values()
        ]
        self._optimizer = _adam(driver.model, self._settings, driver.betas)
        if "optimizer" in memory:
            self._optimizer.load_state_dict(memory["optimizer"])

    def run(self) -> bool:
        """Train until the budget is met, or the loader is through; return whether it is met."""
        self._driver.model.train()
        batch = None
        for batch in self._driver._train_loader:
            self._train(*_pair(batch))
            self._project()
            if self._met(self._left()):
                break
            self._move_widths()
        self._driver.model.eval()
        if batch is None:
            raise InvalidInput("the loader has no batch: there is nothing to train on")
        return self._met(self._left())

    def channels(self) -> dict[str, int]:
        """Return how many channels of each group are not zero."""
        return {name: int(stays.sum()) for name, stays in zip(self._names, self.stays, strict=True)}

    def state(self) -> dict[str, Any]:
        """Return what another epoch needs to go on."""
        return {
            "widths": self._duals.widths.tolist(),
            "prices": self._duals.prices.tolist(),
            "energy_price": self._duals.energy_price,
            "optimizer": copy.deepcopy(self._optimizer.state_dict()),
        }

    def _train(self, inputs: Tensor, labels: Tensor) -> None:
        """Take Adam's step along the loss."""
        driver, share = self._driver, self._settings["distillation"]
        device = next(driver.model.parameters()).device
        inputs, labels = inputs.to(device), labels.to(device)
        outputs = _outputs(driver.model, inputs, labels)
        loss = (1 - share) * functional.cross_entropy(outputs, labels)
        if share:
            with torch.no_grad():
                wanted = driver._teacher.to(device)(inputs)
            loss = loss + share * functional.mse_loss(outputs, wanted)
        if not torch.isfinite(loss):
            raise Diverged(
                f"the loss is {float(loss.detach())}: try a lower learning rate than "
                f"{self._settings['lr']}, or look for NaN in the data"
            )
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._optimizer.step()

    def _project(self) -> None:
        """Set channels to zero that are not worth their price."""
        duals, settings = self._duals, self._settings
        prices = duals.prices.copy()
        for i, readers in enumerate(self._readers):
            scores = torch.zeros(len(self.stays[i]))
            for reader in readers:
                reader.add_scores(scores, self._optimizer)
            self.stays[i], prices[i] = proximal(
                scores, duals.widths[i], prices[i], lr=settings["lr"], rho=settings["rho"]
            )
            for reader in readers:
                reader.clear(~self.stays[i])
        self._duals = replace(duals, prices=prices)

    def _move_widths(self) -> None:
        """Take the widths' step, and raise or lower the prices."""
        settings, duals, left = self._settings, self._duals, numpy.array(self._left(), dtype=float)
        rhos = {"rho": settings["rho"], "rho_energy": settings["rho_energy"]}
        energy, slopes = self._slopes(duals.widths)
        energy, slopes = energy / self._full, slopes / self._full
        # Where another limit is exceeded more, less energy is asked for.
        limit = min(self._limit, energy / self._excess(numpy.ceil(duals.widths)))
        if not self._met(numpy.floor(duals.widths)):
            moved = duals.stepped(
                left, energy, slopes, limit,
                least=self._least, lr=settings["width_lr"], **rhos,
            )  # fmt: skip
            end = shortened(duals.widths, moved.widths, lambda s: self._met(numpy.floor(s)))
            if self._met(numpy.floor(end)):
                end = self._filled(end)
            duals = replace(moved, widths=end)
            energy = self._slopes(end)[0] / self._full
        self._duals = duals.priced(left, energy, limit, **rhos)

    def _filled(self, widths: _Vector) -> _Vector:
        """Round widths down, and raise those that are nearest to it as far as the budget allows."""
        real = dict(zip(self._names, widths.tolist(), strict=True))
        sizes = {name: len(kept) for name, kept in self._driver.pruned.kept.items()}
        found = filled(
            {name: math.floor(width) for name, width in real.items()},
            sizes,
            lambda counts: self._met(list(counts.values())),
            lambda name, n: n - real[name],
        )
        return numpy.array(list(found.values()), dtype=float)

    def _left(self) -> list[int]:
        return list(self.channels().values())

    def _met(self, widths: Sequence[float] | _Vector) -> bool:
        return self._driver.meter.met(**self._question(widths))

    def _excess(self, widths: _Vector) -> float:
        return max(self._driver.meter.excess(**self._question(widths)), 1.0)

    def _question(self, widths: Sequence[float] | _Vector) -> dict[str, Any]:
        kept = {name: int(width) for name, width in zip(self._names, widths, strict=True)}
        return self._driver.pruned.question(kept)


@dataclass(frozen=True)
class _Reader:
    """Weights that read the channels of a group."""

    weight: nn.Parameter
    axis: int
    positions: Tensor
    channels: Tensor

    def add_scores(self, scores: Tensor, optimizer: torch.optim.Adam) -> None:
        """Add the squared norm of each channel's weights, in Adam's metric (authors' code)."""
        weight = self.weight.detach()
        state = optimizer.state.get(self.weight)
        metric = state["exp_avg_sq"].sqrt() + optimizer.defaults["eps"] if state else 1.0
        others = [axis for axis in range(weight.dim()) if axis != self.axis]
        sums = (weight.square() * metric).sum(others).cpu()
        scores.index_add_(0, self.channels, sums[self.positions])

    def clear(self, gone: Tensor) -> None:
        """Set the weights of channels to zero."""
        positions = self.positions[gone[self.channels]].to(self.weight.device)
        with torch.no_grad():
            self.weight.index_fill_(self.axis, positions, 0.0)


def _readers(parts: Sequence[Part]) -> list[_Reader]:
    readers = {}
    for part in parts:
        if part.kind == "DEPTHWISE_CONV":  # stands among the parts with both of its sides
            readers[part.module] = _Reader(part.module.weight, 0, part.positions, part.channels)
        elif part.side == "in":
            readers[part.module] = _Reader(part.module.weight, 1, part.positions, part.channels)
    return list(readers.values())


def _adam(
    model: nn.Module, settings: Mapping[str, float], betas: tuple[float, float]
) -> torch.optim.Adam:
    """Return Adam, with a decay of the weights of all layers but depthwise ones."""
    decayed: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            layer = isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear))
            alone = getattr(module, "groups", 1) > 1
            if parameter.requires_grad:
                (decayed if layer and name == "weight" and not alone else others).append(parameter)
    if not decayed and not others:
        raise InvalidInput("the model has no parameter that can be trained")
    groups = [{"params": decayed, "weight_decay": settings["weight_decay"]}, {"params": others}]
    return torch.optim.Adam(groups, settings["lr"], betas)
