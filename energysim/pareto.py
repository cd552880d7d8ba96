"""Energy against cycles: which pairs a network can have, all of them.

Of a layer, the front is found by the same branch and bound as a single optimum.  That of a network
is the sum of its layers' fronts; see `energysim.front_sums`.
"""

from __future__ import annotations

import bisect
import dataclasses
import functools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from energysim import _core
from energysim.architecture import Architecture
from energysim.arguments import architecture_of, progress_of
from energysim.checks import number, whole
from energysim.copies import CopiedByFields
from energysim.energy_table import Unit
from energysim.errors import NoMapping
from energysim.front_sums import sum_of_fronts
from energysim.layer_data import Bits, Densities, LayerData
from energysim.layer_result import ENERGY_KEYS, Energies, LayerResult
from energysim.network import Network
from energysim.report import Report
from energysim.simulate import MOST_THREADS, data_seen, network_of

if TYPE_CHECKING:
    import rich.console

__all__ = ["FrontPoint", "ParetoFront", "pareto"]


def pareto(
    network: Network | _core.Layer | Iterable[_core.Layer] | str,
    arch: Architecture | str,
    dataflow: _core.Dataflow | str = "rs",
    *,
    batch: int | None = None,
    data: LayerData | Mapping[str, LayerData] | None = None,
    bits: Bits | None = None,
    ifmap_density: Densities | None = None,
    filter_density: Densities | None = None,
    ofmap_density: Densities | None = None,
    most_points: int = 100_000,
    threads: int = 1,
    progress: Callable[[int, int], object] | None = None,
) -> ParetoFront:
    """Find all pairs of energy and cycles of a network, or a layer, that no other pair beats.

    Every layer may have any mapping of the dataflow's space.  Cycles are `total_cycles`, with the
    waits for DRAM; layers run one after another.

    Parameters
    ----------
    network : Network or Layer or iterable of Layer or str
        What to map, or the name of a built-in network.
    arch : Architecture or str
        Where to map it, or the name of a built-in architecture.
    dataflow : Dataflow or str, default "rs"
        The dataflow, or the name of a built-in one; see `energysim.dataflows`.
    batch, data, bits, ifmap_density, filter_density, ofmap_density
        As of `energysim.simulate`.
    most_points : int, default 100,000
        Points of a network's front at most.  A front with more is thinned out, and says by how many
        cycles at most (`ParetoFront.cycles_slack`).
    threads : int, default 1
        Threads to search with; 0 takes all cores.  The result is the same for any number.
    progress : callable, optional
        Called with the number of layers done and of all layers, now and then.

    Returns
    -------
    ParetoFront
        The points, the fastest first, and the mappings behind each.

    Raises
    ------
    UnknownName
        If there is no network, architecture, dataflow or layer of a given name.
    InvalidInput
        If a number has no meaning; the message names it.
    NoMapping
        If a layer has no mapping that fits.
    CountOverflow
        If a count does not fit 64 bits.

    Examples
    --------
    >>> import energysim as es
    >>> front = es.pareto("alexnet", "eyeriss", "rs-chip", batch=4)
    >>> front.exact, front.least_energy.energy == es.simulate(
    ...     "alexnet", "eyeriss", "rs-chip", batch=4
    ... ).energy
    (True, True)
    >>> fast = front.least_cycles
    >>> fast.energy > front.least_edp.energy > front.least_energy.energy
    True
    >>> front.within(1.1 * fast.total_cycles).report().layers["CONV1"].mapping
    <Mapping rs-chip/chip m=...>
    """
    alone = isinstance(network, _core.Layer)
    net = network_of([network] if isinstance(network, _core.Layer) else network, batch)
    architecture = architecture_of(arch)
    most = whole(most_points, "most_points", least=2)
    densities = {
        "ifmap_density": ifmap_density,
        "filter_density": filter_density,
        "ofmap_density": ofmap_density,
    }
    values = data_seen(net, architecture, data, bits, **densities)
    if alone:  # nothing says that its ifmap is what a network is given
        given = isinstance(data, LayerData) and data.network_input
        values = [values[0].replace(network_input=given)]
    found = _core.search_fronts(
        net.layers,
        architecture,
        dataflow,
        values,
        min(whole(threads, "threads", least=0), MOST_THREADS),
        progress_of(progress, len(net.layers)),
    )
    name = dataflow.name if isinstance(dataflow, _core.Dataflow) else dataflow
    layers = tuple(tuple(LayerResult(each, architecture) for each in front) for front in found)
    choices, slack = sum_of_fronts(layers, most)
    return ParetoFront(net, architecture, name, layers, choices, slack)


