"""MNIST's files: read as frames, in every type, plain and compressed; cut and false ones are refused."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgconv
from imgconv import errors
from tests.command import noise

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def idx(array: Any, code: int) -> bytes:
    return struct.pack(f">4B{array.ndim}I", 0, 0, code, array.ndim, *array.shape) + array.astype(TYPES[code]).tobytes()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("code", TYPES)
def test_pictures_are_frames(tmp_path: Path, code: int, packed: bool) -> None:
    pictures = np.random.default_rng(code).integers(-100 if code > 0x08 else 0, 100, (3, 4, 5))
    content = idx(pictures, code)
    path = tmp_path / "pictures"
    path.write_bytes(gzip.compress(content) if packed else content)
    image = imgconv.load(str(path))
    assert [frame.pixels.tolist() for frame in image.frames] == pictures.tolist()
    assert len(imgconv.load(str(path), frames="1:").frames) == 2


def test_one_picture(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(idx(noise(6, 7), 0x08))
    assert np.array_equal(imgconv.load(str(path)).pixels, noise(6, 7))


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("kept", [5, 10, 20, -1])
def test_cut_files_are_refused(tmp_path: Path, kept: int, packed: bool) -> None:
    content = idx(np.arange(60).reshape(3, 4, 5), 0x08)
    path = tmp_path / "cut"
    path.write_bytes(gzip.compress(content[:kept]) if packed else content[:kept])
    with pytest.raises(errors.FileError):
        imgconv.load(str(path))


def test_a_damaged_gzip_is_refused(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(idx(noise(40, 40)[None], 0x08)))
    content[-6] ^= 1  # its checksum
    path = tmp_path / "damaged"
    path.write_bytes(content)
    with pytest.raises(errors.FileError):
        imgconv.load(str(path))


def test_labels_are_no_pictures(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_bytes(idx(np.arange(9), 0x08))
    with pytest.raises(errors.PixelError, match="labels"):
        imgconv.load(str(path))


def test_sizes_are_asked_before_memory_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(struct.pack(">4B3I", 0, 0, 8, 3, 5000, 30000, 2000) + bytes(2**20)))
    with pytest.raises(errors.FileError, match="memory"):
        imgconv.load(str(path), max_memory="100M", max_pixels="100M")


def test_only_what_is_chosen_takes_memory(tmp_path: Path) -> None:
    """A megabyte of gzip that is a gigabyte of pictures."""
    path = tmp_path / "many.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write(struct.pack(">4B3I", 0, 0, 0x08, 3, 300, 1000, 1000))
        for _ in range(300):
            file.write(bytes(1_000_000))
    tracemalloc.start()
    image = imgconv.load(str(path), frames=3, max_memory=10_000_000)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert image.pixels.shape == (1000, 1000)
    assert most < 10_000_000
    with pytest.raises(errors.FileError, match="memory"):
        imgconv.load(str(path), max_memory=10_000_000)


def test_chosen_pictures_of_a_cut_file(tmp_path: Path) -> None:
    path = tmp_path / "cut"
    pictures = noise(4, 5, 6)
    path.write_bytes(idx(pictures, 0x08)[:-40])
    image = imgconv.load(str(path), frames="1:4", allow_truncated=True)
    expected = np.concatenate([pictures.ravel()[:-40], np.zeros(40, np.uint8)]).reshape(4, 5, 6)[1:]
    assert np.array_equal(np.stack([frame.pixels for frame in image.frames]), expected)
    assert [note.loss for note in image.notes] == [True]
    with pytest.raises(errors.FileError, match="40 bytes"):
        imgconv.load(str(path), frames=0)
