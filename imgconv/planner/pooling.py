"""How to pool."""

from __future__ import annotations

from imgconv.values.windows import Axis

_MOST_SLIDING = 4096  # rows of extremes that each thread keeps

_MEANS_FROM = 36  # rows and columns of a window: for smaller ones adding up each window is faster

_HIGH = 128  # rows of a window that are worth sharing among threads

POOLINGS = ("global", "blocks", "sliding", "means", "windows")
"""Ways to pool: one row of windows of many rows; small windows wholly in the image, written out; large ones that
overlap, for extremes and for averages of whole numbers; any."""


def plan_pool(
    kind: str, rows: Axis, columns: Axis, channels: int, *, whole: bool, exact: bool = True, requested: str = ""
) -> str:
    """How to pool: `global` for a single row of high windows, `blocks` for 2 and 3 columns at stride 2 and 3 with no
    pixel missing, `sliding` for large overlapping max and min, `means` for such averages of whole numbers, else
    `windows`.

    `whole` says whether values are whole numbers, `exact` whether float64 holds the sum of a window (or need not); a
    `requested` way is taken if it fits at all (tests do so).
    """
    inside = all(axis.before == 0 and axis.reach <= axis.length and axis.dilation == 1 for axis in (rows, columns))
    fits = {
        "global": rows.out == 1 and rows.dilation == 1 and exact,
        "blocks": inside
        and columns.size in (2, 3)
        and columns.stride in (2, 3)
        and channels in (1, 3, 4)
        and (whole or kind != "avg"),
        "sliding": kind != "avg" and rows.dilation == columns.dilation == 1 and rows.size <= _MOST_SLIDING,
        "means": kind == "avg" and whole and rows.dilation == columns.dilation == 1,
        "windows": True,
    }
    large = rows.size > 3 * rows.stride or columns.size > 6 * columns.stride
    worth = {
        "global": min(rows.size, rows.length) >= _HIGH,
        "blocks": rows.size <= 8,
        "sliding": large,
        "means": large and rows.size + columns.size > _MEANS_FROM,
        "windows": True,
    }
    return requested if fits.get(requested) else next(name for name in POOLINGS if fits[name] and worth[name])
