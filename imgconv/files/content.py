"""What a file consists of before it is written."""

from __future__ import annotations

import numpy as np

from imgconv.values.pixel_values import Pixels

Content = list[bytes | memoryview]
"""A file as pieces, written one after the other, so that pixels need not be copied behind a header."""
Member = tuple[str, bytes]
"""A file in a folder that is an image, by its path there (with slashes)."""


def bytes_of(pixels: Pixels) -> memoryview:
    """The bytes of pixels that lie one behind the other."""
    return memoryview(pixels.reshape(-1).view(np.uint8))  # type: ignore[arg-type]
