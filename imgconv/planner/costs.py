"""ALGORITHMS: what an output pixel costs by each of them, in direct taps. A new algorithm is one row here, its recipe
and its loop.

The figures come from `python -m tests.bench.calibrate`, which measures them anew on any machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise, zip_longest

from imgconv.kernels.factoring import Factors, Weights
from imgconv.loops.instructions import Instructions, named
from imgconv.planner.fixed import DIGITS, FARTHEST, FOUR, digits_of, fixed_line
from imgconv.planner.values import Task
from imgconv.values.frozen import record, replace
from imgconv.values.numbers import Number, double, magnitude, total
from imgconv.values.span import Span

_LONGEST_LINE = 2**20  # elements of a row that are transformed at once
TAP_COST = {"int16": 0.55, "int32": 1.0, "float32": 0.9, "float64": 2.0, "int64": 1.7}
"""What a direct tap costs in each accumulator, beside one in int32."""
LANE_COST = 0.55  # of a direct tap, where int16 lanes do for a pass
PASS = 9  # direct taps that are added up before their sum goes on
FINEST, MOST_SHARE = 2.0**-32, 2.0**-5
"""The bound of float64 sums by Fourier transforms, and what windows must see at most for it: else hardly an image would
do."""
FOURIER_REST, FOURIER_ROW = 225.0, 6.0
"""What transforms cost per pixel, and each row of the window."""
SEPARABLE_REST = 6.0
RUNNING = 16.0
_LARGEST_WEIGHTS = 1e34  # all together, where no sum of bytes may be infinite
BYTE_PRODUCTS_STEP = 0.55
"""What a step of byte products costs for each digit of the weights: four columns of a row of the window, or of the
windows of two output rows."""


STACKED_ACROSS = 0.65
"""What a stack of weights across costs in a separable kernel on bytes, for each digit."""
BYTE_PRODUCTS_ACROSS, LINE_DOWN = 1.4, 0.65
"""What four weights across cost in a separable kernel on bytes, with all of their digits, and each weight down a line
of float32."""
STACKED_STEP = {16: 0.27, 32: 0.55}
"""What a stack of pixels times a stack of weights costs, for each digit of the weights, by the bits of sums."""


def taps_of(weights: Weights) -> int:
    """The number of non-zero weights."""
    return sum(cell != 0 for row in weights for cell in row)


def sum_bounds(rows: tuple[tuple[int, ...], ...], span: Span, border_value: Number | None) -> tuple[int, int]:
    """The least and greatest sum of weight times value over any of the taps, a constant border's value included."""
    low, high = min(int(span.low), int(border_value or 0), 0), max(int(span.high), int(border_value or 0), 0)
    up = sum(cell for row in rows for cell in row if cell > 0)
    down = sum(-cell for row in rows for cell in row if cell < 0)
    return low * up - high * down, high * up - low * down


@record
class Algorithm:
    """A row: what an output pixel costs, in direct taps, or None where the algorithm does not fit; whether it spreads
    NaN and infinity."""

    name: str
    cost: Callable[[Weights, Factors, str, Task], float | None]
    spreads: bool = False


def _direct_cost(weights: Weights, factors: Factors, accumulator: str, task: Task) -> float | None:
    if accumulator == "object":
        return None
    return taps_of(weights) * (1.0 if lane_of(weights, accumulator, task) == accumulator else LANE_COST)


def lane_of(weights: Weights, accumulator: str, task: Task) -> str:
    """int16 where pixels, weights and the sum of every pass of direct taps provably fit it and the accumulator is
    int32; else the accumulator."""
    if accumulator != "int32" or not task.span.whole:
        return accumulator
    cells = [cell for row in weights for cell in row if cell != 0]
    passes = [(tuple(cells[start : start + PASS]),) for start in range(0, len(cells), PASS)]
    reached = [abs(end) for one in passes for end in sum_bounds(one, task.span, task.border_value)]  # type: ignore[arg-type]
    reached += [int(task.span.magnitude), int(magnitude(task.border_value or 0)), *(abs(int(cell)) for cell in cells)]
    return "int16" if max(reached) < 2**15 else accumulator


def _big_cost(weights: Weights, factors: Factors, accumulator: str, task: Task) -> float | None:
    return 1000.0 * taps_of(weights) if accumulator == "object" else None


def _separable_cost(weights: Weights, factors: Factors, accumulator: str, task: Task) -> float | None:
    if not factors or accumulator == "object" or not (task.span.whole or _keeps_to_the_kernel(weights, factors)):
        return None
    across = sum(taps_of((row,)) for _, row in factors)  # every source row goes through the row weights, used or not
    down = sum(taps_of((column,)) for column, _ in factors)
    return across * task.stride[0] + down + SEPARABLE_REST


