"""What the headers of binary PBM, PGM, PPM and of PFM say."""

from __future__ import annotations

import math
import re

import numpy as np

from imgconv.values.frozen import record

_WHILE_SCALED = 14  # bytes per sample
_BLANK = rb"(?:\s|#[^\n\r]*[\n\r])+"
_PNM = rb"P([56])" + _BLANK + rb"(\d{1,9})" + _BLANK + rb"(\d{1,9})" + _BLANK + rb"(\d{1,5})\s"
_PBM = rb"P4" + _BLANK + rb"(\d{1,9})" + _BLANK + rb"(\d{1,9})\s"
_PFM = rb"P([fF])\s+(\d{1,9})\s+(\d{1,9})\s+(-?[0-9.eE+-]{1,30})\s"


@record
class PnmHeader:
    """What a header says: the shape and type of the pixels behind it, and how their numbers are meant."""

    format: str
    height: int
    width: int
    channels: int
    dtype: str
    start: int
    most: int = 0  # the greatest value, which is white
    bits: bool = False  # eight pixels a byte, 1 is black
    upwards: bool = False  # the last row comes first
    unit: float = 1  # what a PFM says that 1.0 stands for

    @property
    def type(self) -> str:
        return np.dtype(self.dtype).name

    @property
    def samples(self) -> int:
        return self.height * self.width * self.channels

    @property
    def stored(self) -> tuple[int, ...]:
        """The shape of the numbers in the file."""
        if self.bits:
            return self.height, -(-self.width // 8)
        return (self.height, self.width, self.channels) if self.channels > 1 else (self.height, self.width)

    @property
    def end(self) -> int:
        """Where the image ends."""
        return self.start + math.prod(self.stored) * np.dtype(self.dtype).itemsize

    @property
    def decoding(self) -> int:
        """Bytes that are needed besides the pixels while these are made."""
        if self.most not in (0, 255, 65535):
            return self.samples * _WHILE_SCALED
        return 0 if self.dtype == "u1" and not self.bits else self.samples * np.dtype(self.dtype).itemsize


def parse(start: bytes, at: int = 0) -> PnmHeader | None:
    """What the header of a binary PBM, PGM, PPM or PFM says that stands `at` a place of a file; None for anything
    else."""
    if start[:1] != b"P":  # so that starts of other kinds need no patterns made
        return None
    if fields := re.match(_PNM, start):
        width, height, most = (int(fields[i]) for i in (2, 3, 4))
        if 0 in (width, height) or not 0 < most < 65536:
            return None
        name, channels = ("ppm", 3) if fields[1] == b"6" else ("pgm", 1)
        return PnmHeader(name, height, width, channels, ">u2" if most > 255 else "u1", at + fields.end(), most)
    if fields := re.match(_PBM, start):
        width, height = int(fields[1]), int(fields[2])
        return PnmHeader("pgm", height, width, 1, "u1", at + fields.end(), bits=True) if width and height else None
    if fields := re.match(_PFM, start):
        return _pfm_header(fields, at)
    return None


def _pfm_header(fields: re.Match[bytes], at: int) -> PnmHeader | None:
    width, height = int(fields[2]), int(fields[3])
    try:
        scale = float(fields[4])
    except ValueError:
        return None
    if 0 in (width, height, scale):
        return None
    channels, dtype = 3 if fields[1] == b"F" else 1, "<f4" if scale < 0 else ">f4"
    return PnmHeader("pfm", height, width, channels, dtype, at + fields.end(), upwards=True, unit=abs(scale))


def is_pnm(start: bytes) -> bool:
    """Whether a file starts as one that is read here; Pillow may know others."""
    return parse(start) is not None
