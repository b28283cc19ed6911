"""ImageMagick's rotations of kernels: by 45 degrees round the ring of a 3x3, by 90 of squares and lines; and its
expansions `@ > <`."""

from __future__ import annotations

import math
from collections.abc import Callable

from imgconv.kernels.text_errors import KernelTextError
from imgconv.values.frozen import record
from imgconv.values.numbers import Number

_RING = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))


@record
class Grid:
    """Numbers in ImageMagick's order, with the origin (row, column)."""

    rows: list[list[Number]]
    origin: tuple[int, int]


def rotated(place: Callable[[], str], grid: Grid, angle: Number) -> Grid:
    """The grid turned clockwise; `place()` is where it is written. Angles between multiples of 45 are rounded to the
    nearest, as ImageMagick does.

    Raises
    ------
    UsageError
        For an odd multiple of 45 degrees of anything but a 3x3, or of 90 of what is neither square nor a line.
    """
    eighths = math.ceil((float(angle) % 360 - 22.5) / 45) % 8
    if eighths % 2:
        if (len(grid.rows), len(grid.rows[0])) != (3, 3):
            raise KernelTextError(place(), "only a 3x3 can be turned by 45 degrees")
        grid = _ring_turned(grid)
    for _ in range(eighths // 2):
        grid = _quarter_turned(place, grid)
    return grid


def _ring_turned(grid: Grid) -> Grid:
    rows = [list(row) for row in grid.rows]
    for index, (r, c) in enumerate(_RING):
        above, beside = _RING[index - 1]
        rows[r][c] = grid.rows[above][beside]
    origin = _RING[(_RING.index(grid.origin) + 1) % 8] if grid.origin in _RING else grid.origin
    return Grid(rows, origin)


def _quarter_turned(place: Callable[[], str], grid: Grid) -> Grid:
    height, width = len(grid.rows), len(grid.rows[0])
    if height != width and 1 not in (height, width):
        raise KernelTextError(place(), "only a square, a row or a column can be turned by 90 degrees")
    return Grid(
        [list(column) for column in zip(*grid.rows[::-1], strict=True)], (grid.origin[1], height - 1 - grid.origin[0])
    )


def expanded(place: Callable[[], str], grid: Grid, flag: str) -> list[Grid]:
    """The kernel and its rotations: `@` by 45 degrees, `>` by 90, both until it comes back to itself; `<` by 0, 180,
    270 and 90."""
    if flag == "<":
        return [rotated(place, grid, angle) for angle in (0, 180, 270, 90)]
    grids = [grid]
    step = {"@": 45, ">": 90}.get(flag, 360)
    for angle in range(step, 360, step):
        turned = rotated(place, grid, angle)
        if turned == grid:
            break
        grids.append(turned)
    return grids
