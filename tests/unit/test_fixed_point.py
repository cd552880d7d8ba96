"""Quantizing, and checks of integer tensors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import energysim as es
from energysim.errors import InvalidInput
from energysim.fixed_point import fixed_point

reals = arrays.arrays(
    np.float64,
    arrays.array_shapes(max_dims=3, max_side=5),
    elements=st.floats(allow_nan=False, allow_infinity=False),
)


@given(reals, st.integers(2, 16))
def test_values_are_at_most_half_a_step_off(values: np.ndarray, bits: int) -> None:
    steps, scale = es.quantize(values, bits)
    most = 2 ** (bits - 1) - 1
    assert steps.dtype == np.int16
    assert steps.shape == values.shape
    assert int(np.abs(steps.astype(int)).max()) <= most
    assert np.all(steps[values == 0] == 0)
    if np.abs(values).max() > 1e-290:  # below, a step is not exact
        assert np.all(np.abs(steps - values / scale) <= 0.5 + 1e-9)


def test_largest_magnitude_is_the_largest_integer() -> None:
    assert es.quantize([-2.0, 1.0], 8).values.tolist() == [-127, 64]
    assert es.quantize([-2.0, 1.0], 8).scale == 2.0 / 127


@pytest.mark.parametrize("values", [[0.0, 0.0], [], np.zeros((2, 0))])
def test_zeros_stay_zeros(values: object) -> None:
    steps, scale = es.quantize(values)
    assert not steps.any()
    assert scale == 1.0


@pytest.mark.parametrize("values", [[5e-324, -5e-324], [1e308, -1e308, 5e-324]])
def test_extreme_magnitudes(values: list[float]) -> None:
    steps, scale = es.quantize(values)
    assert scale > 0
    assert np.isfinite(scale)
    assert np.sign(steps[:2]).tolist() == [1, -1]


@pytest.mark.parametrize(
    ("values", "bits", "message"),
    [
        ([1.0, float("nan")], 8, r"values must be finite: that at \(1,\) is nan"),
        ([[float("-inf")]], 8, r"that at \(0, 0\) is -inf"),
        (["a"], 8, "values must be an array of real numbers"),
        ([[1.0], [1.0, 2.0]], 8, "values must be an array of real numbers"),
        ([1j], 8, "values must be an array of real numbers"),
        ([1.0], 1, "bits must be a whole number of at least 2, not 1"),
        ([1.0], 17, "bits must be at most 16, the bits of a word, not 17"),
        ([1.0], 8.0, "bits must be a whole number"),
    ],
)
def test_bad_values(values: object, bits: int, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        es.quantize(values, bits)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int64", "uint64"])
def test_any_integers_are_taken(dtype: str) -> None:
    words = fixed_point(np.array([[0, 127]], dtype=dtype), (1, 2), 8, "ifmap")
    assert words.dtype == np.int16
    assert words.tolist() == [[0, 127]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[1.0, 2.0]], "ifmap: integers are needed, not float64; energysim.quantize"),
        ([[True, False]], "ifmap: integers are needed, not bool"),
        ([["a", "b"]], "ifmap: integers are needed"),
        ([[1], [2]], r"ifmap: the shape must be \(1, 2\), not \(2, 1\)"),
        ([[1], [2, 3]], "ifmap: rows of different lengths"),
        ([[0, 128]], r"ifmap: the value 128 at \(0, 1\) does not fit 8 bits \(-128..127\)"),
        ([[-129, 0]], r"ifmap: the value -129 at \(0, 0\) does not fit"),
        (np.array([[2**64 - 1, 0]], dtype=np.uint64), "does not fit 8 bits"),
        ([[2**70, 0]], "ifmap: integers are needed, not object"),
    ],
)
def test_bad_tensors(values: object, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        fixed_point(values, (1, 2), 8, "ifmap")
