"""Sentences about files and formats."""

from __future__ import annotations

from collections.abc import Sequence

from imgconv.errors.base import FileError, ImgconvError, amount, cut


def file_broken(path: str, why: str) -> FileError:
    return _damaged(path, f"broken or cut short ({why})")


def _damaged(path: str, reason: str) -> FileError:
    text = f"{path}: {reason}; get a whole copy (--allow-truncated reads what is there)"
    return FileError(text, reason=reason, recoverable=True)


def file_mode(path: str, mode: str) -> FileError:
    return FileError(f"{path}: unsupported pixel mode {mode}; convert the file to gray, RGB or CMYK first")


def file_size(path: str, width: object, height: object) -> FileError:
    return FileError(f"{path}: broken: invalid image size {cut(str(width))}x{cut(str(height))}; get a whole copy")


def too_many_pixels(path: str, pixels: int, most: int) -> FileError:
    return FileError(
        f"{path}: has {pixels} pixels, more than {most}, and may be a decompression bomb; if you trust it: --max-pixels"
        f" {pixels}"
    )


def too_much_memory(path: str, needed: float, most: float) -> FileError:
    return FileError(
        f"{path}: would take about {amount(needed)} of memory, more than {amount(most)} (--max-memory allows more); use"
        " a smaller image or a larger stride"
    )


def header_endless(path: str) -> FileError:
    return FileError(
        f"{path}: broken: its header has more parts than any picture needs, and no end was found; get a whole copy"
    )


def bytes_missing(path: str, count: int) -> FileError:
    return _damaged(path, f"cut short, {count} bytes of its pixels are missing")


def no_folder(path: str, folder: str) -> FileError:
    return FileError(f"{path}: there is no folder {folder} (a folder named as -o {folder}/ is made)")


def named(path: str, error: ImgconvError) -> ImgconvError:
    """The same error with the image that it is about before its sentence."""
    renamed = type(error)(f"{path}: {error}")
    renamed.path = path
    return renamed


def file_unwritable(path: str, why: str) -> FileError:
    return FileError(f"{path}: cannot be written ({why})")


def file_exists(path: str) -> FileError:
    return FileError(f"{path}: exists already and was not replaced (--overwrite replaces it, -o FILE names another)")


def format_cannot_hold(path: str, name: str, what: str, able: Sequence[str], remedy: str = "") -> FileError:
    return FileError(
        f"{path}: {name.upper()} cannot hold {what}; formats that can:"
        f" {', '.join(able) or 'none'}{remedy and f' ({remedy})'}"
    )


def always_lossy(path: str, name: str, able: Sequence[str]) -> FileError:
    return FileError(f"{path}: {name.upper()} cannot be lossless; formats that are: {', '.join(able)}")
