"""Our PNG files hold what they were given: by Pillow, by a reader written from the specification, and by other
programs."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import threading
import zlib
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from PIL import Image as pillow
from PIL import ImageCms

import imgconv
from imgconv import errors, jit
from imgconv.api.image import Image
from imgconv.files import write
from imgconv.files.deflate import compress
from imgconv.files.formats import COMPRESS_LEVEL, FORMATS
from imgconv.files.options import Writing
from imgconv.files.png import filter_loops as loops
from imgconv.files.png import writer as png_writer
from imgconv.values.image import Frame
from tests.command import compression_level
from tests.command import imgconv as command
from tests.engine.test_bands import guarded
from tests.programs import imagemagick

Pixels = np.ndarray[Any, Any]

MODES = [("uint8", 1, False), ("uint8", 1, True), ("uint8", 3, False), ("uint8", 3, True)]
DEEP = [("uint16", channels, alpha) for _, channels, alpha in MODES]
SIZES = [(1, 1), (1, 19), (19, 1), (7, 5), (33, 31)]
LARGE = (521, 403)  # several strips in every mode but 8-bit gray, the last one shorter


def picture(height: int, width: int, channels: int = 3, type_: str = "uint8", seed: int = 0) -> Pixels:
    """Smooth, noisy, flat and striped rows, so that every filter has its turn."""
    rng = np.random.default_rng(seed)
    top = np.iinfo(type_).max
    smooth = np.cumsum(np.cumsum(rng.integers(-2, 3, (height, width, channels)), axis=0), axis=1)
    kind = (np.arange(height) // 4 % 4)[:, None, None]
    noise = rng.integers(0, top + 1, (height, width, channels))
    stripes = np.where(np.arange(width)[None, :, None] % 16 < 8, 0, top)
    return np.where(kind == 0, noise, np.where(kind == 3, stripes, smooth)).astype(type_)


def frame(mode: tuple[str, int, bool], size: tuple[int, int] = (33, 31)) -> Frame:
    type_, channels, alpha = mode
    pixels = picture(*size, channels + alpha, type_)
    colour = np.ascontiguousarray(pixels[..., :channels])
    return Frame(colour[..., 0] if channels == 1 else colour, np.ascontiguousarray(pixels[..., -1]) if alpha else None)


def whole(given: Frame) -> Pixels:
    """Colour and alpha as (H, W, C)."""
    colour = given.pixels.reshape(*given.pixels.shape[:2], -1)
    return colour if given.alpha is None else np.dstack([colour, given.alpha])


def chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    """Every chunk's name and content; lengths and sums are checked."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    found, at = [], 8
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        name, data = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        assert len(data) == length
        assert struct.unpack_from(">I", content, at + 8 + length) == (zlib.crc32(name + data),)
        found.append((name, data))
        at += 12 + length
    assert [name for name, _ in found][-1] == b"IEND"
    return found


def rows_of(content: bytes) -> tuple[Pixels, int, int]:
    """The filtered rows, each behind its filter's number; bytes in a pixel; bits in a sample. zlib checks the
    Adler-32."""
    parts = chunks(content)
    assert parts[0][0] == b"IHDR"
    width, height, depth, colour, *others = struct.unpack(">IIBBBBB", parts[0][1])
    assert others == [0, 0, 0]
    pixel = {0: 1, 2: 3, 4: 2, 6: 4}[colour] * depth // 8
    raw = zlib.decompress(b"".join(data for name, data in parts if name == b"IDAT"))
    assert len(raw) == height * (1 + width * pixel)
    return np.frombuffer(raw, np.uint8).reshape(height, -1), pixel, depth


