"""Memory, predicted from the header: pixels as decoded, values between steps, the result and its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv import errors
from imgconv.batches.prepared import keeps_alpha
from imgconv.engine.bands import available_threads
from imgconv.engine.memory import STRIP, allowed_bytes
from imgconv.files import encoder_buffers
from imgconv.files.limits import buffer_bytes, decoded_bytes, sizes
from imgconv.files.options import Reading
from imgconv.operations import Activate
from imgconv.operations.pipeline import Pipeline

if TYPE_CHECKING:
    from imgconv.batches.prepared import Prepared
    from imgconv.files.formats import Format
    from imgconv.files.header import Header
    from imgconv.values.pixel_values import Target

_BYTES = {"uint8": 1, "uint16": 2, "int16": 2, "int32": 4, "float32": 4, "float64": 8}


_MARGIN, _BESIDE = 1 / 20, 2**22
"""The share, and the bytes, by which a forecast is higher than the arrays that it knows of: what threads take."""


def of(prepared: Prepared) -> int:
    """The bytes that an image takes as a whole."""
    header, settings = prepared.header, prepared.settings
    channels = 1 if settings.gray else header.layout.channels
    flat = settings.flatten is not None and header.layout.alpha
    return most_bytes(
        header,
        prepared.pipeline,
        prepared.goal,
        channels,
        prepared.form,
        floats=settings.wide,
        copied=channels if flat or channels != header.layout.channels else 0,
        alpha=keeps_alpha(header, settings),
    )


def require(header: Header, needed: int, reading: Reading) -> None:
    """Raises FileError if so many bytes are more than an image may take."""
    allowed = allowed_bytes(reading.max_memory)
    if needed > allowed:
        raise errors.too_much_memory(header.path, needed, allowed)


def _strips(size: tuple[int, int], channels: int, itemsize: int) -> int:
    """Memory of threads that go through colours and alpha strip by strip: products and sums."""
    return 5 * itemsize // 2 * min(size[0] * size[1] * (channels + 1), available_threads() * STRIP)


def most_bytes(
    header: Header,
    pipeline: Pipeline,
    target: Target,
    channels: int,
    form: Format | None = None,
    *,
    floats: bool = False,
    copied: int = 0,
    alpha: bool | None = None,
) -> int:
    """The most memory that arrays take at one time, where so many `channels` of each image go in, `form` being what it
    is written in.

    `floats`: its pixels become floats before the steps and pixels again after them. `copied` channels are those of a
    copy that goes in instead of the pixels (gray, or laid over a colour); `alpha` is whether alpha goes in, too.

    All frames as read, and what the decoder needs besides; or as read and as computed, and for one frame what the steps
    need besides; or as computed, and what the encoder needs besides.
    """
    alpha = header.alpha if alpha is None else alpha
    wide = 8 if header.type in ("int32", "float64") or target.type == "float64" or target.range == "stretch" else 4
    decoded, computed, encoding, besides, last = decoded_bytes(header), 0, 0.0, 0, 0
    for size in sizes(header):
        # the first step reads the decoded pixels themselves, unless floats are made of them
        values = size[0] * size[1] * channels * wide if floats else 0
        steps, shape, most = values, (*size, channels), channels
        for step in pipeline.steps:
            shape = step.result(shape)
            count, most = shape[0] * shape[1] * shape[2], max(most, shape[2])
            settled = step is pipeline.steps[-1] and target.range != "stretch" and not floats
            new = 0 if settled else count * wide
            if isinstance(step, Activate) and values:  # in place, or with the filter before it
                steps, values = max(steps, values + count), values if new else 0
                continue
            steps, values = max(steps, values + new + 8 * step.scratch * count), new
        besides = max(besides, steps + (_strips(size, most, wide) if alpha else 0))
        last += values
        own, width = shape[2] + alpha, _BYTES[target.type]
        computed += shape[0] * shape[1] * own * width
        if form is not None:
            encoding += encoder_buffers.bytes_of(
                form, shape[0] * shape[1], own, width, alpha=alpha, frames=header.frames
            )
    if target.range == "stretch" or floats:  # between the extremes of all frames
        besides = max(besides, last)
    before = decoded + copied * sum(height * width for height, width in sizes(header)) * _BYTES[header.type]
    arrays = max(decoded + buffer_bytes(header), before + computed + besides, int(computed + encoding))
    return int(arrays * (1 + _MARGIN)) + min(_BESIDE, arrays)
