"""Checks of a job before any pixel is read: from the header follow its plan, its output's format and path, and what is
impossible."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgconv import errors
from imgconv.batches import by_frames, by_rows, numbered_frames
from imgconv.batches.inputs import STREAM
from imgconv.batches.job import Job
from imgconv.batches.outcomes import Skipped
from imgconv.batches.prepared import Prepared, goal, keeps_alpha, result_layout
from imgconv.batches.settings import Settings
from imgconv.files.formats import FORMATS, Format
from imgconv.operations.pipeline import Pipeline
from imgconv.values.layout import Layout

if TYPE_CHECKING:
    from imgconv.api.explain import Predicted
    from imgconv.files.header import Header


def check(
    job: Job, header: Header, pipeline: Pipeline, settings: Settings, *, whole: bool = False
) -> tuple[Prepared, int]:
    """The job with the format and path of its result, and the bytes of memory that it takes, once everything has been
    checked that the header allows to check; `whole`: it can go neither by rows nor by frames.

    Raises ImgconvError where a window does not fit, the format cannot hold the result, memory would not suffice, or the
    path is taken.
    """
    from imgconv.batches import forecast
    from imgconv.files import conversions

    sizes = [pipeline.shape(*size) for size in set(header.sizes) or {(header.height, header.width)}]
    if settings.crop is not None:
        for size in sizes:
            settings.crop.check(*size)
        sizes = [(settings.crop.height, settings.crop.width)]
    if settings.has_region:
        from imgconv.batches import regions

        regions.check(job, header, pipeline, settings)
    form, path = destination(job, header, able_formats(header, pipeline, settings))
    if named_by_content(job):
        if settings.skip_existing:
            skip_existing(job, [path])
        if job.is_refused(path):
            raise errors.file_exists(path)
    if settings.recipe:
        from imgconv.batches import recipes

        recipes.check(job, form, path, pipeline)
    prepared = Prepared(job, header, form, path, pipeline, settings)
    if settings.skip_existing and header.frames > 1 and by_frames.is_numbered(prepared):
        skip_existing(job, numbered_frames.named(path, header.numbers))
    conversions.check_layout(
        form,
        prepared.layout,
        (max(height for height, _ in sizes), max(width for _, width in sizes)),
        settings.writing,
        path,
    )
    if header.frames > 1 and not (job.derived or job.in_folder):
        from imgconv.files import frames

        frames.check_sizes(form, header)
    way = None if whole else next((way for way in (by_rows, by_frames) if way.goes(prepared)), None)
    needed = forecast.of(prepared) if way is None else way.memory(prepared)
    forecast.require(header, needed, settings.reading)
    return prepared, needed


def skip_existing(job: Job, paths: Sequence[str]) -> None:
    """Raises Skipped for a result that is there, at all of its paths, with all its auxiliary outputs."""
    if all(map(job.was_there, paths)) and all(one.was_there(one.target) for one in job.auxiliary):
        raise Skipped(*paths)


def plan(job: Job, header: Header, pipeline: Pipeline, settings: Settings, *, whole: bool = False) -> list[str]:
    """The plan of an image with this header, step by step; and of a large one whether it goes by rows or by frames."""
    form, path = destination(job, header, able_formats(header, pipeline, settings))
    prepared = Prepared(job, header, form, path, pipeline, settings)
    how = by_rows.plan(prepared) or by_frames.plan(prepared)
    if whole and how:
        how = ["in memory as a whole: it is stored in a way that is not read by rows, or is to be turned"]
    if settings.has_region:
        from imgconv.batches import regions

        how = [regions.plan(job, header, pipeline, settings), *how]
    return [*_plan_of_steps(header, pipeline, settings), *how]


def _plan_of_steps(header: Header, pipeline: Pipeline, settings: Settings) -> list[str]:
    """The plan of each step."""
    from imgconv.api.explain import explain

    type_ = "wide" if settings.wide else goal(header, pipeline, settings).type
    first, *rest = explain(pipeline, predicted_input(header, settings), type_)
    return [f"{first}; for each of {header.frames} frames" if header.frames > 1 else first, *rest]


def predicted_input(header: Header, settings: Settings) -> Predicted:
    """What the first step will get of an image with this header."""
    from imgconv.api.explain import Predicted
    from imgconv.engine.colour.channels import choose
    from imgconv.values.pixel_values import span

    layout = Layout(1, header.layout.alpha) if settings.gray else header.layout
    choice = choose(settings.channels, layout.channels, layout.colour, keeps_alpha(header, settings))
    channels = 1 if choice.luma else layout.channels if choice.numbers is None else max(1, len(choice.numbers))
    type_ = header.layout.type
    if settings.wide:
        type_ = "float64" if type_ in ("int32", "float64") else "float32"
    return Predicted(header.height, header.width, channels, type_, span(type_))


def predicted_summary(header: Header, pipeline: Pipeline, settings: Settings) -> str:
    """Size and mode of the result of an image with this header, in words."""
    height, width = pipeline.shape(header.height, header.width)
    if settings.crop is not None:
        height, width = settings.crop.height, settings.crop.width
    size = f"{width}x{height} {result_layout(header, pipeline, settings).words.removesuffix(' uint8')}"
    return f"{header.frames} frames of {size}" if header.frames > 1 else size


def able_formats(header: Header, pipeline: Pipeline, settings: Settings) -> list[str]:
    """The formats that can hold the result of an image with this header."""
    from imgconv.files import conversions

    return conversions.able(result_layout(header, pipeline, settings))


def destination(job: Job, header: Header, able: list[str]) -> tuple[Format, str]:
    """The format and path of a job whose input is known: a derived name falls back to PNG where the input's format
    cannot hold the result."""
    if job.form is not None:
        form = job.form
    else:
        own = FORMATS.get(header.format)
        if own is None or (job.derived and own.name not in able):
            own = (
                FORMATS["png" if "png" in able or not able else able[0]] if job.derived or job.source == STREAM else own
            )
        if own is None:
            raise errors.format_cannot_hold(job.target, header.format, "a result (imgconv does not write it)", able)
        form = own
    return form, _with_suffix(job.target, form) if named_by_content(job) else job.target


def named_by_content(job: Job) -> bool:
    """Whether the suffix of a job's result follows from what its input is found to be: names of files may be wrong."""
    return job.derived or (job.in_folder and job.form is None)


