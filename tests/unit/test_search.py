"""Searching: the optimum is one, it is the same however it is found, and it can be stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import energysim as es
from energysim import InvalidInput, Layer, NoMapping, UnknownName, _core

CHIP = es.architectures.eyeriss()
CONV5 = es.networks.alexnet(4)["CONV5"]
FC = Layer("fc", N=4, M=10, C=8, H=1, W=1, R=1, S=1)
NAMES = [dataflow.name for dataflow in es.dataflows()]

small_layers = st.builds(
    Layer,
    st.just("small"),
    N=st.integers(1, 2),
    G=st.integers(1, 2),
    M=st.integers(1, 4),
    C=st.integers(1, 3),
    H=st.integers(3, 6),
    W=st.integers(3, 6),
    R=st.integers(1, 3),
    S=st.integers(1, 3),
    stride=st.integers(1, 2),
)
tight_chips = st.builds(
    CHIP.replace,
    rows=st.integers(1, 4),
    columns=st.integers(1, 4),
    glb_words=st.integers(40, 200),
    rf=st.builds(
        es.Scratchpads, ifmap=st.integers(3, 6), filter=st.integers(3, 12), psum=st.integers(1, 4)
    ),
)


# --- Dataflows ----------------------------------------------------------------------------


def test_dataflows_declare_themselves() -> None:
    paper = ["ws", "osa", "osb", "osc", "nlr"]
    assert NAMES == ["rs", "rs-chip", *paper, "is", *(f"{name}-free" for name in paper), NAMES[-1]]
    assert NAMES[-1] == "rs-estimation-tool"
    for dataflow in es.dataflows():
        assert dataflow.summary and dataflow.source
        if dataflow.name.startswith("rs"):
            assert set(dataflow.letters) == {"m", "n", "e", "p", "q", "r", "t", "E1"}
        for scheme in dataflow.schemes:
            assert scheme.keeps
            with pytest.raises(AttributeError):
                scheme.name = "x"  # type: ignore[misc]
    assert [scheme.name for scheme in es.dataflows()[0].schemes] == ["psums", "ifmaps", "filters"]


# --- The optimum --------------------------------------------------------------------------


# Chips so small that filters take turns on the array, and fewer PEs side by side are not better.
FOLDED = (
    (
        Layer("two groups", N=2, G=2, M=4, C=1, H=6, W=5, R=1, S=3, padding=2, dilation=2),
        CHIP.replace(rows=3, columns=1, glb_words=105, rf=es.Scratchpads(pooled=6)),
    ),
    (
        Layer("strided", N=3, M=4, C=4, H=8, W=5, R=2, S=3, stride=2, padding=2, dilation=2),
        CHIP.replace(
            rows=4, columns=3, glb_words=189, rf=es.Scratchpads(ifmap=2, filter=4, psum=1)
        ),
    ),
    (
        Layer("columns", N=3, M=5, C=1, H=8, W=6, R=3, S=3, padding=2),
        CHIP.replace(
            rows=4,
            columns=4,
            glb_words=36,
            rf=es.Scratchpads(ifmap=3, filter=5, psum=4),
            energy=es.EnergyTable(
                dram=es.LevelCost(
                    es.AccessCost(200, 200), es.AccessCost(6, 6), es.AccessCost(6, 6)
                ),
                glb=200,
                noc=2,
                rf=1,
            ),
        ),
    ),
)


@given(small_layers, tight_chips, st.sampled_from(NAMES), st.floats(0, 1))
@example(*FOLDED[0], "rs", 1.0)
@example(*FOLDED[1], "rs", 1.0)
@example(*FOLDED[2], "rs", 1.0)
def test_bounds_find_what_counting_everything_finds(
    layer: Layer, arch: es.Architecture, dataflow: str, density: float
) -> None:
    options: dict[str, Any] = {"ifmap_density": density}
    try:
        every = es.search(layer, arch, dataflow, method="exhaustive", **options)
    except NoMapping:
        with pytest.raises(NoMapping):
            es.search(layer, arch, dataflow, **options)
        return
    found = es.search(layer, arch, dataflow, **options)
    assert found.energy_mac == pytest.approx(every.energy_mac, rel=1e-12)
    assert found.energy_mac == pytest.approx(found.counts.energy(arch, found.data), rel=1e-12)
    assert es.count(layer, arch, found.mapping) == found.counts


def test_no_written_mapping_beats_the_optimum() -> None:
    # JSSC 2017, Table III.
    mapping = es.RowStationaryMapping(m=64, n=4, e=13, p=16, q=3, r=2, t=2)
    published = es.count(CONV5, CHIP, mapping).energy(CHIP)
    chip, free = (es.search(CONV5, CHIP, name).energy_mac for name in ("rs-chip", "rs"))
    assert free <= chip <= published


def test_proof_accounts_for_the_search() -> None:
    found = es.search(CONV5, CHIP, "rs-chip")
    proof = found.proof
    assert proof.optimum == found.energy_mac
    assert proof.lower_bound == pytest.approx(proof.optimum, rel=1e-12)
    assert 1 <= proof.evaluated <= proof.space
    assert proof.bounded > 0
    assert proof.space == _core.space_size(CONV5, "rs-chip")
    assert proof.to_dict() == {
        name: getattr(proof, name)
        for name in ("space", "evaluated", "bounded", "cut_by_bound", "cut_by_capacity",
                     "cut_as_equal", "lower_bound", "optimum")
    }  # fmt: skip


def test_exhaustive_proof_covers_the_space() -> None:
    layer = Layer("small", M=3, C=2, H=5, W=5, R=3, S=3)
    proof = es.search(layer, CHIP, "rs-chip", method="exhaustive").proof
    assert proof.evaluated + proof.cut_by_capacity == proof.space


def test_zeros_cost_less_where_they_are_gated() -> None:
    dense, sparse = (
        es.search(CONV5, CHIP, "rs-chip", ifmap_density=density) for density in (1, 0.5)
    )
    assert sparse.energy_mac < dense.energy_mac
    assert sparse.by_level()["mac"] == 0.5 * dense.by_level()["mac"]
    assert sparse.ifmap_density == 0.5
    ungated = CHIP.replace(gating="none", compression=es.Compression())
    assert es.search(CONV5, ungated, "rs-chip", ifmap_density=0.5).energy_mac == dense.energy_mac


@pytest.mark.parametrize("threads", [0, 2, 5, 10**6])
def test_threads_do_not_change_the_answer(threads: int) -> None:
    one = es.simulate("alexnet", CHIP, "rs-chip", batch=4)
    assert es.simulate("alexnet", CHIP, "rs-chip", batch=4, threads=threads) == one


def test_search_and_simulate_agree() -> None:
    alone = es.search(CONV5, CHIP, "rs-chip")
    assert es.simulate([FC, CONV5], CHIP, "rs-chip").layers[1] == alone
    assert es.search(CONV5, "eyeriss", "rs-chip") == alone
    assert len({alone, es.search(CONV5, "eyeriss", "rs-chip")}) == 1


# --- What is refused ----------------------------------------------------------------------


def test_nothing_fits() -> None:
    tiny = CHIP.replace(name="tiny", glb_words=1)
    layer = Layer("small", M=3, C=2, H=5, W=5, R=3, S=3)
    message = "layer 'small': no mapping of dataflow 'rs-chip' fits architecture 'tiny'"
    with pytest.raises(NoMapping, match=message):
        es.search(layer, tiny, "rs-chip")
    with pytest.raises(NoMapping, match=message):
        es.search(layer, tiny, "rs-chip", method="exhaustive")


@pytest.mark.parametrize(
    "density", [-0.1, 1.1, float("nan"), float("inf"), True, "0.5", [1.0]], ids=repr
)
def test_densities_that_are_none(density: Any) -> None:
    message = "^the ifmap density must be a number from 0 to 1, not "
    with pytest.raises(InvalidInput, match=message):
        es.search(CONV5, CHIP, ifmap_density=density)
    with pytest.raises(InvalidInput, match=message):
        es.simulate("alexnet", CHIP, ifmap_density=density)


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(UnknownName, match="unknown dataflow 'rs_chip': did you mean 'rs-chip'"):
        es.search(CONV5, CHIP, "rs_chip")
    with pytest.raises(UnknownName, match="unknown architecture 'eyris': did you mean 'eyeriss'"):
        es.search(CONV5, "eyris")
    with pytest.raises(UnknownName, match="unknown method 'bound': did you mean 'bounds'"):
        es.search(CONV5, CHIP, method="bound")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, CHIP), "layer must be a Layer, not 3"),
        ((CONV5, None), "arch must be an Architecture or a name, not None"),
        ((CONV5, CHIP, 3), "dataflow must be a name or a Dataflow, not 3"),
    ],
)
def test_arguments_of_the_wrong_kind(arguments: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        es.search(*arguments)


# --- Progress and Ctrl-C ------------------------------------------------------------------


def test_progress_counts_up_to_all_layers() -> None:
    calls: list[tuple[int, int]] = []
    es.simulate("alexnet", CHIP, "rs-chip", progress=lambda *call: calls.append(call))
    assert calls[-1] == (8, 8)
    done = [call[0] for call in calls]
    assert done == sorted(set(done))


def test_exception_in_progress_stops_the_search() -> None:
    def fail(done: int, total: int) -> None:
        raise LookupError(f"{done} of {total}")

    with pytest.raises(LookupError, match="^[0-8] of 8$"):
        es.simulate("alexnet", CHIP, "rs-chip", progress=fail)
    with pytest.raises(InvalidInput, match="progress must be a function, not 3"):
        es.simulate("alexnet", CHIP, "rs-chip", progress=3)  # type: ignore[arg-type]


LONG_SEARCH = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell may ignore it
import energysim as es
layers = [
    es.Layer(f"conv{i}", N=3, M=499 + i, C=511, H=57, W=57, R=5, S=5, padding=2)
    for i in range(1000)
]
print("started", flush=True)
try:
    es.simulate(layers, es.architectures.isca16(1024), threads=THREADS)
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")
@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_stops_a_long_search_at_once(threads: int) -> None:
    code = LONG_SEARCH.replace("THREADS", str(threads))
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        try:
            output, _ = process.communicate(timeout=20)
        finally:
            process.kill()
        assert output == "stopped\n"
        assert time.monotonic() - start < 2  # a tenth of a second, but for busy machines