def nearest(a: int, b: int, c: int) -> int:
    """PaethPredictor as the specification prints it (9.4)."""
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def read(content: bytes) -> Pixels:
    """A PNG's pixels (H, W, C), by the specification and byte by byte."""
    rows, pixel, depth = rows_of(content)
    above = [0] * (rows.shape[1] - 1)
    lines = []
    for kind, *data in rows.tolist():
        line: list[int] = []
        for i, value in enumerate(data):
            a, c = (line[i - pixel], above[i - pixel]) if i >= pixel else (0, 0)
            b = above[i]
            line.append((value + (0, a, b, (a + b) // 2, nearest(a, b, c))[kind]) % 256)
        lines.append(line)
        above = line
    return (
        np.array(lines, np.uint8)
        .view(f">u{depth // 8}")
        .astype(f"uint{depth}")
        .reshape(len(lines), -1, pixel * 8 // depth)
    )


def by_pillow(content: bytes) -> Pixels:
    with pillow.open(io.BytesIO(content)) as image:
        return np.array(image)


def filtered(pixels: Pixels) -> Pixels:
    """Every row filtered by the specification's heuristic: what the loop must give."""
    raw = pixels.astype(pixels.dtype.newbyteorder(">")).view(np.uint8).reshape(len(pixels), -1)
    pixel = raw.shape[1] // pixels.shape[1]
    out, above = [], np.zeros(raw.shape[1], int)
    for line in raw.astype(int):
        a, c = (np.concatenate([np.zeros(pixel, int), row[:-pixel]]) for row in (line, above))
        tried = [
            line,
            line - a,
            line - above,
            line - (a + above) // 2,
            line - np.vectorize(nearest, otypes=[int])(a, above, c),
        ]
        sums = [np.abs((row + 128) % 256 - 128).sum() for row in tried]
        best = int(np.argmin(sums))
        out.append(np.concatenate([[best], tried[best] % 256]))
        above = line
    return np.array(out, np.uint8)


# ---------------------------------------------------------------- what is written is read


@pytest.mark.parametrize("mode", MODES + DEEP, ids=str)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_mode_and_size_comes_back(mode, size):
    given = frame(mode, size)
    content = png_writer.encode(given, {})
    assert np.array_equal(read(content), whole(given))
    if mode in MODES or mode == ("uint16", 1, False):
        assert np.array_equal(by_pillow(content).reshape(whole(given).shape), whole(given))


@pytest.mark.parametrize("mode", MODES, ids=str)
@pytest.mark.parametrize("level", range(10))
def test_every_level_comes_back_from_several_strips(mode, level):
    given = frame(mode, LARGE)
    content = png_writer.encode(given, {}, level)
    assert sum(name == b"IDAT" for name, _ in chunks(content)) > (mode[1] + mode[2] > 1)
    assert np.array_equal(by_pillow(content).reshape(whole(given).shape), whole(given))


@pytest.mark.parametrize("level", [0, 1, 3, 4])
@pytest.mark.parametrize("mode", [MODES[2], MODES[3], DEEP[2]], ids=str)
def test_any_number_of_threads_gives_the_same_bytes(mode, level):
    given = frame(mode, LARGE)
    one = png_writer.encode(given, {}, level, 1)
    assert all(png_writer.encode(given, {}, level, threads) == one for threads in (2, 3, 16, None))


def test_a_view_that_is_not_contiguous_is_copied_strip_by_strip():
    pixels = picture(600, 700)
    for view in (pixels[::2, ::3], pixels[:, :, ::-1], pixels[5:, 7:], np.asfortranarray(pixels)):
        assert np.array_equal(by_pillow(png_writer.encode(Frame(view), {})), view)


def test_alpha_takes_the_type_of_the_colour():
    pixels, alpha = picture(4, 5, 3, "uint16"), picture(4, 5, 1)[..., 0]
    assert np.array_equal(read(png_writer.encode(Frame(pixels, alpha), {}))[..., 3], alpha)


@pytest.mark.parametrize("level", range(1, 10))
def test_without_isal_zlib_stands_in(level, monkeypatch):
    monkeypatch.setattr(compress, "_isal", lambda: None)
    given = frame(MODES[2], LARGE)
    assert np.array_equal(by_pillow(png_writer.encode(given, {}, level)), given.pixels)


def test_levels_are_from_fast_to_small():
    rng = np.random.default_rng(2)
    smooth = np.asarray(pillow.open(Path(__file__).parent.parent.parent / "samples" / "landscape.jpg").convert("RGB"))[
        :300, :400
    ]
    photo = Frame(np.clip(smooth + rng.normal(0, 2, smooth.shape), 0, 255).astype(np.uint8))
    sizes = [len(png_writer.encode(photo, {}, level)) for level in range(10)]
    assert sizes[0] > photo.pixels.nbytes > sizes[1]
    assert max(sizes[3:]) < sizes[1]  # with noise a longer search is not always a smaller file
    usual = io.BytesIO()
    pillow.fromarray(photo.pixels).save(usual, "PNG")
    assert len(png_writer.encode(photo, {})) < 1.1 * usual.tell()


# ---------------------------------------------------------------- filters


@pytest.mark.parametrize("mode", MODES + DEEP, ids=str)
def test_rows_are_filtered_by_the_heuristic(mode):
    given = frame(mode, (41, 37))
    assert np.array_equal(rows_of(png_writer.encode(given, {}))[0], filtered(whole(given)))


def test_every_filter_occurs():
    pixels = picture(200, 300)
    assert set(rows_of(png_writer.encode(Frame(pixels), {}))[0][:, 0]) == set(range(loops.FILTERS))


@pytest.mark.parametrize("number", range(loops.FILTERS))
def test_every_filter_is_read_right(number, monkeypatch):
    monkeypatch.setattr(loops, "ADAPTIVE", 1 << number)
    for mode in (*MODES, DEEP[2]):
        given = frame(mode)
        content = png_writer.encode(given, {})
        assert set(rows_of(content)[0][:, 0]) == {number}
        assert np.array_equal(read(content), whole(given))


def loop_arguments(source: Pixels, pixel: int, strip: int) -> dict[str, Any]:
    rows, row = source.shape
    return {
        "source": source,
        "source_rows": rows,
        "row": row,
        "pixel": pixel,
        "allowed": loops.ADAPTIVE,
        "strip_rows": strip,
        "last": rows,
        "lines": np.ones(2 * (pixel + row), np.uint8),
        "trial": np.ones(loops.FILTERS * row, np.uint8),
        "result": np.ones(strip * (row + 1), np.uint8),
    }


@pytest.mark.parametrize("pixel", [1, 2, 3, 4, 6, 8])
@pytest.mark.parametrize("width", [1, 2, 85, 86, 300])
def test_canaries_round_every_buffer_survive(pixel, width):
    source = picture(9, width * pixel, 1)[..., 0]
    expected = filtered(source.reshape(9, width, pixel))
    arguments, check = guarded(loop_arguments(source, pixel, 4))
    run = jit.bind(loops.FILTER, {}, arguments)
    for first, last in ((0, 4), (4, 8), (8, 9), (3, 5), (0, 9)):  # never more rows than a strip has
        run(first, last)
        check()
        rows = min(4, last - first)
        result = arguments["result"][: rows * (width * pixel + 1)].reshape(rows, -1)
        assert np.array_equal(result, expected[first : first + rows])
    assert np.array_equal(arguments["source"], source)


def test_buffers_that_are_too_small_are_refused():
    arguments = loop_arguments(picture(9, 30, 1)[..., 0], 3, 4)
    for name in ("source", "lines", "trial", "result"):
        short = arguments[name].reshape(-1)[:-1]
        with pytest.raises(errors.LoopError, match=f"got {name} of"):
            jit.bind(loops.FILTER, {}, {**arguments, name: short})


@pytest.mark.parametrize("mode", [*MODES, DEEP[3]], ids=str)
def test_plain_python_gives_the_same_bytes(mode, monkeypatch):
    given = frame(mode, (23, 17))
    compiled = png_writer.encode(given, {})
    monkeypatch.setenv("IMGCONV_NO_JIT", "1")
    assert png_writer.encode(given, {}) == compiled


# ---------------------------------------------------------------- sums, strips and failures


@pytest.mark.parametrize("lengths", [(0, 0), (0, 5), (1, 1), (65520, 65521), (65522, 3), (200_000, 200_001)], ids=str)
def test_adler_sums_are_combined(lengths):
    rng = np.random.default_rng(4)
    for one, other in ((rng.bytes(lengths[0]), rng.bytes(lengths[1])), (b"\xff" * lengths[0], b"\xff" * lengths[1])):
        assert compress.adler32_combine(zlib.adler32(one), zlib.adler32(other), len(other)) == zlib.adler32(one + other)


def test_small_images_are_one_strip_without_threads(monkeypatch):
    monkeypatch.setattr(threading.Thread, "start", lambda self: pytest.fail("a thread"))
    content = png_writer.encode(Frame(picture(290, 290)), {}, threads=8)
    assert [name for name, _ in chunks(content)] == [b"IHDR", b"IDAT", b"IEND"]


def test_a_strip_that_fails_raises_and_no_thread_outlives_the_call(monkeypatch):
    real = compress.coder

    def failing(level: int, size: int) -> compress.Coder:
        deflate = real(level, size)
        return lambda content, last: (_ for _ in ()).throw(MemoryError("no buffer")) if last else deflate(content, last)

    monkeypatch.setattr(png_writer, "coder", failing)
    with pytest.raises(MemoryError, match="no buffer"):
        png_writer.encode(Frame(picture(*LARGE)), {}, threads=3)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("imgconv-")]


# ---------------------------------------------------------------- what is carried


def test_metadata_is_kept():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = pillow.Exif()
    exif[0x0112], exif[0x010E] = 6, "a staircase"
    for given in (exif, exif.tobytes(), exif.tobytes().removeprefix(b"Exif\0\0")):
        content = png_writer.encode(Frame(picture(5, 6)), {"icc_profile": profile, "exif": given, "dpi": (300, 72.5)})
        assert [name for name, _ in chunks(content)] == [b"IHDR", b"iCCP", b"pHYs", b"eXIf", b"IDAT", b"IEND"]
        with pillow.open(io.BytesIO(content)) as image:
            assert image.info["icc_profile"] == profile
            assert dict(image.getexif()) == dict(exif)
            assert image.info["dpi"] == pytest.approx((300, 72.5), abs=0.02)
    assert [name for name, _ in chunks(png_writer.encode(Frame(picture(5, 6)), {}))] == [b"IHDR", b"IDAT", b"IEND"]


@pytest.mark.parametrize("dpi", [float("nan"), float("inf"), -1.0, 1e9])
def test_a_resolution_that_cannot_be_held_is_said(dpi, tmp_path):
    image = Image((Frame(picture(2, 2)),), metadata=MappingProxyType({"dpi": (dpi, dpi)}))
    with pytest.raises(errors.FileError, match="dots per inch"):
        imgconv.save(image, tmp_path / "x.png")
    assert not list(tmp_path.iterdir())


# ---------------------------------------------------------------- levels


def test_save_takes_a_level(tmp_path):
    image = Image((Frame(picture(50, 60)),))
    sizes = []
    for level in (0, 1, None, 9):
        imgconv.save(image, tmp_path / "x.png", compress_level=level)
        assert np.array_equal(by_pillow((tmp_path / "x.png").read_bytes()), image.pixels)
        sizes.append((tmp_path / "x.png").stat().st_size)
    assert sizes[0] > sizes[1] >= sizes[2] > sizes[3]
    for level in (-1, 10, 1.5, "fast", True):
        with pytest.raises(errors.UsageError, match="from 0"):
            imgconv.save(image, tmp_path / "x.png", compress_level=level)
    assert COMPRESS_LEVEL.read("7") == COMPRESS_LEVEL.read(np.int64(7)) == 7


def test_pipes_take_the_fastest_and_a_stated_level_wins():
    image, form = Image((Frame(picture(50, 60)),)), FORMATS["png"]
    assert write.encoded(image, form, "x", fast=True) == write.encoded(
        image, form, "x", writing=Writing(compress.FASTEST)
    )
    assert write.encoded(image, form, "x", fast=True, writing=Writing(9)) == write.encoded(
        image, form, "x", writing=Writing(9)
    )
    assert write.encoded(image, form, "x") == write.encoded(image, form, "x", writing=Writing(compress.DEFAULT))
    found = [compression_level(png_writer.encode(image.frames[0], {}, level)) for level in range(10)]
    assert found == [0, 0, 1, 2, 2, 2, 2, 3, 3, 3]


def test_the_command_takes_a_level(tmp_path: Path):
    pillow.fromarray(picture(50, 60)).save(tmp_path / "in.png")
    for level in ("0", "9"):
        done = command("filter", "identity", "in.png", "-o", f"{level}.png", "--compress-level", level, cwd=tmp_path)
        assert done.code == 0, done.err
        assert np.array_equal(by_pillow((tmp_path / f"{level}.png").read_bytes()), picture(50, 60))
    assert (tmp_path / "0.png").stat().st_size > 1.2 * (tmp_path / "9.png").stat().st_size
    refused = command("filter", "identity", "in.png", "-o", "x.png", "--compress-level", "10", cwd=tmp_path)
    assert refused.code == 2
    assert "compress level" in refused.err


# ---------------------------------------------------------------- other programs


def files(folder: Path) -> dict[Path, Pixels]:
    """A file of every mode, of one and of several strips, at several levels, with metadata; and what it holds."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    found = {}
    for mode in MODES + DEEP:
        metadata = {"dpi": (300, 300), "icc_profile": profile} if mode[1] == 3 else {"dpi": (72, 72)}
        for size, level in (((7, 5), 3), (LARGE, 0), (LARGE, 1), (LARGE, 3), (LARGE, 6)):
            given = frame(mode, size)
            path = folder / f"{'-'.join(map(str, (*mode, *size, level)))}.png"
            path.write_bytes(png_writer.encode(given, metadata, level))
            found[path] = whole(given)
    return found


def ran(*words: str | Path) -> bytes:
    done = subprocess.run(words, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    assert not done.stderr, (words, done.stderr)
    return done.stdout


@pytest.mark.skipif(not shutil.which("pngcheck"), reason="pngcheck is not installed")
def test_pngcheck_finds_no_fault(tmp_path):
    for path in files(tmp_path):
        assert b"OK: " in ran("pngcheck", path)


@pytest.mark.skipif(not shutil.which("vips"), reason="vips is not installed")
def test_vips_reads_the_same_pixels(tmp_path):
    for path, pixels in files(tmp_path).items():
        raw = tmp_path / "pixels.raw"
        ran("vips", "rawsave", path, raw)
        assert raw.read_bytes() == pixels.tobytes(), path.name


@pytest.mark.skipif(imagemagick() is None, reason="ImageMagick is not installed")
def test_imagemagick_reads_the_same_pixels(tmp_path):
    for path, pixels in files(tmp_path).items():
        channels, depth = pixels.shape[2], 8 * pixels.dtype.itemsize
        form = {1: "gray", 2: "graya", 3: "rgb", 4: "rgba"}[channels]
        found = ran(imagemagick(), path, "-depth", str(depth), "-endian", "LSB", f"{form}:-")
        assert found == pixels.astype(pixels.dtype.newbyteorder("<")).tobytes(), path.name
        ran("identify", "-regard-warnings", path)


@pytest.mark.parametrize("columns", [599, 600])
def test_from_a_mebibyte_on_the_loop_codes_what_isal_does_not_make_smaller(columns, monkeypatch, tmp_path):
    """On both sides of the limit; any number of threads gives the same bytes, whoever codes a strip."""
    sizes = []
    real = compress.runs_coder

    def counted():
        deflate = real()
        return lambda content, last: (sizes.append(len(content)), deflate(content, last))[1]

    monkeypatch.setattr(compress, "runs_coder", counted)
    rows = -(-compress.LARGE // (3 * 600))
    pixels = np.random.default_rng(1).normal(128, 5, (rows, columns, 3)).astype(np.uint8)
    content = png_writer.encode(Frame(pixels), {}, threads=1)
    assert bool(sizes) is (rows * columns * 3 >= compress.LARGE)
    assert np.array_equal(by_pillow(content), pixels)
    assert all(png_writer.encode(Frame(pixels), {}, threads=threads) == content for threads in (2, 3))
    half = Frame(
        np.concatenate([pixels[: rows // 2], np.tile(pixels[:8], (rows // 16, 1, 1))])
    )  # the lower half repeats itself: ISA-L's part
    assert np.array_equal(by_pillow(png_writer.encode(half, {})), half.pixels)
