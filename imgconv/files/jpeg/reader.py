"""The reader of JPEG: no decoder may fill in what is missing.

Whole baseline and progressive files are decoded by libjpeg-turbo through simplejpeg, strictly: straight into an array,
in half of Pillow's time. All other files, and those that it objects to, go to Pillow's decoder in pieces.

Once libjpeg meets a marker, it reads zeros for all that is missing before it, with a warning that Pillow ignores. So
`_FILLER`, as many bytes as it may look ahead, comes before each marker. If the piece before was whole, libjpeg skips
them as bytes between two markers; if not, it takes them for coded pixels and waits for more. Each byte is decoded once,
and the pixels are the same.
"""

from __future__ import annotations

import contextlib
from typing import Any

from imgconv.files.jpeg import scans
from imgconv.files.jpeg.scans import Scan
from imgconv.files.source import Source
from imgconv.values.image import Frame

_STEP = 2**20  # bytes between which an interrupt is noticed
_AHEAD = 8  # bytes that libjpeg's buffer of bits can hold (jdhuff.h)
_FILLER = b"\xdd" * _AHEAD
"""Of all bytes, repeated, the one in which the fewest blocks of files that were cut came to an end: few tables of codes
have a short code there."""


_AT_ONCE = 2**28
"""Pixels, as often as there are scans, that are decoded by one call, which no interrupt ends."""
_SPACES = {"L": "GRAY", "RGB": "RGB"}
"""simplejpeg's names of Pillow's modes."""


def decoded(source: Source, image: Any) -> Frame | None:
    """The pixels of an opened JPEG by one call; None where `load` is to read it, or to say what is wrong with it."""
    if source.lenient or image.mode not in _SPACES or len(image.tile) != 1 or image.tile[0][2] != 0:
        return None
    source.stream.seek(0)
    content = source.stream.read()
    coded = scans.scans(content)
    if coded[0].process not in scans.HUFFMAN or image.width * image.height * len(coded) > _AT_ONCE:
        return None
    import simplejpeg

    pixels = None
    with contextlib.suppress(ValueError):
        pixels = simplejpeg.decode_jpeg(content, _SPACES[image.mode])
    if pixels is None or pixels.shape[:2] != (image.height, image.width):
        return None
    _finish(source, content, coded)
    return Frame(pixels if image.mode == "RGB" else pixels[..., 0])


def _finish(source: Source, content: bytes, coded: list[Scan], offset: int = 0) -> None:
    """Says where the picture ends that begins at an offset, and what its scans leave out."""
    source.end = offset + scans.end(content, coded)
    if scans.is_approximate(coded):
        source.note(
            "detail-missing", "its scans end before the finest detail, as if it had been cut short between two of them"
        )


def load(source: Source, image: Any) -> None:
    """Loads the pixels of an opened JPEG, or of the picture of an MPO at hand; those of a lenient source are left to
    Pillow.

    Raises ValueError or OSError where pixels are missing, or more are coded than there are.
    """
    from PIL import Image

    if source.lenient or len(image.tile) != 1:
        return
    codec, box, offset, arguments = image.tile[0]
    source.stream.seek(offset)
    content = source.stream.read()
    coded = scans.scans(content)
    image.load_prepare()
    decoder = Image._getdecoder(image.mode, codec, arguments, image.decoderconfig)
    try:
        decoder.setimage(image.im, box)
        _decode(_Decoder(decoder, content), coded)
    finally:
        decoder.cleanup()
    image.tile = []
    _finish(source, content, coded, offset)


class _Decoder:
    """Pillow's decoder, and how far into a file it is."""

    def __init__(self, decoder: Any, content: bytes) -> None:
        self.decoder, self.content, self.at, self.done = decoder, content, 0, False

    def decode(self, stop: int, step: int = _STEP) -> None:
        """Decodes the file up to there, as far as it can."""
        view, end = memoryview(self.content), self.at
        while end < stop and not self.done:
            end = min(stop, max(end, self.at) + step)
            self.at += self._taken(view[self.at : end])

    def skips_filler(self, stop: int) -> bool:
        """Whether it takes bytes of no meaning, behind those up to a place, for nothing of its own: it needs no more of
        them."""
        rest = self.content[self.at : stop] + _FILLER
        return self._taken(rest) == len(rest) and self._taken(_FILLER[:1]) == 1

    def _taken(self, piece: bytes | memoryview) -> int:
        """How many bytes of a piece it takes; all, once every pixel is there."""
        if self.done:
            return len(piece)
        taken, status = self.decoder.decode(piece)
        if taken >= 0:
            return int(taken)
        if status < 0:
            raise OSError("broken data stream")
        self.done = True
        return len(piece)


def _decode(decoder: _Decoder, coded: list[Scan]) -> None:
    if coded[0].process in scans.ARITHMETIC:
        # libjpeg cannot decode these piece by piece, and zeros may be left out at their end
        decoder.decode(len(decoder.content), len(decoder.content))
    else:
        for end in (end for scan in coded for end in scan.ends):
            _decode_piece(decoder, end)
        decoder.decode(len(decoder.content))
    if not decoder.done:
        raise ValueError("its end is missing")


def _decode_piece(decoder: _Decoder, end: int) -> None:
    """Decodes up to the end of a piece. Raises ValueError where its pixels need more than that, or less."""
    last = end - (2 if decoder.content[end - 2 : end] == b"\xff\0" else 1)
    decoder.decode(last)
    idle = decoder.done or decoder.at == last
    decoder.decode(end)
    if (
        idle and (decoder.done or decoder.at == end) and len(set(decoder.content[end - _AHEAD : end])) > 1
    ):  # else it is padding
        raise ValueError("more is coded than its pixels")
    if not decoder.skips_filler(end):
        raise ValueError("coded pixels are missing")
    decoder.at = end
