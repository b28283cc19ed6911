"""The table of dialects: a new one is one module beside this, and one row of DIALECTS."""

from __future__ import annotations

from imgconv import errors
from imgconv.kernels.dialects.arrays import NPY, NPZ
from imgconv.kernels.dialects.base import Dialect, Written, uncommented, with_minuses
from imgconv.kernels.dialects.comma import CSV
from imgconv.kernels.dialects.ffmpeg import FFMPEG
from imgconv.kernels.dialects.gmic import GMIC
from imgconv.kernels.dialects.imagemagick import IMAGEMAGICK
from imgconv.kernels.dialects.netpbm import NETPBM
from imgconv.kernels.dialects.objects import JSON
from imgconv.kernels.dialects.pictures import IMAGE
from imgconv.kernels.dialects.python import PYTHON
from imgconv.kernels.dialects.rows import ROWS
from imgconv.kernels.dialects.svg import SVG
from imgconv.kernels.dialects.vips import VIPS
from imgconv.kernels.kernel import Kernel

DIALECTS: dict[str, Dialect] = {
    row.name: row for row in (ROWS, IMAGEMAGICK, VIPS, NETPBM, GMIC, FFMPEG, SVG, CSV, JSON, NPY, NPZ, IMAGE, PYTHON)
}
"""Plain rows first: what no other dialect claims is read as such."""

_CALLED = {name: row for row in DIALECTS.values() for name in (row.name, *row.aliases)}


def called(name: str) -> Dialect | None:
    """The dialect of this name or alias."""
    return _CALLED.get(name.strip().lower())


def recognised(text: str, name: str, suffix: str = "") -> Dialect:
    """The dialect that a text is written in; `shown` is what the user calls the text.

    Raises
    ------
    UsageError
        Where it could be plain rows as well, and its suffix does not decide.
    """
    content = with_minuses(uncommented(text)).lstrip()
    dialect = next(
        (
            row
            for row in DIALECTS.values()
            if row.claims(content) or (suffix.lower() in row.suffixes and row.cut(content))
        ),
        DIALECTS["rows"],
    )
    if (readings := dialect.doubt(content)) and suffix.lower() not in dialect.suffixes:
        raise errors.UsageError(
            f"kernel {errors.shown(name)} can be read in two ways, as {readings}; name one: {dialect.name}:… or rows:…"
        )
    return dialect


def write(kernel: Kernel, name: str) -> Written:
    """The kernel in the dialect of this name.

    Raises
    ------
    UsageError
        For an unknown name, or a kernel that the dialect cannot express.
    """
    row = called(name)
    writable = [row.name for row in DIALECTS.values() if row.write]
    if row is None:
        raise errors.unknown("dialect", name, writable)
    if row.write is None:
        raise errors.UsageError(
            f"kernels are only read from {row.name}, not written; choose from {', '.join(writable)}"
        )
    return row.write(kernel)
