"""Jobs by rows: large images from file to file in the memory of a few bands."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import TYPE_CHECKING

from imgconv.batches.by_rows import bands_of
from imgconv.batches.prepared import Prepared
from imgconv.batches.work import JobWork
from imgconv.values.frozen import replace

if TYPE_CHECKING:
    from imgconv.files.by_rows import Patch, RowReader


def run(work: JobWork, prepared: Prepared) -> tuple[str, tuple[str, ...]] | None:
    """From file to file in the memory of a few rows: where the result went, and its summary; None where the file turns
    out not to be read so."""
    from imgconv.batches import output

    header, words = prepared.header, list[str]()
    with work.confined():
        reader = None if header.rows is None else header.rows()
        if reader is None:
            return None
        with header, closing(_pieces(work, prepared, reader, words)) as pieces:
            output.write_pieces(work.job, prepared.form, prepared.path, pieces, work.add_note)
    work.facts |= {"output": prepared.path, "outputs": [prepared.path]}
    return output.shown_path(prepared.path), tuple(words)


def _pieces(
    work: JobWork, prepared: Prepared, reader: RowReader, words: list[str]
) -> Generator[bytes | memoryview | Patch]:
    """The pieces of the file, from bands of its rows; `words` become its summary, and what is lost is refused, before
    they end."""
    from imgconv.batches.output import is_pipe
    from imgconv.files import by_rows
    from imgconv.files import write as files_write
    from imgconv.files.header import parsed
    from imgconv.files.metadata.recipes import stated
    from imgconv.values.image import Frame

    header, settings, pipeline = prepared.header, prepared.settings, prepared.pipeline
    image, bands = reader.image, bands_of(prepared)
    shape = bands.shape[:2] if image.pixels.ndim == 2 and bands.shape[2] == 1 else bands.shape
    result = replace(
        image,
        frames=(Frame(by_rows.stand_in(shape, bands.target.type)),),
        colour=image.colour if bands.shape[2] == header.channels else "",
        notes=(*pipeline.dropped(header.height, header.width), *pipeline.notes(bands.target.type, settings.range)),
    )
    form, path, result = prepared.form, prepared.path, stated(result, prepared.recipe)
    fitted = files_write.fitted(result, form, path, settings.writing)

    def pieces() -> Generator[bytes | memoryview | Patch]:
        try:
            made = bands.made(lambda count: parsed(header.path, lambda: reader.read(count)))
            yield from files_write.by_rows(
                fitted, form, path, made, fast=is_pipe(path), writing=settings.writing, threads=settings.threads
            )
            read = parsed(header.path, reader.finish)
        finally:
            reader.close()
        notes = dict.fromkeys((*read.notes, *fitted.notes, *bands.notes))
        known = {"response": bands.response, "notes": tuple(notes)}
        words.extend(work.settle(read, replace(result, **known), replace(fitted, **known), form))
        work.refuse_losses()

    return pieces()
