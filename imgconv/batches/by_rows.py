"""Which images go from file to file by bands of rows, and in how much memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.batches.prepared import keeps_alpha
from imgconv.values.parameters import ALL_CHANNELS, HALF_UP

if TYPE_CHECKING:
    from imgconv.api.by_rows import Bands
    from imgconv.batches.prepared import Prepared
    from imgconv.files.header import Header


_COPIES = 3  # of a row of tiles: as rows, deflated, and what is being deflated


def is_large(header: Header) -> bool:
    """Whether an image is worth it."""
    from imgconv.files.by_rows import LEAST

    return header.frames == 1 and header.height * header.width >= LEAST


def refusal(prepared: Prepared) -> str:
    """Why an image cannot go by rows into its result; empty if it can."""
    from imgconv.api import local_steps
    from imgconv.files import conversions
    from imgconv.files.writers import ROW_WRITERS

    job, header, form, settings = prepared.job, prepared.header, prepared.form, prepared.settings
    converted = settings.wide or settings.channels != ALL_CHANNELS
    written = form.name in ROW_WRITERS and conversions.holds(form, prepared.layout)
    stretched = settings.range == "stretch"
    reasons = {
        f"this {header.format.upper()} is not read by rows": header.rows is None,
        "inks need the whole image": bool(header.layout.colour),
        "its colours are converted first": converted,
        "--range stretch needs the extremes of all floats": stretched and header.type.startswith("float"),
        "--rounding is done on the whole image": settings.rounding != HALF_UP,
        "--roi and --mask replace a part of the whole image": settings.has_region,
        "auxiliary outputs need the whole image": bool(job.auxiliary),
        "pages are joined": bool(job.pages),
        f"{form.name.upper()} is not written by rows": not written,
    }
    first = next((why for why, holds in reasons.items() if holds), "")
    first = first or local_steps.refusal(prepared.pipeline, header.height, header.width, channels_in(prepared))
    if first or not alpha_in(prepared):
        return first
    from imgconv.api import alpha_by_parts

    return alpha_by_parts.refusal(alpha_in(prepared), prepared.pipeline, stretched)


def alpha_in(prepared: Prepared) -> str:
    """The policy of the alpha that goes through the pipeline; empty without one."""
    return prepared.settings.alpha if keeps_alpha(prepared.header, prepared.settings) else ""


def channels_in(prepared: Prepared) -> int:
    """The colour channels that go through the pipeline."""
    return 1 if prepared.settings.gray else prepared.header.channels


def goes(prepared: Prepared) -> bool:
    """Whether an image goes by rows."""
    return is_large(prepared.header) and not refusal(prepared)


def memory(prepared: Prepared) -> int:
    """About the bytes that an image takes which goes by rows."""
    bands, tile = bands_of(prepared), prepared.settings.writing.tile or 0
    return bands.memory + prepared.header.row_bytes + _COPIES * tile * bands.row_bytes


def plan(prepared: Prepared) -> list[str]:
    """How a large image goes through, in a sentence: by bands of rows, or why not; nothing for others."""
    if not is_large(prepared.header):
        return []
    if why := refusal(prepared):
        return [f"in memory as a whole: {why}"]
    from imgconv import errors

    bands = bands_of(prepared)
    floats = any(type_.startswith("float") for type_ in (prepared.header.type, bands.target.type))
    same = "within the bound of floats" if floats else "to the bit"
    taken = errors.amount(memory(prepared))
    what = "the extremes" if prepared.settings.range == "stretch" else "its alpha"
    often = {1: "", 2: f", read twice for {what}"}.get(bands.times_read, f", read up to three times for {what}")
    return [f"by bands of {bands.rows} rows, in about {taken}{often}; the same result {same}"]


def bands_of(prepared: Prepared) -> Bands:
    """The bands of the result."""
    from imgconv.api.by_rows import Bands

    header = prepared.header
    shape = header.height, header.width, channels_in(prepared)
    threads, policy = prepared.settings.threads, alpha_in(prepared)
    return Bands(prepared.pipeline, shape, header.type, prepared.goal, threads, policy)
