"""What the programs have in common: steps taken apart, and refusals."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from imgconv import errors
from imgconv.operations.pipeline import Pipeline
from imgconv.values.frozen import record
from imgconv.values.windows import Window

if TYPE_CHECKING:
    from imgconv.operations import Filter, Operation
    from imgconv.values.numbers import Number


@record
class Slide:
    """One kernel that is slid: weights as they are laid on the image, what divides the sums, what is added, where."""

    weights: tuple[tuple[Number, ...], ...]
    divisor: Number
    bias: Number
    window: Window


def slide(step: Filter, tool: str) -> Slide:
    """A filter of one kernel; exact weights are whole numbers over one divisor.

    Raises UsageError for several kernels, and for what is repeated until it is stable.
    """
    if step.with_:
        raise refused(step, tool, "it combines several kernels; emit one filter for each")
    if step.until_stable:
        raise refused(step, tool, "it is repeated until nothing changes; state how often: repeat=N")
    kernel = step.effective_kernel
    if kernel.exact is not None:
        rows, offset, denominator = kernel.exact
        return Slide(rows, denominator, plain(Fraction(offset, denominator)), step.window)
    return Slide(kernel.weights, kernel.divisor, kernel.bias, step.window)


def refused(step: Operation, tool: str, why: str) -> errors.UsageError:
    return errors.UsageError(f"{tool} cannot say {Pipeline((step,))}: {why}")


def plain(number: Number) -> Number:
    """A fraction as the float that programs take, whole ones as ints."""
    if isinstance(number, Fraction):
        return int(number) if number.denominator == 1 else float(number)
    return number


def rows_of(weights: tuple[tuple[Number, ...], ...]) -> list[list[Number]]:
    """Weights as Python writes lists of numbers."""
    return [[plain(cell) for cell in row] for row in weights]


def pads_at_stride_1(window: Window) -> tuple[int, int, int, int] | None:
    """(top, bottom, left, right) where they do not depend on the image; None where they do."""
    if not isinstance(window.pad, str):
        return window.pad
    if window.stride != (1, 1):
        return None
    pads: list[int] = []
    for axis, effective in enumerate(window.effective):
        before = window.centre(axis)
        pads += [before, max(0, effective - 1 - before)]
    return pads[0], pads[1], pads[2], pads[3]
