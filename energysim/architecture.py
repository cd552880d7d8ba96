"""Accelerators: the array of PEs, its storages and buses, and what an access costs."""

from __future__ import annotations

import dataclasses
import functools
import os
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from energysim import _core, safe_yaml
from energysim.checks import member, number, text, whole
from energysim.compression import Compression
from energysim.copies import CopiedByFields
from energysim.energy_table import EnergyTable
from energysim.errors import InvalidInput, show

__all__ = ["Architecture", "Buses", "DramLink", "OfmapPath", "PsumPad", "Scratchpads", "Zeros"]

OfmapPath: TypeAlias = Literal["through_glb", "past_glb"]
PsumPad: TypeAlias = Literal["between_macs", "every_mac"]
Zeros: TypeAlias = Literal["none", "ifmap", "filter", "both"]

_PSUM_PADS = ("between_macs", "every_mac")
_OFMAP_PATHS = ("through_glb", "past_glb")
_ZEROS = ("none", "ifmap", "filter", "both")
_OPERANDS = ("ifmap", "filter", "psum")
_MOST_RATE = 1e12


@dataclass(frozen=True)
class Scratchpads:
    """Scratch pads of one PE, in words: one per operand, or a pool that all three share.

    Raises
    ------
    InvalidInput
        Unless either `pooled` or all of the others are given.

    Examples
    --------
    >>> Scratchpads(ifmap=12, filter=224, psum=24).words
    260
    >>> Scratchpads(pooled=256).words
    256
    """

    ifmap: int | None = None
    filter: int | None = None
    psum: int | None = None
    pooled: int | None = None

    def __post_init__(self) -> None:
        given = [f.name for f in dataclasses.fields(self) if getattr(self, f.name) is not None]
        if given not in (["pooled"], list(_OPERANDS)):
            raise InvalidInput(
                "the RF has either ifmap, filter and psum words, or pooled words; "
                f"given: {', '.join(given) or 'nothing'}"
            )
        for name in given:
            object.__setattr__(
                self, name, whole(getattr(self, name), f"RF words, {name},", least=0)
            )

    @property
    def words(self) -> int:
        """Words of all scratch pads of one PE together."""
        return sum(size for size in dataclasses.astuple(self) if size is not None)


@dataclass(frozen=True)
class Buses:
    """Words per cycle between the GLB and the array; a bus of 0 never holds anything up.

    `pass_overhead_cycles` are added to every processing pass, and overlap nothing.

    Examples
    --------
    >>> Buses(ifmap=1, filter=4, psum=4)
    Buses(ifmap=1.0, filter=4.0, psum=4.0, pass_overhead_cycles=0.0)
    """

    ifmap: float = 0.0
    filter: float = 0.0
    psum: float = 0.0
    pass_overhead_cycles: float = 0.0

    def __post_init__(self) -> None:
        for f in dataclasses.fields(self):
            what = f.name if "cycles" in f.name else f"words per cycle of the {f.name} bus"
            value = number(getattr(self, f.name), what, 0, _MOST_RATE)
            if 0 < value < 1 / _MOST_RATE:
                raise InvalidInput(f"{what} must be 0 or at least {1 / _MOST_RATE:g}, not {value}")
            object.__setattr__(self, f.name, value)


@dataclass(frozen=True)
class DramLink:
    """The link to DRAM: its width, its clock, and what it moves while the array works.

    Parameters
    ----------
    bits : int
        Bits that it moves in a cycle of its clock.
    clock_mhz : float
        Its clock in MHz.
    overlaps : tuple of {"ifmap", "filter", "psum"}, default ("filter",)
        Operands that it moves while the array works; the array waits for the others.

    Raises
    ------
    InvalidInput
        If a number is not positive, or there is no such operand.

    Examples
    --------
    >>> DramLink(bits=64, clock_mhz=60)
    DramLink(bits=64, clock_mhz=60.0, overlaps=('filter',))
    """

    bits: int
    clock_mhz: float
    overlaps: tuple[str, ...] = ("filter",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "bits", whole(self.bits, "bits of the DRAM link"))
        clock = number(self.clock_mhz, "clock_mhz of the DRAM link", 1 / _MOST_RATE, _MOST_RATE)
        object.__setattr__(self, "clock_mhz", clock)
        if isinstance(self.overlaps, str) or not isinstance(self.overlaps, (tuple, list)):
            raise InvalidInput(
                f"overlaps of the DRAM link must be a list of operands, not {show(self.overlaps)}"
            )
        operands = tuple(member(name, "operand", _OPERANDS) for name in self.overlaps)
        object.__setattr__(self, "overlaps", operands)


