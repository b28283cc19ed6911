"""Encoder buffers: the memory that a file takes while it is made, beside the pixels that go in, as measured. A new
encoder is one row."""

from __future__ import annotations

from imgconv.files.formats import Format

_GROWTH = 9 / 8  # of a file in memory that is appended to
_LOSSY = 1 / 4  # of the pixels' bytes that a lossy file has, or less
_COPIES = {
    "npy": 0.0,
    "ppm": 0.0,
    "pgm": 0.0,
    "pfm": 1.0,
    "jpeg": 0.75,
    "png": _GROWTH,
    "tiff": 1.0,
    "npz": _GROWTH,
    "zarr": 2.0,
}
"""Times the pixels' bytes, of the writers here: compressed files are no smaller than pixels at worst."""
_OF_PIXELS = {"webp": 7, "avif": 36, "gif": 8, "sgi": 5, "qoi": 2, "tga": 1}
_OF_COLOUR = {"gif": 12}
_OF_ALPHA = {"webp": 14, "avif": 8, "dds": 9}
_OF_SAMPLES = {"jpeg2000": 12, "csv": 26, "table": 26}
"""Bytes per pixel, per pixel with colour and with alpha, and per sample that codecs take beside Pillow's picture."""
_COLOURS_ONLY = ("webp", "avif", "qoi")  # formats for which gray becomes three channels


def bytes_of(form: Format, pixels: int, channels: int, itemsize: int, *, alpha: bool, frames: int) -> float:
    """Bytes that encoding frames of so many pixels together takes at most; `channels` count alpha."""
    raw = pixels * channels * itemsize
    joined = raw if alpha and form.name != "png" else 0  # colours and alpha in one array
    if form.name in _COPIES:
        swapped = raw if form.name in ("ppm", "pgm") and itemsize > 1 else 0
        stacked = raw if form.name in ("npy", "npz") and frames > 1 else joined
        return raw * _COPIES[form.name] + swapped + stacked
    if form.name in _COLOURS_ONLY and channels < 3:
        joined, channels = joined + 3 * pixels, channels + 2
    picture = 4 * pixels if channels in (2, 3) else 0  # Pillow shares others' memory
    each = _OF_PIXELS.get(form.name, 0) + _OF_SAMPLES.get(form.name, 0) * channels
    each += (_OF_COLOUR.get(form.name, 0) if channels > 2 else 0) + (_OF_ALPHA.get(form.name, 0) if alpha else 0)
    return joined + picture + pixels * each + raw * (_LOSSY if form.name in ("webp", "avif", "jpeg2000") else _GROWTH)
