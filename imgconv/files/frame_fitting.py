"""Frames of a result fitted to a format one after the other: the same frames, metadata and notes as `write.fitted`
gives of all at once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from imgconv import errors
from imgconv.files import conversions, frame_writers, frames, write
from imgconv.files.by_frames import without_pixels
from imgconv.files.encoding import Encoding
from imgconv.files.formats import Format
from imgconv.files.options import Writing
from imgconv.files.png import writer as png_writer
from imgconv.values.frozen import replace
from imgconv.values.image import Frame, ImageData
from imgconv.values.notes import Note

if TYPE_CHECKING:
    from imgconv.files.gif.writer import Reduction


class FrameFitting:
    """Fits frames to a format, and knows what they were like and what was lost.

    `expected` are frames without pixels, like those that are going to come; `hides` says whether any of these is
    transparent somewhere, for a format that needs to know it before the first.
    """

    def __init__(self, form: Format, path: str, writing: Writing, *, expected: tuple[Frame, ...], hides: bool) -> None:
        self.form, self.path, self.writing, self.expected = form, path, writing, expected
        self._arrangement, self._reduction = frames.Arrangement(form, {}), _reduction(form, hides)
        self._described: ImageData | None = None
        self._written, self._notes = list[Frame](), dict[Note, None]()

    def pieces(self, results: Iterator[ImageData], *, fast: bool, threads: int | None) -> Iterator[bytes | memoryview]:
        """The pieces of the file, from results of one frame each. Raises FileError where the format refuses."""
        encoding = Encoding(png_writer.level_for(self.writing.compress_level, fast), self.writing, threads)
        images = map(self._converted, results)
        try:
            image = self._first(images)
            self._arrangement = frames.Arrangement(self.form, image.metadata)
            fitted = self._fitted(chain([image], images))
            first = next(fitted)
            image = self._adapted(replace(image, frames=(first,), metadata=self._arrangement.metadata, notes=()))
            sequence = frame_writers.Sequence(
                chain([first], fitted), len(self.expected), self.expected, image.layout, image.metadata
            )
            del first, image
            yield from frame_writers.written(sequence, self.form, encoding)
        except errors.ImgconvError:  # of a step, of the file that is read, or of the format
            raise
        except (OSError, ValueError, OverflowError) as error:
            raise errors.file_unwritable(self.path, str(error)) from error

    @property
    def image(self) -> ImageData:
        """All frames as they were written, without their pixels, with notes of what was lost."""
        assert self._described is not None, "nothing was written"
        notes = dict.fromkeys((*self._notes, *self._arrangement.notes))
        if self._reduction is not None:
            notes |= dict.fromkeys(self._reduction.notes)
        return replace(self._described, frames=tuple(self._written), notes=tuple(notes))

    def _first(self, images: Iterator[ImageData]) -> ImageData:
        """The first image whose frame is to be written."""
        image = next(images)
        if not frames.drops_first(image.metadata, self.form):
            return image
        self._notes[frames.DEFAULT_IMAGE_DROPPED] = None
        self.expected = self.expected[1:]
        image = next(images)
        return replace(image, metadata={k: value for k, value in image.metadata.items() if k != "default_image"})

    def _fitted(self, images: Iterator[ImageData]) -> Iterator[Frame]:
        first: Frame | None = None
        for image in images:
            frame = self._reduced(self._arrangement.arranged(image.frames[0]))
            like = without_pixels(frame)
            first = first or like
            frames.check_alike(self.form, first, like, self.path)
            self._written.append(like)
            yield frame

    def _converted(self, image: ImageData) -> ImageData:
        """A result in the layout that the format takes."""
        size = image.pixels.shape[0], image.pixels.shape[1]
        conversions.check_layout(self.form, image.layout, size, self.writing, self.path)
        try:
            image = conversions.convert(replace(image, notes=()), self.form, self.writing)
        except errors.FileError as error:
            raise errors.named(self.path, error) from None
        self._notes |= dict.fromkeys(image.notes)
        return image

    def _reduced(self, frame: Frame) -> Frame:
        """The frame in as many colours as the format has."""
        if self._reduction is None:
            return frame
        frame = self._reduction.reduced(frame)
        if self.writing.lossless and self._reduction.lossy:
            raise write.not_lossless(self.path, self.form, ImageData((frame,)))
        return frame

    def _adapted(self, image: ImageData) -> ImageData:
        """The first image with what the file says beside the pixels."""
        if image.metadata:
            from imgconv.files.metadata import fields as metadata

            image = metadata.adapt(image, self.form)
        self._notes |= dict.fromkeys(image.notes)
        self._described = replace(image, frames=tuple(map(without_pixels, image.frames)))
        return image


def _reduction(form: Format, hides: bool) -> Reduction | None:
    if form.name != "gif":
        return None
    from imgconv.files.gif import writer as gif_writer

    return gif_writer.Reduction(hides)
