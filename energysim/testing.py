"""Tests that every dataflow has to pass, to be subclassed for one of your own.

In a file of tests::

    import energysim as es
    from energysim.testing import DataflowContract

    class TestMine(DataflowContract):
        dataflow = es.load_dataflow("mine.yaml")

and ``pytest`` runs them all.  They need no more than pytest, or nothing at all if their methods are
called one by one.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from energysim import _core, reference
from energysim.architecture import Architecture, Scratchpads
from energysim.architectures import isca16
from energysim.dataflow import dataflow_text, parse_dataflow
from energysim.errors import NoMapping
from energysim.simulate import search, simulate

__all__ = ["DataflowContract"]


class DataflowContract:
    """What is true of every dataflow; set `dataflow`.

    Attributes
    ----------
    dataflow : Dataflow or str
        The dataflow, or the name of a built-in one.
    cases : int
        Tiny layers and architectures, drawn at random but always the same.
    most_mappings : int
        Layers with more mappings are passed over where all of them are counted.

    Examples
    --------
    >>> class TestChip(DataflowContract):
    ...     dataflow = "rs-chip"
    ...     cases = 3
    >>> TestChip().test_closed_form_is_what_a_walk_counts()
    """

    dataflow: _core.Dataflow | str
    cases = 60
    most_mappings = 3000

    def test_words_make_the_same_dataflow_again(self) -> None:
        """Writing it down and reading it again changes nothing."""
        declared = self._declared()
        assert _core.Dataflow(**declared.to_dict()) == declared
        assert parse_dataflow(dataflow_text(declared)) == declared

    def test_it_runs_something(self) -> None:
        """Of tiny layers and architectures, some fit."""
        assert any(self._optimum(*case) is not None for case in self._cases())

    def test_closed_form_is_what_a_walk_counts(self) -> None:
        """The counts of optimal mappings are those of the reference, which walks every loop."""
        for layer, arch in self._cases():
            found = self._optimum(layer, arch)
            if found is not None:
                walked = reference.count(layer, arch, found.mapping, compiled=False)
                assert found.counts == walked, f"{layer!r} {arch!r}\n{found.mapping}"

    def test_search_finds_what_counting_everything_finds(self) -> None:
        """Branch and bound gives the energy of the best of all mappings."""
        for layer, arch in self._cases():
            if _core.space_size(layer, self.dataflow) > self.most_mappings:
                continue
            found = self._optimum(layer, arch)
            every = self._optimum(layer, arch, method="exhaustive")
            assert (found is None) == (every is None), f"{layer!r} {arch!r}"
            if found is not None and every is not None:
                assert found.energy == every.energy, f"{layer!r} {arch!r}\n{every.mapping}"
                assert found.proof.lower_bound == found.energy

    def test_mappings_fit_and_follow_the_declaration(self) -> None:
        """What is found passes the checks of a mapping that a user writes."""
        for layer, arch in self._cases():
            found = self._optimum(layer, arch)
            if found is not None:
                _core.check(layer, arch, found.mapping)

    def test_threads_do_not_change_the_answer(self) -> None:
        """The result is the same for any number of threads."""
        drawn = [layer.replace(N=2) for layer, _ in self._cases()]
        layers = [layer for layer in drawn if self._optimum(layer, _ROOMY) is not None][:8]
        one, two = (
            simulate(layers, _ROOMY, self.dataflow, threads=threads).to_json() for threads in (1, 2)
        )
        assert one == two

    def _declared(self) -> _core.Dataflow:
        if isinstance(self.dataflow, _core.Dataflow):
            return self.dataflow
        return next(known for known in _core.dataflows() if known.name == self.dataflow)

    def _optimum(self, layer: _core.Layer, arch: Architecture, **options: Any) -> Any:
        try:
            return search(layer, arch, self.dataflow, **options)
        except NoMapping:
            return None

    def _cases(self) -> Iterator[tuple[_core.Layer, Architecture]]:
        draw = random.Random(2016)
        return (_draw_case(f"drawn {i}", draw) for i in range(self.cases))


_ROOMY = isca16().replace(name="roomy")


def _draw_case(name: str, draw: random.Random) -> tuple[_core.Layer, Architecture]:
    """Draw a layer of some hundred MACs and an architecture on which it does not simply fit."""
    between = draw.randint
    rows, columns, stride = between(1, 3), between(1, 3), between(1, 2)
    layer = _core.Layer(
        name,
        N=between(1, 3),
        G=between(1, 2),
        M=between(1, 8),
        C=between(1, 6),
        H=rows + stride * between(0, 3),
        W=columns + stride * between(0, 3),
        R=rows,
        S=columns,
        stride=stride,
    )
    arch = isca16().replace(
        name="drawn",
        rows=between(2, 6),
        columns=between(2, 6),
        glb_words=between(40, 600),
        rf=Scratchpads(pooled=between(4, 40)),
        ofmap_path=draw.choice(("through_glb", "past_glb")),
    )
    return layer, arch
