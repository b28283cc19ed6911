"""Alpha beside a filter: it is not filtered but follows the windows."""

from __future__ import annotations

import numpy as np

from imgconv.borders import CONSTANT, Border
from imgconv.engine.recipes import index_table
from imgconv.numerics import Pixels
from imgconv.shapes import Window


def follow(alpha: Pixels, window: Window, border: Border) -> Pixels:
    """For each window the alpha (H, W) under its centre, through the border's rule; a constant border is opaque."""
    rows, columns = window.over(*alpha.shape[:2])
    if (rows.out, columns.out) == alpha.shape and window.centre(0) == rows.before and window.centre(1) == columns.before and rows.stride == columns.stride == 1:
        return alpha
    tables = [index_table(border, axis.length, np.arange(axis.out) * axis.stride + window.centre(i) - axis.before) for i, axis in enumerate((rows, columns))]
    followed = alpha[np.ix_(*tables)]
    opaque = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "iu" else 1
    followed[tables[0] == CONSTANT, :] = opaque
    followed[:, tables[1] == CONSTANT] = opaque
    return followed
