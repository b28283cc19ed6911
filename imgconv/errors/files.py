"""Sentences about files and formats."""

from __future__ import annotations

from collections.abc import Sequence

from imgconv.errors.base import FileError, ImgconvError, UsageError, shown, suggestion


def file_missing(path: str) -> FileError:
    return FileError(f"{path}: no such file")


def file_unreadable(path: str, why: str) -> FileError:
    return FileError(f"{path}: cannot be read ({why})")


def file_is_folder(path: str) -> FileError:
    return FileError(f"{path}: is a folder, not an image; name the images in it (for instance {path.rstrip('/')}/*.png)")


def file_empty(path: str) -> FileError:
    return FileError(f"{path}: empty, no image in it")


def file_unknown(path: str) -> FileError:
    return FileError(f"{path}: not an image that imgconv or Pillow recognises")


def file_broken(path: str, why: str) -> FileError:
    return FileError(f"{path}: broken or cut short ({why})")


def file_mode(path: str, mode: str, served: Sequence[str]) -> FileError:
    return FileError(f"{path}: pixel mode {mode} is not served yet (served: {', '.join(served)}); convert the file first")


def file_narrowed(path: str) -> FileError:
    return FileError(f"{path}: has 16 bits a channel, of which Pillow would keep only 8; refused rather than lost (convert it to 8 bits, or load it as .npy)")


def file_too_large(path: str, why: str) -> FileError:
    return FileError(f"{path}: refused as a possible decompression bomb ({why})")


def file_pickle(path: str) -> FileError:
    return FileError(f"{path}: holds Python objects (pickle), which are never loaded; save plain numbers with numpy.save")


def no_folder(path: str, folder: str) -> FileError:
    return FileError(f"{path}: there is no folder {folder} (a folder named as -o {folder}/ is made)")


def named(path: str, error: ImgconvError) -> ImgconvError:
    """The same error, saying which image it is about."""
    return type(error)(f"{path}: {error}")


def file_unwritable(path: str, why: str) -> FileError:
    return FileError(f"{path}: cannot be written ({why})")


def resolution(dpi: float) -> ValueError:
    """The writer that meets it knows no path; `file_unwritable` says where."""
    return ValueError(f"a resolution of {dpi:g} dots per inch has no place in a PNG")


def file_exists(path: str) -> FileError:
    return FileError(f"{path}: exists already and was not replaced (--overwrite replaces it, -o FILE names another)")


def format_unknown(word: str, known: Sequence[str]) -> UsageError:
    return UsageError(f"format {shown(word)} is not known{suggestion(word, known) or ';'} choose from {', '.join(known)}")


def format_no_suffix(path: str, known: Sequence[str]) -> UsageError:
    return UsageError(f"{path}: no suffix tells the format; add one (.{', .'.join(known[:4])} ...) or give --format")


def format_cannot_hold(path: str, name: str, what: str, able: Sequence[str]) -> FileError:
    return FileError(f"{path}: {name.upper()} cannot hold {what}; formats that can: {', '.join(able) or 'none'}")