def _keeps_to_the_kernel(weights: Weights, factors: Factors) -> bool:
    """Whether factors read no pixel that the kernel does not read, and round no more than its weights would.

    Sums of products down and along are off by (rows + columns + rank) roundings of the magnitudes of all products; the
    kernel's own by n + 6 of its weights. Where components cancel each other, a large value would leave what it rounds
    to, even under a weight of 0.
    """
    rows, columns = len(weights), len(weights[0])
    products = sum(
        sum(abs(float(cell)) for cell in column) * sum(abs(float(cell)) for cell in row) for column, row in factors
    )
    own = sum(abs(float(cell)) for row in weights for cell in row)
    if (rows + columns + len(factors)) * products > (rows * columns + 6) * own:
        return False
    empty = ((i, j) for i, row in enumerate(weights) for j, cell in enumerate(row) if cell == 0)
    return all(column[i] == 0 or row[j] == 0 for i, j in empty for column, row in factors)


def _running_cost(weights: Weights, factors: Factors, accumulator: str, task: Task) -> float | None:
    if (
        accumulator == "object"
        or task.stride != (1, 1)
        or task.dilation != (1, 1)
        or not _runs_exactly(weights, accumulator, task)
    ):
        return None
    first = weights[0][0]
    return RUNNING if first != 0 and all(cell == first for row in weights for cell in row) else None


def _runs_exactly(weights: Weights, accumulator: str, task: Task) -> bool:
    """Whether sums of pixels are whole and fit: else what a running sum lost to rounding would stay in it, and bands
    would show."""
    if not task.span.whole or not isinstance(task.border_value or 0, int):
        return False
    most = max(task.span.magnitude, magnitude(task.border_value or 0)) * len(weights) * len(weights[0])
    return most < {"float32": 2**24, "float64": 2**53}.get(accumulator, 2**63)


def _fourier_cost(weights: Weights, factors: Factors, accumulator: str, task: Task) -> float | None:
    if accumulator in ("object", "int64") or task.stride[1] != 1 or not 0 < task.line <= _LONGEST_LINE:
        return None
    if task.span.whole and _fourier_error(weights, task) > 0.25:
        return None
    if (
        task.pixels.startswith("float")
        and not task.span.whole
        and fourier_share(weights, accumulator, task) > MOST_SHARE
    ):
        return None
    nonzero = sum(any(row) for row in weights)
    if not nonzero:
        return None
    return (FOURIER_REST + FOURIER_ROW * nonzero) / TAP_COST[accumulator]


