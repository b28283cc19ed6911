"""Whether two results are one: a peer that computes something else has no time worth showing."""

from __future__ import annotations

import numpy as np

from tests.bench.inputs import Pixels


def difference(ours: Pixels, theirs: Pixels, crop: int = 0) -> float:
    """The greatest absolute difference, `crop` pixels along the edges left out; infinite for other shapes and for
    NaN."""
    if ours.shape != theirs.shape:
        return float("inf")
    most = 0.0
    last, right = ours.shape[0] - crop, ours.shape[1] - crop
    for top in range(crop, last, 256):  # in pieces, for memory
        rows = slice(top, min(top + 256, last)), slice(crop, right)
        here = np.abs(ours[rows].astype("float64") - theirs[rows].astype("float64"))
        most = max(most, float(here.max(initial=0.0)) if not np.isnan(here).any() else float("inf"))
    return most


def mean_difference(ours: Pixels, theirs: Pixels, crop: int = 0) -> float:
    """The mean absolute difference: what remains comparable after lossy compression."""
    if ours.shape != theirs.shape:
        return float("inf")
    inner = slice(crop, ours.shape[0] - crop), slice(crop, ours.shape[1] - crop)
    return float(np.abs(ours[inner].astype("int16") - theirs[inner].astype("int16")).mean())


def objection(found: float, tolerance: float) -> str:
    """Why a cell is void; "" if the results agree."""
    return (
        ""
        if found <= tolerance
        else "void: another shape or NaN"
        if found == float("inf")
        else f"void: differs by {found:.3g}"
    )
