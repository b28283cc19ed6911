"""Which images go from file to file by bands of rows, and in how much memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.batches.prepared import keeps_alpha
from imgconv.values.parameters import HALF_UP

if TYPE_CHECKING:
    from imgconv.api.by_rows import Bands
    from imgconv.batches.prepared import Prepared
    from imgconv.engine.colour.channels import Chosen
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
    written = form.name in ROW_WRITERS and conversions.holds(form, prepared.layout)
    stretched = settings.range == "stretch"
    is_for_light = settings.gray or settings.linear or settings.flatten is not None
    reasons = {
        f"this {header.format.upper()} is not read by rows": header.rows is None,
        "LAB needs the whole image": header.layout.colour == "LAB",
        "inks have no gray, light or colour below": bool(header.layout.colour) and is_for_light,
        "--range stretch needs the extremes of all floats": stretched and header.type.startswith("float"),
        "--rounding is done on the whole image": settings.rounding != HALF_UP,
        "--roi and --mask replace a part of the whole image": settings.has_region,
        "auxiliary outputs need the whole image": bool(job.auxiliary),
        "pages are joined": bool(job.pages),
        f"{form.name.upper()} is not written by rows": not written,
    }
    first = next((why for why, holds in reasons.items() if holds), "")
    shape = header.height, header.width, channels_in(prepared)
    first = first or local_steps.refusal(prepared.pipeline, *shape)
    if first:
        return first
    from imgconv.api import alpha_by_parts, colour_by_parts

    if stretched and settings.wide:
        return "--range stretch needs the extremes of what becomes light or luma"
    why = alpha_by_parts.refusal(settings.alpha, prepared.pipeline, stretched) if alpha_in(prepared) else ""
    return why or colour_by_parts.refusal(chosen_in(prepared), prepared.pipeline, shape)


def alpha_in(prepared: Prepared) -> bool:
    """Whether alpha goes through the pipeline."""
    return keeps_alpha(prepared.header, prepared.settings)


def chosen_in(prepared: Prepared) -> Chosen:
    """The channels that are filtered. Raises PixelError for those that the image does not have."""
    from imgconv.engine.colour.channels import choose

    layout = prepared.header.layout
    colour = "" if prepared.settings.gray else layout.colour
    return choose(prepared.settings.channels, channels_in(prepared), colour, alpha_in(prepared))


def channels_in(prepared: Prepared) -> int:
    """The colour channels that go through the pipeline."""
    return 1 if prepared.settings.gray else prepared.header.channels


def goes(prepared: Prepared) -> bool:
    """Whether an image goes by rows."""
    return is_large(prepared.header) and not refusal(prepared)


def memory(prepared: Prepared) -> int:
    """About the bytes that an image takes which goes by rows."""
    bands, tile = bands_of(prepared), prepared.settings.writing.tile or 0
    wide = 2 if prepared.settings.wide else 1  # floats are made of what is read, and again of the result
    return wide * bands.memory + prepared.header.row_bytes + _COPIES * tile * bands.row_bytes


def plan(prepared: Prepared) -> list[str]:
    """How a large image goes through, in a sentence: by bands of rows, or why not; nothing for others."""
    if not is_large(prepared.header):
        return []
    if why := refusal(prepared):
        return [f"in memory as a whole: {why}"]
    from imgconv import errors

    bands = bands_of(prepared)
    floats = any(type_.startswith("float") for type_ in (prepared.header.type, bands.target.type))
    floats = floats or prepared.settings.wide or (bands.alpha and bands.colours.alpha == "premultiply")
    same = "within the bound of floats" if floats else "to the bit"
    taken = errors.amount(memory(prepared))
    what = "the extremes" if prepared.settings.range == "stretch" else "its alpha"
    often = {1: "", 2: f", read twice for {what}"}.get(bands.times_read, f", read up to three times for {what}")
    return [f"by bands of {bands.rows} rows, in about {taken}{often}; the same result {same}"]


def bands_of(prepared: Prepared) -> Bands:
    """The bands of the result."""
    from imgconv.api.by_rows import Bands
    from imgconv.api.colour_pipeline import ColourPipeline

    header = prepared.header
    shape = header.height, header.width, channels_in(prepared)
    settings = prepared.settings
    curves = () if settings.linear else None  # which are known once the file is read
    colours = ColourPipeline(settings.alpha, chosen_in(prepared), curves)
    return Bands(prepared.pipeline, shape, header.type, prepared.goal, settings.threads, colours, alpha_in(prepared))
