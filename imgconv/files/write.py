"""Image to bytes, and bytes to a file that is either the old one or the whole new one."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import tempfile

import numpy as np

from imgconv import errors
from imgconv.files.formats import ARRAY, FORMATS, Format, format_of
from imgconv.files.modes import holder, joined
from imgconv.image import Image


def save(image: Image, path: str | os.PathLike[str], format: str | None = None) -> None:
    """Writes an image; the suffix decides the format unless `format` names it. An existing file is replaced, atomically.

    Raises
    ------
    UsageError
        For a suffix or format name that is not known.
    FileError
        For an image that the format cannot hold, or a place that cannot be written.
    """
    from imgconv.files.formats import format_named

    where = os.fspath(path)
    form = format_named(format) if format else format_of(where)
    write(where, encoded(image, form, where))


def able(type_: str, channels: int, alpha: bool) -> list[str]:
    """The names of the formats that can hold such pixels."""
    mode = holder(type_, channels, alpha)
    return [row.name for row in FORMATS.values() if mode in row.modes or ARRAY in row.modes]


def check(form: Format, type_: str, channels: int, alpha: bool, path: str) -> None:
    """Raises FileError, naming formats that can, if `form` cannot hold such pixels."""
    names = able(type_, channels, alpha)
    if form.name not in names:
        what = f"{channels} channel{'s' * (channels > 1)}{' and alpha' if alpha else ''} of {type_}"
        raise errors.format_cannot_hold(path, form.name, what, names)


def encoded(image: Image, form: Format, path: str, *, fast: bool = False) -> bytes:
    """The image as the bytes of a file; `fast` prefers speed to size."""
    frame = image.frames[0]
    channels = frame.pixels.shape[2] if frame.pixels.ndim == 3 else 1
    check(form, frame.pixels.dtype.name, channels, frame.alpha is not None, path)
    buffer = io.BytesIO()
    if ARRAY in form.modes:
        np.save(buffer, frame.pixels if frame.alpha is None else joined(frame), allow_pickle=False)
        return buffer.getvalue()
    from PIL import Image as pillow

    carried = {key: value for key, value in image.metadata.items() if key in form.carries}
    try:
        pillow.fromarray(np.ascontiguousarray(joined(frame))).save(buffer, form.pillow, **form.options(fast), **carried)
    except (OSError, ValueError, OverflowError) as error:
        raise errors.file_unwritable(path, str(error)) from error
    return buffer.getvalue()


def write(path: str, content: bytes) -> None:
    """The content in a temporary file beside the target, flushed, then renamed over it; permissions of an old file are kept.

    What is no regular file (a FIFO, a device) is written to directly. Raises FileError.
    """
    where = os.path.realpath(path)
    try:
        known = os.stat(where) if os.path.exists(where) else None
        if known is not None and not stat.S_ISREG(known.st_mode):
            if stat.S_ISDIR(known.st_mode):
                raise errors.file_is_folder(path)
            with open(where, "wb") as stream:
                stream.write(content)
            return
        _replace(where, content, stat.S_IMODE(known.st_mode) if known else 0o666 & ~_umask())
    except BrokenPipeError:
        raise
    except OSError as error:
        if isinstance(error, errors.ImgconvError):
            raise
        raise errors.file_unwritable(path, error.strerror or str(error)) from None


def _replace(where: str, content: bytes, permissions: int) -> None:
    folder, name = os.path.split(where)
    if os.path.exists(where) and not os.access(where, os.W_OK):
        raise PermissionError(13, "Permission denied")
    handle, temporary = tempfile.mkstemp(prefix=f".{name[:100]}.", suffix=".part", dir=folder)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, permissions)
        os.replace(temporary, where)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
