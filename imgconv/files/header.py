"""Header: what is known of an image before its pixels are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from imgconv import errors
from imgconv.files.by_frames import FrameReader
from imgconv.files.by_rows import Begin
from imgconv.files.source import Source
from imgconv.values.frozen import record
from imgconv.values.image import ImageData
from imgconv.values.layout import Layout

_Read = TypeVar("_Read")


@record
class Header:
    """An image before its pixels are read; `load()` reads them and closes the file.

    Of several frames `numbers` are those in the file, from 0, and `sizes` their heights and widths; all else is the
    first one's. `parts` are heights and widths of pictures that are decoded on the way (frames as they are stored),
    `decoding` is the memory in bytes that decoders take besides the pixels they return. `rows`, where it is known,
    begins to read a still picture row by row; it gives None where that turns out to be impossible, and holds
    `row_bytes` at a time. `frame_reader`, where it is known, begins to read several frames one after the other, with
    `frame_decoding` in the place of `decoding`; it gives None where that turns out to be impossible.
    """

    source: Source
    height: int
    width: int
    layout: Layout
    format: str
    load: Callable[[], ImageData]
    numbers: Sequence[int] = (0,)
    sizes: tuple[tuple[int, int], ...] = ()
    parts: tuple[tuple[int, int], ...] = ()
    decoding: int = 0
    rows: Begin | None = None
    row_bytes: int = 2**22
    frame_reader: Callable[[], FrameReader | None] | None = None
    frame_decoding: int = 0

    @property
    def path(self) -> str:
        """The file as sentences call it."""
        return self.source.name

    @property
    def frames(self) -> int:
        return len(self.numbers)

    @property
    def channels(self) -> int:
        return self.layout.channels

    @property
    def alpha(self) -> bool:
        return self.layout.alpha

    @property
    def type(self) -> str:
        return self.layout.type

    def __enter__(self) -> Header:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file, whose pixels are not read then."""
        self.source.stream.close()


@record
class Selection:
    """The frames to be read: their `numbers`, their `places` as Pillow counts, and `sizes` (heights and widths) where
    they are pages.

    `parts` are heights and widths of what is decoded to compose them, `chunk` the bytes of the largest strip or tile,
    `several` whether there are more.
    """

    numbers: Sequence[int]
    places: Sequence[int]
    sizes: tuple[tuple[int, int], ...] = ()
    parts: tuple[tuple[int, int], ...] = ()
    chunk: int = 0
    several: bool = False
    gray: bool = False


STILL = Selection((0,), (0,))


def loader(source: Source, read: Callable[[], ImageData]) -> Callable[[], ImageData]:
    """A header's `load`, which is called once: `read`, after which the stream is closed, with its failures as
    FileErrors. What `read` knows, such as a decoder's picture, does not stay in memory."""
    waiting = [read]

    def load() -> ImageData:
        with source.stream:
            return parsed(source.name, waiting.pop())

    return load


def parsed(name: str, read: Callable[[], _Read]) -> _Read:
    """The result of `read`, a call that parses a file's bytes. Raises imgconv's errors as they come and FileError for
    all others."""
    try:
        return read()
    except errors.ImgconvError:
        raise
    except MemoryError:
        raise errors.no_memory(name) from None
    except Exception as error:
        raise errors.file_broken(name, first_line(error)) from error


def first_line(error: object) -> str:
    """The first line of an error's text, short enough for a sentence."""
    content = (
        error.args[0]
        if isinstance(error, Exception) and error.args and isinstance(error.args[0], bytes)
        else str(error)
    )
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
    line = re.sub(r" at 0x[0-9a-f]+", "", (text.strip() or type(error).__name__).splitlines()[0])
    return line if len(line) <= 120 else line[:117] + "..."
