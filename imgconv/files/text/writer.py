"""Writing numbers as text: CSV, and tables for people."""

from __future__ import annotations

from collections.abc import Iterator

from imgconv.files.content import Content
from imgconv.files.modes import joined
from imgconv.values.image import Frame, ImageData
from imgconv.values.pixel_values import Pixels


def csv(frame: Frame) -> Content:
    """A gray frame, a line for each row. Floats have as many digits as tell them from all others of 64 bits, so that
    reading gives the same values."""
    return [(",".join(map(repr, row.tolist())) + "\n").encode() for row in joined(frame)]


def table(image: ImageData) -> Content:
    """Every frame and channel as a table of aligned numbers, floats with as many digits as tell them from all others of
    their type. Headings tell frames and channels apart, where there are several."""
    several, lines = len(image.frames) > 1, list[bytes | memoryview]()
    for number, frame in enumerate(image.frames):
        planes = list(_planes(frame, image.colour))
        for name, plane in planes:
            heading = ", ".join([*([f"frame {number}"] if several else []), *([name] if len(planes) > 1 else [])])
            if heading:
                lines.append(f"{chr(10) * bool(lines)}{heading}\n".encode())
            lines += _aligned(plane)
    return lines


def _planes(frame: Frame, colour: str) -> Iterator[tuple[str, Pixels]]:
    """Each channel with its name; alpha is the last."""
    if frame.pixels.ndim == 2:
        yield "gray", frame.pixels
    else:
        count = frame.pixels.shape[2]
        names = {"CMYK": ("cyan", "magenta", "yellow", "black"), "LAB": ("L", "a", "b")}.get(colour)
        names = names or ({3: ("red", "green", "blue"), 1: ("gray",)}.get(count))
        for channel in range(count):
            yield names[channel] if names else f"channel {channel}", frame.pixels[..., channel]
    if frame.alpha is not None:
        yield "alpha", frame.alpha


def _aligned(plane: Pixels) -> Iterator[bytes]:
    """The lines of a table. Its text is made twice, to know the width and to write it, so that memory holds few
    rows."""
    width = max(len(text) for row in plane for text in row.astype(str).tolist())
    for row in plane:
        yield (" ".join(text.rjust(width) for text in row.astype(str).tolist()) + "\n").encode()
