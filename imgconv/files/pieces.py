"""Pieces of a file written: to a file that can be sought, or to a stream."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

from imgconv import errors
from imgconv.files.by_rows import Pieces
from imgconv.values.unfinished import unfinished

_PIECE = 2**20


def write_all(stream: IO[bytes], content: Iterable[bytes | memoryview]) -> None:
    """Unbuffered streams (PYTHONUNBUFFERED, devices) take what they can at a time."""
    for piece in content:
        left = memoryview(piece)
        while left:
            left = left[stream.write(left) or 0 :]


def spooled(content: Pieces) -> Iterable[bytes | memoryview]:
    """The pieces of a file for a stream that cannot be sought. Those still to be made go through a file without
    a name first: they may end in an error, or begin with what only the last one knows."""
    if isinstance(content, list):
        yield from content
        return
    with temporary() as file:
        fill(file, content)
        yield from reread(file)


@contextmanager
def temporary() -> Iterator[IO[bytes]]:
    """A temporary file without a name. Raises FileError where its folder takes none, or is full."""
    import tempfile

    with _temporary_refusals(), tempfile.TemporaryFile() as file:
        yield file


@contextmanager
def temporary_copy(content: Pieces) -> Iterator[str]:
    """The path of a temporary file of this content, for what takes a path. Raises as `temporary`."""
    import tempfile

    with _temporary_refusals():
        handle, path = tempfile.mkstemp(suffix=".imgconv")
        with unfinished(path):
            with os.fdopen(handle, "w+b") as file:
                fill(file, content)
            yield path
            os.unlink(path)


@contextmanager
def _temporary_refusals() -> Iterator[None]:
    """A context in which an error of the system becomes a FileError about the folder of temporary files."""
    import tempfile

    try:
        yield
    except OSError as error:
        if isinstance(error, (errors.ImgconvError, BrokenPipeError)):
            raise
        folder, why = tempfile.tempdir or "temporary files", error.strerror or str(error)
        raise errors.FileError(
            f"{folder}: cannot be written ({why}), where results wait until they are whole; TMPDIR names another folder"
        ) from None


def fill(stream: IO[bytes], content: Pieces) -> None:
    """Writes content to a file that can be sought, pieces for passed places (`Patch`) to where they belong."""
    for piece in content:
        if isinstance(piece, tuple):
            place, patch = piece
            stream.seek(place)
            stream.write(patch)
            stream.seek(0, os.SEEK_END)
        else:
            stream.write(piece)


def reread(stream: IO[bytes]) -> Iterator[bytes]:
    """What was written to a file, in pieces."""
    stream.seek(0)
    while piece := stream.read(_PIECE):
        yield piece
