"""Reductions other than maximum, minimum and average: sum, range, lp norms and percentiles of the existing pixels."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from imgconv.engine.index_tables import source_of
from imgconv.engine.memory import require
from imgconv.engine.pooling import pool as extremes
from imgconv.engine.pooling.ways import WAYS, Pooling, run, taps_inside
from imgconv.engine.quantise import quantise
from imgconv.engine.run_loop import Work
from imgconv.jit.delegation import loads
from imgconv.loops.pool import UNDIVIDED
from imgconv.values.choices_with_numbers import parts
from imgconv.values.frozen import record, replace
from imgconv.values.numbers import Number
from imgconv.values.pixel_values import Pixels, Response, Target, Values, shift_of, wide_type
from imgconv.values.span import Span
from imgconv.values.windows import Axis, Window

MOST_DENOMINATOR = 10**8
"""A rank's numerator times the number of pixels has to fit 64 bits."""


@record
class Reduction:
    """Values to be reduced under the windows of two axes, by numbers of the kind; into the target (None: wide). NaN
    may be `left_out`, where it stands for what cannot be seen. `cells` are the most pixels that a window can see."""

    values: Values
    rows: Axis
    columns: Axis
    numbers: tuple[Number, ...]
    target: Target | None
    threads: int | None
    window: Window
    cells: int
    left_out: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.rows.out, self.columns.out, self.values.pixels.shape[2]

    def wide(self, span: Span, *, divided: bool = True) -> str:
        """The type of results before they are converted."""
        return wide_type(self.values.type, span, divided=divided, last=self.target is not None)


def reduce(
    values: Values,
    kind: str,
    window: Window,
    *,
    target: Target | None,
    threads: int | None = None,
    out: Pixels | None = None,
    left_out: bool = False,
    cells: int | None = None,
) -> tuple[Values, Response | None]:
    """Each output pixel: the `kind` (`sum`, `range`, `lp:P`, `median`, `percentile:P`) of the existing pixels under its
    window. Where values are part of an image, `cells` are the most pixels that a window of it can see."""
    word, numbers = parts(kind)
    rows, columns = window.over(*values.pixels.shape[:2])
    with np.errstate(all="ignore"):  # infinities go on, as in loops
        seen = min(rows.size, rows.length) * min(columns.size, columns.length) if cells is None else cells
        made = REDUCTIONS[word](Reduction(values, rows, columns, numbers, target, threads, window, seen, left_out))
    shift = target is not None and target.range == "shift" and not shift_of(target)
    if target is None:
        return made, None
    if made.type == target.type and (target.range == "clamp" or shift):
        if out is None:
            return made, None
        out[...] = made.pixels
        return Values(out, made.span), None
    converted, response = quantise(made, target, threads=threads, out=out)
    return Values(converted, made.span), response


def _sum(given: Reduction) -> Values:
    """Exact for whole numbers while 64 bits hold the sums; floats are added in float64."""
    span, cells = given.values.span, given.cells
    whole = span.whole and (int(span.magnitude) + 1) * cells < 2**62
    total = Span(min(span.low, span.low * cells), max(span.high, span.high * cells), whole)
    if whole:
        narrow = max(-total.low, total.high) < 2**30 and not given.values.type.startswith("float")
        type_ = "int32" if narrow else "int64"
        sums = extremes.undivided(given.values, given.rows, given.columns, type_, given.threads)
        return Values(sums if narrow else sums.astype(np.float64), total)
    return Values(_float_sums(given, given.values, given.wide(total)), total)


def _float_sums(given: Reduction, values: Values, type_: str) -> Pixels:
    """Sums of floats, made in float64."""
    require(int(np.prod(given.shape)), type_, "the sums under the window")
    result = np.empty(given.shape, type_)
    unbounded = replace(values, span=Span(-np.inf, np.inf, False))
    work = WAYS["windows"](Pooling(unbounded, "avg", type_, given.rows, given.columns, threads=given.threads))
    run(result, replace(work, types=work.types | {"quotient": UNDIVIDED}), given.threads)
    return result


def _range(given: Reduction) -> Values:
    """The greatest less the least."""
    greatest, least = (
        extremes.pool(given.values, kind, given.window, target=None, threads=given.threads)[0].pixels
        for kind in ("max", "min")
    )
    span = given.values.span
    spread = Span(0, span.high - span.low if span.magnitude < np.inf else np.inf, span.whole)
    floats = given.values.type.startswith("float")
    type_ = given.values.type if floats else given.wide(spread, divided=False)
    return Values(np.subtract(greatest, least, dtype=type_), spread)


def _lp(given: Reduction) -> Values:
    """(sum of |v|**P) ** (1/P), in float64."""
    power, pixels = float(given.numbers[0]), given.values.pixels
    require(2 * pixels.size, "float64", "the powers of the pixels")
    powers = np.abs(pixels, dtype=np.float64)
    if power == 2:
        powers *= powers
    elif power != 1:
        powers **= power
    sums = _float_sums(given, Values(powers, Span(0, np.inf, False)), "float64")
    roots = sums if power == 1 else np.sqrt(sums) if power == 2 else sums ** (1 / power)
    span = Span(0, np.inf, False)
    return Values(roots.astype(given.wide(span), copy=False), span)


def _percentile(given: Reduction) -> Values:
    """Between two ranks by linear interpolation; integers are rounded once, into their own type, where that is asked
    for."""
    type_, span = extremes.mean_type(given.values, given.target)
    require(int(np.prod(given.shape)), type_, "the percentiles")
    result = np.empty(given.shape, type_)
    run(result, _ranks(given, type_), given.threads)
    return Values(result, span)


@loads
def _ranks(given: Reduction, type_: str) -> Work:
    from imgconv.loops.ranks import LEAVE_OUT, PERCENTILE, PROPAGATE

    rows, columns, channels = given.rows, given.columns, given.values.pixels.shape[2]
    share = Fraction(given.numbers[0] if given.numbers else 50) / 100
    share = share.limit_denominator(MOST_DENOMINATOR)
    arguments = {
        **source_of(given.values.pixels),
        **window_tables(given.values, rows, columns),
        "numerator": share.numerator,
        "denominator": share.denominator,
        "room": given.cells,
    }
    types = {"src": given.values.type, "out": type_, "missing": LEAVE_OUT if given.left_out else PROPAGATE}
    return Work(PERCENTILE, types, arguments, 8 * columns.out * channels * given.cells)


def window_tables(values: Values, rows: Axis, columns: Axis) -> dict[str, Any]:
    """Which taps of each window see the image, and where they read: `loops.ranks.WINDOWS`."""
    height, width, channels = values.pixels.shape
    (top, bottom), (left, right) = taps_inside(rows, 0, height), taps_inside(columns, 0, width)
    return {
        "windows_row_from": top,
        "windows_row_to": bottom,
        "windows_row_step": rows.stride,
        "windows_row_dilation": rows.dilation,
        "windows_row_before": rows.before,
        "windows_column_from": left,
        "windows_column_to": right,
        "windows_columns": columns.out,
        "windows_column_step": columns.stride,
        "windows_column_dilation": columns.dilation,
        "windows_column_before": columns.before,
        "windows_channels": channels,
    }


REDUCTIONS: dict[str, Callable[[Reduction], Values]] = {
    "sum": _sum,
    "range": _range,
    "lp": _lp,
    "median": _percentile,
    "percentile": _percentile,
}
"""What makes each reduction."""
