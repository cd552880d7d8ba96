"""Structural pruning: channels cut out of a model, in all modules that they pass through.

Which modules these are is found once per model: Torch-Pruning's dependency graph says where each
channel goes, and the groups of `energysim.Estimator` say what that does to the shapes of layers.
A group is pruned only where both agree, and where a trial cut gives the shapes expected.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy
import torch
import torch_pruning
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only
from torch_pruning.ops import OPTYPE, module2type
from torch_pruning.pruner.function import PrunerBox

from energysim.errors import InvalidInput, unknown_name
from energysim.estimator import ChannelGroup, Estimator
from energysim.frontends.torch import call_arguments, from_torch, in_evaluation
from energysim.pruning.snapshot import Held, Snapshot

__all__ = ["Cut", "Part", "PrunableGroup", "Sliced", "Surgery", "beside", "cut_module"]

Side = Literal["out", "in"]


@dataclass(frozen=True)
class Cut:
    """Where the channels of a group pass through one side of a module.

    Parameters
    ----------
    module : str
        Name of the module.
    side : {"out", "in"}
        Whether they are its outputs or its inputs.
    kind : str
        What Torch-Pruning calls its type.
    indices : tuple of int
        Positions along that side, in the model before pruning.
    channels : tuple of int
        The channel of the group at each of these positions.
    """

    module: str
    side: Side
    kind: str
    indices: tuple[int, ...]
    channels: tuple[int, ...]

    @functools.cached_property
    def places(self) -> tuple[Any, Any]:
        """Indices and channels as arrays."""
        return numpy.array(self.indices), numpy.array(self.channels)


@dataclass(frozen=True)
class PrunableGroup:
    """Channels that can be cut out together; see `energysim.estimator.ChannelGroup`."""

    name: str
    channels: int
    layers: tuple[str, ...]
    feeds: tuple[str, ...]
    cuts: tuple[Cut, ...]


@dataclass(frozen=True)
class Part:
    """A module as some channels see it: the `Cut` of a model that may be pruned already.

    Parameters
    ----------
    module : torch.nn.Module
        The module.
    side, kind
        As in `Cut`.
    positions : Tensor of int, shape (n,)
        Positions along that side, now.
    channels : Tensor of int, shape (n,)
        Which of the group's present channels, counted from 0, is at each of them.
    """

    module: nn.Module
    side: Side
    kind: str
    positions: Tensor
    channels: Tensor


@dataclass(frozen=True)
class Surgery:
    """All groups of channels of a model that can be cut.

    Parameters
    ----------
    groups : tuple of PrunableGroup
        In the order of the estimator's groups.
    fixed : dict
        Why other groups of the estimator cannot be cut, by name.
    """

    groups: tuple[PrunableGroup, ...]
    fixed: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def find(model: nn.Module, example_inputs: Any, estimator: Estimator) -> Surgery:
        """Find the groups of a model.

        Parameters
        ----------
        model : torch.nn.Module
            The model, not pruned yet; it stays as it is.
        example_inputs : tensor, tuple or dict
            What it is called with, as for `energysim.from_torch`.
        estimator : Estimator
            That of the network which `energysim.from_torch` makes of the model.

        Raises
        ------
        InvalidInput
            If no group can be cut; the message says why.
        """
        found: list[PrunableGroup] = []
        fixed: dict[str, str] = {}
        graph = _graph(model, example_inputs)
        names = {module: name for name, module in model.named_modules()}
        for group in estimator.groups:
            prunable = _matched(group, model, graph, names)
            if isinstance(prunable, str):
                fixed[group.name] = prunable
            else:
                found.append(prunable)
        model = copy.deepcopy(model)  # for the trials
        tried = _try(Surgery(tuple(found)), model, example_inputs, estimator)
        if tried is not None and len(found) > 1:
            for one in tuple(found):
                why = _try(Surgery((one,)), model, example_inputs, estimator)
                if why is not None:
                    fixed[one.name] = why
                    found.remove(one)
            tried = _try(Surgery(tuple(found)), model, example_inputs, estimator) if found else None
        if tried is not None or not found:
            why = tried or next(iter(fixed.values()), "no layer takes what another one gives")
            raise InvalidInput(f"{estimator.network.name}: no channels can be pruned: {why}")
        return Surgery(tuple(found), fixed)

    def __getitem__(self, name: str) -> PrunableGroup:
        for group in self.groups:
            if group.name == name:
                return group
        raise unknown_name("group of channels", name, (group.name for group in self.groups))


class Sliced:
    """A model of which channels are cut out, in place.

    Parameters
    ----------
    model : torch.nn.Module
        The model; not pruned yet.
    surgery : Surgery
        Its groups.

    Attributes
    ----------
    kept : dict
        By group: the channels that are left, as numbers in the model before pruning, rising.
    """

    def __init__(self, model: nn.Module, surgery: Surgery) -> None:
        self.model = model
        self.surgery = surgery
        self.kept = {group.name: tuple(range(group.channels)) for group in surgery.groups}
        self._modules = dict(model.named_modules())
        #: By module and side: the positions that are left, as before pruning, rising.
        self._present: dict[tuple[str, Side], Any] = {}
        for group in surgery.groups:
            for cut in group.cuts:
                size = side_size(self._modules[cut.module], cut.side, cut.kind)
                self._present[cut.module, cut.side] = numpy.arange(size)
        self._sizes = {place: len(indices) for place, indices in self._present.items()}

    def question(self, kept: Mapping[str, int] | None = None) -> dict[str, Any]:
        """Return what to ask the estimator, if groups kept so many channels."""
        return {
            "channels": {name: len(left) for name, left in self.kept.items()} | dict(kept or {})
        }

    def keep(self, name: str, channels: Iterable[int]) -> None:
        """Cut all channels of a group but these, which must be left of it.

        Parameters
        ----------
        name : str
            The group.
        channels : iterable of int
            Channels to keep, as numbers in the model before pruning; at least one.
        """
        left = set(channels)
        if not left or not left <= set(self.kept[name]):
            raise InvalidInput(f"group {name!r} can keep only some of {len(self.kept[name])} left")
        gone = sorted(set(self.kept[name]) - left)
        if not gone:
            return
        channels = numpy.zeros(self.surgery[name].channels, dtype=bool)
        channels[gone] = True
        for cut in self.surgery[name].cuts:
            indices, owners = cut.places
            now = self._present[cut.module, cut.side]
            everywhere = numpy.zeros(self._sizes[cut.module, cut.side], dtype=bool)
            everywhere[indices[channels[owners]]] = True
            out = everywhere[now]
            positions = numpy.flatnonzero(out).tolist()
            cut_module(self._modules[cut.module], cut.side, positions, cut.kind)
            self._present[cut.module, cut.side] = now[~out]
        self.kept[name] = tuple(sorted(left))

    def keep_all(self, kept: Mapping[str, Iterable[int]]) -> None:
        """Cut several groups; see `keep`."""
        for name, channels in kept.items():
            self.keep(name, channels)

    def parts(self, name: str) -> list[Part]:
        """Return what the channels of a group that are left pass through."""
        kept, parts = numpy.array(self.kept[name]), []
        for cut in self.surgery[name].cuts:
            indices, channels = cut.places
            left = numpy.isin(channels, kept)
            now = self._present[cut.module, cut.side]
            positions = torch.from_numpy(numpy.searchsorted(now, indices[left]))
            slots = torch.from_numpy(numpy.searchsorted(kept, channels[left]))
            parts.append(Part(self._modules[cut.module], cut.side, cut.kind, positions, slots))
        return parts

    def present(self) -> Iterator[tuple[str, Side, int, tuple[int, ...]]]:
        """Return module, side, how many positions it had before pruning, and those left."""
        for (module, side), indices in self._present.items():
            yield module, side, self._sizes[module, side], tuple(indices.tolist())

    def plain(self) -> nn.Module:
        """Return a copy of the model as it is now."""
        model = copy.deepcopy(self.model)
        model.eval()
        return model

    def state(self) -> dict[str, Any]:
        """Return what `load` needs to cut the model before pruning to what this one is."""
        return {name: list(channels) for name, channels in self.kept.items()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Cut to what `state` said."""
        self.keep_all(state)

    def become(self, other: Sliced) -> None:
        """Take the place of another cut of the same model."""
        self.model, self._modules = other.model, other._modules
        self.kept, self._present = dict(other.kept), dict(other._present)

    def snapshot(self, kind: Callable[[nn.Module], Held] = Snapshot) -> Any:
        """Remember all; for `restore`."""
        cut = copy.copy(self)
        cut.become(self)  # with dicts of its own
        return kind(self.model), cut

    def restore(self, snapshot: Any) -> None:
        """Go back to a `snapshot`."""
        held, cut = snapshot
        held.restore()
        self.become(cut)


