"""What the lab drew, as a file or on standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from imgconv import errors

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

STREAM = "-"


def write(picture: Picture, path: str) -> str:
    """Writes an RGB picture, in the format of the suffix (a PNG to `-`); what to say about it.

    Raises
    ------
    UsageError
        For a suffix that no format has, or a terminal as standard output.
    FileError
        For a place that cannot be written, or a format that cannot hold RGB.
    """
    import numpy as np

    from imgconv.files import place
    from imgconv.files.formats import FORMATS, format_of
    from imgconv.files.write import encoded
    from imgconv.image import Frame, Image

    image = Image((Frame(np.asarray(picture)),), "png")
    if path == STREAM:
        if sys.stdout is not None and sys.stdout.isatty():
            raise errors.binary_to_terminal()
        place.write_stdout(encoded(image, FORMATS["png"], path, fast=True))
    else:
        place.write(path, encoded(image, format_of(path), path))
    return f"{'standard output' if path == STREAM else path}: {picture.width}x{picture.height} {image.mode}"
