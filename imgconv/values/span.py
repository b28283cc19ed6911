"""Span: the range of values, known before they are computed."""

from __future__ import annotations

from imgconv.values.frozen import record
from imgconv.values.numbers import Number, magnitude


@record
class Span:
    """Values known to lie in low…high and, if `whole`, to be integers."""

    low: Number
    high: Number
    whole: bool

    @property
    def magnitude(self) -> Number:
        """The greatest absolute value."""
        return max(magnitude(self.low), magnitude(self.high))