def cut_module(module: nn.Module, side: Side, positions: Sequence[int], kind: str = "") -> None:
    """Remove positions from one side of a module, in place."""
    pruner = PrunerBox[OPTYPE[kind] if kind else module2type(module)]
    cut = pruner.prune_out_channels if side == "out" else pruner.prune_in_channels
    with torch.no_grad():
        cut(module, list(positions))


def side_size(module: nn.Module, side: Side, kind: str = "") -> int:
    """Return how many positions a side of a module has."""
    pruner = PrunerBox[OPTYPE[kind] if kind else module2type(module)]
    size = pruner.get_out_channels(module) if side == "out" else pruner.get_in_channels(module)
    return int(size)


def beside(model: nn.Module, example_inputs: Any) -> Any:
    """Return inputs on the device where a model is."""
    device = next((each.device for each in model.parameters()), torch.device("cpu"))
    return tree_map_only(Tensor, lambda each: each.to(device), example_inputs)


def _graph(model: nn.Module, example_inputs: Any) -> Any:
    args, kwargs = call_arguments(beside(model, example_inputs))
    inputs: Any = kwargs or list(args)
    frozen = [each for each in model.parameters() if not each.requires_grad]
    try:
        for parameter in frozen:
            parameter.requires_grad_(True)  # the graph is that of the gradients
        with in_evaluation(model), torch.enable_grad():
            return torch_pruning.DependencyGraph().build_dependency(
                model, example_inputs=inputs, verbose=False
            )
    except Exception as error:
        what = " ".join(str(error).split())[:200]
        raise InvalidInput(
            f"the dependencies of the model cannot be traced: {type(error).__name__}: {what}"
        ) from error
    finally:
        for parameter in frozen:
            parameter.requires_grad_(False)