def _byte_products_cost(weights: Weights, factors: Factors, accumulator: str, task: Task) -> float | None:
    if accumulator not in ("int16", "int32", "float32") or not _sees_bytes(task):
        return None
    digits = DIGITS if accumulator == "float32" else digits_of(weights)  # type: ignore[arg-type]
    steps = [any(row[at : at + FOUR]) for row in weights for at in range(0, len(row), FOUR)]
    if digits in (2, DIGITS):  # a tile's rows are the digits; else two output rows, which share the steps of either
        return BYTE_PRODUCTS_STEP * digits * sum(steps)
    below = [*[False] * (len(steps) // len(weights)), *steps]
    return BYTE_PRODUCTS_STEP * digits * sum(one or other for one, other in zip_longest(steps, below, fillvalue=False))


def _separable_byte_products_cost(weights: Weights, factors: Factors, accumulator: str, task: Task) -> float | None:
    if (
        not factors
        or accumulator != "float32"
        or not _sees_bytes(task)
        or any(fixed_line(row) is None for _, row in factors)
    ):
        return None
    across = sum(-(-len(row) // FOUR) for _, row in factors)
    return BYTE_PRODUCTS_ACROSS * across + LINE_DOWN * sum(len(column) + 3 for column, _ in factors) + SEPARABLE_REST


def _sees_bytes(task: Task) -> bool:
    """Whether neighbouring windows read bytes, four at a time."""
    border = task.border_value or 0
    fits = task.pixels == "uint8" and isinstance(border, int) and 0 <= border <= 255
    return fits and 0 < task.spacing <= FARTHEST and task.stride == (1, 1) and task.dilation[0] == 1


def _stacked_products_cost(weights: Weights, factors: Factors, accumulator: str, task: Task) -> float | None:
    row = instructions_for(weights, accumulator, task)
    if (
        row is None
        or accumulator not in ("int16", "int32", "float32")
        or task.stride != (1, 1)
        or task.dilation[0] != 1
    ):
        return None
    if accumulator == "float32" and task.pixels != "uint8":
        return None
    digits = fixed_digits(weights, row) if accumulator == "float32" else digits_of(weights, row.bits)  # type: ignore[arg-type]
    high = row.output_rows(digits)
    under = -(-(len(weights) + high - 1) // row.stack)
    return STACKED_STEP[row.wide] * digits * under * len(weights[0])


def _separable_stacked_products_cost(weights: Weights, factors: Factors, accumulator: str, task: Task) -> float | None:
    row = instructions_for(weights, accumulator, task)
    fits = bool(factors) and accumulator == "float32" and task.pixels == "uint8" and task.stride == (1, 1)
    if row is None or not fits or task.dilation[0] != 1 or any(fixed_line(line) is None for _, line in factors):
        return None
    if sum(abs(float(cell)) / _LARGEST_WEIGHTS for line in weights for cell in line) > 1:
        return None
    across = sum(-(-len(line) // row.stack) for _, line in factors)
    down = sum(len(column) + row.floats[0] - 1 for column, _ in factors)
    return STACKED_ACROSS * row.digits * across + LINE_DOWN * down + SEPARABLE_REST


def instructions_for(weights: Weights, accumulator: str, task: Task) -> Instructions | None:
    """The best of the machine's instructions that multiply a task's pixels by weights, if any do."""
    border = task.border_value or 0
    bits, low = {"uint8": (8, 0), "uint16": (16, 0), "int16": (16, -(2**15))}.get(task.pixels, (0, 0))
    if not bits or not isinstance(border, int) or not low <= border < low + 2**bits:
        return None
    rows = (row for row in map(named, task.instructions) if row.bits >= bits)
    return next((row for row in rows if row.wide == 32 or (accumulator == "int16" and _fit_pairs(weights))), None)


def _fit_pairs(weights: Weights) -> bool:
    """Whether two products of bytes fit 16 bits wherever weights stand one below the other."""
    lines = [(0,) * len(weights[0]), *weights, (0,) * len(weights[0])]
    pairs = [pair for one, other in pairwise(lines) for pair in zip(one, other, strict=True)]
    return all(min(a, 0) + min(b, 0) >= -128 and max(a, 0) + max(b, 0) <= 128 and max(a, b) <= 127 for a, b in pairs)


def fixed_digits(weights: Weights, row: Instructions) -> int:
    """How many digits fixed-point weights have at most: all of them together fill 23 bits."""
    total, largest = (
        sum(abs(float(cell)) for line in weights for cell in line),
        max(abs(float(cell)) for line in weights for cell in line),
    )
    return next((n for n in range(1, row.digits) if largest * 2.0 ** (24 - n * row.bits) < total), row.digits)


def fourier_share(weights: Weights, accumulator: str, task: Task) -> float:
    """What a window must see at least, as a share of the greatest magnitude, for a sum by Fourier transforms to be
    within its bound:

    the weights' magnitudes times the greatest magnitude that the window sees, times n + 6 roundings of the accumulator
    that direct sums would have (a rounding for each weight, product and sum); in float64, where that is finer than what
    can be proven, times FINEST.
    """
    own = double(total(magnitude(cell) for row in weights for cell in row))
    unit = {"float32": 2.0**-24}.get(accumulator, 2.0**-53)
    allowed = max((taps_of(weights) + 6) * unit, FINEST) * own
    return (
        _fourier_error(weights, replace(task, span=Span(-1, 1, False), border_value=None)) / allowed
        if 0 < allowed < math.inf
        else math.inf
    )


def _fourier_error(weights: Weights, task: Task) -> float:
    """How far a sum by Fourier transforms can be from the true one.

    Each of three transforms of n values has a relative error (in the 2-norm) of at most 6.7 u log2(n) (N. J. Higham,
    Accuracy and Stability of Numerical Algorithms, theorem 24.2), adding up k spectra one of k u; norms of lines are at
    most sqrt(n) times the largest value.
    """
    n = line_length(task.line)
    try:
        norm = sum(math.hypot(*map(float, row)) for row in weights)
        largest = float(max(task.span.magnitude, magnitude(task.border_value or 0)))
    except OverflowError:
        return math.inf
    return 2.0**-53 * (3 * 6.7 * math.log2(n) + len(weights) + 4) * math.sqrt(n) * largest * norm


def line_length(elements: int) -> int:
    """The least even length of at least so many elements that has no prime factor beyond 5: transforms of it are
    fast."""
    best = 1 << max(1, (elements - 1).bit_length())
    for fives in range(8):
        for threes in range(12):
            odd = 5**fives * 3**threes
            if odd < best:
                best = min(best, odd << max(1, (-(-elements // odd) - 1).bit_length()))
    return best


ALGORITHMS = (
    Algorithm("direct", _direct_cost),
    Algorithm("separable", _separable_cost, spreads=True),
    Algorithm("running", _running_cost, spreads=True),
    Algorithm("fourier", _fourier_cost, spreads=True),
    Algorithm("byte-products", _byte_products_cost),
    Algorithm("separable-byte-products", _separable_byte_products_cost),
    Algorithm("separable-stacked-products", _separable_stacked_products_cost),
    Algorithm("stacked-products", _stacked_products_cost),
    Algorithm("big", _big_cost),
)
SPREADING = frozenset(row.name for row in ALGORITHMS if row.spreads)
