"""Codecs for JPEG 2000 and AVIF of more than 8 bits per sample, of which Pillow returns 8: imagecodecs reads them."""

from __future__ import annotations

from typing import IO, Any

import numpy as np

from imgconv import errors
from imgconv.files.source import Source
from imgconv.values.frozen import replace
from imgconv.values.image import Frame

_START = 2**16  # bytes within which both formats say how many bits there are
_SIZ = b"\xff\x4f\xff\x51"  # start of a codestream, then the marker that tells sizes (ISO/IEC 15444-1, A.5.1)
_COMPONENTS, _DEPTHS = 40, 42  # of their number and of the first one's bits, from there
_AV1C = b"av1C"  # AV1 in ISOBMFF, 2.3: the third byte has high_bitdepth and twelve_bit


def bits(form: str, stream: IO[bytes]) -> int:
    """Bits of the deepest sample of a JPEG 2000 or AVIF file; 8 where it does not say."""
    stream.seek(0)
    start = stream.read(_START)
    if form == "JPEG2000" and (at := start.find(_SIZ)) >= 0:
        count = int.from_bytes(start[at + _COMPONENTS : at + _DEPTHS], "big")
        depths = start[at + _DEPTHS : at + _DEPTHS + 3 * min(count, 4) : 3]
        return max(((depth & 127) + 1 for depth in depths), default=8)
    if form == "AVIF" and (at := start.find(_AV1C)) >= 0 and len(start) > at + 6:
        return 8 if not start[at + 6] & 64 else 12 if start[at + 6] & 32 else 10
    return 8


def decode(source: Source, form: str, number: int, depth: int, channels: int, alpha: bool) -> Frame:
    """The pixels of a frame in 16 bits, shifted up as Pillow does with deep gray. Raises FileError without
    imagecodecs."""
    imagecodecs = available(source.name, form, depth)
    if source.decoded is None:
        source.stream.seek(0)
        content = source.stream.read()
        # of an animated AVIF all frames at once: asked for one of them (2026.3.6), imagecodecs writes beyond its memory
        source.decoded = np.asarray(
            imagecodecs.jpeg2k_decode(content) if form == "JPEG2000" else imagecodecs.avif_decode(content)
        )
    frames = source.decoded
    samples = np.atleast_3d(frames[number] if frames.ndim == 4 else frames)
    if samples.dtype != np.uint16 or samples.shape[2] != channels + alpha:
        raise ValueError(f"decoded as {samples.shape} of {samples.dtype}")
    samples = samples << np.uint16(16 - depth)
    frame = Frame(np.ascontiguousarray(samples[..., :channels]))
    frame = replace(frame, pixels=frame.pixels[..., 0]) if channels == 1 else frame
    return replace(frame, alpha=np.ascontiguousarray(samples[..., channels])) if alpha else frame


def available(name: str, form: str, depth: int) -> Any:
    """The package imagecodecs; FileError, saying what to install, where it is not there."""
    try:
        import imagecodecs
    except ImportError:
        raise missing(name, form, depth) from None
    return imagecodecs


def missing(name: str, form: str, bits: int) -> errors.FileError:
    """The error for samples of more than 8 bits that imagecodecs would read."""
    return errors.FileError(
        f"{name}: has {bits} bits per sample, and {form} of more than 8 needs the package imagecodecs; pip install"
        " 'imgconv[deep]' (or --allow-narrowing reads 8)"
    )