def _with_suffix(path: str, form: Format) -> str:
    """A path with a suffix of a format in the place of what looks like another format's."""
    if os.path.splitext(path)[1].lower() in form.suffixes:
        return path
    return _stem(path) + form.suffixes[0]


def _stem(path: str) -> str:
    """A path without its suffix, if it has one: what begins with a digit (`scan-v1.2`) is a part of the name."""
    stem, suffix = os.path.splitext(path)
    return stem if suffix[1:2].isalpha() else path


def refuse_derived_clashes(jobs: Sequence[Job], pipeline: Pipeline, settings: Settings) -> None:
    """Raises UsageError for names that become one once the formats are known. Formats follow from content, so these
    headers are read before any work."""
    from imgconv.engine.memory import confined
    from imgconv.files import read

    stems: dict[str, list[Job]] = {}
    for job in jobs:
        if named_by_content(job) and job.source != STREAM:
            stems.setdefault(_stem(job.target), []).append(job)
    for group in stems.values():
        names: dict[str, str] = {}
        for job in group if len(group) > 1 else ():
            try:
                with confined(settings.reading.max_memory), read.header(job.source, settings.reading) as header:
                    path = destination(job, header, able_formats(header, pipeline, settings))[1]
            except errors.ImgconvError:
                continue  # reported when its turn comes
            if path in names:
                raise errors.outputs_collide(path, names[path], job.source_name)
            names[path] = job.source_name
