"""Unknown chunks of PNG and segments of JPEG, which have no place in a result; no pixels are read for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from imgconv.files.png import chunks
from imgconv.files.source import Source

_MOST_NAMED = 8
_CHUNKS = (
    b"IHDR PLTE tRNS gAMA cHRM sRGB iCCP pHYs eXIf tEXt zTXt iTXt acTL fcTL fdAT iDOT tIME bKGD hIST sBIT sPLT".split()
)
"""PNG's chunks that are kept, are the pixels themselves, or hold of the file as it was alone: when it was changed,
before what it would like to be seen, how often its colours occurred, how many bits they had, which palette would suit
them, where a decoder may begin."""
_COLOUR = (
    b"cICP",
    b"mDCV",
    b"cLLI",
)  # primaries and curve by numbers, and the screen and the light they were made for (third edition, 11.3.2.6 to 8)
_SEGMENTS = {
    "APP0": (b"",),
    "APP1": (b"Exif\0", b"http://ns.adobe.com/xap/1.0/\0"),
    "APP2": (b"ICC_PROFILE\0", b"MPF\0"),
    "APP12": (b"Ducky",),  # the quality it was saved with
    "APP13": (b"Photoshop 3.0\0",),  # `metadata.reading` looks into it
    "APP14": (b"Adobe",),
    "COM": (b"",),
}
"""JPEG's segments that are kept, are about the pixels, or are spoken of elsewhere, by how they start."""


def unknown(source: Source, image: Any) -> tuple[list[str], list[str]]:
    """The chunks or segments of an opened image that are dropped: those about its colours, and the others in words."""
    if image.format == "PNG":
        unknown = [kind for kind in chunks.leading(source) if kind not in _CHUNKS]
        colours = [kind.decode() for kind in unknown if kind in _COLOUR]
        others = [_name(kind) for kind in unknown if kind not in _COLOUR]
        return colours, [listed("PNG chunk", others)] if others else []
    if image.format in ("JPEG", "MPO"):
        strange = [name for name, content in image.applist if not content.startswith(_SEGMENTS.get(name, ()))]
        return [], [listed("JPEG segment", list(dict.fromkeys(strange)))] if strange else []
    return [], []


def listed(what: str, names: Sequence[object]) -> str:
    """Names of one kind, in a sentence that stays one however many there are."""
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{what}{'s' * (len(names) > 1)} {', '.join(map(str, names[:_MOST_NAMED]))}{more}"


def _name(kind: bytes) -> str:
    return kind.decode("ascii", "backslashreplace")
