"""OME-Zarr written: one level, as the files of a folder. Version 3 of Zarr goes with OME-NGFF 0.5, version 2 with
0.4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from imgconv.files.by_rows import Regrouped, joined_shape, stand_in
from imgconv.files.content import Member
from imgconv.files.modes import joined
from imgconv.files.zarr.package import package
from imgconv.values.frozen import record
from imgconv.values.image import ImageData
from imgconv.values.pixel_values import Pixels

LATEST = 3
_SIDE = 512  # of a chunk
_LEVEL = "0"  # the name of the array
_TYPES = {"t": "time", "c": "channel", "y": "space", "x": "space"}
_COLOURS = {1: ("FFFFFF",), 3: ("FF0000", "00FF00", "0000FF")}


@record
class Manner:
    """How an image is written: the level of compression (0: none), the side of chunks, and Zarr's version."""

    level: int
    side: int | None = None
    version: int | None = None


def encode(image: ImageData, manner: Manner) -> Iterator[Member]:
    """The files of a folder, of frames that are alike; alpha is the last channel."""
    pictures = [_with_channels(joined(frame)) for frame in image.frames]
    return _files(pictures[0], len(pictures), ([picture] for picture in pictures), manner)


def by_rows(image: ImageData, bands: Iterable[Pixels], manner: Manner) -> Iterator[Member]:
    """The same files from an image without pixels, and bands of its rows, alpha being the last channel."""
    return _files(stand_in(joined_shape(image), image.pixels.dtype), 1, iter([bands]), manner)


def _with_channels(pixels: Pixels) -> Pixels:
    return pixels if pixels.ndim == 3 else pixels[..., None]


def _files(stated: Pixels, count: int, frames: Iterator[Iterable[Pixels]], manner: Manner) -> Iterator[Member]:
    """The files, of so many frames of a shape and a type, each as bands of rows."""
    held: dict[str, Any] = {}
    letters = "t" * (count > 1) + "c" * (stated.shape[2] > 1) + "yx"
    array = _made(held, letters, count, stated, manner)
    yield from _taken(held)
    for number, bands in enumerate(frames):
        top = 0
        for band in Regrouped(map(_with_channels, bands), manner.side or _SIDE):
            rows = slice(top, top + len(band))
            places = {"t": number, "y": rows}
            part = np.moveaxis(band, -1, 0) if "c" in letters else band[..., 0]
            array[tuple(places.get(letter, slice(None)) for letter in letters)] = part
            top = rows.stop
            yield from _taken(held)


def _taken(held: dict[str, Any]) -> Iterator[Member]:
    """What a store in memory holds, which is emptied."""
    for name in sorted(held):
        yield name, held.pop(name).to_bytes()


def _made(held: dict[str, Any], letters: str, count: int, stated: Pixels, manner: Manner) -> Any:
    """An array in a store, with its metadata."""
    zarr = package("the result")
    version, side = manner.version or LATEST, manner.side or _SIDE
    lengths = dict(zip("yxc", stated.shape, strict=True)) | {"t": count}
    sides = {"y": side, "x": side}
    group = zarr.open_group(zarr.storage.MemoryStore(held), mode="w", zarr_format=version)
    group.attrs.update(_described(letters, stated, version))
    more = {"dimension_names": list(letters)} if version == LATEST else {}
    return group.create_array(
        _LEVEL,
        shape=[lengths[letter] for letter in letters],
        chunks=[sides.get(letter, 1) for letter in letters],
        dtype=stated.dtype,
        compressors=_compressor(zarr, stated, manner.level, version),
        fill_value=0,
        chunk_key_encoding={"name": "default" if version == LATEST else "v2", "separator": "/"},
        **more,
    )


def _compressor(zarr: Any, stated: Pixels, level: int, version: int) -> Any:
    """Zstandard, of bytes sorted by significance."""
    if level == 0:
        return None
    if version == LATEST:
        shuffle = "shuffle" if stated.itemsize > 1 else "noshuffle"
        return zarr.codecs.BloscCodec(cname="zstd", clevel=level, shuffle=shuffle, typesize=stated.itemsize)
    import numcodecs

    return numcodecs.Blosc(cname="zstd", clevel=level, shuffle=int(stated.itemsize > 1))


def _described(letters: str, stated: Pixels, version: int) -> dict[str, Any]:
    """The attributes of the group, as OME-NGFF 0.5 or 0.4 asks."""
    axes = [{"name": letter, "type": _TYPES[letter]} for letter in letters]
    scale = [{"type": "scale", "scale": [1.0] * len(letters)}]
    image = {"axes": axes, "datasets": [{"path": _LEVEL, "coordinateTransformations": scale}], "name": "imgconv"}
    shown = _shown(stated)
    if version == LATEST:
        return {"ome": {"version": "0.5", "multiscales": [image], **shown}}
    return {"multiscales": [{"version": "0.4", **image}], **shown}


def _shown(stated: Pixels) -> dict[str, Any]:
    """How viewers show gray and colours; of other channels that is not known."""
    colours = _COLOURS.get(stated.shape[2])
    if colours is None:
        return {}
    most = float(np.iinfo(stated.dtype).max) if stated.dtype.kind in "iu" else 1.0
    window = {"min": 0.0, "max": most, "start": 0.0, "end": most}
    channels = [{"color": colour, "active": True, "window": window} for colour in colours]
    return {"omero": {"channels": channels, "rdefs": {"model": "greyscale" if len(colours) == 1 else "color"}}}
