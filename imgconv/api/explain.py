"""Plans in words, for `--plan`: how each step would be computed and what would come out. Nothing is run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from imgconv import errors
from imgconv.engine.activate import span_of, type_of
from imgconv.engine.filter.bank import common
from imgconv.engine.filter.correlate import task_of
from imgconv.operations import Activate, Bank, Edges, Filter, Operation, Pool
from imgconv.operations.detectors import COMPASS, PAIR, SHARE, SHARE_EDGES
from imgconv.operations.pool import PLAIN
from imgconv.operations.text import step_text
from imgconv.planner import Task, plan, plan_pool, response_span, taps_of
from imgconv.planner.combining import combination
from imgconv.values.frozen import record, replace
from imgconv.values.numbers import number_text
from imgconv.values.pixel_values import wide_type
from imgconv.values.span import Span

if TYPE_CHECKING:
    from imgconv.kernels.kernel import Kernel
    from imgconv.operations.layers import Layer
    from imgconv.operations.pipeline import Pipeline


@record
class Predicted:
    """What is known of values before there are any: shape (H, W, C), type and span."""

    height: int
    width: int
    channels: int
    type: str
    span: Span

    @property
    def size(self) -> str:
        """Width x height, and the channels of what is neither gray nor in three colours."""
        return f"{self.width}x{self.height}{'' if self.channels in (1, 3) else f' of {self.channels} channels'}"

    @property
    def mebibytes(self) -> float:
        return self.height * self.width * self.channels * int(self.type.lstrip("uintfloa")) / 8 / 2**20


UNKNOWN = Span(float("-inf"), float("inf"), False)
"""What is known of a layer's results."""
Explanation = tuple[str, Predicted]
"""How a step would be computed, in words, and what would come out."""


def explain(pipeline: Pipeline, values: Predicted, result: str) -> list[str]:
    """A line for each step of a pipeline on such values; `result` is the pixel type at the end, or "wide"."""
    lines = []
    for step in pipeline.steps:
        type_ = result if step is pipeline.steps[-1] else "wide"
        words, after = EXPLANATIONS.get(type(step), _layer)(step, values, type_)
        lines.append(
            f"{step_text(step, typed=True)}: {values.size} {values.type} ->"
            f" {after.size} {after.type} ({after.mebibytes:.1f} MiB); {words}"
        )
        values = after
    return lines


def _filter(step: Filter, values: Predicted, result: str) -> Explanation:
    words, after = _once(step, values, "wide" if step.times > 1 else result)
    if step.times == 1:
        return words, after
    height, width = step.shape(values.height, values.width)
    type_ = after.type if result == "wide" else result
    often = (
        f"until stable, at most {step.times} times" if step.until_stable else f"{step.times} times, values wide between"
    )
    return f"{often}: {words}", Predicted(height, width, after.channels, type_, after.span)


def _once(step: Filter, values: Predicted, result: str) -> Explanation:
    """The kernels' algorithms, and how responses are combined."""
    rows, columns = step.window.over(values.height, values.width)
    task = task_of(values.type, values.span, rows, columns, values.channels, step.border, result)
    if step.with_:
        joined = combination(step.way, step.kernels, task)
        span, divided = joined.span, not joined.span.whole
        words = f"{joined}: {', '.join(_planned(kernel, task) for kernel in joined.kernels)}"
    else:
        chosen = plan(step.effective_kernel, task)
        span, divided = response_span(chosen, values.span, step.border.constant), chosen.denominator != 1
        words = _planned(step.effective_kernel, task)
    type_ = wide_type(values.type, span, divided=divided, last=False) if result == "wide" else result
    return words, Predicted(rows.out, columns.out, values.channels, type_, span)


def _shaped(what: str, rows: int, columns: int) -> str:
    """`3x3 kernel`, or `kernel of 1 row x 5 columns`."""
    size = errors.extent(rows, columns)
    return f"{size} {what}" if rows == columns else f"{what} of {size}"


def _planned(kernel: Kernel, task: Task) -> str:
    chosen = plan(kernel, task)
    return f"{_shaped('kernel', *kernel.shape)}, {taps_of(chosen.weights)} non-zero weights: {chosen.reason}"


