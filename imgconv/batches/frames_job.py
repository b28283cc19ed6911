"""Jobs by frames: animations and pages from file to file in the memory of a few frames."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from typing import IO, TYPE_CHECKING

from imgconv.batches import by_frames, computing
from imgconv.batches.prepared import Prepared
from imgconv.batches.work import JobWork
from imgconv.values.frozen import replace

if TYPE_CHECKING:
    from imgconv.files.by_frames import FrameReader
    from imgconv.files.header import Header
    from imgconv.values.image import Frame, ImageData
    from imgconv.values.notes import Note
    from imgconv.values.pixel_values import Response


def run(work: JobWork, prepared: Prepared) -> tuple[str, tuple[str, ...]] | None:
    """From file to file: where the result went, and its summary; None where the frames are to be read all at once."""
    from imgconv.batches import output

    header, words = prepared.header, list[str]()
    with work.confined():
        reader = _reader(work, header)
        if reader is not None and by_frames.is_numbered(prepared):
            with header:
                return NumberedFrames(work, prepared, reader).run()
        if reader is None or _leaves_one(prepared, reader):
            return None
        with header, closing(FramesJob(work, prepared, reader).pieces(words)) as pieces:
            output.write_pieces(work.job, prepared.form, prepared.path, pieces, work.add_note)
    work.facts |= {"output": prepared.path, "outputs": [prepared.path]}
    return output.shown_path(prepared.path), tuple(words)


def _reader(work: JobWork, header: Header) -> FrameReader | None:
    try:
        with work.silenced(header.format):
            return None if header.frame_reader is None else header.frame_reader()
    except BaseException:
        header.close()
        raise


def _leaves_one(prepared: Prepared, reader: FrameReader) -> bool:
    """Whether the format has a place for one frame alone, which makes it a still picture."""
    from imgconv.files import frames

    return prepared.header.frames == 2 and frames.drops_first(reader.image.metadata, prepared.form)


class _Seen:
    """What has been seen of the frames: as they were read and computed, without their pixels, and what was said."""

    def __init__(self) -> None:
        self.read: list[Frame] = []
        self.computed: list[Frame] = []
        self.first: ImageData | None = None
        self.notes: dict[Note, None] = {}
        self.responses: list[Response | None] = []

    def add(self, frame: Frame, result: ImageData) -> None:
        from imgconv.files.by_frames import without_pixels

        self.read.append(without_pixels(frame))
        self.computed.append(without_pixels(result.frames[0]))
        self.first = self.first or replace(result, frames=tuple(self.computed))
        self.notes |= dict.fromkeys(result.notes)
        self.responses.append(result.response)


class FramesJob:
    """A job whose frames are read, computed and written one after the other."""

    def __init__(self, work: JobWork, prepared: Prepared, reader: FrameReader) -> None:
        self.work, self.prepared, self.reader = work, prepared, reader

    def pieces(self, words: list[str]) -> Generator[bytes | memoryview]:
        """The pieces of the file; `words` become its summary, and what is lost is refused, before they end."""
        from imgconv.batches.output import is_pipe
        from imgconv.files.frame_fitting import FrameFitting

        form, path, settings = self.prepared.form, self.prepared.path, self.prepared.settings
        fitting = FrameFitting(form, path, settings.writing, expected=self._expected(), hides=self._hides())
        seen = _Seen()
        yield from fitting.pieces(self._results(seen), fast=is_pipe(path), threads=settings.threads)
        words.extend(self._settled(seen, fitting.image))
        self.work.refuse_losses()

    def _expected(self) -> tuple[Frame, ...]:
        """Frames without pixels, like those of the result if all are as the first."""
        from imgconv.files.by_rows import empty_frame
        from imgconv.files.limits import sizes

        layout, crop, expected = self.prepared.layout, self.prepared.settings.crop, []
        for size in sizes(self.prepared.header):
            height, width = (crop.height, crop.width) if crop else self.prepared.pipeline.shape(*size)
            expected.append(empty_frame(height, width, layout))
        return tuple(expected)

    def _hides(self) -> bool:
        """Whether any frame of the result is transparent somewhere. Only GIF needs to know it before the first; where
        it may be so, frames are computed until one is."""
        header, settings = self.prepared.header, self.prepared.settings
        without = settings.flatten is not None or settings.alpha == "drop"
        alike = header.format != "tiff" and self.reader.image.alpha is None
        if self.prepared.form.name != "gif" or without or alike:
            return False
        from imgconv.files import frames
        from imgconv.files.gif import writer as gif_writer

        dropped = frames.drops_first(self.reader.image.metadata, self.prepared.form)
        results = islice(self._results(_Seen()), int(dropped), None)
        return any(gif_writer.hides(result.frames[0]) for result in results)

    def _results(self, seen: _Seen) -> Iterator[ImageData]:
        """The results, of one frame each."""
        from imgconv.api.image import Image
        from imgconv.files.metadata.recipes import stated

        settings, pipeline = self.prepared.settings, self.prepared.pipeline
        for frame in self._frames():
            image = Image.of(replace(self.reader.image, frames=(frame,), notes=()))
            result = computing.applied(computing.converted(image, settings), pipeline, settings)
            seen.add(frame, result)
            yield stated(computing.cropped(result, settings), self.prepared.recipe)

    def _frames(self) -> Iterator[Frame]:
        """The frames as they are read."""
        frames = self.reader.frames()
        while True:
            with self.work.silenced(self.prepared.header.format):
                frame = next(frames, None)
            if frame is None:
                return
            yield frame

    def _settled(self, seen: _Seen, fitted: ImageData) -> tuple[str, ...]:
        """The summary, once everything is known."""
        from imgconv.values.pixel_values import merged

        assert seen.first is not None, "a reader gives one frame at least"
        read = replace(self.reader.finish(), frames=tuple(seen.read))
        notes = tuple(dict.fromkeys((*read.notes, *seen.notes, *fitted.notes)))
        known = {"response": merged(seen.responses), "notes": notes}
        result = replace(seen.first, frames=tuple(seen.computed), **known)
        return self.work.settle(read, result, replace(fitted, **known), self.prepared.form)


class NumberedFrames(FramesJob):
    """The same with a file for each frame: all are encoded, into a file without a name, before the first is written."""

    def run(self) -> tuple[str, tuple[str, ...]]:
        """From the file to those of its frames; where they went, and a summary."""
        from imgconv.batches import numbered_frames, output
        from imgconv.files.pieces import temporary

        work, prepared = self.work, self.prepared
        paths = numbered_frames.paths(work.job, prepared.path, prepared.header.numbers)
        numbered_frames.reserve(paths, work.job, work.reserved)
        with temporary() as file:
            places, words = self._encoded(paths, file)
            work.refuse_losses()
            for path, (start, end) in zip(paths, places, strict=True):
                file.seek(start)
                output.write_pieces(work.job, prepared.form, path, [file.read(end - start)], work.add_note)
        work.facts |= {"output": paths[0], "outputs": paths}
        return f"{paths[0]} … {os.path.basename(paths[-1])}", words

    def _encoded(self, paths: list[str], file: IO[bytes]) -> tuple[list[tuple[int, int]], tuple[str, ...]]:
        """Where each frame's file begins and ends in `file`, and a summary."""
        from imgconv.batches import numbered_frames
        from imgconv.batches.recipes import of_frame
        from imgconv.files import frames, write
        from imgconv.files.by_frames import without_pixels

        form, settings, seen = self.prepared.form, self.prepared.settings, _Seen()
        places, written = [], []
        notes: dict[Note, None] = {}
        for number, (path, result) in enumerate(zip(paths, self._results(seen), strict=True)):
            (image,) = numbered_frames.images(frames.untimed(result, form))
            fitted = write.fitted(of_frame(image, number), form, path, settings.writing)
            start = file.tell()
            file.writelines(write.encode_fitted(fitted, form, path, writing=settings.writing, threads=settings.threads))
            places.append((start, file.tell()))
            written.append(without_pixels(fitted.frames[0]))
            notes |= dict.fromkeys(fitted.notes)
        first = replace(fitted, frames=tuple(written), notes=tuple(notes))
        return places, self._settled(seen, first)
