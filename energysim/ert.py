"""Energy reference tables of Accelergy (``ERT.yaml``), in and out.

Accelergy (Wu, Emer and Sze, ICCAD 2019) writes the energies of a design's actions in picojoules,
estimated by CACTI, a PDK or tables of one's own::

    ERT:
      version: '0.4'
      tables:
        - name: system.shared_glb[1..1]
          actions:
            - {name: read, arguments: {}, energy: 18.2}
            - {name: write, arguments: {}, energy: 14.1}

Components are found by the last word of their names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from energysim import safe_yaml
from energysim.checks import number
from energysim.energy_table import AccessCost, EnergyTable, LevelCost, number_text
from energysim.errors import InvalidInput, show, unknown_name

__all__ = ["PLACES", "load_ert", "parse_ert", "write_ert"]

#: Where energies are needed, and the components that are looked for there, in this order.
PLACES: Mapping[str, tuple[str, ...]] = {
    "dram": ("dram", "main_memory"),
    "glb": ("shared_glb", "glb", "global_buffer"),
    "noc": ("noc", "array_noc"),
    "rf ifmap": ("ifmap_spad", "input_spad", "rf"),
    "rf filter": ("weights_spad", "weight_spad", "filter_spad", "rf"),
    "rf psum": ("psum_spad", "output_spad", "rf"),
    "mac": ("mac",),
}
_OPERANDS = ("ifmap", "filter", "psum")
_MOST = 1e100
_MAC_ACTIONS = ("compute", "mac_random", "mac")
_VERSION = "0.4"


def load_ert(
    path: str | os.PathLike[str],
    *,
    components: Mapping[str, str | float] | None = None,
    words_per_action: Mapping[str, int] | None = None,
) -> EnergyTable:
    """Read a table from an ``ERT.yaml`` file.

    Parameters
    ----------
    path : str or path-like
        The file.
    components, words_per_action
        As `parse_ert` takes them.

    Returns
    -------
    EnergyTable
        Costs in picojoules.

    Raises
    ------
    InvalidInput
        If the file is no ERT, or lacks an action; the message names file, line and action.
    OSError
        If the file cannot be read.
    """
    return parse_ert(
        safe_yaml.read_text(path),
        where=os.fspath(path),
        components=components,
        words_per_action=words_per_action,
    )


def parse_ert(
    text: str,
    where: str = "ERT",
    *,
    components: Mapping[str, str | float] | None = None,
    words_per_action: Mapping[str, int] | None = None,
) -> EnergyTable:
    """Read a table from the text of an ``ERT.yaml`` file.

    What is read, written or filled into a component costs what its actions ``read``, ``write`` and
    ``fill`` say; where there is no ``fill``, a fill costs a ``write``.  Of several energies of one
    action, for different toggling of its wires, the greatest counts.

    Parameters
    ----------
    text : str
        The YAML text.
    where : str, default "ERT"
        What the text is, to begin error messages with: usually the file's path.
    components : dict, optional
        The component of a place, by its name, or the cost of a word there in pJ: for
        ``{"noc": 0}``, moves in the array are free.  Places are those of `PLACES`.
    words_per_action : dict, optional
        Words that one action of a place moves, such as ``{"dram": 4}`` for 64 bits and words of
        16; 1 for others.

    Returns
    -------
    EnergyTable
        Costs in picojoules.

    Raises
    ------
    InvalidInput
        If the text is no ERT, or lacks an action.
    UnknownName
        If `components` or `words_per_action` name a place that there is not.

    Examples
    --------
    >>> table = EnergyTable(dram=512, glb=18.2, noc=1, rf=0.2, mac=0.5, unit="pJ", source="mine")
    >>> parse_ert(write_ert(table), components={"noc": 0}).noc.ifmap.read
    0.0
    """
    chosen, words = dict(components or {}), dict(words_per_action or {})
    for place in (*chosen, *words):
        if place not in PLACES:
            raise unknown_name("place", place, PLACES)
    file = _File(text, where)
    costs = {
        place: file.mac(chosen.get(place)) if place == "mac" else file.access(place, chosen)
        for place in PLACES
    }
    for place, count in words.items():
        divisor = number(count, f"words per action of {place}", 1, 2**20)
        costs[place] = tuple(cost / divisor for cost in costs[place])
    rf = LevelCost(*(AccessCost(*costs[f"rf {operand}"]) for operand in _OPERANDS))
    return EnergyTable(
        dram=AccessCost(*costs["dram"]),
        glb=AccessCost(*costs["glb"]),
        noc=AccessCost(*costs["noc"]),
        rf=rf,
        mac=costs["mac"][0],
        unit="pJ",
        source=f"Accelergy ERT: {where}",
    )


class _File:
    """The actions of all components."""

    def __init__(self, text: str, where: str) -> None:
        self._lines = text.splitlines()
        self._where = where
        top = safe_yaml.load_mapping(text, where)
        ert = top.get("ERT")
        tables = ert.get("tables") if isinstance(ert, dict) else None
        if not isinstance(tables, list):
            raise InvalidInput(f"{where}: no Accelergy ERT: it has no list 'tables' under 'ERT'")
        self._actions: dict[str, dict[str, float]] = {}
        self._names: dict[str, str] = {}
        for table in tables:
            self._read(table)

    def _read(self, table: object) -> None:
        if not isinstance(table, dict) or not isinstance(table.get("name"), str):
            raise InvalidInput(f"{self._where}: a table must have a name, not {show(table)}")
        name = table["name"]
        actions = table.get("actions")
        if not isinstance(actions, list):
            raise InvalidInput(f"{self.place_of(name)}: {name} has no list of actions")
        word = _last_word(name)
        if word in self._names:
            return  # one of several alike: the first counts
        found: dict[str, float] = {}
        for action in actions:
            if not isinstance(action, dict) or not isinstance(action.get("name"), str):
                raise InvalidInput(f"{self.place_of(name)}: an action of {name} has no name")
            what = f"{self.place_of(name)}: {name}: energy of {action['name']}"
            energy = number(action.get("energy"), what, 0, _MOST)
            found[action["name"]] = max(energy, found.get(action["name"], 0.0))
        self._actions[word], self._names[word] = found, name

    def place_of(self, name: str) -> str:
        """Return the file and the line where a component's name stands."""
        for line, text in enumerate(self._lines, 1):
            if name in text:
                return f"{self._where}: line {line}"
        return self._where

    def access(self, place: str, chosen: Mapping[str, str | float]) -> tuple[float, ...]:
        """Return what a read, a write and a fill cost at a place."""
        given = chosen.get(place)
        if given is not None and not isinstance(given, str):
            cost = number(given, f"cost of {place} in pJ", 0, _MOST)
            return cost, cost, 0.0
        component = self._component(place, given)
        if place == "noc":
            move = self._energy(component, ("transfer", "read"))
            return move, move, 0.0
        read, write = (self._energy(component, (action,)) for action in ("read", "write"))
        if place == "dram":
            return read, write, 0.0
        return read, write, self._actions[component].get("fill", write)

    def mac(self, given: str | float | None) -> tuple[float, ...]:
        """Return what a MAC costs."""
        if given is not None and not isinstance(given, str):
            return (number(given, "cost of a MAC in pJ", 0, _MOST),)
        return (self._energy(self._component("mac", given), _MAC_ACTIONS),)

    def _component(self, place: str, given: str | None) -> str:
        wanted = PLACES[place] if given is None else (_last_word(given),)
        for word in wanted:
            if word in self._actions:
                return word
        known = ", ".join(self._names.values()) or "none"
        raise InvalidInput(
            f"{self._where}: no component for {place} (looked for {', '.join(wanted)}): name one "
            f"with components={{{place!r}: ...}}, or give its cost in pJ; there are: {known}"
        )

    def _energy(self, component: str, actions: tuple[str, ...]) -> float:
        for action in actions:
            if action in self._actions[component]:
                return self._actions[component][action]
        name = self._names[component]
        raise InvalidInput(
            f"{self.place_of(name)}: {name} has no action {' or '.join(map(repr, actions))}; "
            f"it has: {', '.join(self._actions[component]) or 'none'}"
        )


