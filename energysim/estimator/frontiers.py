"""Frontiers: what answers questions with new densities without a search."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from energysim.errors import InvalidInput

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from energysim import _core
    from energysim.architecture import Architecture
    from energysim.estimator.question import ChannelsKept, Unpruned

__all__ = ["Frontiers"]


class Frontiers:
    """The frontiers of an estimator; see `energysim.Estimator.frontiers`.

    A frontier has the mappings of a layer that are optimal for some densities of its data, and
    knows where each of them is proven to be.  It holds for one shape and one set of bits.
    Frontiers build up by themselves, a few searches at a time, for layers that are asked for with
    ever new densities.

    Examples
    --------
    >>> import energysim as es
    >>> est = es.Estimator("alexnet", "eyeriss", "rs-chip")
    >>> est.frontiers.build(ifmap_density=0.5)
    >>> all(rows > 0 for rows in est.frontiers.rows(ifmap_density=0.4).values())
    True
    """

    def __init__(
        self,
        core: _core.Estimator,
        layers: tuple[str, ...],
        folder: str | os.PathLike[str] | None,
        arch: Architecture,
        dataflow: _core.Dataflow | str,
    ) -> None:
        self._core = core
        self._layers = layers
        self._file: Path | None = None
        if folder is not None:
            from energysim.estimator.frontier_file import frontier_file, load_frontiers

            self._file = frontier_file(folder, arch, dataflow)
            load_frontiers(core, self._file)

    def build(self, channels: ChannelsKept | None = None, **question: Unpack[Unpruned]) -> None:
        """Build the frontiers of all layers at once, as a question has them.

        Formats that are used only where they pay (RLC on the chip) divide densities into those
        where they do and those where they do not: this builds the part in which the question's are.
        """
        self._core.build_frontiers(channels, **question)

    def rows(
        self, channels: ChannelsKept | None = None, **question: Unpack[Unpruned]
    ) -> dict[str, int]:
        """Return how many mappings the frontier has that answers for each layer; 0: none yet."""
        return dict(zip(self._layers, self._core.frontier_rows(channels, **question), strict=True))

    def save(self) -> Path:
        """Write all of them to the folder that the estimator was given, and return the file.

        Raises
        ------
        InvalidInput
            If the estimator was given no folder.
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> import energysim as es, tempfile
        >>> folder = tempfile.mkdtemp()
        >>> est = es.Estimator("alexnet", "eyeriss", "rs-chip", cache=folder)
        >>> est.frontiers.build(ifmap_density=0.5)
        >>> _ = est.frontiers.save()
        >>> again = es.Estimator("alexnet", "eyeriss", "rs-chip", cache=folder)
        >>> again.frontiers.rows(ifmap_density=0.5) == est.frontiers.rows(ifmap_density=0.5)
        True
        """
        from energysim.estimator.frontier_file import save_frontiers

        if self._file is None:
            raise InvalidInput("there is no folder to save frontiers in: give cache= to Estimator")
        save_frontiers(self._core, self._file)
        return self._file
