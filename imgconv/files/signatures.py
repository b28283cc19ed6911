"""Signatures of files that are no images, so that a refusal can say what came and what to try. A new kind is one
row."""

from __future__ import annotations

import re
from typing import NoReturn

from imgconv import errors
from imgconv.files.header import Header
from imgconv.files.source import Source
from imgconv.files.text.recognition import is_matrix
from imgconv.values.frozen import record


@record
class Foreign:
    """A row: the pattern at the start of such files (compiled when needed, which is rare), what they are, and what
    makes images of them."""

    pattern: bytes
    what: str
    advice: str

    def matches(self, start: bytes) -> bool:
        return re.match(self.pattern, start, re.DOTALL) is not None


_BLANK = rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*"
POSTSCRIPT = Foreign(
    rb"%!PS|\xc5\xd0\xd3\xc6",
    "a PostScript program",
    "imgconv runs no programs that come in files; draw it first (gs -sDEVICE=png16m)",
)
ARCHIVE = Foreign(rb"PK\x03\x04|PK\x05\x06|7z\xbc\xaf|Rar!", "an archive", "unpack it first")
FOREIGN = (
    POSTSCRIPT,
    ARCHIVE,
    Foreign(
        _BLANK + rb"(?i:<!doctype\s+html|<html|<head|<body)",
        "a web page (HTML)",
        "perhaps a download went wrong; fetch the image itself",
    ),
    Foreign(
        _BLANK + rb"(?:<\?xml[^>]*>\s*)?(?i:<!doctype[^>]*>\s*)?(?:<!--.*?-->\s*)*<svg",
        "a drawing (SVG)",
        "draw it first (rsvg-convert in.svg > in.png)",
    ),
    Foreign(rb"%PDF", "a document (PDF)", "draw its pages first (pdftoppm -png in.pdf page)"),
    Foreign(
        rb"\x1f\x8b|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd",
        "compressed as a whole",
        "decompress it first (gunzip -c in.gz | imgconv ...)",
    ),
    Foreign(
        rb".{4}ftyp(?:hei|hev|mif|msf)",
        "a HEIF picture (HEIC)",
        "which is not read here; convert it first (heif-convert in.heic in.png)",
    ),
    Foreign(
        rb".{4}ftyp(?!avi)|RIFF.{4}AVI |\x1aE\xdf\xa3|\x00\x00\x01[\xb3\xba]|FLV\x01",
        "a film",
        "take its frames first (ffmpeg -i in.mp4 frame%04d.png)",
    ),
    Foreign(rb"\x7fELF|MZ|\xca\xfe\xba\xbe|\xcf\xfa\xed\xfe", "a program", "name an image"),
    Foreign(rb"SQLite format 3|\x89HDF", "a database", "name an image, or export the pixels as .npy"),
    Foreign(
        rb"\x80[\x02-\x05].", "Python objects (pickle), which are never loaded", "save plain numbers with numpy.save"
    ),
)
BROKEN = {
    b"\x89PNG": "PNG",
    b"\xff\xd8": "JPEG",
    b"GIF8": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"RIFF": "WebP",
    b"BM": "BMP",
    b"8BPS": "PSD",
} | {b"P%c%c" % (kind, blank): "PNM" for kind in b"1234567fF" for blank in b" \n\r\t"}
"""Starts of known image formats: a file of these that no reader takes has a damaged header."""
_TEXT = rb"[\t\n\r\f -~\x80-\xff]+"


def is_program(start: bytes) -> bool:
    """Whether a file is a program that a reader would run."""
    return POSTSCRIPT.matches(start)


def refuse_program(source: Source) -> Header:
    """Raises FileError: nothing in a file is run."""
    raise foreign(source.name, POSTSCRIPT.what, POSTSCRIPT.advice)


_TEXT_IMAGES = rb"P[1-7fF]\s|/\* XPM|\s*#define|Image type:|SIMPLE|\{"
"""Starts of images that are text, at least at first: PNM, XPM, XBM, IM, FITS."""


def is_hopeless(start: bytes) -> bool:
    """Whether no image starts so; such a stream is not read to its end, which may never come."""
    text = re.fullmatch(_TEXT, start) and not re.match(_TEXT_IMAGES, start) and not is_matrix(start)
    return bool(text or not start.strip(b"\0") or any(row.matches(start) for row in FOREIGN if row is not ARCHIVE))


def refuse(name: str, start: bytes) -> NoReturn:
    """Raises the FileError that says most about a file that no reader knew."""
    for row in FOREIGN:
        if row.matches(start):
            raise foreign(name, row.what, row.advice)
    for magic, kind in BROKEN.items():
        if start.startswith(magic):
            raise errors.FileError(
                f"{name}: begins as a {kind} file, but is broken, cut short or of an unsupported kind; get a whole copy"
                " or convert it"
            )
    if re.fullmatch(_TEXT, start):
        raise foreign(name, "text", "name an image")
    if not start.strip(b"\0"):
        raise foreign(name, "nothing but zeros", "get a whole copy")
    raise errors.FileError(f"{name}: not an image that imgconv or Pillow recognises; convert it to PNG or TIFF first")


def foreign(name: str, what: str, advice: str) -> errors.FileError:
    """The error for a file that is something else than an image."""
    return errors.FileError(f"{name}: is {what}, not an image; {advice}")
