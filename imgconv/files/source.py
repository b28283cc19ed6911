"""Source: an opened image file, the one value that readers, checks and metadata get."""

from __future__ import annotations

import io
from typing import IO, Any

from imgconv import errors
from imgconv.files.options import Reading
from imgconv.values.notes import Note


class Source:
    """An image file that is being read.

    Attributes
    ----------
    name : str
        The file as sentences call it.
    stream : IO[bytes]
        Its bytes; it can be sought.
    options : Reading
        What is to be read, and what that may cost.
    lenient : bool
        Whether missing or damaged pixels are read as far as they go. A file is read strictly first, also where
        `options` allow damage.
    notes : list of Note
        What is to be said of the image, in the order in which it was noticed.
    shortage : str
        What a parser warned of that means that a part of the file is missing; empty where none did.
    missing_values : str
        The same of values of fields that are missing: in TIFF a part of the file, elsewhere of what it says.
    chunks : dict of bytes to bytes, or None
        The kinds of a PNG's chunks before the pixels, with what they begin with, once they were walked through.
    directories : list of int
        Where the directories of a TIFF stand that were looked for, so that no page is found by way of all before it.
    end : int, optional
        The byte at which the image ends, where a reader came across it.
    decoded : Any
        The frames of a codec that decodes all of them at once, so that it does so once.
    """

    def __init__(
        self, name: str, stream: IO[bytes], options: Reading = Reading(), *, lenient: bool = False, notes: Any = None
    ) -> None:
        self.name, self.stream, self.options, self.lenient = name, stream, options, lenient
        self.notes: list[Note] = [] if notes is None else notes
        self.shortage = self.missing_values = ""
        self.chunks: dict[bytes, bytes] | None = None
        self.directories: list[int] = []
        self.end: int | None = None
        self.decoded: Any = None

    def note(self, code: str, text: str, *, loss: bool = True) -> None:
        """Adds a note of what was noticed."""
        self.add(Note(code, text, loss))

    def add(self, *notes: Note) -> None:
        """Adds notes, each unless it is there already."""
        self.notes += [note for note in dict.fromkeys(notes) if note not in self.notes]

    def note_missing(self, count: int) -> None:
        """Notes that bytes of pixels are missing. Raises FileError unless the options allow that."""
        if count and not self.options.allow_truncated:
            raise errors.bytes_missing(self.name, count)
        if count:
            self.note("truncated", f"cut short: {count} bytes of pixels are missing and were set to 0")

    def refuse_shortage(self, form: str) -> None:
        """Raises FileError where a parser of this format warned that a part of the file is missing."""
        if shortage := self.shortage or (self.missing_values if form == "tiff" else ""):
            raise errors.file_broken(self.name, shortage)

    def inner(self, content: bytes) -> Source:
        """A picture that stands inside this file, as a source of its own whose notes are this file's."""
        return Source(self.name, io.BytesIO(content), self.options, lenient=self.lenient, notes=self.notes)
