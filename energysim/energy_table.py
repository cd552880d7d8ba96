"""What one access costs, at each level of the memory hierarchy."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from energysim import _core, safe_yaml
from energysim.checks import member, number, whole
from energysim.errors import InvalidInput, show

__all__ = ["AccessCost", "EnergyTable", "LevelCost", "Unit", "number_text"]

#: Unit of energy: one 16-bit MAC, or a picojoule.
Unit: TypeAlias = Literal["mac", "pJ"]

_UNITS = ("mac", "pJ")
_LEVELS = ("dram", "glb", "noc", "rf")
_OPERANDS = ("ifmap", "filter", "psum")
_KINDS = ("read", "write", "fill")
_KEYS = ("unit", "source", "mac", *_LEVELS, "glb_words")
# Power of the size with which costs of a buffer grow, and how that is called.
_RULES = {"sqrt": (0.5, "by the square root"), "linear": (1.0, "in proportion")}
_MOST = 1e100  # keeps every sum of energies finite


@dataclass(frozen=True)
class AccessCost:
    """Energy of one word that is read, written by the level below, or filled in from above.

    Examples
    --------
    >>> AccessCost(read=6, write=6)
    AccessCost(read=6.0, write=6.0, fill=0.0)
    """

    read: float
    write: float
    fill: float = 0.0

    def __post_init__(self) -> None:
        for kind in _KINDS:
            cost = number(getattr(self, kind), f"energy table: the cost of a {kind}", 0, _MOST)
            object.__setattr__(self, kind, cost)

    def __iter__(self) -> Iterator[float]:
        return iter((self.read, self.write, self.fill))


@dataclass(frozen=True)
class LevelCost:
    """Energy of one access at a level of the memory hierarchy, by operand.

    Examples
    --------
    >>> LevelCost.of(6).psum
    AccessCost(read=6.0, write=6.0, fill=0.0)
    """

    ifmap: AccessCost
    filter: AccessCost
    psum: AccessCost

    def __post_init__(self) -> None:
        for operand in _OPERANDS:
            cost = getattr(self, operand)
            if not isinstance(cost, AccessCost):
                raise InvalidInput(
                    f"energy table: the cost of {operand} must be an AccessCost, not {show(cost)}"
                )

    def __iter__(self) -> Iterator[AccessCost]:
        return iter((self.ifmap, self.filter, self.psum))

    @classmethod
    def of(cls, cost: float | AccessCost | LevelCost) -> LevelCost:
        """Return the cost of a level where all operands cost the same.

        Parameters
        ----------
        cost : float or AccessCost or LevelCost
            A number is what each read and each write costs; fills then cost nothing, because
            published relative costs include them.

        Returns
        -------
        LevelCost
            Costs by operand.

        Raises
        ------
        InvalidInput
            If a number is negative, not finite, or larger than 1e100.
        """
        if isinstance(cost, LevelCost):
            return cost
        if not isinstance(cost, AccessCost):
            cost = AccessCost(cost, cost)
        return cls(cost, cost, cost)


@dataclass(frozen=True, init=False)
class EnergyTable:
    """Energy of one access of one word at each level, and of one MAC.

    Parameters
    ----------
    dram, glb, noc, rf : float or AccessCost or LevelCost
        Costs of a level. A number is what each read and each write costs; fills then cost nothing.
    mac : float, default 1
        Cost of one multiply-accumulate operation.
    unit : {"mac", "pJ"}, default "mac"
        Relative to the energy of one 16-bit MAC, or in picojoules.
    source : str, default ""
        Where the numbers come from.
    glb_words : int, optional
        Size of the buffer that the costs of the GLB are for; see `scaled_to`.

    Raises
    ------
    InvalidInput
        If a cost is negative, not finite or larger than 1e100, or there is no such unit.

    Examples
    --------
    >>> table = EnergyTable(dram=200, glb=6, noc=2, rf=1, source="ISCA 2016, Table IV")
    >>> table.glb.psum.write
    6.0
    """

    dram: LevelCost
    glb: LevelCost
    noc: LevelCost
    rf: LevelCost
    mac: float = 1.0
    unit: Unit = "mac"
    source: str = field(default="", repr=False)
    glb_words: int | None = field(default=None, repr=False)

    def __init__(
        self,
        *,
        dram: float | AccessCost | LevelCost,
        glb: float | AccessCost | LevelCost,
        noc: float | AccessCost | LevelCost,
        rf: float | AccessCost | LevelCost,
        mac: float = 1.0,
        unit: Unit = "mac",
        source: str = "",
        glb_words: int | None = None,
    ) -> None:
        if not isinstance(source, str):
            raise InvalidInput(f"energy table: the source must be text, not {show(source)}")
        fields = {
            "dram": LevelCost.of(dram),
            "glb": LevelCost.of(glb),
            "noc": LevelCost.of(noc),
            "rf": LevelCost.of(rf),
            "mac": number(mac, "energy table: the cost of a MAC", 0, _MOST),
            "unit": member(unit, "energy unit", _UNITS),
            "source": source,
            "glb_words": None if glb_words is None else whole(glb_words, "energy table: glb_words"),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def native(self) -> _core.EnergyTable:
        """Return the table as the core reads it."""
        levels = (self.dram, self.glb, self.noc, self.rf)
        return _core.EnergyTable([[list(cost) for cost in level] for level in levels], self.mac)

    @classmethod
    def from_plain(cls, plain: object, where: str) -> EnergyTable:
        """Read the table from the plain data of an architecture file; see `Architecture.parse`."""
        table = _mapping(plain, where)
        safe_yaml.check_keys(table, _KEYS, _LEVELS, where)
        fields: dict[str, Any] = {
            level: _level(table[level], f"{where}: {level}") for level in _LEVELS
        }
        fields |= {
            key: table[key] for key in ("mac", "unit", "source", "glb_words") if key in table
        }
        try:
            return cls(**fields)
        except InvalidInput as error:
            raise type(error)(f"{where}: {error}") from error

    def to_plain(self) -> dict[str, Any]:
        """Return the plain data that `from_plain` reads, in its shortest spelling."""
        plain: dict[str, Any] = {"unit": self.unit, "source": self.source, "mac": self.mac}
        for level in _LEVELS:
            costs = [_plain_cost(cost) for cost in getattr(self, level)]
            same = costs[0] == costs[1] == costs[2]
            plain[level] = costs[0] if same else dict(zip(_OPERANDS, costs, strict=True))
        return plain if self.glb_words is None else plain | {"glb_words": self.glb_words}

    @classmethod
    def from_yaml(cls, path: str | os.PathLike[str]) -> EnergyTable:
        """Read a table from a file of its own.

        It has the keys that stand under ``energy`` in an architecture file; see
        `Architecture.parse`.

        Parameters
        ----------
        path : str or path-like
            A YAML file.

        Returns
        -------
        EnergyTable
            The table in the file.

        Raises
        ------
        InvalidInput
            If the file is not a table; the message begins with the path.
        OSError
            If the file cannot be read.
        """
        where = os.fspath(path)
        return cls.from_plain(safe_yaml.load_mapping(safe_yaml.read_text(path), where), where)

    def scaled_to(self, glb_words: int, rule: str = "sqrt") -> EnergyTable:
        """Return the table with the costs of the GLB for a buffer of another size.

        Parameters
        ----------
        glb_words : int
            Size of the buffer.
        rule : {"sqrt", "linear"}
            Costs grow with the square root of the size, as the word and bit lines of a square
            memory array do, or in proportion to it.

        Returns
        -------
        EnergyTable
            A table whose source says which rule was used.

        Raises
        ------
        InvalidInput
            If the table does not say for which size its costs are, or there is no such rule.

        Examples
        --------
        >>> table = EnergyTable(dram=200, glb=6, noc=2, rf=1, source="mine", glb_words=1024)
        >>> scaled = table.scaled_to(4096)
        >>> scaled.glb.ifmap.read, scaled.source
        (12.0, 'mine; GLB scaled from 1024 to 4096 words by the square root')
        """
        member(rule, "scaling rule", tuple(_RULES))
        if self.glb_words is None:
            raise InvalidInput(
                "the energy table does not say for which size of GLB its costs are: "
                "give it glb_words"
            )
        words = whole(glb_words, "glb_words")
        factor = (words / self.glb_words) ** _RULES[rule][0]
        costs = [AccessCost(*(factor * cost for cost in access)) for access in self.glb]
        note = f"GLB scaled from {self.glb_words} to {words} words {_RULES[rule][1]}"
        return dataclasses.replace(
            self,
            glb=LevelCost(*costs),
            glb_words=words,
            source=f"{self.source}; {note}" if self.source else note,
        )


def number_text(value: float) -> str:
    """Write a number so that reading it gives the same number.

    Examples
    --------
    >>> number_text(200.0), number_text(0.1)
    ('200', '0.1')
    """
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _mapping(plain: object, where: str) -> dict[str, object]:
    if not isinstance(plain, dict):
        raise InvalidInput(f"{where} must be a mapping of 'key: value', not {show(plain)}")
    return plain


def _level(plain: object, where: str) -> LevelCost:
    if isinstance(plain, dict) and not plain.keys().isdisjoint(_OPERANDS):
        safe_yaml.check_keys(plain, _OPERANDS, _OPERANDS, where)
        costs = {name: _access(plain[name], f"{where}: {name}") for name in _OPERANDS}
        return LevelCost(**costs)
    return LevelCost.of(_access(plain, where))


def _access(plain: object, where: str) -> AccessCost:
    if isinstance(plain, dict):
        safe_yaml.check_keys(plain, _KINDS, _KINDS, where)
        return AccessCost(
            **{kind: number(plain[kind], f"{where}: {kind}", 0, _MOST) for kind in _KINDS}
        )
    cost = number(plain, where, 0, _MOST)
    return AccessCost(cost, cost)


def _plain_cost(cost: AccessCost) -> Any:
    if cost == AccessCost(cost.read, cost.read):
        return cost.read
    return {"read": cost.read, "write": cost.write, "fill": cost.fill}
