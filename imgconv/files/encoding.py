"""Encoding: what every writer of a format gets beside the pixels, and the call of Pillow's encoders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from imgconv import errors
from imgconv.files.formats import Format
from imgconv.files.header import first_line
from imgconv.files.options import Writing
from imgconv.values.frozen import record


@record
class Encoding:
    """How to encode: the level of deflate, the options, and the number of threads (None: as many as there are)."""

    level: int
    writing: Writing
    threads: int | None


def saved(picture: Any, stream: IO[bytes], form: Format, options: Mapping[str, Any]) -> None:
    """A picture of Pillow's into a stream; ValueError for whatever its encoders raise."""
    _known(form)
    try:
        picture.save(stream, form.pillow, **options)
    except (
        OSError,
        ValueError,
        OverflowError,
        MemoryError,
        errors.ImgconvError,
    ):  # the last of frames still to be made
        raise
    except Exception as error:  # encoders raise what they like
        raise ValueError(first_line(error)) from error


def _known(form: Format) -> None:
    """Raises ValueError for a format that Pillow was built without."""
    from PIL import Image as pillow

    if form.pillow not in pillow.SAVE:
        pillow.init()
    if form.pillow not in pillow.SAVE:
        raise ValueError(f"this Pillow was built without {form.name.upper()}; imgconv doctor lists what it has")
