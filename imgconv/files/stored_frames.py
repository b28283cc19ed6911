"""Frames that stand in a file one behind the other, each of which can be read by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from imgconv.files import by_rows
from imgconv.files.by_frames import FrameReader
from imgconv.files.header import parsed
from imgconv.files.source import Source
from imgconv.values.image import Frame, ImageData


def offered(
    source: Source,
    sizes: Sequence[tuple[int, int]],
    read: Callable[[int], Frame],
    finish: Callable[[Frame], ImageData],
) -> Callable[[], FrameReader | None] | None:
    """What begins to read frames of these sizes (height, width) one after the other; None for one frame, for small
    ones, and where damage is allowed.

    `read(i)` gives frame i of them; `finish(first)` looks behind the last one and gives the image with the first.
    """
    if len(sizes) < 2 or sum(map(math.prod, sizes)) < by_rows.LEAST or source.options.allow_truncated:
        return None

    def begin() -> FrameReader:
        first = parsed(source.name, lambda: read(0))

        def frames() -> Iterator[Frame]:
            yield first
            for number in range(1, len(sizes)):
                yield parsed(source.name, lambda: read(number))  # noqa: B023 (called at once)

        return FrameReader(finish(first), frames, lambda: finish(first))

    return begin
