"""Inputs: files, folders, patterns and lists of names become the files that are read."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from imgconv import errors
from imgconv.files import places, urls
from imgconv.files.formats import BY_SUFFIX, split_member
from imgconv.files.zarr.recognition import is_zarr
from imgconv.values.frozen import record

STREAM = "-"
MOST_LIST = 2**30
"""Bytes of a list of names, which may come from an endless stream."""
_LONGEST_NAME, _DEEPEST = 2**15, 128
_READ_ONLY = (".cur", ".dcx", ".fit", ".fits", ".flc", ".fli", ".icns", ".ico", ".j2c", ".j2k", ".mpo", ".pbm", ".psd")
"""Suffixes of formats that are read and not written."""
_ONLY_NAMED = (".csv",)
"""Suffixes of files that hold images when they are named; beside images they are lists of names and labels."""
_SLASHES = os.sep + (os.altsep or "")
_PATTERN = frozenset("*?[")


@record
class Source:
    """An input: its path, or STREAM, and the folders between it and the folder or pattern that it was found by (None if
    it was named itself)."""

    path: str
    below: str | None = None


@record
class Inputs:
    """The inputs as a user names them.

    Attributes
    ----------
    words : tuple of str
        Files, folders, patterns (`scans/*.png`), lists (`@list.txt`), or STREAM. What exists is taken literally.
    recursive : bool
        Whether folders include the folders below them.
    files_from : str, optional
        A file of names, one on each line, or STREAM.
    null : bool
        Whether names in `files_from` end with a NUL character.
    """

    words: tuple[str, ...] = ()
    recursive: bool = False
    files_from: str | None = None
    null: bool = False

    @property
    def several(self) -> bool:
        """Whether there may be several inputs, even if just one is found."""
        return (
            len(self.words) > 1
            or self.files_from is not None
            or any((places.is_folder(word) and not is_zarr(word)) or not is_literal(word) for word in self.words)
        )

    def sources(self, output: str | None = None) -> list[Source]:
        """The files to read, those of a folder by name. Folders leave out the folder of the `output`.

        Raises
        ------
        UsageError
            If a list has no names, or standard input is asked for twice.
        FileError
            If a folder has no images, nothing matches a pattern, or a list cannot be read.
        """
        if self.null and self.files_from is None:
            raise errors.UsageError("-0 is about the names that --files-from reads; give that, too")
        if self.files_from is not None and STREAM in (*self.words, self.files_from) and self.words.count(STREAM):
            raise errors.UsageError("standard input cannot be an image and a list of names; put the names in a file")
        found = [source for word in self.words for source in _named(word, self.recursive, output)]
        if self.files_from is not None:
            found += _listed(self.files_from, b"\0" if self.null else b"\n", self.recursive, output)
        return found


def is_literal(word: str) -> bool:
    """Whether a word names one input: it exists, or it is neither a pattern nor a list."""
    if word == STREAM or urls.is_web(word):
        return True
    return not (word.startswith("@") or _PATTERN & set(word)) or _is_there(word)


def _is_there(word: str) -> bool:
    return places.exists(word) if urls.is_url(word) else os.path.lexists(word)


def _named(word: str, recursive: bool, output: str | None) -> list[Source]:
    if is_zarr(word):
        return [Source(word.rstrip(_SLASHES))]
    if places.is_folder(word):
        return _in_folder(word, recursive, output)
    if is_literal(word) or os.path.lexists(split_member(word)[0]):
        return [Source(word)]
    if word.startswith("@"):
        return _listed(word[1:], b"\n", recursive, output)
    return _matching(word)


def _in_folder(folder: str, recursive: bool, output: str | None) -> list[Source]:
    found = [Source(path, _below(path, folder)) for path in _walk(folder, recursive, output)]
    if not found:
        more = "" if recursive else "; --recursive looks into the folders below"
        raise errors.FileError(f"{folder}: there is no image in this folder{more}")
    return found


def _walk(folder: str, recursive: bool, output: str | None) -> Iterator[str]:
    """The images in a folder, by their suffixes; hidden ones and links to folders are left out."""
    if urls.is_url(folder):
        yield from _walk_remote(folder, recursive, output)
        return
    left_out = None if output is None else os.path.realpath(output)

    def refused(error: OSError) -> None:
        raise errors.FileError(f"{error.filename}: cannot be read ({error.strerror})") from None

    for place, folders, files in os.walk(folder, onerror=refused):
        if place.count(os.sep) > folder.count(os.sep) + _DEEPEST:
            raise errors.FileError(f"{folder}: has folders more than {_DEEPEST} deep; name those further down")
        shown = [name for name in sorted(folders) if not name.startswith(".")]
        images = [name for name in shown if is_zarr(os.path.join(place, name))]
        yield from (os.path.join(place, name) for name in images)
        folders[:] = [
            name
            for name in shown
            if recursive and name not in images and os.path.realpath(os.path.join(place, name)) != left_out
        ]
        for name in sorted(files):
            if _is_image(name):
                yield os.path.join(place, name)


def _walk_remote(folder: str, recursive: bool, output: str | None) -> Iterator[str]:
    """The same of a URL."""
    from imgconv.files import remote

    base, left_out = f"{folder.rstrip('/')}/", f"{(output or '').rstrip('/')}/"
    inside = left_out.startswith(base) and left_out != base
    for url in remote.files_in(folder, recursive=recursive):
        below = url[len(base) :].split("/")
        hidden = any(name.startswith(".") for name in below)
        if _is_image(below[-1]) and not hidden and not (inside and url.startswith(left_out)):
            yield url


def _is_image(name: str) -> bool:
    """Whether a name in a folder is that of an image, by its suffix."""
    suffix = os.path.splitext(name)[1].lower()
    known = suffix in BY_SUFFIX or suffix in _READ_ONLY
    return known and suffix not in _ONLY_NAMED and not name.startswith(".")


def _matching(pattern: str) -> list[Source]:
    """The files that match a pattern; `**` stands for any folders."""
    from glob import glob

    root = pattern
    while _PATTERN & set(root):
        root = os.path.dirname(root)
    if urls.is_url(pattern):
        from imgconv.files import remote

        files = remote.matching(pattern)
    else:
        files = sorted(path for path in glob(pattern, recursive=True) if is_zarr(path) or not os.path.isdir(path))
    if not files:
        raise errors.FileError(f"{pattern}: there is no such file, and none matches it as a pattern")
    return [Source(path, _below(path, root)) for path in files]


def _below(path: str, root: str) -> str:
    """The folders between a root and a file below it; empty if there are none."""
    between = os.path.relpath(os.path.dirname(path) or os.curdir, root or os.curdir)
    return "" if between == os.curdir else between


def _listed(path: str, end: bytes, recursive: bool, output: str | None) -> list[Source]:
    """The files of a list, each taken literally; folders give their images."""
    names = [name.removesuffix(b"\r") if end == b"\n" else name for name in _content(path).split(end)]
    found = list[Source]()
    for name in map(os.fsdecode, filter(None, names)):
        if len(name) > _LONGEST_NAME:
            raise errors.FileError(f"{shown(path)}: has a name of {len(name)} characters; names are separated by lines")
        if name == STREAM:
            name = os.path.join(os.curdir, name)  # noqa: PLW2901 (a file of this name)
        found += _in_folder(name, recursive, output) if _is_listed_folder(name) else [Source(name)]
    if not found:
        raise errors.UsageError(f"{shown(path)}: this list has no names")
    return found


def _is_listed_folder(name: str) -> bool:
    """Whether a name of a list is a folder; a URL says so by its end, so that not each is asked for."""
    return (
        name.endswith("/") and not urls.is_web(name) if urls.is_url(name) else os.path.isdir(name) and not is_zarr(name)
    )


def _content(path: str) -> bytes:
    try:
        if path == STREAM:
            if sys.stdin is None:
                raise errors.FileError("standard input: cannot be read (it is closed)")
            content = sys.stdin.buffer.read(MOST_LIST + 1)
        else:
            with open(path, "rb") as file:
                content = file.read(MOST_LIST + 1)
    except FileNotFoundError:
        raise errors.FileError(f"{path}: there is no such list of names") from None
    except OSError as error:
        if isinstance(error, errors.ImgconvError):
            raise
        raise errors.FileError(f"{shown(path)}: cannot be read ({error.strerror or error})") from None
    if len(content) > MOST_LIST:
        raise errors.FileError(f"{shown(path)}: is longer than {MOST_LIST >> 30} GiB, too much for a list of names")
    return content


def shown(path: str) -> str:
    """What an input is called in sentences."""
    return "standard input" if path == STREAM else path
