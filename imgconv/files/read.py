"""Bytes to Image: the kind is recognised by content; the header is read first, the pixels on demand."""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import IO, Any

import numpy as np

from imgconv import errors
from imgconv.files import raw
from imgconv.files.formats import FORMATS
from imgconv.files.modes import MODES, to_frame
from imgconv.image import Frame, Image
from imgconv.numerics import widened_type
from imgconv.report import Note

STDIN = "-"
_MOST_PIXELS = 2 * (2**30 // 4 // 3)  # where Pillow refuses too
_NPY_MAGIC = b"\x93NUMPY"
_CARRIED = ("icc_profile", "exif", "dpi")


@dataclass(frozen=True)
class Header:
    """What is known before the pixels are read; `load()` reads them."""

    path: str
    height: int
    width: int
    channels: int
    alpha: bool
    type: str
    format: str
    load: Callable[[], Image]
    stream: IO[bytes]

    def __enter__(self) -> Header:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()


def load(path: str | os.PathLike[str]) -> Image:
    """The image in a file, whatever its suffix says.

    Parameters
    ----------
    path : str or path-like
        An image that Pillow opens (modes 1, L, P, RGB, RGBA) or a `.npy` array (H, W) or (H, W, C); "-" is standard input.

    Raises
    ------
    FileError
        For a file that is missing, broken, of an unserved mode, or that would be narrowed.
    PixelError
        For an array that is no image.
    """
    return header(os.fspath(path)).load()


def header(path: str) -> Header:
    """Opens an image and reads its header. Raises FileError or PixelError as `load` does."""
    name = "standard input" if path == STDIN else path
    stream = _opened(path, name)
    try:
        return _recognised(name, stream)
    except BaseException:
        stream.close()
        raise


def _recognised(name: str, stream: IO[bytes]) -> Header:
    """The kind of file, by how it starts."""
    start = stream.read(raw.LONGEST_HEADER)
    stream.seek(0)
    if not start:
        raise errors.file_empty(name)
    if start.startswith(_NPY_MAGIC):
        return _npy_header(name, stream)
    pnm = raw.pnm_header(start)
    return _pnm_header(name, stream, *pnm) if pnm else _pillow_header(name, stream)


def _opened(path: str, name: str) -> IO[bytes]:
    try:
        if path == STDIN:
            if sys.stdin is None:
                raise errors.file_unreadable(name, "it is closed")
            return io.BytesIO(sys.stdin.buffer.read())
        stream = open(path, "rb")  # noqa: SIM115 (the header's load() reads on)
        return stream if stream.seekable() else io.BytesIO(stream.read())
    except FileNotFoundError:
        raise errors.file_missing(name) from None
    except IsADirectoryError:
        raise errors.file_is_folder(name) from None
    except (OSError, ValueError) as error:
        if isinstance(error, errors.ImgconvError):
            raise
        raise errors.file_unreadable(name, getattr(error, "strerror", None) or str(error)) from None


# ---------------------------------------------------------------- .npy


def _npy_header(name: str, stream: IO[bytes]) -> Header:
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
    except Exception as error:
        raise errors.file_broken(name, _first_line(error)) from error
    if dtype.hasobject:
        raise errors.file_pickle(name)
    if len(shape) not in (2, 3):
        raise errors.pixel_shape(shape)
    if min(shape) < 0:
        raise errors.file_broken(name, f"a shape of {shape}")
    if 0 in shape:
        raise errors.pixel_none(shape)
    type_ = widened_type(dtype)

    def load() -> Image:
        stream.seek(0)
        try:
            return Image((Frame(np.load(stream, allow_pickle=False)),), "npy")
        except MemoryError:
            raise errors.no_memory(name) from None
        except Exception as error:
            raise errors.file_broken(name, _first_line(error)) from error
        finally:
            stream.close()

    return Header(name, shape[0], shape[1], shape[2] if len(shape) == 3 else 1, False, type_, "npy", load, stream)


# ---------------------------------------------------------------- binary PNM


def _pnm_header(name: str, stream: IO[bytes], height: int, width: int, channels: int, start: int) -> Header:
    if height * width > _MOST_PIXELS:
        raise errors.file_too_large(name, f"{height * width} pixels, more than {_MOST_PIXELS}")

    def load() -> Image:
        try:
            return Image((Frame(raw.read_pnm(stream, height, width, channels, start)),), "ppm")
        except MemoryError:
            raise errors.no_memory(name) from None
        except (EOFError, OSError) as error:
            raise errors.file_broken(name, _first_line(error)) from error
        finally:
            stream.close()

    return Header(name, height, width, channels, False, "uint8", "ppm", load, stream)


# ---------------------------------------------------------------- Pillow


def _pillow_header(name: str, stream: IO[bytes]) -> Header:
    from PIL import Image as pillow
    from PIL import UnidentifiedImageError

    notes: list[Note] = []
    try:
        image = _quietly(lambda: pillow.open(stream), notes)
    except UnidentifiedImageError:
        raise errors.file_unknown(name) from None
    except pillow.DecompressionBombError as error:
        raise errors.file_too_large(name, _first_line(error)) from None
    except Exception as error:  # decoders raise whatever broken bytes lead them to
        raise errors.file_broken(name, _first_line(error)) from error
    if image.mode not in MODES:
        raise errors.file_mode(name, image.mode, list(MODES))
    if any(";16" in str(part) for tile in image.tile for part in tile):
        raise errors.file_narrowed(name)
    mode = MODES[image.mode](image)
    more = _quietly(lambda: getattr(image, "n_frames", 1), notes, default=1) - 1
    if more:
        notes.append(Note("frames-dropped", f"{more} further frame{'s' * (more > 1)} left out"))

    def load() -> Image:
        try:
            frame = _quietly(lambda: to_frame(image), notes)
        except MemoryError:
            raise errors.no_memory(name) from None
        except Exception as error:
            raise errors.file_broken(name, _first_line(error)) from error
        finally:
            stream.close()
        metadata = {key: image.info[key] for key in _CARRIED if image.info.get(key)}
        return Image((frame,), _format(image), MappingProxyType(metadata), notes=tuple(dict.fromkeys(notes)))

    return Header(name, image.height, image.width, 3 if mode.startswith("RGB") else 1, mode == "RGBA", "uint8", _format(image), load, stream)


def _format(image: Any) -> str:
    return next((row.name for row in FORMATS.values() if row.pillow == image.format), str(image.format).lower())


def _quietly(call: Callable[[], Any], notes: list[Note], default: Any = None) -> Any:
    """The call's result; Pillow's warnings become notes. With a default, a failure gives that: the pixels will tell."""
    from PIL.Image import DecompressionBombWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", DecompressionBombWarning)
        try:
            return call()
        except Exception:
            if default is None:
                raise
            return default
        finally:
            notes.extend(Note("reader-warning", _first_line(warning.message), loss=False) for warning in caught)


def _first_line(error: object) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
