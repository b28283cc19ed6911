"""Large images go from file to file by bands of rows, in the memory of a few bands."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from typing import TYPE_CHECKING

from imgconv.values.frozen import replace
from imgconv.values.parameters import ALL_CHANNELS

if TYPE_CHECKING:
    from imgconv.api.by_rows import Bands
    from imgconv.batches.job import Job
    from imgconv.batches.settings import Settings
    from imgconv.files.by_rows import Patch, RowReader
    from imgconv.files.formats import Format
    from imgconv.files.header import Header
    from imgconv.operations.pipeline import Pipeline
    from imgconv.values.image import ImageData
    from imgconv.values.layout import Layout
    from imgconv.values.notes import Note

    Settle = Callable[[ImageData, ImageData], None]


def is_large(header: Header) -> bool:
    """Whether an image is worth it."""
    from imgconv.files.by_rows import LEAST

    return header.frames == 1 and header.height * header.width >= LEAST


def refusal(header: Header, form: Format, layout: Layout, pipeline: Pipeline, settings: Settings, job: Job) -> str:
    """Why an image cannot go by rows into a result of a format and a layout; empty if it can."""
    from imgconv.api import local_steps
    from imgconv.files import conversions
    from imgconv.files.write import ROW_WRITERS

    converted = settings.gray or settings.wide or settings.channels != ALL_CHANNELS or settings.flatten is not None
    written = form.name in ROW_WRITERS and conversions.holds(form, layout)
    reasons = {
        f"this {header.format.upper()} is not read by rows": header.rows is None,
        "alpha and inks need the whole image": header.alpha or bool(header.layout.colour),
        "its colours are converted first": converted,
        "--range stretch needs the extremes of the whole image": settings.range == "stretch",
        "floats become integers": header.type.startswith("float") and not layout.type.startswith("float"),
        "--crop takes a piece of the whole result": settings.crop is not None,
        "auxiliary outputs need the whole image": bool(job.auxiliary),
        "pages are joined": bool(job.pages),
        f"{form.name.upper()} is not written by rows": not written,
    }
    first = next((why for why, holds in reasons.items() if holds), "")
    return first or local_steps.refusal(pipeline, header.height, header.width, header.channels)


def goes(header: Header, form: Format, layout: Layout, pipeline: Pipeline, settings: Settings, job: Job) -> bool:
    """Whether an image goes by rows into a result of a format and a layout."""
    return is_large(header) and not refusal(header, form, layout, pipeline, settings, job)


def memory(header: Header, pipeline: Pipeline, settings: Settings) -> int:
    """About the bytes that an image takes which goes by rows."""
    return _bands(header, pipeline, settings).memory + header.row_bytes


def plan(header: Header, form: Format, layout: Layout, pipeline: Pipeline, settings: Settings, job: Job) -> list[str]:
    """How a large image goes through, in a sentence: by bands of rows, or why not; nothing for others."""
    if not is_large(header):
        return []
    if why := refusal(header, form, layout, pipeline, settings, job):
        return [f"in memory as a whole: {why}"]
    from imgconv import errors

    bands = _bands(header, pipeline, settings)
    floats = any(type_.startswith("float") for type_ in (header.type, bands.target.type))
    same = "within the bound of floats" if floats else "to the bit"
    taken = errors.amount(memory(header, pipeline, settings))
    return [f"by bands of {bands.rows} rows, in about {taken}; the same result {same}"]


def _bands(header: Header, pipeline: Pipeline, settings: Settings) -> Bands:
    from imgconv.api.by_rows import Bands
    from imgconv.values.pixel_values import target

    goal = target(header.type, pipeline.result_type(settings.dtype), settings.range)
    return Bands(pipeline, (header.height, header.width, header.channels), header.type, goal, settings.threads)


def write(
    job: Job,
    header: Header,
    form: Format,
    path: str,
    pipeline: Pipeline,
    settings: Settings,
    settle: Settle,
    on_note: Callable[[Note], None],
) -> bool:
    """Writes the result of a job; False where its file turns out not to be read by rows.

    `settle` gets the image as read and the result, with all that is known of it then, before the file has its name, and
    may raise. `on_note` gets what of a replaced file cannot be kept.
    """
    from imgconv.batches import output

    reader = None if header.rows is None else header.rows()
    if reader is None:
        return False
    fast = output.is_pipe(path)
    with header, closing(_pieces(header, reader, form, path, pipeline, settings, settle, fast=fast)) as pieces:
        output.write_pieces(job, path, pieces, on_note)
    return True


def _pieces(
    header: Header,
    reader: RowReader,
    form: Format,
    path: str,
    pipeline: Pipeline,
    settings: Settings,
    settle: Settle,
    *,
    fast: bool,
) -> Generator[bytes | memoryview | Patch]:
    """The pieces of the file, from bands of its rows."""
    from imgconv.files import by_rows
    from imgconv.files import write as files_write
    from imgconv.files.header import parsed
    from imgconv.values.image import Frame

    image, bands = reader.image, _bands(header, pipeline, settings)
    shape = bands.shape[:2] if image.pixels.ndim == 2 and bands.shape[2] == 1 else bands.shape
    stated = replace(
        image,
        frames=(Frame(by_rows.stand_in(shape, bands.target.type)),),
        colour=image.colour if bands.shape[2] == header.channels else "",
        notes=(*pipeline.dropped(header.height, header.width), *pipeline.notes(bands.target.type, settings.range)),
    )
    fitted = files_write.fitted(stated, form, path, settings.writing)

    def pieces() -> Generator[bytes | memoryview | Patch]:
        try:
            made = bands.made(lambda count: parsed(header.path, lambda: reader.read(count)))
            yield from files_write.by_rows(
                fitted, form, path, made, fast=fast, writing=settings.writing, threads=settings.threads
            )
            read = parsed(header.path, reader.finish)
        finally:
            reader.close()
        notes = dict.fromkeys((*read.notes, *fitted.notes, *bands.notes))
        settle(read, replace(fitted, response=bands.response, notes=tuple(notes)))

    return pieces()