def _edges(step: Edges, values: Predicted, result: str) -> Explanation:
    kind = step.row.kind
    if kind in (PAIR, COMPASS):
        return _once(step.filter, values, result)
    if kind == SHARE:
        words = (
            f"{len(step.filter.kernels)} responses in float64 one after the other; the root of the share of the first"
            f" {SHARE_EDGES} in the sum of squares"
        )
        type_ = result if result != "wide" else "float64" if values.type in ("int32", "float64") else "float32"
        return words, replace(values, type=type_, span=Span(0, 1, False))
    smoothed = "not smoothed" if step.smoothing is None else f"smoothed by {step.smoothing.kernel.name} in float64"
    low, high = (threshold if isinstance(threshold, str) else number_text(threshold) for threshold in step.thresholds)
    words = (
        f"{smoothed}, gradient and its {step.way} magnitude in float64, thinned along four directions, from {high} on"
        f" and touching from {low} on"
    )
    type_ = "int32" if result == "wide" else result
    channels = step.channels(values.channels)
    return words, replace(values, channels=channels, type=type_, span=Span(0, 2**31 - 1, True))


def _bank(step: Bank, values: Predicted, result: str) -> Explanation:
    parts = [_filter(one, values, result) for one in step.filters]
    type_, span = common([after.type for _, after in parts], [after.span for _, after in parts])
    height, width = step.shape(values.height, values.width)
    channels = step.channels(values.channels)
    form = f"a sheet of {errors.extent(*step.grid)}" if step.sheet else f"{channels} channels"
    words = f"{len(parts)} kernels into {form}; the first: {parts[0][0]}"
    return words, Predicted(height, width, channels, type_ if result == "wide" else result, span)


def _pool(step: Pool, values: Predicted, result: str) -> Explanation:
    if step.kind not in PLAIN:
        return _reduction(step, values, result)
    rows, columns = step.window(values.height, values.width).over(values.height, values.width)
    whole = values.span.whole and not values.type.startswith("float")
    way = plan_pool(step.kind, rows, columns, values.channels, whole=whole)
    average = step.kind == "avg"
    type_ = result
    if result == "wide":
        type_ = wide_type(values.type, values.span, divided=True, last=False) if average else values.type
    span = replace(values.span, whole=values.span.whole and not average)
    height, width = step.shape(values.height, values.width)
    words = (
        f"windows of up to {errors.extent(rows.size, columns.size)}"
        if step.to
        else f"{_shaped('windows', rows.size, columns.size)}: {way}"
    )
    return words, Predicted(height, width, values.channels, type_, span)


def _reduction(step: Pool, values: Predicted, result: str) -> Explanation:
    """Sums, ranges, norms and percentiles, each of which is made in one way."""
    window = step.window(values.height, values.width)
    height, width = step.shape(values.height, values.width)
    whole = values.span.whole and step.kind in ("sum", "range")
    type_ = wide_type(values.type, values.span, divided=not whole, last=False) if result == "wide" else result
    words = f"{'up to ' * bool(step.to)}{_shaped('windows', *window.size)}: {step.kind}"
    return words, Predicted(height, width, values.channels, type_, Span(UNKNOWN.low, UNKNOWN.high, whole))


def _activate(step: Activate, values: Predicted, result: str) -> Explanation:
    span = span_of(step.name, values.span, step.numbers)
    type_ = type_of(step.name, values.type, span, step.numbers) if result == "wide" else result
    return f"{step.function} of each value", replace(values, type=type_, span=span)


def _layer(step: Operation, values: Predicted, result: str) -> Explanation:
    """A layer of a network: its multiply-adds, all in float32."""
    shape = values.height, values.width, values.channels
    after = Predicted(*step.result(shape), "float32" if result == "wide" else result, UNKNOWN)
    layer = cast("Layer", step.declared)
    count = layer.multiply_adds(shape)
    words = f"{values.channels} -> {after.channels} channels in float32"
    return f"{words}, {count:,} multiply-adds" if count else words, after


EXPLANATIONS: dict[type[Operation], Callable[[Any, Predicted, str], Explanation]] = {
    Filter: _filter,
    Edges: _edges,
    Bank: _bank,
    Pool: _pool,
    Activate: _activate,
}
"""What explains each operation; all others are layers of networks."""