@dataclass(frozen=True, repr=False)
class FrontPoint(Energies):
    """One pair of energy and cycles, with the mappings that make it.

    Parameters
    ----------
    layers : tuple of LayerResult
        The result of each layer, in order of execution.
    choices : tuple of int
        Which point of each layer's front that is; 0 is the fastest.
    """

    layers: tuple[LayerResult, ...]
    choices: tuple[int, ...]
    _front: ParetoFront

    @functools.cached_property
    def energy(self) -> float:
        """Energy of the whole batch, in `unit`."""
        return math.fsum(layer.energy for layer in self.layers)

    @property
    def unit(self) -> Unit:
        """Unit of all energies: ``"mac"``, that of one 16-bit MAC, or ``"pJ"``."""
        return self._front.architecture.energy.unit

    @functools.cached_property
    def total_cycles(self) -> float:
        """Cycles of the array for the whole batch, with the waits for DRAM."""
        return math.fsum(layer.total_cycles for layer in self.layers)

    @property
    def edp(self) -> float:
        """Energy-delay product: energy in `unit` times `total_cycles`."""
        return self.energy * self.total_cycles

    def report(self) -> Report:
        """Return all that `energysim.simulate` would say of these mappings."""
        front = self._front
        found = tuple(layer._found for layer in self.layers)
        return Report(front.network, front.architecture, front.dataflow, found, objective="pareto")

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        clock = self._front.architecture.clock_mhz
        return {
            ENERGY_KEYS[self.unit]: self.energy,
            "total_cycles": self.total_cycles,
            "seconds": None if clock is None else self.total_cycles / (1e6 * clock),
            "edp": self.edp,
            "choices": list(self.choices),
        }

    def __repr__(self) -> str:
        from energysim.tables import si

        energy = f"{ENERGY_KEYS[self.unit]}={si(self.energy)}"
        return f"<FrontPoint {energy}, total_cycles={si(self.total_cycles)}>"


