"""Memory, predicted from the header: pixels as decoded, values between steps, the result and its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv import errors
from imgconv.engine.bands import available_threads
from imgconv.engine.memory import STRIP, allowed_bytes
from imgconv.files.limits import decoded_bytes, sizes
from imgconv.files.options import Reading
from imgconv.operations.pipeline import Pipeline

if TYPE_CHECKING:
    from imgconv.files.header import Header
    from imgconv.values.pixel_values import Target

_BYTES = {"uint8": 1, "uint16": 2, "int16": 2, "int32": 4, "float32": 4, "float64": 8}


def check(
    header: Header, pipeline: Pipeline, target: Target, channels: int, reading: Reading, *, wide: bool = False
) -> int:
    """The bytes that the image takes. Raises FileError if they are more than it may take; `wide`: its pixels become
    floats before the steps and pixels again after them."""
    needed, allowed = most_bytes(header, pipeline, target, channels, floats=wide), allowed_bytes(reading.max_memory)
    if needed > allowed:
        raise errors.too_much_memory(header.path, needed, allowed)
    return needed


def _strips(size: tuple[int, int], channels: int) -> int:
    """Memory of threads that go through colours and alpha strip by strip: products and sums, at most in
    doubles."""
    return 3 * 8 * min(size[0] * size[1] * (channels + 1), available_threads() * STRIP)


def most_bytes(header: Header, pipeline: Pipeline, target: Target, channels: int, *, floats: bool = False) -> int:
    """The most memory that arrays take at one time, roughly, where so many `channels` of each image go in.

    All frames as read and as computed, and for one frame what the decoder or the steps need besides; or all frames as
    read, as computed and as a file.
    """
    wide = 8 if header.type in ("int32", "float64") or target.type == "float64" or target.range == "stretch" else 4
    decoded, computed, besides, last = decoded_bytes(header), 0, 0, 0
    for size in sizes(header):
        # the first step reads the decoded pixels themselves, unless floats are made of them
        values = size[0] * size[1] * channels * wide if floats else 0
        steps, shape, most = values, (*size, channels), channels
        for step in pipeline.steps:
            shape = step.result(shape)
            count, most = shape[0] * shape[1] * shape[2], max(most, shape[2])
            settled = step is pipeline.steps[-1] and target.range != "stretch" and not floats
            new = 0 if settled else count * wide
            steps, values = max(steps, values + new + 8 * step.scratch * count), new
        besides = max(besides, steps + (_strips(size, most) if header.alpha else 0))
        last += values
        computed += shape[0] * shape[1] * (shape[2] + header.alpha) * _BYTES[target.type]
    if target.range == "stretch" or floats:  # between the extremes of all frames
        besides = max(besides, last)
    return decoded + max(header.decoding, decoded // header.frames, computed + besides, 2 * computed)
