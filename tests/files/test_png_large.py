"""Large PNGs of 8 bits are read by ourselves, in two threads: as Pillow reads them, or refused as Pillow's are."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image as pillow
from PIL.PngImagePlugin import PngInfo

import imgconv
from imgconv import errors
from imgconv.files import high_depth
from imgconv.files.png import reader as png_reader
from tests.command import imgconv as command

RNG = np.random.default_rng(8)


@pytest.fixture(autouse=True)
def all_are_large(monkeypatch):
    """Every PNG counts as large, and the loop as compiled; how many were read by ourselves is counted."""
    read, real = [], png_reader.decode
    monkeypatch.setattr(high_depth, "_LARGE", 1)
    monkeypatch.setattr(png_reader, "ready", lambda: True)
    monkeypatch.setattr(png_reader, "decode", lambda stream, **how: (read.append(how), real(stream, **how))[1])
    return read


def written(mode, height, width, **how):
    channels = len(mode)
    smooth = np.cumsum(RNG.integers(-2, 3, (height, width, channels)), axis=1).astype(np.uint8)
    file = io.BytesIO()
    pillow.fromarray(smooth if channels > 1 else smooth[..., 0], mode).save(file, "PNG", **how)
    return file.getvalue()


@pytest.mark.filterwarnings("ignore:'mode' parameter")
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (3, 200), (64, 5), (65, 31), (300, 70)])
def test_large_pngs_are_read_as_pillow_reads_them(mode, size, tmp_path, all_are_large):
    content = written(mode, *size)
    (tmp_path / "x.png").write_bytes(content)
    image = imgconv.load(tmp_path / "x.png")
    expected = np.asarray(pillow.open(io.BytesIO(content)))
    got = image.pixels if image.alpha is None else np.dstack([image.pixels, image.alpha])
    np.testing.assert_array_equal(np.atleast_3d(got), np.atleast_3d(expected))
    assert all_are_large == [{"alone": True}]


@pytest.mark.filterwarnings("ignore:'mode' parameter")
def test_what_stands_behind_the_pixels_is_not_lost(tmp_path):
    content = written("RGB", 70, 40)
    text = PngInfo()
    text.add_text("Comment", "kept")
    chunk = b"".join(written_chunk(kind, data) for kind, data, *_ in text.chunks)
    end = content.rindex(b"IEND") - 4
    (tmp_path / "x.png").write_bytes(content[:end] + chunk + content[end:])
    image = imgconv.load(tmp_path / "x.png")
    np.testing.assert_array_equal(image.pixels, np.asarray(pillow.open(io.BytesIO(content))))
    imgconv.save(image, tmp_path / "y.png")
    assert pillow.open(tmp_path / "y.png").text == {"Comment": "kept"}


def written_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.filterwarnings("ignore:'mode' parameter")
@pytest.mark.parametrize("keep", [0.3, 0.7, 0.99])
def test_large_pngs_that_are_cut_short_are_refused(keep, tmp_path):
    content = written("RGB", 200, 60)
    (tmp_path / "x.png").write_bytes(content[: int(keep * len(content))])
    with pytest.raises(errors.FileError, match="broken or cut short"):
        imgconv.load(tmp_path / "x.png")


def test_the_command_reads_a_picture_that_is_really_large(tmp_path):
    pixels = np.repeat(RNG.integers(0, 256, (1500, 50, 3), dtype=np.uint8), 30, axis=1)
    pillow.fromarray(pixels).save(tmp_path / "x.png", compress_level=1)
    for _ in range(2):  # the first run may only have the loop compiled
        done = command("filter", "identity", "x.png", "-o", "y.png", "-q", cwd=tmp_path)
        assert (done.code, done.err) == (0, "")
        np.testing.assert_array_equal(np.asarray(pillow.open(tmp_path / "y.png")), pixels)
        (tmp_path / "y.png").unlink()
