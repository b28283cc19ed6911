"""Ways to make one value of the responses of several kernels, and on which numbers that happens: pure Python.

A new way is one row of COMBINES, its helpers in `loops/combine.py`, and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

from imgconv.kernels.kernel import Kernel
from imgconv.planner import Task, plan, response_span
from imgconv.values.frozen import record
from imgconv.values.numbers import EXACT_FLOAT64, Number
from imgconv.values.span import Span

Spans = Sequence[Span]


@record
class Combine:
    """A row: what it gives, what is known of its results, whether whole responses give whole results."""

    summary: str
    span: Callable[[Spans], tuple[Number, Number]]
    whole: bool = True


def _root(spans: Spans) -> tuple[Number, Number]:
    try:
        root = math.hypot(*(float(span.magnitude) for span in spans))
    except OverflowError:
        root = math.inf
    return 0, root if math.isinf(root) else math.ceil(root * (1 + 1e-9))


def _sum(spans: Spans) -> tuple[Number, Number]:
    return sum(span.low for span in spans), sum(span.high for span in spans)


def _mean(spans: Spans) -> tuple[Number, Number]:
    low, high = _sum(spans)
    return low / Fraction(len(spans)), high / Fraction(len(spans))


COMBINES = {
    "l2": Combine("the square root of the sum of squares", _root, whole=False),
    "l1": Combine("the sum of magnitudes", lambda spans: (0, sum(span.magnitude for span in spans))),
    "linf": Combine("the greatest magnitude", lambda spans: (0, max(span.magnitude for span in spans))),
    "max": Combine("the greatest", lambda spans: (max(span.low for span in spans), max(span.high for span in spans))),
    "min": Combine("the least", lambda spans: (min(span.low for span in spans), min(span.high for span in spans))),
    "sum": Combine("the sum", _sum),
    "avg": Combine("the mean", _mean, whole=False),
}
_MOST_WHOLE = 2**31 - 1


@record
class Combination:
    """How one combination is computed.

    `kernels` are slid one after the other; their responses have the type `response`, are whole numbers if
    `whole`, and are `divisor` times too large. They are combined in `accumulator`; `span` is what is known of the
    results.
    """

    how: str
    kernels: tuple[Kernel, ...]
    divisor: int
    whole: bool
    response: str
    accumulator: str
    span: Span
    big: bool = False
    """Whether whole responses need more digits than float64 has on the way to a result."""

    @property
    def share(self) -> int:
        """What the combined value is divided by."""
        return self.divisor * (len(self.kernels) if self.how == "avg" else 1)

    def __str__(self) -> str:
        return (
            f"{self.how} of {len(self.kernels)} responses, kept in {self.response} one after the other and combined in"
            f" {self.accumulator}"
        )


def combination(how: str, kernels: Sequence[Kernel], task: Task) -> Combination:
    """The numbers of a combination.

    Exact kernels on whole pixels are brought over one common denominator: their responses are then whole
    numbers, nothing is rounded before they are combined, and one division comes at the end.
    """
    common = _over_one_denominator(kernels)
    whole_border = task.border_value is None or isinstance(task.border_value, int)
    if common is None or not task.span.whole or not whole_border:
        wide = task.pixels in ("int32", "float64") or task.result == "float64"
        return Combination(
            how, tuple(kernels), 1, False, "float64" if wide else "float32", "float64", Span(-math.inf, math.inf, False)
        )
    whole, divisor = common
    spans = [response_span(plan(kernel, task), task.span, task.border_value) for kernel in whole]
    response = "int32" if all(span.magnitude <= _MOST_WHOLE for span in spans) else "float64"
    low, high = (end if isinstance(end, float) else Fraction(end) / divisor for end in COMBINES[how].span(spans))
    stays_whole = COMBINES[how].whole and divisor == 1
    span = Span(int(low), int(high), True) if stays_whole else Span(low, high, False)
    narrow = stays_whole and response == "int32" and max(-low, high) <= _MOST_WHOLE // 2  # so that a shift fits, too
    big = how != "l2" and sum(span.magnitude for span in spans) > EXACT_FLOAT64
    return Combination(how, whole, divisor, True, response, "int32" if narrow else "float64", span, big)


def _over_one_denominator(kernels: Sequence[Kernel]) -> tuple[tuple[Kernel, ...], int] | None:
    """Kernels of whole weights whose results are `denominator` times those of the given; None where one is not
    exact."""
    exact = [kernel.exact for kernel in kernels]
    if not all(exact):
        return None
    denominator = math.lcm(*(one[2] for one in exact if one))
    scaled = []
    for kernel, one in zip(kernels, exact, strict=True):
        assert one is not None
        rows, offset, own = one
        times = denominator // own
        scaled.append(
            kernel
            if kernel.divisor == times == own == 1
            else Kernel([[cell * times for cell in row] for row in rows], 1, offset * times, kernel.anchor)
        )
    return tuple(scaled), denominator
