"""Which animations and pages go from file to file one frame after the other, and in how much memory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from imgconv.values.frozen import replace

if TYPE_CHECKING:
    from imgconv.batches.prepared import Prepared
    from imgconv.files.header import Header

_OF_PAGES = ("tiff", "ppm", "pgm", "pfm")  # formats whose frames may differ
ENCODED_AT_ONCE = ("webp", "avif")
"""Formats whose encoder gives the file at its end."""
_AT_ONCE = 2  # frames that are there at one time, each as read, as computed and as written
_SHARE_OF_FILE = 1 / 4  # of the pixels' bytes that a file has which its encoder gives at its end


def is_large(header: Header) -> bool:
    """Whether an image is worth it."""
    from imgconv.files.by_rows import LEAST
    from imgconv.files.limits import sizes

    return header.frames > 1 and sum(height * width for height, width in sizes(header)) >= LEAST


def refusal(prepared: Prepared) -> str:
    """Why an image cannot go by frames into its result; empty if it can."""
    from imgconv.files.frame_writers import FRAME_WRITERS

    job, header, form, settings = prepared.job, prepared.header, prepared.form, prepared.settings
    type_, alike = prepared.layout.type, header.format not in _OF_PAGES or form.frames == "pages"
    reasons = {
        f"this {header.format.upper()} is not read by frames": header.frame_reader is None,
        "--range stretch needs the extremes of all frames": settings.range == "stretch",
        "floats become integers": header.type.startswith("float") and not type_.startswith("float"),
        "a mask may have frames of its own": settings.mask is not None,
        "auxiliary outputs need all frames": bool(job.auxiliary),
        "inputs are joined": bool(job.pages),
        f"{form.name.upper()} is not written by frames": form.name not in FRAME_WRITERS and not is_numbered(prepared),
        "pages that differ become files of their own": not alike and _may_be_numbered(prepared),
    }
    return next((why for why, holds in reasons.items() if holds), "")


def is_numbered(prepared: Prepared) -> bool:
    """Whether each frame becomes a file of its own, because the format holds one and the name is not the user's."""
    return not prepared.form.frames and (prepared.job.derived or prepared.job.in_folder)


def _may_be_numbered(prepared: Prepared) -> bool:
    """Whether frames that the format does not hold together become files of their own."""
    return bool(prepared.form.frames) and (prepared.job.derived or prepared.job.in_folder)


def goes(prepared: Prepared) -> bool:
    """Whether an image goes by frames."""
    return is_large(prepared.header) and not refusal(prepared)


def memory(prepared: Prepared) -> int:
    """About the bytes that an image takes which goes by frames."""
    from imgconv.batches import forecast
    from imgconv.files import limits

    header = prepared.header
    largest = max(limits.sizes(header), key=math.prod)
    one = replace(header, numbers=header.numbers[:1], sizes=(largest,), decoding=header.frame_decoding)
    needed = _AT_ONCE * forecast.of(replace(prepared, header=one))
    if prepared.form.name in ENCODED_AT_ONCE:
        needed += int(limits.decoded_bytes(header) * _SHARE_OF_FILE)
    return needed


def plan(prepared: Prepared) -> list[str]:
    """How a large animation goes through, in a sentence: frame by frame, or why not; nothing for others."""
    if not is_large(prepared.header):
        return []
    if why := refusal(prepared):
        return [f"in memory as a whole: {why}"]
    from imgconv import errors

    return [f"frame by frame, in about {errors.amount(memory(prepared))}; the same result to the bit"]
