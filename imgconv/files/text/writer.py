"""Writing numbers as text."""

from __future__ import annotations

from imgconv.files.modes import joined
from imgconv.files.pnm import Content
from imgconv.values.image import Frame


def csv(frame: Frame) -> Content:
    """A gray frame, a line for each row. Floats have as many digits as tell them from all others of 64 bits, so that
    reading gives the same values."""
    return [(",".join(map(repr, row.tolist())) + "\n").encode() for row in joined(frame)]
