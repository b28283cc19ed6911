"""How files are to be read and written: what the command's options and the library's keywords say, in two values that go down together."""

from __future__ import annotations

from imgconv.records import record

MOST_PIXELS = 2**30 // 4 // 3
"""Of one frame, where nothing else is said: Pillow's warning size, a quarter of a GiB of RGB."""
MOST_FRAMES = 10_000


@record
class Reading:
    """What is wanted of inputs; the defaults lose nothing and refuse what cannot be read whole.

    `max_memory` is in bytes; None is a share of the machine's. `allow_truncated` reads as far as a damaged file goes.
    `allow_narrowing` takes the 8 bits that Pillow keeps of deeper samples where no reader for more is there.
    `no_orient` leaves pixels and their stated orientation as they are; `strip` leaves out what the file says beside its pixels.
    """

    max_pixels: int = MOST_PIXELS
    max_frames: int = MOST_FRAMES
    max_memory: int | None = None
    allow_truncated: bool = False
    allow_narrowing: bool = False
    no_orient: bool = False
    strip: bool = False


@record
class Writing:
    """What is wanted of outputs. `compress_level` None leaves it to the format and to where the bytes go."""

    compress_level: int | None = None