@dataclass(frozen=True, kw_only=True, repr=False)
class Architecture(CopiedByFields):
    """An accelerator: what a mapping has to fit, and what its accesses cost.

    Immutable and hashable.  `energysim.architectures` has ready-made ones.

    Parameters
    ----------
    name : str
        Name for reports and error messages.
    rows, columns : int
        Size of the array of PEs, at most 65536 each.
    glb_words : int
        Words of the global buffer that hold what passes through it.
    rf : Scratchpads
        Words of the scratch pads of one PE.
    energy : EnergyTable
        What an access costs.
    ofmap_path : {"through_glb", "past_glb"}
        Whether every psum that the array emits is written to the GLB and drained from there (as
        on the chip), or a psum that leaves for DRAM goes straight there (as in the ISCA 2016
        analysis).
    psum_pad : {"between_macs", "every_mac"}
        Whether the first psum of a chain of MACs in a PE is not read from its scratch pad and the
        last not written (ISCA 2016), or every MAC reads and writes it (the published estimation
        tool).
    gating : {"none", "ifmap", "filter", "both"}
        Whose zeros save the psum's RF accesses, the MAC and the RF read of the other operand, but
        no time.  ``"both"`` looks at the ifmap first.
    skipping : {"none", "ifmap", "filter", "both"}
        Whose zeros save all RF reads, the MAC and its time.
    compression : Compression
        How operands are coded at each level.
    buses : Buses
        Words per cycle between the GLB and the array.
    word_bits : int, default 16
        Bits of the words that storages, buses and costs are stated in, at most 64.  No value is
        wider.
    clock_mhz : float, optional
        Clock of the array in MHz.
    dram_link : DramLink, optional
        The link to DRAM, which needs `clock_mhz`; without one, DRAM always keeps up.
    source : str, default ""
        Where the numbers come from.

    Raises
    ------
    InvalidInput
        If a size is not positive or a number has no meaning; the message names it.

    Examples
    --------
    >>> from energysim import architectures
    >>> chip = architectures.eyeriss()
    >>> chip
    <Architecture 'eyeriss': 12x14 PEs, GLB 51200 words, RF 260 words>
    >>> chip.replace(name="small", glb_words=25600).pes
    168
    """

    name: str
    rows: int
    columns: int
    glb_words: int
    rf: Scratchpads
    energy: EnergyTable
    ofmap_path: OfmapPath = "through_glb"
    psum_pad: PsumPad = "between_macs"
    gating: Zeros = "none"
    skipping: Zeros = "none"
    compression: Compression = field(default_factory=Compression)
    buses: Buses = field(default_factory=Buses)
    word_bits: int = 16
    clock_mhz: float | None = None
    dram_link: DramLink | None = None
    source: str = ""

    def __post_init__(self) -> None:
        where = f"architecture {show(text(self.name, 'the name of an architecture'))}"
        classes = {
            "rf": Scratchpads,
            "energy": EnergyTable,
            "buses": Buses,
            "compression": Compression,
        }
        for name, cls in classes.items():
            if not isinstance(getattr(self, name), cls):
                given = show(getattr(self, name))
                raise InvalidInput(f"{where}: {name} must be of {cls.__name__}, not {given}")
        if not isinstance(self.source, str):
            raise InvalidInput(f"{where}: the source must be text, not {show(self.source)}")
        for name in ("rows", "columns", "glb_words", "word_bits"):
            self._set(name, whole(getattr(self, name), f"{where}: {name}"))
        member(self.ofmap_path, "ofmap_path", _OFMAP_PATHS)
        member(self.psum_pad, "psum_pad", _PSUM_PADS)
        member(self.gating, "gating", _ZEROS)
        member(self.skipping, "skipping", _ZEROS)
        if self.clock_mhz is not None:
            self._set("clock_mhz", number(self.clock_mhz, f"{where}: clock_mhz"))
            if self.clock_mhz == 0:
                raise InvalidInput(f"{where}: clock_mhz must be more than 0")
        if self.dram_link is not None:
            if not isinstance(self.dram_link, DramLink):
                given = show(self.dram_link)
                raise InvalidInput(f"{where}: dram_link must be a DramLink, not {given}")
            if self.clock_mhz is None:
                raise InvalidInput(f"{where}: dram_link needs clock_mhz, the array's own clock")
        _ = self.native  # the core checks the rest

    def _set(self, name: str, value: float) -> None:
        object.__setattr__(self, name, value)

    @property
    def pes(self) -> int:
        """Number of PEs."""
        return self.rows * self.columns

    @functools.cached_property
    def native(self) -> _core.Architecture:
        """The architecture as the core reads it."""
        rf, buses, link = self.rf, self.buses, self.dram_link
        return _core.Architecture(
            name=self.name,
            rows=self.rows,
            columns=self.columns,
            word_bits=self.word_bits,
            glb_words=self.glb_words,
            rf_words=[rf.ifmap or 0, rf.filter or 0, rf.psum or 0],
            rf_pooled=rf.pooled or 0,
            ofmap_past_glb=self.ofmap_path == "past_glb",
            psum_pad_every_mac=self.psum_pad == "every_mac",
            sparsity=self._sparsity(),
            bus_words_per_cycle=[buses.ifmap, buses.filter, buses.psum],
            pass_overhead_cycles=buses.pass_overhead_cycles,
            dram_words_per_cycle=self._dram_words_per_cycle,
            dram_overlaps=[o in (link.overlaps if link else ()) for o in _OPERANDS],
            table=self.energy.native(),
        )

    @property
    def _dram_words_per_cycle(self) -> float:
        if self.dram_link is None or self.clock_mhz is None:
            return 0.0
        words = self.dram_link.bits / self.word_bits
        return words * self.dram_link.clock_mhz / self.clock_mhz

    def _sparsity(self) -> _core.Sparsity:
        def of(zeros: Zeros) -> list[bool]:
            return [zeros in ("ifmap", "both"), zeros in ("filter", "both")]

        return _core.Sparsity(
            gates=of(self.gating),
            skips=of(self.skipping),
            codings=[coding.native() for coding in self.compression],
            codes_network_input=self.compression.network_input,
        )

    def __repr__(self) -> str:
        return (
            f"<Architecture {self.name!r}: {self.rows}x{self.columns} PEs, "
            f"GLB {self.glb_words} words, RF {self.rf.words} words>"
        )

    def replace(self, **changes: Any) -> Architecture:
        """Return a copy with other values for some of the constructor's arguments.

        Parameters
        ----------
        **changes
            New values by name of the argument.

        Returns
        -------
        Architecture
            The changed copy.

        Raises
        ------
        InvalidInput
            If the new values do not make an architecture.
        """
        return dataclasses.replace(self, **changes)

    @classmethod
    def from_yaml(cls, path: str | os.PathLike[str]) -> Architecture:
        """Read an architecture file.

        Parameters
        ----------
        path : str or path-like
            A YAML file as `parse` describes it.

        Returns
        -------
        Architecture
            The architecture in the file.

        Raises
        ------
        InvalidInput
            If the file is not an architecture file; the message begins with the path.
        OSError
            If the file cannot be read.
        """
        return cls.parse(safe_yaml.read_text(path), where=os.fspath(path))

    @classmethod
    def parse(cls, text: str, where: str = "architecture") -> Architecture:
        """Read the text of an architecture file; `energysim.architecture_file` describes it.

        Parameters
        ----------
        text : str
            The YAML text.
        where : str, default "architecture"
            What the text is, to begin error messages with: usually the file's path.

        Returns
        -------
        Architecture
            The architecture in the text.

        Raises
        ------
        InvalidInput
            In one line: where, what is wrong and what to do about it.

        Examples
        --------
        >>> from energysim import architectures
        >>> eyeriss = architectures.eyeriss()
        >>> Architecture.parse(eyeriss.to_yaml()) == eyeriss
        True
        """
        from energysim.architecture_file import parse_architecture

        return parse_architecture(text, where)

    def to_yaml(self) -> str:
        """Return the architecture as the text of an architecture file.

        Returns
        -------
        str
            What `parse` turns back into an equal architecture.
        """
        from energysim.architecture_file import write_architecture

        return write_architecture(self)