def _last_word(name: str) -> str:
    """Return the component's own name: the last one of its path, without a range.

    Examples
    --------
    >>> _last_word("system.PE[0..167].Ifmap_spad[1..1]")
    'ifmap_spad'
    """
    return re.sub(r"\[[^]]*\]", "", name).rpartition(".")[2].lower()


def write_ert(table: EnergyTable, name: str = "system") -> str:
    """Return a table as the text of an ``ERT.yaml`` file.

    Parameters
    ----------
    table : EnergyTable
        Costs in picojoules, at DRAM, GLB and NoC the same for all operands, as components are not
        divided there.
    name : str, default "system"
        What the names of components begin with.

    Returns
    -------
    str
        What `parse_ert` reads.

    Raises
    ------
    InvalidInput
        If the table is not in picojoules, or costs differ by operand where they must not.

    Examples
    --------
    >>> from energysim import energy_tables
    >>> print(write_ert(energy_tables.get("45nm")).splitlines()[3])
        - name: system.DRAM
    """
    if table.unit != "pJ":
        raise InvalidInput("an ERT is in pJ, this energy table is relative to a MAC")
    lines = ["ERT:", f"  version: '{_VERSION}'", "  tables:"]
    for component, actions in _components(table):
        lines += [f"    - name: {name}.{component}", "      actions:"]
        for action, energy in actions.items():
            lines.append(
                f"        - {{name: {action}, arguments: {{}}, energy: {number_text(energy)}}}"
            )
    return "\n".join([*lines, ""])


def _components(table: EnergyTable) -> Iterator[tuple[str, dict[str, float]]]:
    for level, component in (("dram", "DRAM"), ("glb", "shared_glb"), ("noc", "noc")):
        first, *others = getattr(table, level)
        if any(cost != first for cost in others):
            raise InvalidInput(
                f"the costs of {level} differ by operand: an ERT has one component for all of them"
            )
        yield component, _accesses(level, first)
    spads = ("ifmap_spad", "weights_spad", "psum_spad")
    for component, cost in zip(spads, table.rf, strict=True):
        yield component, _accesses("rf", cost)
    yield "mac", {"compute": table.mac}


def _accesses(level: str, cost: AccessCost) -> dict[str, float]:
    if level == "noc":
        return {"transfer": cost.read}
    actions: dict[str, Any] = {"read": cost.read, "write": cost.write}
    return actions if level == "dram" else actions | {"fill": cost.fill}
