"""Quotients of whole sums: rounded once, however many digits they have."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import imgconv
from imgconv.loops.quantising import ratio_of
from tests.strategies import law

INT64 = st.one_of(st.integers(-(2**63) + 1, 2**63 - 1), st.integers(-(2**55), 2**55), st.integers(-100, 100))
CELLS = st.one_of(st.integers(1, 2**63 - 1), st.integers(1, 100), st.integers(0, 62).map(lambda n: 2**n))


@law(500)
@given(INT64, CELLS)
def test_quotients_of_64_bit_sums_are_rounded_once(total: int, cells: int) -> None:
    assert ratio_of("int64")(np.int64(total), np.int64(cells)) == float(Fraction(total, cells))


@law(500)
@given(st.integers(1, 2**31 - 1), st.integers(2**52, 2**53 - 1), st.integers(-1, 1))
def test_quotients_beside_a_tie_are_rounded_once(cells: int, half: int, beside: int) -> None:
    """As near to the middle between two doubles as a quotient comes."""
    total = min(cells * (2 * half + 1) // 2**23, 2**63 - 2) + beside
    assert ratio_of("int64")(np.int64(total), np.int64(cells)) == float(Fraction(total, cells))


@pytest.mark.parametrize(
    ("pixels", "divisor"), [(-1, 3), (-1304 * 10, 49152), (2**53, 3), (-(2**53), 7), (2**53 - 1, 2**53 - 1)]
)
def test_quotients_of_wide_pixels_are_rounded_once(pixels: int, divisor: int) -> None:
    image = np.array([[pixels, 2**53, -(2**53)]])
    got = imgconv.correlate(image, imgconv.Kernel([[1]], divisor), dtype="float64")
    assert got.tolist() == [[float(Fraction(cell, divisor)) for cell in image[0].tolist()]]
