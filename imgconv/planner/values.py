"""What a plan is made from, and what it is: frozen values, pure Python."""

from __future__ import annotations

from imgconv.kernels.factoring import Factors
from imgconv.values.frozen import record
from imgconv.values.numbers import Number
from imgconv.values.span import Span


@record
class Plan:
    """How one filter step is computed.

    `accumulator` is the type of the sums, `quotient` the type the division by the
    denominator happens in ("" where nothing is divided); `weights` are in accumulator units.
    `factors` are columns and rows of weights whose products add up to the weights.
    """

    algorithm: str
    accumulator: str
    quotient: str
    weights: tuple[tuple[Number, ...], ...]
    offset: Number
    denominator: int
    factors: Factors
    reason: str
    whole: bool = False
    """Whether sums are known to be whole numbers."""
    lane: str = ""
    """The type that products of a few taps are added up in, before they go into the accumulator (the same, by
    default)."""
    instructions: str = ""
    """What multiplies several small numbers at once, where the algorithm needs to know (`loops.instructions`)."""
    pixels: str = ""
    """The pixels' type, where the algorithm needs to know."""
    share: float = 0.0
    """Of the greatest magnitude: what each window must see of float pixels, for the error to be within its bound."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "lane", self.lane or self.accumulator)


@record
class Task:
    """What a plan is made for, beside the kernel.

    `pixels` is the pixels' type, `span` what is known of their values, `finite` whether none is NaN or
    infinite, `border_value` a constant border's value (None for other borders), `result` the type the
    response has (a pixel type, or "wide" between steps), `stride` and `dilation` the window's.
    """

    pixels: str
    span: Span
    border_value: Number | None
    result: str
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    finite: bool = True
    line: int = 0
    """Elements of a source row once the border has extended it."""
    spacing: int = 0
    """Elements between neighbouring taps of a row, where the machine adds up products of four bytes at once; 0 where it
    does not."""
    instructions: tuple[str, ...] = ()
    """What the machine has of `loops.instructions.INSTRUCTIONS`, the best first."""
