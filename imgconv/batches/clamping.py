"""Advice on clamped values: the options that would have kept all of them, said once a run."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgconv.batches.inputs import STREAM
from imgconv.files.formats import FORMATS, TABLE
from imgconv.values.frozen import record, replace
from imgconv.values.layout import Layout
from imgconv.values.notes import shown_value

if TYPE_CHECKING:
    from imgconv.batches.job import Job
    from imgconv.files.formats import Format
    from imgconv.values.image import ImageData

_TYPES = ("uint16", "int16", "int32", "float32", "float64")
"""Types that may be advised, the shortest first."""


@record
class Clamping:
    """What an image lost when its values were quantised, and where they went.

    `low` and `high` are its response, `range` is how it was brought into the output type's range, `file` is the
    output's path if the user named it, else empty.
    """

    low: float
    high: float
    missing: bool
    layout: Layout
    range: str
    form: str
    file: str = ""


def clamping(job: Job, result: ImageData, range_: str, form: Format) -> Clamping | None:
    """What this result lost; None if it lost nothing."""
    response = result.response
    if response is None or not (response.below or response.above or response.missing):
        return None
    file = "" if job.derived or job.in_folder or job.target == STREAM else job.target
    low, high, missing = float(response.low), float(response.high), bool(response.missing)
    return Clamping(low, high, missing, result.layout, range_, form.name, file)


def advice(lost: Sequence[Clamping]) -> str:
    """The options that would keep every value of these images of one run, in a sentence."""
    range_ = lost[0].range
    low, high = min(one.low for one in lost), max(one.high for one in lost)
    missing = any(one.missing for one in lost)
    options = [] if missing else [f"--range {name}" for name in _ranges(lost, range_)]
    type_ = _type(lost, range_, low, high, missing=missing)
    if type_:
        options.append(type_)
    if not options:
        return ""
    return f"all values ({shown_value(low)}…{shown_value(high)}) are kept by {', or '.join(options)}"


def _ranges(lost: Sequence[Clamping], range_: str) -> list[str]:
    """`abs` is never advised, since it leaves signs out."""
    kept = ["stretch"] if range_ != "stretch" and all(math.isfinite(one.low + one.high) for one in lost) else []
    shifted = range_ != "shift" and all(
        one.layout.type.startswith("uint") and _fits(one.low, one.high, one.layout.type, "shift") for one in lost
    )
    return ["shift", *kept] if shifted else kept


def _type(lost: Sequence[Clamping], range_: str, low: float, high: float, *, missing: bool) -> str:
    """`--dtype` with the shortest type that holds all values, and a file for it where the format cannot hold it."""
    for type_ in _TYPES:
        if type_.startswith("float") or (not missing and _fits(low, high, type_, range_)):
            form = _format([replace(one.layout, type=type_) for one in lost], {one.form for one in lost})
            if form is None:
                return f"--dtype {type_}"
            if form:
                return f"--dtype {type_} {_named(lost, form)}"
    return ""


def _fits(low: float, high: float, type_: str, range_: str) -> bool:
    """Whether values from `low` to `high` lie within an integer type, brought into its range in this way."""
    from imgconv.values.pixel_values import Target, limits, shift_of

    if not math.isfinite(low + high):
        return False
    if range_ == "abs":
        low, high = 0.0, max(abs(low), abs(high))
    shift, (least, most) = shift_of(Target(type_, range_)), limits(type_)
    return low + shift + 0.5 >= least and math.floor(high + shift + 0.5) <= most


def _format(layouts: Sequence[Layout], forms: set[str]) -> str | None:
    """A format that holds pixels of all these layouts: None if the run's own do, empty if there is none."""
    from imgconv.files import conversions

    written = [FORMATS[form] for form in forms if form != TABLE.name]  # a table holds all
    if all(conversions.holds(form, layout) for form in written for layout in layouts):
        return None
    able = [name for name in conversions.able(layouts[0]) if all(conversions.holds(FORMATS[name], x) for x in layouts)]
    return "tiff" if "tiff" in able else next(iter(able), "")


def _named(lost: Sequence[Clamping], form: str) -> str:
    """The option that names a file of this format, or the format where files get their names from imgconv."""
    if len(lost) == 1 and lost[0].file:
        return f"-o {os.path.splitext(lost[0].file)[0]}.{form}"  # every format's name is one of its suffixes
    return f"--format {form}"
