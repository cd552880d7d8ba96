"""Asking for the energy of one network over and over, while channels, data and batch change."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from energysim import _core
from energysim.architecture import Architecture
from energysim.checks import whole
from energysim.energy_table import Unit
from energysim.estimator import many
from energysim.estimator.feeds import Feeds, known_feeds
from energysim.estimator.frontiers import Frontiers
from energysim.estimator.gradient import Gradient, gradient
from energysim.estimator.groups import ChannelGroup, Groups, groups_of
from energysim.estimator.question import (
    ChannelsKept,
    LayerBits,
    LayerDensities,
    Question,
    Unpruned,
)
from energysim.layer_data import Bits, LayerData
from energysim.network import Network
from energysim.report import Report
from energysim.simulate import Objective, simulate

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray
    from typing_extensions import Unpack

__all__ = ["Estimator"]

_OPERANDS = ("ifmap", "filter", "psum", "ofmap")


@dataclasses.dataclass(frozen=True)
class _Options:
    """What an estimator was made with that its first report does not say."""

    dataflow: _core.Dataflow | str
    feeds: Feeds | None
    remember: int
    frontier_after: int
    cache: str | os.PathLike[str] | None


class Estimator:
    """The optimal energy of a network, for loops that ask often.

    Every answer is that of a fresh search: the same mapping space, no model fitted to samples.
    What was searched once is remembered by all that it depends on (shape, bits, densities); what is
    asked with ever new densities need not be searched at all (see `frontiers`).

    An estimator has a state: the network as it was given until `set` changes it.  A question says
    what is different from it.  All methods may be called from several threads.  A copy, and what a
    process is sent (`pickle`), has the same state, and remembers nothing.

    Parameters
    ----------
    network, arch, dataflow, objective, batch, data, bits
        As for `energysim.simulate`; the last three are the state to begin with.
    feeds : dict, optional
        Which layers take the ofmap of which, by name, as it is or after pooling, activations,
        additions and concatenations.  Channels that several layers feed to one are concatenated
        where they add up to those that it takes, and added up where each has as many.  It is known
        of built-in networks and of those with a graph; other networks are taken for a chain if each
        layer takes what the one before gives, and have no groups if not.
    threads : int, default 1
        Threads for the first search; 0 takes all cores.
    progress : callable, optional
        Called with the number of layers done and of all layers during that.
    remember : int, default 65536
        Layers remembered at most, 1 to 2 KB each; frontiers of a sixteenth of that.
    frontier_after : int, default 4
        Searches for one shape and set of bits before its frontier is begun; 0: none ever is.
    cache : path, optional
        A folder with frontiers of earlier runs, to begin with and to save more in.

    Raises
    ------
    InvalidInput, UnknownName, NoMapping, CountOverflow
        As `energysim.simulate` does, and for `feeds` that contradict the layers.

    Examples
    --------
    >>> import energysim as es
    >>> est = es.Estimator("alexnet", "eyeriss", "rs-chip")
    >>> est.energy() == es.simulate("alexnet", "eyeriss", "rs-chip").energy
    True
    >>> est.energy(channels={"CONV1": 64}, ifmap_density=0.5) < est.energy()
    True
    >>> [group.name for group in est.groups]
    ['CONV1', 'CONV2', 'CONV3', 'CONV4', 'CONV5', 'FC1', 'FC2']
    """

    def __init__(
        self,
        network: Network | Iterable[_core.Layer] | str,
        arch: Architecture | str,
        dataflow: _core.Dataflow | str = "rs",
        objective: Objective = "energy",
        *,
        batch: int | None = None,
        data: LayerData | Mapping[str, LayerData] | None = None,
        bits: Bits | None = None,
        feeds: Feeds | None = None,
        threads: int = 1,
        progress: Callable[[int, int], object] | None = None,
        remember: int = 65536,
        frontier_after: int = 4,
        cache: str | os.PathLike[str] | None = None,
    ) -> None:
        report = simulate(
            network,
            arch,
            dataflow,
            batch=batch,
            data=data,
            bits=bits,
            objective=objective,
            threads=threads,
            progress=progress,
        )
        self._compile(report, _Options(dataflow, feeds, remember, frontier_after, cache))

    def _compile(self, report: Report, options: _Options) -> None:
        self._report, self._options = report, options
        self._groups = _groups(report.network, options.feeds)
        answers = whole(options.remember, "remember")
        self._core = _core.Estimator(
            found=report._found,
            dataflow=options.dataflow,
            objective=report.objective,
            batch=report.batch,
            groups=[(group.name, group.channels) for group in self._groups.groups],
            inputs=self._groups.inputs,
            outputs=self._groups.outputs,
            members=self._groups.members,
            most_answers=answers,
            most_frontiers=max(1, answers // 16),
            frontier_after=min(whole(options.frontier_after, "frontier_after", least=0), 2**30),
        )
        self._frontiers = Frontiers(
            self._core,
            report.network.layer_names,
            options.cache,
            report.architecture,
            options.dataflow,
        )

    def __getstate__(self) -> dict[str, Any]:
        """Return what it was compiled from, and its present state; what it remembers stays here."""
        return {"report": self._report, "options": self._options, "changes": self._changes()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._compile(state["report"], state["options"])
        self.set(**state["changes"])

    def _changes(self) -> Question:
        """Return the question that makes the network as it was given the present state."""
        now = self.report()
        data = [layer.data for layer in now.layers]
        bits = {layer.name: _widths(layer.data) for layer in now.layers}
        return Question(
            channels=self.channels,
            ifmap_density=[each.ifmap_density for each in data],
            weight_density=[each.filter_density for each in data],
            ofmap_density=[each.ofmap_density for each in data],
            bits={name: widths for name, widths in bits.items() if widths},
            batch=now.batch,
        )

    @property
    def network(self) -> Network:
        """The network as it was given."""
        return self._report.network

    @property
    def architecture(self) -> Architecture:
        """What it is estimated for."""
        return self._report.architecture

    @property
    def unit(self) -> Unit:
        """Unit of all energies: ``"mac"``, that of one 16-bit MAC, or ``"pJ"``."""
        return self._report.unit

    @property
    def groups(self) -> tuple[ChannelGroup, ...]:
        """Channels that can be pruned, in the order in which a sequence of them is read."""
        return self._groups.groups

    @property
    def frontiers(self) -> Frontiers:
        """What answers questions with new densities without a search."""
        return self._frontiers

    @property
    def channels(self) -> dict[str, int]:
        """Channels that each group keeps in the present state."""
        names = (group.name for group in self.groups)
        return dict(zip(names, self._core.kept(), strict=True))

    def energy(
        self,
        channels: ChannelsKept | None = None,
        *,
        ifmap_density: LayerDensities | None = None,
        weight_density: LayerDensities | None = None,
        ofmap_density: LayerDensities | None = None,
        bits: LayerBits | None = None,
        batch: int | None = None,
    ) -> float:
        """Return the energy of the network's optimal mappings for the whole batch.

        Parameters
        ----------
        channels : dict or sequence of int, optional
            Outputs that groups keep: by the name of any layer of the group, or those of all
            `groups` in their order.  The layers that they feed take fewer channels, too.
        ifmap_density, weight_density, ofmap_density : float, dict or sequence, optional
            Share of values that are not zero: of all layers, by layer name, or of each layer in
            order.  (Weights are what `energysim.simulate` calls filters.)
        bits : int or dict, optional
            Bits of all operands, by operand (``ifmap``, ``filter``, ``psum``, ``ofmap``), or by
            layer name either of these.
        batch : int, optional
            Images processed together.

        Returns
        -------
        float
            Energy in `unit`; what is not given is as in the present state.

        Raises
        ------
        UnknownName
            If there is no layer, group or operand of a given name.
        InvalidInput
            If a number has no meaning, layers of one group are to keep different channels, or
            channels cannot be shared evenly among the groups of a grouped convolution.

        Examples
        --------
        >>> import energysim as es
        >>> est = es.Estimator("resnet18", "eyeriss", "rs-chip")
        >>> est.energy({"layer1.0.conv1": 48}, bits=8) < est.energy()
        True
        """
        return self._core.energy(
            channels, ifmap_density, weight_density, ofmap_density, bits, batch
        )

    def set(self, channels: ChannelsKept | None = None, **question: Unpack[Unpruned]) -> None:
        """Change the state, for all questions to come; see `energy` for what can be said.

        Only the layers that change are looked at, and only when an answer is asked for.  After an
        error the state is what it was.

        Examples
        --------
        >>> import energysim as es
        >>> est = es.Estimator("alexnet", "eyeriss", "rs-chip")
        >>> est.set({"CONV3": 300})
        >>> est.set(ifmap_density={"CONV4": 0.4})
        >>> est.energy() == est.energy({"CONV3": 300}, ifmap_density={"CONV4": 0.4})
        True
        """
        self._core.set(channels, **question)

    def reset(self) -> None:
        """Go back to the network as it was given."""
        self._core.reset()

    def energy_by_layer(
        self, channels: ChannelsKept | None = None, **question: Unpack[Unpruned]
    ) -> dict[str, float]:
        """Return the energy of each layer; see `energy` for the arguments."""
        energies = self._core.layer_energies(channels, **question)
        return dict(zip(self.network.layer_names, energies, strict=True))

    def by_level(
        self, channels: ChannelsKept | None = None, **question: Unpack[Unpruned]
    ) -> dict[str, float]:
        """Return the energy at dram, glb, noc and rf, and of the MACs (key ``mac``)."""
        return self.report(channels, **question).by_level()

    def by_operand(
        self, channels: ChannelsKept | None = None, **question: Unpack[Unpruned]
    ) -> dict[str, float]:
        """Return the energy that moves ifmap, filter and psum, and of the MACs (key ``mac``)."""
        return self.report(channels, **question).by_operand()

    def mapping(
        self, layer: str, channels: ChannelsKept | None = None, **question: Unpack[Unpruned]
    ) -> _core.Mapping:
        """Return the optimal mapping of a layer; see `energy` for the other arguments."""
        return self.report(channels, **question).layers[layer].mapping

    def report(self, channels: ChannelsKept | None = None, **question: Unpack[Unpruned]) -> Report:
        """Return all that `energysim.simulate` would say; see `energy` for the arguments.

        Examples
        --------
        >>> import energysim as es
        >>> est = es.Estimator("alexnet", "eyeriss", "rs-chip")
        >>> est.report({"CONV1": 90}).layers["CONV2"].layer
        Layer('CONV2', G=2, M=128, C=45, H=27, W=27, R=5, S=5, padding=2)
        """
        found = tuple(self._core.found(channels, **question))
        layers = tuple(one.layer for one in found)
        batch = layers[0].N // (self.network.layers[0].N // self.network.batch)
        asked = dataclasses.replace(self.network, layers=layers, batch=batch)
        return Report(
            asked,
            self.architecture,
            self._report.dataflow,
            found,
            objective=self._report.objective,
        )

    def gradient(
        self,
        channels: ChannelsKept | None = None,
        *,
        differences: bool = True,
        **question: Unpack[Unpruned],
    ) -> Gradient:
        """Return how the energy changes with densities, bits and channels.

        Parameters
        ----------
        differences : bool, default True
            Whether to look at channels, too: that may take two searches for each layer that a group
            shapes.
        channels, **question
            Where to take the gradient, as for `energy`.

        Returns
        -------
        Gradient
            Its attributes say what is an exact derivative and what is a difference.

        Examples
        --------
        >>> import energysim as es
        >>> est = es.Estimator("alexnet", "eyeriss", "rs-chip")
        >>> gradient = est.gradient(ifmap_density=0.5)
        >>> gradient.density["ifmap_density"]["CONV2"] > 0
        True
        >>> gradient.channels_down["CONV1"] > 0 and gradient.channels_up["CONV1"] is None
        True
        """
        asked = Question(channels=channels, **question)
        return gradient(self, asked, differences=differences)

    def energy_batch(
        self,
        channels: NDArray[Any] | Sequence[Sequence[int]] | None = None,
        *,
        ifmap_density: NDArray[Any] | None = None,
        weight_density: NDArray[Any] | None = None,
        ofmap_density: NDArray[Any] | None = None,
        per: many.Per = "network",
        threads: int = 1,
        progress: Callable[[int, int], object] | None = None,
    ) -> NDArray[numpy.float64]:
        """Answer many questions, one per row.

        Parameters
        ----------
        channels : array of int, shape (questions, groups), optional
            Channels that each group keeps.
        ifmap_density, weight_density, ofmap_density : array, shape (questions, layers), optional
            Densities of each layer.
        per : {"network", "layer", "level"}
            What to return of every question.
        threads : int, default 1
            Threads; 0 takes all cores.  The answers are the same for any number.
        progress : callable, optional
            Called with the number of rows done and of all rows, now and then.

        Returns
        -------
        array of float
            Energies in `unit`: of shape (questions,) for ``per="network"``, (questions, layers) for
            ``"layer"``, (questions, 5) for ``"level"`` (dram, glb, noc, rf, mac).

        Raises
        ------
        InvalidInput
            As `energy` does; the message names the row.

        Examples
        --------
        >>> import energysim as es
        >>> est = es.Estimator("alexnet", "eyeriss", "rs-chip")
        >>> rows = [[96, 256, 384, 384, 256, 4096, 4096], [64, 128, 384, 384, 256, 4096, 4096]]
        >>> est.energy_batch(rows).tolist() == [est.energy(row) for row in rows]
        True
        """
        densities = (ifmap_density, weight_density, ofmap_density)
        return many.energy_batch(self, channels, densities, per, threads, progress)

    def table(
        self,
        layer: str,
        C_values: Sequence[int] | NDArray[Any],
        M_values: Sequence[int] | NDArray[Any] | None = None,
        *,
        threads: int = 1,
        progress: Callable[[int, int], object] | None = None,
    ) -> NDArray[numpy.float64]:
        """Return the energy of a layer for many numbers of channels.

        This is the look-up table of NetAdapt (Yang et al., ECCV 2018, section 3.3).  Entries that
        are new are searched and not remembered.

        Parameters
        ----------
        layer : str
            Name of the layer; its data and batch are those of the present state.
        C_values, M_values : sequence of int
            Input and output channels, counted over all groups of the layer, which must divide them.
            A depthwise layer has as many outputs as inputs, times a factor: leave `M_values` out.
        threads : int, default 1
            Threads; 0 takes all cores.
        progress : callable, optional
            Called with the number of entries done and of all entries, now and then.

        Returns
        -------
        array of float, shape (len(C_values), len(M_values)) or (len(C_values),)
            Energies in `unit`.

        Raises
        ------
        UnknownName
            If there is no such layer.
        InvalidInput
            If a number is below 1, above that of the layer, or not shared evenly by its groups.

        Examples
        --------
        >>> import energysim as es
        >>> est = es.Estimator("alexnet", "eyeriss", "rs-chip")
        >>> table = est.table("CONV3", [64, 256], [128, 384])
        >>> float(table[1, 1]) == est.energy_by_layer()["CONV3"]
        True
        """
        return many.energy_table(self, layer, C_values, M_values, threads, progress)

    def cache_use(self) -> dict[str, int]:
        """Return how often a layer was known already (hits) or not (misses), and how many are."""
        return dict(zip(("hits", "misses", "answers"), self._core.cache_use(), strict=True))

    def __repr__(self) -> str:
        return (
            f"<Estimator of {self.network.name!r} on {self.architecture.name!r}: "
            f"{len(self.network)} layers, {len(self.groups)} groups of channels>"
        )


def _groups(network: Network, feeds: Feeds | None) -> Groups:
    known = known_feeds(network) if feeds is None else feeds
    return groups_of(network, known or {}, given=feeds is not None)


def _widths(data: LayerData) -> dict[str, int]:
    """Return the bits of the operands whose bits are given."""
    given = {operand: getattr(data, f"{operand}_bits") for operand in _OPERANDS}
    return {operand: bits for operand, bits in given.items() if bits is not None}