def _matched(
    group: ChannelGroup, model: nn.Module, graph: Any, names: Mapping[nn.Module, str]
) -> PrunableGroup | str:
    """Return a group with its cuts, or why it has none."""
    modules = dict(model.named_modules())
    root = modules.get(group.name)
    if not isinstance(root, (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)):
        return f"{group.name} is no module"
    if group.step > 1:
        return f"{group.name} is shared out among the groups of a grouped convolution"
    pruner = graph.get_pruner_of_module(root)
    found = graph.get_pruning_group(root, pruner.prune_out_channels, list(range(group.channels)))
    cuts = []
    for item in found.items:
        module = item.dep.target.module
        kind = item.dep.target.type.name
        if kind == "PARAMETER":
            return f"a parameter outside of modules has the channels of {group.name}"
        if module not in names or not list(module.parameters(recurse=False)):
            continue
        side: Side = "out" if graph.is_out_channel_pruning_fn(item.dep.handler) else "in"
        cuts.append(Cut(names[module], side, kind, tuple(item.idxs), tuple(item.root_idxs)))
    ours = {*group.layers, *group.feeds}
    theirs = {cut.module for cut in cuts if cut.kind in ("CONV", "DEPTHWISE_CONV", "LINEAR")}
    if ours != theirs:
        odd = ", ".join(sorted(ours ^ theirs)[:3])
        return f"it is not clear whether the channels of {group.name} pass through {odd}"
    return PrunableGroup(group.name, group.channels, group.layers, group.feeds, tuple(cuts))


def _try(
    surgery: Surgery, model: nn.Module, example_inputs: Any, estimator: Estimator
) -> str | None:
    """Cut half of all channels, look whether layers get the shapes expected, and undo it."""
    before = Snapshot(model)
    try:
        sliced = Sliced(model, surgery)
        for group in surgery.groups:
            sliced.keep(group.name, range(0, group.channels, 2))
        network = from_torch(model, example_inputs, batch=estimator.network.batch)
        expected = estimator.report(**sliced.question()).network
        for layer, wanted in zip(network, expected, strict=True):
            if layer != wanted:
                return f"pruned, the model has {layer} instead of {wanted}"
    except Exception as error:  # of any kind: the model's own code runs
        return f"pruned, the model fails: {' '.join(str(error).split())[:200]}"
    finally:
        before.restore()
    return None
