"""Jobs by rows: large images from file to file in the memory of a few bands."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from imgconv.batches import computing
from imgconv.batches.by_rows import bands_of, channels_in
from imgconv.batches.prepared import Prepared
from imgconv.batches.rows_conversion import ConvertedRows
from imgconv.batches.work import JobWork
from imgconv.values.frozen import replace

if TYPE_CHECKING:
    from imgconv.api.by_rows import Bands
    from imgconv.batches.settings import Settings
    from imgconv.files.by_rows import Patch, RowReader
    from imgconv.values.crops import Crop
    from imgconv.values.image import ImageData
    from imgconv.values.pixel_values import Pixels


def run(work: JobWork, prepared: Prepared) -> tuple[str, tuple[str, ...]] | None:
    """From file to file in the memory of a few rows: where the result went, and its summary; None where the file turns
    out not to be read so."""
    from imgconv.batches import output

    header, words = prepared.header, list[str]()
    with work.confined():
        bands = bands_of(prepared)
        reader = _reader(prepared, bands)
        if reader is None:
            return None
        with header, closing(_pieces(work, prepared, reader, bands, words)) as pieces:
            output.write_pieces(work.job, prepared.form, prepared.path, pieces, work.add_note)
    work.facts |= {"output": prepared.path, "outputs": [prepared.path]}
    return output.shown_path(prepared.path), tuple(words)


def _reader(prepared: Prepared, bands: Bands) -> RowReader | None:
    """What reads the rows, once everything has been found out that the bands have to know first."""
    from imgconv.api.image import Image

    header = prepared.header
    begin = header.rows
    try:
        reader = None if begin is None else begin()
        if reader is None or begin is None:
            return None
        if prepared.settings.linear:
            light = Image.of(_converted(reader.image, prepared.settings)).light()
            bands.colours = replace(bands.colours, curves=light)
        for survey in bands.surveys:
            with closing(reader):
                survey(ConvertedRows(prepared, reader).read)
            reader = begin()
            assert reader is not None, "it was one before"
        return reader
    except BaseException:
        header.close()
        raise


def _pieces(
    work: JobWork, prepared: Prepared, reader: RowReader, bands: Bands, words: list[str]
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
    image = _converted(reader.image, settings)
    shape = bands.shape[:2] if image.pixels.ndim == 2 and bands.shape[2] == 1 else bands.shape
    alpha = by_rows.stand_in(bands.shape[:2], bands.alpha_type) if bands.alpha else None
    rows = ConvertedRows(prepared, reader)
    result = replace(
        image,
        frames=(Frame(by_rows.stand_in(shape, bands.target.type), alpha),),
        colour=image.colour if bands.shape[2] == channels_in(prepared) else "",
        notes=(
            *image.notes,
            *pipeline.dropped(header.height, header.width),
            *pipeline.notes(bands.target.type, settings.range),
        ),
    )
    form, path = prepared.form, prepared.path
    fitted = files_write.fitted(
        stated(computing.cropped(result, settings), prepared.recipe), form, path, settings.writing
    )

    def pieces() -> Generator[bytes | memoryview | Patch]:
        try:
            made = bands.made(rows.read)
            made = made if settings.crop is None else _pieces_of(made, settings.crop)
            yield from files_write.by_rows(
                fitted, form, path, made, fast=is_pipe(path), writing=settings.writing, threads=settings.threads
            )
            rows.read_rest()
            source = parsed(header.path, reader.finish)
        finally:
            reader.close()
        notes = dict.fromkeys((*source.notes, *fitted.notes, *rows.notes, *bands.notes))
        known = {"response": bands.response, "notes": tuple(notes)}
        words.extend(work.settle(source, replace(result, **known), replace(fitted, **known), form))
        work.refuse_losses()

    return pieces()


def _converted(image: ImageData, settings: Settings) -> ImageData:
    """The image without pixels that goes through the pipeline, with the notes of its conversion alone."""
    if not settings.gray:
        return replace(image, notes=())
    import numpy as np

    from imgconv.api.image import Image
    from imgconv.files.by_rows import stand_in
    from imgconv.values.image import Frame

    one = np.zeros((1, 1, *image.pixels.shape[2:]), image.pixels.dtype)
    converted = computing.converted(Image.of(replace(image, frames=(Frame(one),), notes=())), settings)
    return replace(converted, frames=(Frame(stand_in(image.pixels.shape[:2], image.pixels.dtype)),))


def _pieces_of(bands: Iterable[Pixels], crop: Crop) -> Iterator[Pixels]:
    """What of the bands of a result lies in a piece of it; all are made."""
    top = 0
    for band in bands:
        first, last = max(crop.row - top, 0), min(crop.row + crop.height - top, len(band))
        top += len(band)
        if first < last:
            yield band[first:last, crop.column : crop.column + crop.width]
