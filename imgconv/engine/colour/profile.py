"""The curve that a file's metadata state: an ICC profile's tone curves, PNG's gamma, or none, which means sRGB.

For filters in linear light only the curves matter, not the primaries: light is summed channel by channel. So profiles
made of curves (and a matrix) are honoured as they are; profiles made of tables of colours are refused.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from imgconv import errors
from imgconv.engine.colour.linear_light import SRGB, Curve, Curves, Sampled
from imgconv.values.image import ENCODING

# of white: how far a curve may be from sRGB's formula and still mean it (tables and 16-bit fractions are not exact)
_SAME = 1e-3
_SPACES = {b"RGB ": 3, b"GRAY": 1}
_COUNTS = (1, 3, 4, 5, 7)  # parameters of each of ICC's function types


def curves_of(metadata: Mapping[str, Any], channels: int) -> Curves:
    """The curves of an image with this metadata: one for all channels, or one for each.

    Raises
    ------
    PixelError
        For a profile that is broken, is for other channels, or works otherwise than by curves.
    """
    metadata = metadata.get(ENCODING, metadata)
    if len(metadata.get("cicp", b"")) == _NUMBERS:  # which stands above a profile
        return (_of_numbers(metadata["cicp"][1]),)
    profile = metadata.get("icc_profile")
    if profile:
        return _of_profile(bytes(profile), channels)
    gamma = metadata.get("gamma")
    if gamma and "srgb" not in metadata:
        return (_recognise_srgb(Curve(1 / float(gamma))),)
    return (SRGB,)


_NUMBERS = 4  # of code points: primaries, transfer, matrix, range
_TRANSFERS = {4: Curve(2.2), 5: Curve(2.8), 8: Curve(1.0), 13: SRGB}
"""Transfer characteristics by their numbers (ITU-T H.273, table 3). Those of films and of television are no curve from
pixels to light that all agree on."""


def _of_numbers(transfer: int) -> Curve:
    if transfer not in _TRANSFERS:
        raise errors.PixelError(
            f"its colours have the transfer characteristics {transfer} of ITU-T H.273, which --linear does not know;"
            " convert the image to sRGB first"
        )
    return _TRANSFERS[transfer]


def is_srgb(curves: Curves) -> bool:
    return all(curve is SRGB for curve in curves)


def _of_profile(profile: bytes, channels: int) -> Curves:
    try:
        space, tags = profile[16:20], _tags(profile)
        if _SPACES.get(space) != channels:
            raise errors.PixelError(
                f"its colour profile is for {space.decode('latin-1').strip()}, not for {channels}"
                f" channel{'s' * (channels > 1)}; convert the image to sRGB first"
            )
        names = (b"kTRC",) if channels == 1 else (b"rTRC", b"gTRC", b"bTRC")
        if b"A2B0" in tags or any(name not in tags for name in names):
            raise errors.PixelError(
                "its colour profile works by tables of colours, which --linear cannot undo; convert the image to sRGB"
                " first"
            )
        curves = [_recognise_srgb(_curve(tags[name])) for name in names]
    except (struct.error, IndexError, ValueError, ZeroDivisionError) as error:
        if isinstance(error, errors.ImgconvError):
            raise
        raise errors.PixelError(
            "its colour profile is broken, so --linear cannot know its curve; convert the image to sRGB first"
        ) from error
    same = is_srgb(curves) or all(
        curve is curves[0] or (isinstance(curve, Curve) and curve == curves[0]) for curve in curves
    )
    return (curves[0],) if same else tuple(curves)


def _tags(profile: bytes) -> dict[bytes, bytes]:
    if profile[36:40] != b"acsp":
        raise ValueError("no profile")
    (count,) = struct.unpack_from(">I", profile, 128)
    if count > 1000:
        raise ValueError("too many tags")
    entries = [struct.unpack_from(">4sII", profile, 132 + 12 * i) for i in range(count)]
    return {name: profile[start : start + size] for name, start, size in entries}


def _curve(tag: bytes) -> Curve | Sampled:
    if tag[:4] == b"para":
        (kind,) = struct.unpack_from(">H", tag, 8)
        numbers = [value / 65536 for value in struct.unpack_from(f">{_COUNTS[kind]}i", tag, 12)]
        return _parametric(kind, *numbers)
    if tag[:4] != b"curv":
        raise ValueError("neither curve nor parameters")
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return Curve(1.0)
    if count == 1:
        return _checked(Curve(struct.unpack_from(">H", tag, 12)[0] / 256))
    table = np.frombuffer(tag, ">u2", count, 12).astype(np.float64) / 65535
    if (np.diff(table) < 0).any() or table[-1] <= table[-2]:
        raise ValueError("a curve that turns back")
    return Sampled(table)


def _parametric(
    kind: int, g: float, a: float = 1.0, b: float = 0.0, c: float = 0.0, d: float = 0.0, e: float = 0.0, f: float = 0.0
) -> Curve:
    if kind == 1:
        return _checked(Curve(g, a, b, 0.0, -b / a))
    if kind == 2:
        return _checked(Curve(g, a, b, 0.0, -b / a, c, c))
    return _checked(Curve(g, a, b, c, d, e, f))


def _checked(curve: Curve) -> Curve:
    if curve.g <= 0 or curve.a <= 0:
        raise ValueError("a curve that is none")
    start = max(curve.a * curve.d + curve.b, 0) ** curve.g + curve.e
    if curve.d > 0 and (curve.c < 0 or curve.c * curve.d + curve.f > start + _SAME):
        raise ValueError("a curve that turns back")
    return curve


def _recognise_srgb(curve: Curve | Sampled) -> Curve | Sampled:
    """sRGB's own formula where a curve is a copy of it."""
    x = np.linspace(0, 1, 1025)
    return SRGB if np.abs(curve.decoded(x) - SRGB.decoded(x)).max() < _SAME else curve
