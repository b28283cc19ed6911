"""A file that is only cut gives the pixels that it gave whole, or is refused; whatever its format's reader passes
over."""

from __future__ import annotations

import io
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import imgconv
from imgconv import errors
from tests.command import noise
from tests.fuzz.seeds import seeds


def written(folder: Path, content: bytes) -> Path:
    path = folder / "in"
    path.write_bytes(content)
    return path


def accepted(path: Path) -> imgconv.Image | None:
    """The image, if it is read without a loss."""
    try:
        found = imgconv.load(path)
    except errors.FileError:
        return None
    return None if any(note.loss for note in found.notes) else found


def assert_cuts_are_seen(folder: Path, content: bytes, places: Any) -> None:
    if (whole := accepted(written(folder, content))) is None:
        return
    for at in places:
        if (found := accepted(written(folder, content[:at]))) is not None:
            assert len(found.frames) == len(whole.frames)
            for one, other in zip(found.frames, whole.frames, strict=True):
                assert np.array_equal(one.pixels, other.pixels, equal_nan=one.pixels.dtype.kind == "f"), at


@pytest.mark.parametrize(
    "name",
    [
        "PCX-P",
        "PCX-RGB",
        "JPEG2000-L",
        "BMP-RGB",
        "TGA-rle",
        "SGI-RGB",
        "ICNS-RGB",
        "TIFF-packbits",
        "DDS-RGB",
        "GIF-frames",
    ],
)
def test_cuts_of_small_files(tmp_path: Path, name: str) -> None:
    content = seeds()[name]
    assert_cuts_are_seen(
        tmp_path,
        content,
        sorted({*range(0, len(content), max(1, len(content) // 25)), *range(max(0, len(content) - 12), len(content))}),
    )


@pytest.mark.slow
def test_cuts_of_every_file_there_is(tmp_path: Path) -> None:
    for content in seeds().values():
        assert_cuts_are_seen(
            tmp_path,
            content,
            sorted(
                {*range(0, len(content), max(1, len(content) // 70)), *range(max(0, len(content) - 40), len(content))}
            ),
        )


# ---------------------------------------------------------------- JPEG 2000


def tiled(**options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(noise(64, 80, 3)).save(stream, "JPEG2000", tile_size=(32, 32), **options)
    return stream.getvalue()


def tiles(content: bytes) -> list[int]:
    """Where each tile-part begins."""
    return [at for at in range(len(content)) if content[at : at + 4] == b"\xff\x90\x00\x0a"]


def without(content: bytes, start: int, stop: int) -> bytes:
    """A file without a part of its codestream, whose box is shorter then."""
    made = bytearray(content[:start] + content[stop:])
    at = made.index(b"jp2c") - 4
    struct.pack_into(">I", made, at, len(made) - at)
    return bytes(made)


def test_a_jpeg2000_file_needs_all_of_its_tiles(tmp_path: Path) -> None:
    content = tiled()
    places = [*tiles(content), len(content) - 2]
    assert len(places) == 7
    assert accepted(written(tmp_path, content)) is not None
    for start, stop in pairwise(places):
        with pytest.raises(errors.FileError, match="1 of its 6 tiles is missing"):
            imgconv.load(written(tmp_path, without(content, start, stop)))
    with pytest.raises(errors.FileError, match="4 of its 6 tiles are missing"):
        imgconv.load(written(tmp_path, without(content, places[2], places[-1])))
    found = imgconv.load(tmp_path / "in", allow_truncated=True)
    assert [(note.code, note.loss) for note in found.notes] == [("truncated", True)]
    with pytest.raises(errors.FileError, match="its end is missing"):
        imgconv.load(written(tmp_path, without(content, places[-1], len(content))))


def test_jpeg2000_files_that_are_whole(tmp_path: Path) -> None:
    codestream = tiled()
    codestream = codestream[codestream.index(b"\xff\x4f\xff\x51") :]
    last = tiles(codestream)[-1]
    open_ended = codestream[: last + 6] + bytes(4) + codestream[last + 10 :]  # its last tile-part goes to the end
    for content in (
        tiled(),
        tiled(progression="RPCL"),
        tiled(no_jp2=True),
        codestream,
        open_ended,
        codestream + bytes(9),
    ):
        assert accepted(written(tmp_path, content)) is not None


# ---------------------------------------------------------------- PCX


def test_a_pcx_needs_its_palette(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.fromarray(noise(30, 40, 3)).quantize(256).save(stream, "PCX")
    content = stream.getvalue()
    for cut in (1, 400, 768, 769):
        with pytest.raises(errors.FileError, match=r"its palette is missing|truncated"):
            imgconv.load(written(tmp_path, content[:-cut]))
    gray = bytearray(content[:-769])
    gray[68] = 2  # says that it is gray, and needs none
    assert accepted(written(tmp_path, bytes(gray))) is not None
