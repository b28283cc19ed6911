"""Options of reading and writing files: those of the command and the library's keywords, in one value each."""

from __future__ import annotations

from collections.abc import Sequence

from imgconv import errors
from imgconv.values.arguments import integer, items
from imgconv.values.frozen import record
from imgconv.values.parameters import Kind, whole

MOST_PIXELS = 2**30 // 4 // 3
"""The default limit of one frame: the size at which Pillow warns, a quarter of a GiB of RGB."""
MOST_FRAMES = 10_000


FrameChoice = str | int | tuple[int | None, int | None]
"""The word `all`, the number of a frame, or the ends of a range; counted as in Python, negative from the end."""


def _frames(value: object) -> FrameChoice:
    expected = "first, all, N or A:B (counted from 0; -1 is the last, B is left out)"
    if isinstance(value, str) and value.strip().lower() in ("first", "all"):
        return 0 if value.strip().lower() == "first" else "all"
    ends: Sequence[object] = (
        (value.start, value.stop)
        if isinstance(value, slice) and (value.step is None or integer(value.step) == 1)
        else items(value)
    )
    if isinstance(value, str):
        ends = [part.strip() or None for part in value.split(":")]
        if ends == [None]:
            raise errors.not_a("frames", value, expected)
    if len(ends) not in (1, 2):
        raise errors.not_a("frames", value, expected)
    try:
        numbers = [None if end is None else _signed(end) for end in ends]
    except errors.UsageError:
        raise errors.not_a("frames", value, expected) from None
    if len(numbers) == 2:
        return numbers[0], numbers[1]
    if numbers[0] is None:
        raise errors.not_a("frames", value, expected)
    return numbers[0]


def _signed(value: object) -> int:
    text = value.strip() if isinstance(value, str) else value
    if isinstance(text, str) and text.startswith("-"):
        return -whole(text[1:], "frames")
    if isinstance(text, int) and not isinstance(text, bool) and text < 0:
        return -whole(-text, "frames")
    return whole(text, "frames")


def _frames_text(value: FrameChoice) -> str:
    if isinstance(value, tuple):
        return ":".join("" if end is None else str(end) for end in value)
    return str(value)


CHOICE_OF_FRAMES = Kind("first|all|N|A:B", _frames, _frames_text)


@record
class Reading:
    """How to read inputs; the defaults lose nothing and refuse what cannot be read whole.

    `max_memory` is in bytes; None is a share of the machine's. `allow_truncated` reads as far as a damaged file goes.
    `allow_narrowing` takes Pillow's 8 bits of deeper samples where no other reader is installed. `frames` selects
    frames (`CHOICE_OF_FRAMES`); None takes all that a file shows one after the other. `no_orient` leaves pixels and
    their stated orientation as they are; `strip` leaves out metadata.
    """

    max_pixels: int = MOST_PIXELS
    max_frames: int = MOST_FRAMES
    max_memory: int | None = None
    allow_truncated: bool = False
    allow_narrowing: bool = False
    frames: FrameChoice | None = None
    no_orient: bool = False
    strip: bool = False


@record
class Writing:
    """How to write outputs. None leaves it to the format and to where the bytes go.

    `compress_level` is from 0 (stored) to 9 (smallest), `quality` from 1 to 100; `lossless` refuses formats that lose.
    `tile` is the side of TIFF's tiles (None: strips) or Zarr's chunks; `bigtiff` is BigTIFF whatever the size;
    `zarr_format` is Zarr's version, 2 or 3.
    """

    compress_level: int | None = None
    quality: int | None = None
    lossless: bool = False
    tile: int | None = None
    bigtiff: bool = False
    zarr_format: int | None = None
