"""Writers of several frames, one after the other: each gives the pieces of a file as its frames come."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from imgconv.files import npy
from imgconv.files.content import Content
from imgconv.files.encoding import Encoding, saved
from imgconv.files.formats import Format
from imgconv.files.modes import holder, to_pillow
from imgconv.files.pnm import writer as pnm
from imgconv.values.frozen import record
from imgconv.values.image import Frame, ImageData
from imgconv.values.layout import Layout

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage


@record(eq=False)
class Sequence:
    """Frames fitted to a format: how many, `expected` ones like them, whose pixels may be missing, the layout of the
    first, and what their file says beside the pixels."""

    frames: Iterator[Frame]
    count: int
    expected: tuple[Frame, ...]
    layout: Layout
    metadata: Mapping[str, Any]


def content(image: ImageData, form: Format, encoding: Encoding) -> Content:
    """The file of an image whose frames are all there."""
    sequence = Sequence(iter(image.frames), len(image.frames), image.frames, image.layout, image.metadata)
    return list(written(sequence, form, encoding))


def written(sequence: Sequence, form: Format, encoding: Encoding) -> Iterator[bytes | memoryview]:
    """The pieces of a file."""
    return FRAME_WRITERS[form.name](sequence, form, encoding)


def _tiff(sequence: Sequence, form: Format, encoding: Encoding) -> Iterator[bytes | memoryview]:
    from imgconv.files.tiff import writer as tiff_writer

    colour, manner = sequence.layout.colour, tiff_writer.Manner.of(encoding)
    return tiff_writer.encode(sequence.frames, sequence.expected, sequence.metadata, colour, manner)


def _gif(sequence: Sequence, form: Format, encoding: Encoding) -> Iterator[bytes]:
    from imgconv.files.gif import writer as gif_writer

    return gif_writer.encode(sequence.frames, sequence.count, sequence.metadata)


def _apng(sequence: Sequence, form: Format, encoding: Encoding) -> Iterator[bytes]:
    from imgconv.files.png import apng_writer

    return apng_writer.encode(sequence.frames, sequence.count, sequence.metadata, encoding.level, encoding.threads)


def _pnm(sequence: Sequence, form: Format, encoding: Encoding) -> Iterator[bytes | memoryview]:
    return pnm.pnm(sequence.frames)


def _npy(sequence: Sequence, form: Format, encoding: Encoding) -> Iterator[bytes | memoryview]:
    return npy.stack(sequence.frames, sequence.count)


def _by_pillow(sequence: Sequence, form: Format, encoding: Encoding) -> Iterator[bytes | memoryview]:
    """Pillow takes whole milliseconds, and how often the frames are played; it gives the file at its end."""
    coming = _Coming(sequence)
    options = {"loop": 1, **form.options(encoding.writing), **sequence.metadata}
    options |= {"save_all": True, "append_images": [_rest(coming)], "duration": coming.durations}
    buffer = io.BytesIO()
    saved(coming.next(), buffer, form, options)
    yield buffer.getbuffer()


class _Coming:
    """The pictures of a sequence as Pillow's, and the durations of those that have come."""

    def __init__(self, sequence: Sequence) -> None:
        self.sequence, self.durations = sequence, list[int]()

    def next(self) -> PillowImage:
        from imgconv.files.frames import UNTIMED

        frame = next(self.sequence.frames)
        self.durations.append(round(UNTIMED if frame.duration is None else frame.duration))
        picture: PillowImage = to_pillow(frame, holder(self.sequence.layout))
        return picture


def _rest(coming: _Coming) -> PillowImage:
    """All pictures but the first, as one of Pillow's images of several frames, which is each of them when its turn
    comes. Pillow's writers make a list of what is appended, so that an iterator would not help."""
    from PIL import Image as pillow

    class Rest(pillow.Image):
        n_frames = coming.sequence.count - 1
        is_animated = True

        def seek(self, frame: int) -> None:
            if frame >= self.n_frames:
                raise EOFError
            if frame + 2 > len(coming.durations):
                picture = coming.next()
                self.im, self._mode, self._size = picture.im, picture.mode, picture.size

    return Rest()


Write = Callable[[Sequence, Format, Encoding], Iterator[bytes | memoryview]]

FRAME_WRITERS: Mapping[str, Write] = {
    "tiff": _tiff,
    "gif": _gif,
    "png": _apng,
    "webp": _by_pillow,
    "avif": _by_pillow,
    "ppm": _pnm,
    "pgm": _pnm,
    "npy": _npy,
}
"""Who writes several frames of a format; the others put them into one array, or hold one frame."""