@dataclass(frozen=True, repr=False, eq=False)
class ParetoFront(CopiedByFields, Sequence[FrontPoint]):
    """All pairs of energy and cycles that no other beats, the fastest first.

    Made by `energysim.pareto`; immutable.  ``print(front.table())`` shows it.

    Parameters
    ----------
    network : Network
        What was mapped, with its batch.
    architecture : Architecture
        Where.
    dataflow : str
        Name of the dataflow.
    fronts : tuple of tuple of LayerResult
        The front of each layer, the fastest first.
    cycles_slack : float
        0 if the front is exact.  Otherwise, for every choice of mappings there is a point with no
        more energy, and at most so many more cycles.

    Examples
    --------
    >>> import energysim as es
    >>> layer = es.Layer("conv", M=64, C=32, H=28, W=28, R=3, S=3, padding=1)
    >>> front = es.pareto(layer, "eyeriss")
    >>> front.least_edp.energy == es.search(layer, "eyeriss", objective="edp").energy
    True
    >>> [point.total_cycles for point in front] == sorted(point.total_cycles for point in front)
    True
    """

    network: Network
    architecture: Architecture
    dataflow: str
    fronts: tuple[tuple[LayerResult, ...], ...]
    _choices: tuple[tuple[int, ...], ...]
    cycles_slack: float

    @property
    def exact(self) -> bool:
        """Whether it has every point."""
        return self.cycles_slack == 0

    @property
    def least_cycles(self) -> FrontPoint:
        """The fastest point."""
        return self[0]

    @property
    def least_energy(self) -> FrontPoint:
        """The point of least energy."""
        return self[-1]

    @functools.cached_property
    def least_edp(self) -> FrontPoint:
        """The point of least energy times cycles, of the whole network.

        That is less than what layers of least energy times cycles make together.  It is exact, even
        where the front is not: a product is least at a corner of the convex hull, and all of these
        are on the front.
        """
        return min(self._points, key=lambda point: point.edp)

    def within(self, total_cycles: float) -> FrontPoint:
        """Return the point of least energy that takes no more than so many cycles.

        Raises
        ------
        NoMapping
            If even the fastest takes more.
        """
        limit = number(total_cycles, "total_cycles", 0, math.inf)
        place = bisect.bisect_right(self._points, limit, key=lambda point: point.total_cycles)
        if place == 0:
            raise NoMapping(
                f"no mappings of {self.network.name!r} take at most {limit:g} cycles: the fastest "
                f"take {self[0].total_cycles:g}"
            )
        return self[place - 1]

    def of_layer(self, name: str) -> ParetoFront:
        """Return the front of one of its layers.

        Raises
        ------
        UnknownName
            If there is no layer of that name.
        """
        layer = self.network[name]
        front = self.fronts[self.network.layers.index(layer)]
        alone = dataclasses.replace(
            self.network, name=f"{self.network.name} {name}", layers=(layer,), graph=None
        )
        choices = tuple((i,) for i in range(len(front)))
        return ParetoFront(alone, self.architecture, self.dataflow, (front,), choices, 0.0)

    @functools.cached_property
    def _points(self) -> tuple[FrontPoint, ...]:
        def point(choices: tuple[int, ...]) -> FrontPoint:
            chosen = (front[i] for front, i in zip(self.fronts, choices, strict=True))
            return FrontPoint(tuple(chosen), choices, self)

        return tuple(point(choices) for choices in self._choices)

    def __len__(self) -> int:
        return len(self._choices)

    @overload
    def __getitem__(self, place: int) -> FrontPoint: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[FrontPoint, ...]: ...

    def __getitem__(self, place: int | slice) -> FrontPoint | tuple[FrontPoint, ...]:
        return self._points[place]

    def __iter__(self) -> Iterator[FrontPoint]:
        return iter(self._points)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data.

        Returns
        -------
        dict
            ``points`` of the network, the fastest first; their ``choices`` are places in the
            ``points`` of each of ``layers``.
        """
        table, key = self.architecture.energy, ENERGY_KEYS[self.architecture.energy.unit]
        return {
            "network": self.network.name,
            "architecture": self.architecture.name,
            "dataflow": self.dataflow,
            "batch": self.network.batch,
            "energy_table": {"unit": table.unit, "source": table.source},
            "exact": self.exact,
            "cycles_slack": self.cycles_slack,
            "least_edp": self.least_edp.to_dict(),
            "points": [point.to_dict() for point in self],
            "layers": [
                {
                    "name": front[0].name,
                    "points": [
                        {
                            key: each.energy,
                            "total_cycles": each.total_cycles,
                            "mapping": each.mapping.to_dict(),
                        }
                        for each in front
                    ],
                }
                for front in self.fronts
            ],
        }

    def to_json(self, indent: int | None = 2) -> str:
        """Return what `to_dict` returns as JSON text, without NaN or infinity."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def table(self) -> str:
        """Return some of its points as a table of plain text: the corners, and some between."""
        from energysim.pareto_views import render

        return render(self)

    def figure(self) -> Any:
        """Return a picture of it, as a Matplotlib figure.

        Raises
        ------
        ImportError
            If Matplotlib is not installed.
        """
        from energysim.pareto_views import figure

        return figure(self)

    def __rich__(self) -> rich.console.RenderableType:
        from rich.console import Group

        from energysim.pareto_views import front_parts

        return Group(*front_parts(self))

    def __repr__(self) -> str:
        return (
            f"<ParetoFront of {self.network.name!r} on {self.architecture.name!r} with dataflow "
            f"{self.dataflow!r}: {len(self)} points>"
        )
