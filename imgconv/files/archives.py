"""Zip archives, unpacked in pieces: neither the directory nor the stated size of a member decides how much memory is
taken.

`zipfile` lists the members. It would unpack whole blocks of any size (a hundred bytes of bzip2 may be 80 MB), so
members are unpacked here.
"""

from __future__ import annotations

import io
import zlib
from copy import copy
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

MAGIC = b"PK\x03\x04"
_LARGEST_READ = 2**22
_PACKED, _UNPACKED = 2**16, 2**20  # bytes that are read, and at most unpacked, at a time
_LEAST_DICTIONARY = 2**12


class _Short:
    """A stream that is not read in one go: `zipfile` asks for a whole directory at once, however long the archive says
    that it is."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.seek, self.tell, self.seekable = stream.seek, stream.tell, stream.seekable

    def read(self, size: int = -1) -> bytes:
        content = self._stream.read(_LARGEST_READ + 1 if not 0 <= size <= _LARGEST_READ else size)
        if len(content) > _LARGEST_READ:
            raise ValueError(f"a directory of more than {_LARGEST_READ >> 20} MiB")
        return content


def directory(stream: IO[bytes]) -> ZipFile:
    """The archive in a stream. Raises ValueError for a directory that is too large, and what `zipfile` does for a
    broken one."""
    import zipfile

    return zipfile.ZipFile(_Short(stream))


def unpacked(archive: ZipFile, info: ZipInfo) -> io.BufferedReader:
    """A member's content: as many bytes as the directory says, or EOFError; the last of them only if their checksum is
    right.

    Raises NotImplementedError for a compression that is not known here, RuntimeError for an encrypted member, and the
    errors of broken ones.
    """
    import zipfile

    packed = copy(info)
    packed.compress_type, packed.file_size = zipfile.ZIP_STORED, info.compress_size
    packed.CRC = None  # type: ignore[assignment]  # of what is unpacked, so `zipfile` cannot know it
    return io.BufferedReader(_Member(archive.open(packed), info))


class _Member(io.RawIOBase):
    """The bytes of a member, unpacked no further than they are read."""

    def __init__(self, packed: IO[bytes], info: ZipInfo) -> None:
        self._packed, self._size, self._left = packed, info.file_size, info.file_size
        self._expected, self._checksum = info.CRC, 0
        self._unpacker = _unpacker(packed, info)

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size - self._left

    def readinto(self, buffer: Any) -> int:
        room = memoryview(buffer).cast("B")
        piece = self._piece(min(len(room), self._left, _UNPACKED))
        room[: len(piece)] = piece
        self._left -= len(piece)
        self._checksum = zlib.crc32(piece, self._checksum)
        if piece and not self._left and self._checksum != self._expected:
            raise ValueError("the CRC of its content is wrong")
        return len(piece)

    def _piece(self, most: int) -> bytes:
        """At least one byte and no more than `most`; none at the end."""
        if not most:
            return b""
        piece = self._packed.read(most) if self._unpacker is None else self._inflated(most)
        if not piece:
            raise EOFError(f"{self._left} bytes are missing")
        return piece

    def _inflated(self, most: int) -> bytes:
        """What comes out next; nothing where no more does."""
        while not self._unpacker.eof:
            needs_input = self._unpacker.needs_input
            packed = self._packed.read(_PACKED) if needs_input else b""
            piece: bytes = self._unpacker.decompress(packed, most)
            if piece or (needs_input and not packed):
                return piece
        return b""


def _unpacker(packed: IO[bytes], info: ZipInfo) -> Any:
    """What unpacks a member, with the methods of `bz2.BZ2Decompressor`; None where there is nothing to unpack."""
    import zipfile

    if info.compress_type == zipfile.ZIP_STORED:
        return None
    if info.compress_type == zipfile.ZIP_DEFLATED:
        return _Inflated()
    if info.compress_type == zipfile.ZIP_BZIP2:
        import bz2

        return bz2.BZ2Decompressor()
    if info.compress_type == zipfile.ZIP_LZMA:
        return _lzma(packed, info.file_size)
    raise NotImplementedError(f"compression method {info.compress_type}")


def _lzma(packed: IO[bytes], size: int) -> Any:
    """APPNOTE 5.8.8: two bytes of a version, two of a length, then the properties: lc, lp and pb in one byte, and the
    dictionary's size."""
    import lzma

    start = packed.read(4)
    properties = packed.read(int.from_bytes(start[2:], "little"))
    if len(properties) < 5:
        raise EOFError("the properties of its compression are missing")
    rest, lc = divmod(properties[0], 9)
    pb, lp = divmod(rest, 5)
    dictionary = max(
        _LEAST_DICTIONARY, min(int.from_bytes(properties[1:5], "little"), size)
    )  # memory is taken for all of it
    return lzma.LZMADecompressor(
        lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1, "lc": lc, "lp": lp, "pb": pb, "dict_size": dictionary}]
    )


class _Inflated:
    """zlib's object with the methods of the others."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(-zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    def decompress(self, packed: bytes, most: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + packed, most)
