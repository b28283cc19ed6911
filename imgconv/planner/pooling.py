"""How to pool."""

from __future__ import annotations

from imgconv.shapes import Axis

_MOST_SLIDING = 4096  # rows of extremes that each thread keeps

POOLINGS = ("blocks", "sliding", "windows")
"""Ways to pool: small windows wholly in the image, written out; large ones that overlap; any."""


def plan_pool(kind: str, rows: Axis, columns: Axis, channels: int, *, whole: bool, wanted: str = "") -> str:
    """How to pool: `blocks` for 2 and 3 columns at stride 2 and 3 with no pixel missing, `sliding` for large overlapping max and min, else `windows`.

    `whole` says whether values are whole numbers; a `wanted` way is taken if it fits at all (tests do so).
    """
    inside = all(axis.before == 0 and axis.reach <= axis.length and axis.dilation == 1 for axis in (rows, columns))
    fits = {
        "blocks": inside and columns.size in (2, 3) and columns.stride in (2, 3) and channels in (1, 3, 4) and (whole or kind != "avg"),
        "sliding": kind != "avg" and rows.dilation == columns.dilation == 1 and rows.size <= _MOST_SLIDING,
        "windows": True,
    }
    worth = {"blocks": rows.size <= 8, "sliding": rows.size > 3 * rows.stride or columns.size > 6 * columns.stride, "windows": True}
    return wanted if fits.get(wanted) else next(name for name in POOLINGS if fits[name] and worth[name])
