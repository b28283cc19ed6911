"""A plane of alpha: what is opaque in it, and where it goes beside a filter that leaves it as it is."""

from __future__ import annotations

import numpy as np

from imgconv.engine.index_tables import index_table
from imgconv.values.borders import CONSTANT, Border
from imgconv.values.pixel_values import Pixels
from imgconv.values.windows import Axis, Window


def opaque_of(type_: str) -> int:
    """The alpha of an opaque pixel: an integer type's greatest value, 1 for floats."""
    return 1 if type_.startswith("float") else int(np.iinfo(type_).max)


def is_opaque(alpha: Pixels | None) -> bool:
    """Whether every pixel is opaque; an image without alpha is."""
    return alpha is None or bool(alpha.min() >= opaque_of(alpha.dtype.name))


def under_centres(alpha: Pixels, window: Window, border: Border, opaque: int | None = None) -> Pixels:
    """For each window the alpha (H, W) under its centre, through the border's rule; a constant border is opaque.

    `opaque` is needed where the type does not say it: alpha between steps is float64 in the units it began in.
    """
    rows, columns = window.over(*alpha.shape[:2])
    if (
        (rows.out, columns.out) == alpha.shape
        and window.centre(0) == rows.before
        and window.centre(1) == columns.before
        and rows.stride == columns.stride == 1
    ):
        return alpha
    tables = centres(window, border, rows, columns)
    result: Pixels = alpha[np.ix_(*tables)]
    beyond = opaque_of(alpha.dtype.name) if opaque is None else opaque
    result[tables[0] == CONSTANT, :] = beyond
    result[:, tables[1] == CONSTANT] = beyond
    return result


def centres(window: Window, border: Border, rows: Axis, columns: Axis) -> tuple[Pixels, Pixels]:
    """The source rows and columns under the windows' centres, CONSTANT where the border's value stands."""
    down, along = (
        index_table(border, axis.length, np.arange(axis.out) * axis.stride + window.centre(i) - axis.before)
        for i, axis in enumerate((rows, columns))
    )
    return down, along


def beside(alpha: Pixels | None, type_: str) -> Pixels | None:
    """Alpha beside pixels of a type: opaque stays opaque where both are unsigned and of different sizes; else it keeps
    its own type."""
    if alpha is None or alpha.dtype == type_ or not (type_.startswith("uint") and alpha.dtype.kind == "u"):
        return alpha
    if type_ == "uint16":
        return alpha.astype(np.uint16) * np.uint16(257)
    return ((alpha.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
