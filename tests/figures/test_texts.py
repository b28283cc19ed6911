"""Numbers of explanations in words."""

from __future__ import annotations

from fractions import Fraction

from imgconv.figures.texts import brief, full, span


def test_whole_numbers_have_no_point() -> None:
    numbers = [Fraction(63), Fraction(0), 63.0, 7, Fraction(1, 2), Fraction(1, 3), 0.1, 1e300]
    assert [full(value) for value in numbers] == ["63", "0", "63", "7", "0.5", "0.3333333333333333", "0.1", "1e+300"]
    assert [brief(value) for value in (Fraction(24), Fraction(-5, 2), 24.0, 7)] == ["24", "-2.5", "24", "7"]


def test_spans() -> None:
    assert span((3,), "row") == "row 3"
    assert span((3, 4, 5), "row") == "rows 3…5"
    assert span((0, 1, 479), "row") == "rows 0, 1, 479"
    assert span(tuple(range(0, 40, 2)), "row") == "rows 0, 2, 4, 6, 8, 10, 12, 14 … 38 (20)"
