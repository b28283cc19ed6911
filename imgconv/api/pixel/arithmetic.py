"""The arithmetic of textbooks in exact numbers: sums of products, reductions of windows, and conversion to a pixel
type."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

from imgconv import errors
from imgconv.values.choices_with_numbers import parts
from imgconv.values.frozen import record
from imgconv.values.numbers import Number, magnitude
from imgconv.values.parameters import HALF_EVEN, HALF_UP, TOWARD_ZERO
from imgconv.values.pixel_values import Target, limits, shift_of

Ends = tuple[float, float]
"""The least and the greatest value of an image."""


def nearest(value: Number) -> float:
    """The nearest double, or an infinity."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def lowest(value: Number) -> Number:
    """A whole fraction as an int."""
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


def finite(*values: Number) -> bool:
    return all(not isinstance(value, float) or math.isfinite(value) for value in values)


def together(*values: Number) -> list[Number]:
    """The values as Fractions; as doubles where one is NaN or infinite, with which nothing is exact."""
    return [Fraction(value) for value in values] if finite(*values) else [nearest(value) for value in values]


def product(weight: Number, value: Number) -> Number:
    """A weight times a value; a weight of 0 does not look, so NaN under it gives 0."""
    if weight == 0:
        return 0
    one, other = together(weight, value)
    return lowest(one * other)


def total(values: Sequence[Number]) -> Number:
    return lowest(sum(together(*values), Fraction(0) if finite(*values) else 0.0))


def response(sum_: Number, divisor: Number, bias: Number) -> Number:
    """Sum / divisor + bias."""
    above, below, added = together(sum_, divisor, bias)
    return lowest(above / below + added)


def _root(values: Sequence[Number]) -> Number:
    return math.hypot(*map(nearest, values))


def _spread(values: Sequence[Number]) -> Number:
    return total([max(values), product(-1, min(values))])


COMBINED: dict[str, Callable[[Sequence[Number]], Number]] = {
    "l2": _root,
    "l1": lambda values: total([magnitude(value) for value in values]),
    "linf": lambda values: max(magnitude(value) for value in values),
    "max": max,
    "min": min,
    "sum": total,
    "avg": lambda values: response(total(values), len(values), 0),
}
"""What each row of `planner.combining.COMBINES` gives."""


def combined(way: str, values: Sequence[Number]) -> Number:
    """Several responses as one; NaN propagates."""
    return math.nan if any(value != value for value in values) else COMBINED[way](values)


def _percentile(values: Sequence[Number], percent: Number) -> Number:
    """Linear between two ranks."""
    ordered = sorted(values)
    rank = Fraction(percent) / 100 * (len(ordered) - 1)
    below = math.floor(rank)
    least, most = ordered[below], ordered[math.ceil(rank)]
    return least if least == most else total([product(1 - (rank - below), least), product(rank - below, most)])


def _norm(values: Sequence[Number], power: Number) -> Number:
    return weighted_norm(values, [1] * len(values), power)


def weighted_norm(values: Sequence[Number], shares: Sequence[Number], power: Number) -> Number:
    """The root of the sum of magnitudes to a power, each times its share."""
    exponent = float(power)
    try:
        powers = (nearest(share) * abs(nearest(v)) ** exponent for v, share in zip(values, shares, strict=True))
        return float(math.fsum(powers) ** (1 / exponent))
    except OverflowError:
        return math.inf


REDUCED: dict[str, Callable[..., Number]] = {
    "max": max,
    "min": min,
    "sum": total,
    "range": _spread,
    "median": lambda values: _percentile(values, 50),
    "percentile": _percentile,
    "lp": _norm,
}
"""What each row of `operations.pool.REDUCTIONS` but the average gives."""


def reduced(kind: str, values: Sequence[Number], count: int) -> Number:
    """What a pooling window gives; an average is the sum over `count`. NaN propagates."""
    word, numbers = parts(kind)
    if any(value != value for value in values):
        return math.nan
    return response(total(values), count, 0) if word == "avg" else REDUCED[word](values, *numbers)


WHOLE: dict[str, Callable[[Fraction], int]] = {
    HALF_UP: lambda value: math.floor(value + Fraction(1, 2)),
    HALF_EVEN: round,
    TOWARD_ZERO: math.trunc,
}
"""How each rounding makes a whole number."""


@record
class Settled:
    """A response on its way into a pixel type: by the range rule, rounded, clamped. Floats are neither rounded nor
    clamped: None."""

    ranged: Number
    rounded: Number | None
    clamped: Number | None

    @property
    def value(self) -> Number:
        return self.ranged if self.clamped is None else self.clamped


def settled(value: Number, target: Target, ends: Ends) -> Settled:
    """A response brought into a pixel type; `ends` are those of the image, between which `stretch` works."""
    ranged = _ranged(value, target, ends)
    if target.type.startswith("float"):
        return Settled(ranged, None, None)
    low, high = map(int, limits(target.type))
    if ranged != ranged:
        return Settled(ranged, 0, 0)
    if not finite(ranged):
        return Settled(ranged, ranged, high if ranged > 0 else low)
    rounded = WHOLE[target.rounding](Fraction(ranged))
    return Settled(ranged, rounded, max(low, min(high, rounded)))


def _ranged(value: Number, target: Target, ends: Ends) -> Number:
    if target.range == "abs":
        return magnitude(value)
    if target.range == "shift":
        return total([value, shift_of(target)])
    if target.range != "stretch":
        return value
    low, high = limits(target.type)
    if ends[0] == ends[1]:
        return lowest(Fraction(low))
    amount, least, most, first, last = together(value, *ends, low, high)
    return lowest(first + (amount - least) * (last - first) / (most - least))


def same(computed: Number, result: Number, type_: str) -> bool:
    """Whether a computed number is the engine's, once it is rounded to the type as that is."""
    if computed != computed or result != result:
        return computed != computed and result != result
    if type_ != "float32":
        return nearest(computed) == nearest(result)
    import numpy as np

    with np.errstate(over="ignore"):
        return bool(np.float32(nearest(computed)) == np.float32(nearest(result)))


def inside(at: tuple[int, int], shape: tuple[int, int]) -> None:
    """UsageError for an output pixel that is not there."""
    if not (at[0] < shape[0] and at[1] < shape[1]):
        raise errors.UsageError(
            f"there is no pixel {at[0]},{at[1]} in an output of {errors.extent(*shape)}; rows are 0 to {shape[0] - 1},"
            f" columns 0 to {shape[1] - 1}"
        )
