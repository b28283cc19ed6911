"""The options of a run by their names, as the library and recipes state them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgconv import errors
from imgconv.batches.settings import Settings
from imgconv.files.formats import COMPRESS_LEVEL, QUALITY_KIND, TILE, ZARR_FORMAT
from imgconv.files.options import CHOICE_OF_FRAMES, Reading, Writing
from imgconv.values.arguments import path_text
from imgconv.values.colours import COLOUR
from imgconv.values.crops import CROP, ROI
from imgconv.values.frozen import fields
from imgconv.values.parameters import (
    ALPHA,
    CHANNELS,
    DTYPE,
    FLAG,
    FRAMES,
    MEMORY,
    PIXELS,
    RANGE,
    ROUNDING,
    THREADS,
    Kind,
)

KINDS: dict[str, Kind] = {
    "dtype": DTYPE,
    "range": RANGE,
    "rounding": ROUNDING,
    "gray": FLAG,
    "flatten": COLOUR,
    "alpha": ALPHA,
    "channels": CHANNELS,
    "linear": FLAG,
    "crop": CROP,
    "recipe": FLAG,
    "roi": ROI,
    "mask": Kind("FILE", path_text),
    "threads": THREADS,
    "strict": FLAG,
    "skip_existing": FLAG,
    "frames": CHOICE_OF_FRAMES,
    "max_pixels": PIXELS,
    "max_frames": FRAMES,
    "max_memory": MEMORY,
    "allow_truncated": FLAG,
    "allow_narrowing": FLAG,
    "no_orient": FLAG,
    "strip": FLAG,
    "compress_level": COMPRESS_LEVEL,
    "quality": QUALITY_KIND,
    "lossless": FLAG,
    "tile": TILE,
    "bigtiff": FLAG,
    "zarr_format": ZARR_FORMAT,
}
"""The options of `batch` and how each is read: fields of Settings, Reading and Writing."""


def settings_of(options: Mapping[str, Any]) -> Settings:
    """The settings that these options state, each read as the command reads it; None is the default. Raises UsageError
    for an unknown one."""
    values: dict[str, Any] = {}
    for name, value in options.items():
        if name not in KINDS:
            raise errors.unknown("option", name, list(KINDS))
        if value is not None:
            values[name] = _type(value) if name == "dtype" else KINDS[name].read(value)

    def stated(kind: type) -> dict[str, Any]:
        return {one.name: values.pop(one.name) for one in fields(kind) if one.name in values}

    return Settings(reading=Reading(**stated(Reading)), writing=Writing(**stated(Writing)), **values)


def _type(value: object) -> Any:
    """The name of a pixel type, which may also be one of NumPy's."""
    if isinstance(value, str):
        return DTYPE.read(value)
    from imgconv.values.pixel_values import target

    return target("uint8", value, "clamp").type
