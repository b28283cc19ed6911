"""Pictures of the lab as files or on standard output."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from imgconv import errors

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

STREAM = "-"


def check(path: str) -> None:
    """Before anything is drawn: UsageError for a suffix that no format has, or a terminal as standard output; FileError
    for a folder that is not there."""
    from imgconv.files.formats import format_of

    if path == STREAM and sys.stdout is not None and sys.stdout.isatty():
        raise errors.binary_to_terminal()
    if path != STREAM:
        format_of(path)
        folder = os.path.dirname(path)
        if folder and not os.path.isdir(folder):
            raise errors.no_folder(path, folder)


def write(picture: Picture, path: str) -> str:
    """Writes an RGB picture in the format of the suffix (a PNG to `-`); a sentence about it.

    Raises
    ------
    UsageError
        As `check`.
    FileError
        For a path that cannot be written, or a format that cannot hold RGB.
    """
    import numpy as np

    from imgconv.files import atomic
    from imgconv.files.formats import FORMATS, format_of
    from imgconv.files.write import encoded, put
    from imgconv.values.image import Frame, ImageData

    check(path)
    image = ImageData((Frame(np.asarray(picture)),), "png")
    if path == STREAM:
        atomic.write_stdout(encoded(image, FORMATS["png"], path, fast=True))
    else:
        put(format_of(path), path, encoded(image, format_of(path), path))
    return f"{'standard output' if path == STREAM else path}: {picture.width}x{picture.height} {image.mode}"
