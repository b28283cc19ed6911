"""Small files that would take gigabytes or minutes: what an image may take, and how long, is never the file's to say,
whatever part of it says so.

Each is tried by the real command under `--max-memory 100M`, and its memory and its processor's time are measured.
"""

from __future__ import annotations

import gzip
import io
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import imgconv
from imgconv import errors
from imgconv.engine import memory
from imgconv.files import inner_images, read
from imgconv.files.gif import reader as gif_reader
from imgconv.files.options import Reading
from tests.command import COMMAND, encoded, environment, noise, raw_png, save, shell

ALLOWED, SLACK = 100, 40  # megabytes: what is allowed, and what a sound image may take besides for code
SECONDS = 8.0
LINUX = sys.platform == "linux"

pytestmark = pytest.mark.skipif(not LINUX, reason="memory is measured as Linux counts it")


LAUNCHER = """
import os, resource, subprocess, sys

resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, 8 * 2**30))  # so that a failure here is not the machine's
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), used.ru_maxrss / 1024, used.ru_utime + used.ru_stime)
"""
"""A process of its own, for a child's memory begins with that of its parent."""


def measured(path: Path, *, env: dict[str, str] | None = None) -> tuple[int, str, float, float]:
    """Exit code, standard error, megabytes and seconds of the command on a file."""
    line = [
        *COMMAND,
        "filter",
        "identity",
        path.name,
        "--max-memory",
        f"{ALLOWED}M",
        "--format",
        "npy",
        "-o",
        "out.npy",
    ]
    launched = [sys.executable, "-I", "-S", "-c", LAUNCHER, *line]
    done = subprocess.run(launched, cwd=path.parent, capture_output=True, env=environment(env), check=True, timeout=300)
    code, megabytes, seconds = map(float, done.stdout.split())
    return int(code), done.stderr.decode("utf-8", "replace"), megabytes, seconds


@cache
def _ordinary(folder: Path) -> float:
    """Megabytes that the command takes for nearly nothing."""
    return measured(save(folder / "small.png", noise(8, 8, 3)))[2]


@pytest.fixture(scope="session")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> float:
    return _ordinary(tmp_path_factory.mktemp("ordinary"))


# ---------------------------------------------------------------- files written by hand


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(*chunks: bytes, width: int = 1, height: int = 1, kind: int = 2) -> bytes:
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + png_chunk(b"IEND", b"")


def still(width: int, height: int) -> bytes:
    """A gray PNG of nothing, deflated a row at a time."""
    coder, row = zlib.compressobj(9), bytes(1 + width)
    rows = b"".join(coder.compress(row) for _ in range(height)) + coder.flush()
    return png(png_chunk(b"IDAT", rows), width=width, height=height, kind=0)


ONE_PIXEL = png_chunk(b"IDAT", zlib.compress(bytes(4)))


def apng(width: int, height: int, rows: bytes) -> bytes:
    """A picture of one pixel whose second frame says another size."""

    def control(number: int, across: int, down: int) -> bytes:
        return png_chunk(b"fcTL", struct.pack(">5I2H2B", number, across, down, 0, 0, 1, 10, 0, 0))

    frames = control(0, 1, 1) + ONE_PIXEL + control(1, width, height) + png_chunk(b"fdAT", struct.pack(">I", 2) + rows)
    return png(png_chunk(b"acTL", struct.pack(">II", 2, 0)), frames)


def gif(*frames: tuple[int, int], canvas: tuple[int, int] = (10, 10)) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", *canvas, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    made = []
    for width, height in frames:
        content = encoded(np.zeros((height, width) if height <= 9000 else (1, 1), np.uint8), "GIF")
        coded = content[content.index(b",", 13) + 10 : -1]
        made.append(b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + coded)
    return head + b"".join(made) + b";"


def ifd(fields: list[tuple[int, int, int, int]], following: int = 0) -> bytes:
    """A directory of TIFF: tag, type (3: 2 bytes, 4: 4 bytes), count, value or offset."""
    entries = b"".join(struct.pack("<HHII", *field) for field in sorted(fields))
    return struct.pack("<H", len(fields)) + entries + struct.pack("<I", following)


def page(
    width: int, height: int, compression: int, at: int, length: int, *, bits: int = 8
) -> list[tuple[int, int, int, int]]:
    """The fields of a gray page in one strip."""
    known = {256: width, 257: height, 258: bits, 259: compression, 262: 1, 273: at, 277: 1, 278: height, 279: length}
    return [(tag, 3 if tag in (258, 259, 262, 277) else 4, 1, value) for tag, value in known.items()]


def tiff(
    width: int,
    height: int,
    compression: int,
    strip: bytes,
    *,
    bits: int = 8,
    more: tuple[tuple[int, int, int, int], ...] = (),
) -> bytes:
    at = 8 + 2 + 12 * (9 + len(more)) + 4
    return (
        b"II*\0"
        + struct.pack("<I", 8)
        + ifd([*page(width, height, compression, at, len(strip), bits=bits), *more])
        + strip
    )


def tile(width: int, height: int, compression: int, content: bytes, *, bits: int = 8) -> bytes:
    """A page of 16 x 16 in one tile of another size."""
    fields = [field for field in page(16, 16, compression, 0, 0, bits=bits) if field[0] not in (273, 278, 279)]
    at = 8 + 2 + 12 * (len(fields) + 4) + 4
    return (
        b"II*\0"
        + struct.pack("<I", 8)
        + ifd([*fields, (322, 4, 1, width), (323, 4, 1, height), (324, 4, 1, at), (325, 4, 1, len(content))])
        + content
    )


def pages(count: int, bits: int) -> bytes:
    size = len(ifd(page(1, 1, 1, 8, 1)))
    return (
        b"II*\0"
        + struct.pack("<I", 8)
        + b"".join(ifd(page(1, 1, 1, 8, 1, bits=bits), 8 + size * (i + 1)) for i in range(count))
    )


@cache
def jpeg(side: int) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (side, side)).save(stream, "JPEG", quality=1)
    return stream.getvalue()


def jpeg_of_scans(side: int, scans: int) -> bytes:
    """A progressive JPEG whose last scan is there many times."""
    stream = io.BytesIO()
    Image.new("L", (side, side), 99).save(stream, "JPEG", progressive=True)
    content = stream.getvalue()
    return content[:-2] + content[content.rindex(b"\xff\xda") : -2] * scans + b"\xff\xd9"


def blp(content: bytes) -> bytes:
    """A texture of 4 x 4 whose pixels are a JPEG of its own size."""
    head = b"BLP1" + struct.pack("<iIIIii", 0, 0, 4, 4, 4, 0)
    return (
        head
        + struct.pack("<16I", 162, *[0] * 15)
        + struct.pack("<16I", len(content) - 2, *[0] * 15)
        + struct.pack("<I", 2)
        + content
    )


def ico(content: bytes) -> bytes:
    return b"\0\0\1\0\1\0" + struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(content), 22) + content


def icns(content: bytes) -> bytes:
    return b"icns" + struct.pack(">I", 16 + len(content)) + b"icp4" + struct.pack(">I", 8 + len(content)) + content


def iptc(content: bytes, compression: int = 5) -> bytes:
    """IPTC's records with a coded picture of 4 x 4."""
    size, pieces = b"\0\0\0\4", [content[at : at + 30_000] for at in range(0, len(content), 30_000)]
    said = [
        ((3, 60), b"\1\0"),
        ((3, 20), size),
        ((3, 30), size),
        ((3, 120), struct.pack(">I", compression)),
        *(((8, 10), piece) for piece in pieces),
    ]
    return b"".join(b"\x1c" + bytes(tag) + struct.pack(">H", len(value)) + value for tag, value in said)


def codestream(width: int, height: int, across: int, down: int, components: int) -> bytes:
    """The beginning of a JPEG 2000 picture in tiles."""
    size = (
        struct.pack(">HHIIIIIIIIH", 38 + 3 * components, 0, width, height, 0, 0, across, down, 0, 0, components)
        + b"\7\1\1" * components
    )
    coding = (
        b"\xff\x52"
        + struct.pack(">HBBHBBBBBB", 12, 0, 0, 1, 0, 5, 4, 4, 0, 1)
        + b"\xff\x5c"
        + struct.pack(">HB", 19, 0x40)
        + bytes(16)
    )
    return (
        b"\xff\x4f\xff\x51" + size + coding + b"\xff\x90" + struct.pack(">HHIBB", 10, 0, 14, 0, 1) + b"\xff\x93\xff\xd9"
    )


def fits(side: int) -> bytes:
    def block(*cards: str) -> bytes:
        return "".join(card.ljust(80) for card in (*cards, "END")).ljust(2880).encode()

    table = (
        "XTENSION= 'BINTABLE'",
        "BITPIX  = 8",
        "NAXIS   = 2",
        "NAXIS1  = 0",
        "NAXIS2  = 0",
        "PCOUNT  = 0",
        "GCOUNT  = 1",
        "ZIMAGE  = T",
    )
    size = ("ZBITPIX = 8", "ZNAXIS  = 2", f"ZNAXIS1 = {side}", f"ZNAXIS2 = {side}", "ZCMPTYPE= 'GZIP_1  '")
    return (
        block("SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 0")
        + block(*table, *size)
        + gzip.compress(bytes(4 * side * side), 9)
    )


def dds(side: int) -> bytes:
    """Pixels that are not there, of which Pillow takes each by itself."""
    head = b"DDS " + struct.pack("<7I", 124, 0x1007, side, side, 0, 0, 0) + bytes(44)
    return head + struct.pack("<II4sI4I", 32, 0x40, b"\0\0\0\0", 24, 0xFF, 0xFF00, 0xFF0000, 0) + bytes(20)


def photoshop(height: int, width: int, layer: bytes = b"") -> bytes:
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 1, height, width, 8, 1) + struct.pack(">II", 0, 0)
    layers = struct.pack(">IIh", 6 + len(layer), 2 + len(layer), 1) + layer if layer else struct.pack(">I", 0)
    return head + layers + struct.pack(">H", 0 if layer else 1) + bytes(16)


HIGH_LAYER = struct.pack(">iiiiHhI", 0, 0, 2**30, 1, 1, 0, 2) + bytes(16) + struct.pack(">H", 1) + bytes(64)
HEAD = {256: (4, 1), 257: (4, 1), 258: (3, 8), 259: (3, 1), 262: (3, 1), 277: (3, 1), 278: (4, 1), 279: (4, 1)}


def claiming(tag: int, type_: int, count: int) -> bytes:
    """A page of one pixel with a field of many values."""
    fields = (
        {number: (kind, 1, value) for number, (kind, value) in HEAD.items()}
        | {273: (4, 1, 8)}
        | {tag: (type_, count, 1000)}
    )
    return b"II*\0" + struct.pack("<I", 8) + ifd([(number, *field) for number, field in fields.items()])


SMALL: dict[str, Callable[[], bytes]] = {
    "frame.apng": lambda: apng(9000, 9000, zlib.compress(b"\0")),
    "whole-frame.apng": lambda: apng(9000, 9000, zlib.compress(bytes(27_001 * 9000), 9)),
    "frame.gif": lambda: gif((10, 10), (9000, 9000)),
    "larger-frame.gif": lambda: gif((10, 10), (65535, 65535)),
    "first-frame.gif": lambda: gif((9000, 9000), (10, 10)),
    "profile.png": lambda: png(png_chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(60_000_000), 9)), ONE_PIXEL),
    "text.png": lambda: png(png_chunk(b"zTXt", b"x\0\0" + zlib.compress(b"a" * 60_000_000, 9)), ONE_PIXEL),
    "late-text.png": lambda: png(ONE_PIXEL, png_chunk(b"iTXt", b"x\0\1\0\0\0" + zlib.compress(b"a" * 60_000_000, 9))),
    "million-chunks.png": lambda: png(png_chunk(b"zzZz", b"") * 1_000_000, ONE_PIXEL),
    "jpeg.blp": lambda: blp(jpeg(9000)),
    "indices.blp": lambda: (
        b"BLP1"
        + struct.pack("<iIIIii", 1, 1, 4, 4, 4, 0)
        + struct.pack("<32I", *[1180] * 16, *[2**24] * 16)
        + bytes(2**24)
    ),
    "png.ico": lambda: ico(still(13_000, 13_000)),
    "png.icns": lambda: icns(still(13_000, 13_000)),
    "tiles.icns": lambda: icns(codestream(255, 255, 1, 1, 3)),
    "record.iim": lambda: iptc(still(9000, 9000)),
    "tiles.j2k": lambda: codestream(255, 255, 1, 1, 3),
    "scans.jpg": lambda: jpeg_of_scans(3000, 3000),
    "marks.jpg": lambda: b"\xff\xd8" + b"\xff" * 1_000_000 + bytes(1_000_000),
    "table.fits": lambda: fits(3000),
    "nothing.dds": lambda: dds(4000),
    "packbits.tif": lambda: tiff(4, 4, 32773, b"\x81\0" * 2_000_000, bits=32),
    "literals.tif": lambda: tiff(4, 4, 32773, b"\0\5" * 2_000_000, bits=32),
    "deflate.tif": lambda: tiff(4, 4, 8, zlib.compress(bytes(200_000_000), 9), bits=32),
    "jpeg.tif": lambda: tiff(4, 4, 7, jpeg(9000), more=((339, 3, 1, 2),)),
    "tile.tif": lambda: tile(30_000, 30_000, 8, zlib.compress(bytes(1000))),
    "deep-tile.tif": lambda: tile(15_008, 15_008, 8, zlib.compress(bytes(1000)), bits=32),
    "loop.tif": lambda: b"II*\0" + struct.pack("<I", 8) + ifd(page(1, 1, 1, 8, 1), 8),
    "deep-loop.tif": lambda: b"II*\0" + struct.pack("<I", 8) + ifd(page(1, 1, 1, 8, 1, bits=32), 8),
    "pages.tif": lambda: pages(20_000, 8),
    "deep-pages.tif": lambda: pages(20_000, 32),
    "sub-pages.tif": lambda: (
        (b"II*\0\x08\0\0\0" + ifd([*page(1, 1, 1, 8, 1), (330, 4, 50_000, 200)])).ljust(200, b"\0")
        + b"\x08\0\0\0" * 50_000
    ),
    "frames.gif": lambda: (
        gif((1, 1), canvas=(1, 1))[:-1]
        + (b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x44\1\0") * 1_000_000
        + b";"
    ),
}
"""Names and contents of files of at most some megabytes."""

SPARSE: dict[str, Callable[[], bytes]] = {
    "text.png": lambda: png()[:33] + struct.pack(">I", 2**31 - 1) + b"tEXt",
    "x.webp": lambda: b"RIFF" + struct.pack("<I", 3 * 2**30 - 8) + b"WEBPVP8L",
    "x.avif": lambda: struct.pack(">I", 32) + b"ftypavif\0\0\0\0avifmif1miaf" + bytes(4),
    "x.jp2": lambda: b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 \0\0\0\0jp2 " + struct.pack(">I", 2**31) + b"jp2h",
    "resource.psd": lambda: photoshop(4, 4)[:26] + struct.pack(">I", 2**31),
    "rows.psd": lambda: photoshop(2**29, 1),
    "layer.psd": lambda: photoshop(4, 4, HIGH_LAYER),
    "profile.tif": lambda: claiming(34675, 7, 2**31),
    "strips.tif": lambda: claiming(273, 4, 2**26),
    "x.sgi": lambda: (
        struct.pack(">HBBHHHH", 474, 1, 1, 2, 4, 4, 1).ljust(512, b"\0") + struct.pack(">8I", *[600] * 4, *[2] * 4)
    ),
    "x.gbr": lambda: struct.pack(">5I4sI", 2**31, 2, 4, 4, 1, b"GIMP", 10),
    "x.iim": lambda: iptc(b"", 1) + b"\x1c\x08\x0a\x84" + struct.pack(">I", 2**31),
    "x.gif": lambda: b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff",
    "x.icns": lambda: b"icns" + struct.pack(">I", 3 * 2**30),
    "x.xpm": lambda: b'/* XPM */\n"9 9 300000000 1",\n',
}
"""Beginnings of files of three gigabytes of zeros, which take no room on a disk."""


LONG = ("million-chunks.png", "frames.gif", "x.gif")  # a second each and more, though they stop in time


def _some(names: Iterable[str]) -> list[Any]:
    return [pytest.param(name, marks=pytest.mark.slow) if name in LONG else name for name in names]


def _holds(path: Path, ordinary: float, env: dict[str, str] | None = None) -> str:
    """Runs the command on a hostile file; what it said."""
    code, said, megabytes, seconds = measured(path, env=env)
    assert code in (0, 1), said
    assert said.startswith("imgconv: "), said
    assert said.count("\n") == 1, said
    assert "Traceback" not in said
    assert megabytes < ordinary + ALLOWED + SLACK, said
    assert seconds < SECONDS, said
    return said


@pytest.mark.parametrize("name", _some(SMALL))
def test_small_files_take_little(tmp_path: Path, ordinary: float, name: str) -> None:
    (tmp_path / name).write_bytes(SMALL[name]())
    _holds(tmp_path / name, ordinary)


@pytest.mark.parametrize("name", ["deflate.tif"])
def test_strips_take_little_without_codecs(tmp_path: Path, ordinary: float, name: str) -> None:
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "imagecodecs.py").write_text("raise ImportError('not here')")
    (tmp_path / name).write_bytes(SMALL[name]())
    said = _holds(tmp_path / name, ordinary, {"PYTHONPATH": str(tmp_path / "without")})
    assert "far more than its pixels" in said


@pytest.mark.parametrize("name", _some(SPARSE))
def test_sparse_files_take_little(tmp_path: Path, ordinary: float, name: str) -> None:
    (tmp_path / name).write_bytes(SPARSE[name]())
    os.truncate(tmp_path / name, 3 * 2**30)
    _holds(tmp_path / name, ordinary)


def test_what_may_be_read_twice_counts_too(tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(encoded(noise(8, 8, 3), "PNG"))
    os.truncate(tmp_path / "in.png", 2**30)
    done = shell("imgconv filter identity in.png --max-memory 100M -o out.npy", tmp_path)
    assert done.code == 0, done.err
    done = shell("imgconv filter identity in.png --max-memory 100M --allow-truncated --overwrite -o out.npy", tmp_path)
    assert (done.code, "would take about" in done.err) == (1, True), done.err


def test_every_check_is_asked() -> None:
    for starts, _ in inner_images.CHECKS:
        for start in (starts,) if isinstance(starts, bytes) else starts:
            assert start.startswith(read.CONTAINERS)


def test_pixels_that_are_not_there_take_no_time(tmp_path: Path) -> None:
    """Whatever memory there is: Pillow takes five minutes for these."""
    (tmp_path / "in.dds").write_bytes(dds(9000))
    done = shell("ulimit -t 20; imgconv filter identity in.dds -o out.npy", tmp_path)
    assert (done.code, "243000000 bytes of its pixels are missing" in done.err) == (1, True), done.err


def test_frames_that_nobody_wants_are_not_made(tmp_path: Path) -> None:
    """Two thousand pictures of 25 megapixels each, of which one is wanted, and only a pixel of the others is stored."""
    (tmp_path / "in.gif").write_bytes(gif(*[(1, 1)] * 2000, canvas=(5000, 5000)))
    done = shell("ulimit -t 20; imgconv filter identity in.gif --frames -1 -o out.npy", tmp_path)
    assert done.code == 0, done.err
    assert np.load(tmp_path / "out.npy").shape[:2] == (5000, 5000)


def test_a_texture_of_its_own_size_is_read(tmp_path: Path) -> None:
    (tmp_path / "in.blp").write_bytes(blp(jpeg(4)))
    assert imgconv.load(tmp_path / "in.blp").pixels.shape == (4, 4, 3)


# ---------------------------------------------------------------- code that is not ours


def test_no_program_runs_from_within_a_picture(tmp_path: Path) -> None:
    """IPTC's records may hold anything; Pillow would open it, and draw PostScript by Ghostscript."""
    program = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\n%%EndComments\nshowpage\n"
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "gs").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (tools / "gs").chmod(0o755)
    for name, content in {
        "in.iim": iptc(program),
        "in.eps": program,
        "in.ico": ico(program),
        "in.icns": icns(program),
        "in.blp": blp(program),
    }.items():
        (tmp_path / name).write_bytes(content)
        done = shell(f'PATH="{tools}:$PATH" imgconv filter identity {name} -o out.png', tmp_path)
        assert done.code == 1, done.err
    assert not (tmp_path / "ran").exists()


# ---------------------------------------------------------------- limits and forecasts


def test_a_frame_beyond_its_picture_is_refused(tmp_path: Path) -> None:
    """PNG forbids it (third edition, 11.3.6.2), whatever memory is there."""
    (tmp_path / "in.png").write_bytes(apng(3, 2, zlib.compress(bytes(2 * 10))))
    with pytest.raises(errors.FileError, match="a frame of 3x2 lies beyond the picture of 1x1"):
        imgconv.load(tmp_path / "in.png")


def test_pages_of_other_kinds_count_as_what_they_are(tmp_path: Path) -> None:
    """The first page is gray of one byte; the second takes 24 times as much."""
    import tifffile

    with tifffile.TiffWriter(tmp_path / "in.tif") as file:
        file.write(noise(100, 100), photometric="minisblack", metadata=None)
        file.write(noise(100, 100, 3).astype("float64"), photometric="rgb", metadata=None)
    assert len(imgconv.load(tmp_path / "in.tif").frames) == 2
    with pytest.raises(errors.FileError, match="would take about"):
        imgconv.load(tmp_path / "in.tif", max_memory=200_000)


def test_frames_are_counted_as_far_as_is_needed(tmp_path: Path) -> None:
    frames = [Image.fromarray(noise(6, 5, seed=k)) for k in range(9)]
    frames[0].save(tmp_path / "in.gif", save_all=True, append_images=frames[1:])
    with open(tmp_path / "in.gif", "rb") as stream:
        assert gif_reader.survey(stream).count == 9
        assert gif_reader.survey(stream, 3).count == 4
    whole = imgconv.load(tmp_path / "in.gif")
    for number in (-1, 7):
        header = read.header(str(tmp_path / "in.gif"), Reading(frames=number, max_frames=3))
        assert np.array_equal(header.load().pixels, whole.frames[number].pixels)
    with pytest.raises(errors.FileError, match="has 4 frames, more than 3"):
        read.header(str(tmp_path / "in.gif"), Reading(max_frames=3))


def test_late_pages_are_found_from_either_end(tmp_path: Path) -> None:
    pages_ = [Image.fromarray(noise(6, 5, seed=k)) for k in range(9)]
    pages_[0].save(tmp_path / "in.tif", save_all=True, append_images=pages_[1:])
    for number in (-1, 7):
        header = read.header(str(tmp_path / "in.tif"), Reading(frames=number, max_frames=3))
        assert np.array_equal(header.load().pixels, np.array(pages_[number]))


def test_fields_over_each_other_are_read_once() -> None:
    """A thousand fields of a megabyte each, all of them the same bytes."""
    from imgconv.files.tiff import directories

    content = bytes(8) + ifd([(tag, 7, 2**20, 8) for tag in range(1000)]).ljust(2**20 + 8, b"\0")
    found = directories.read(directories.fetch_from_bytes(content), "<", 8)
    assert sum(len(entry.value) for entry in found) <= 2**26


CHILD = """
import sys
import imgconv
from imgconv.files import limits, read
from imgconv.files.options import Reading

def peak():
    with open("/proc/self/status") as file:
        return 1024 * next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))

def reset():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    return peak()

path = sys.argv[1]
imgconv.load(path, max_pixels=10**9)  # so that what is needed once is there
before = reset()
header = read.header(path, Reading(max_pixels=10**9))
predicted = limits.decoded_bytes(header) + limits.buffer_bytes(header)
kept = header.load()
print(path, predicted, peak() - before)
"""


def test_the_forecast_covers_what_decoders_hold(tmp_path: Path) -> None:
    """Pillow's own picture, canvases, coefficients: measured as the system counts them."""
    colour = np.zeros((1000, 1000, 3), np.uint8)
    colour[::7, ::5] = (9, 200, 30)
    picture = Image.fromarray(colour)
    ways: dict[str, tuple[str, dict[str, object]]] = {
        "a.png": ("RGB", {}),
        "p.png": ("P", {}),
        "b.png": ("1", {}),
        "a.jpg": ("RGB", {}),
        "p.jpg": ("RGB", {"progressive": True, "subsampling": 0}),
        "a.webp": ("RGBA", {"lossless": True, "method": 0}),
        "a.jp2": ("RGB", {}),
        "a.avif": ("RGB", {"speed": 10}),
        "a.bmp": ("RGB", {}),
        "a.tif": ("RGB", {}),
        "z.tif": ("RGB", {"compression": "tiff_adobe_deflate"}),
        "a.gif": ("P", {}),
        "a.tga": ("RGBA", {}),
        "a.qoi": ("RGB", {}),
        "a.dds": ("RGBA", {}),
        "a.pcx": ("P", {}),
        "a.sgi": ("RGB", {}),
        "i.png": ("I;16", {}),
    }
    for name, (mode, options) in ways.items():
        one = picture.convert("L").convert(mode) if mode == "I;16" else picture.convert(mode)
        one = one.crop((0, 0, 300, 300)) if name in ("a.dds", "a.qoi") else one  # which Python decodes
        one.save(tmp_path / name, **options)  # type: ignore[arg-type]
    (tmp_path / "plain.ppm").write_bytes(b"P3\n300 300\n255\n" + b"12 " * (300 * 300 * 3))
    (tmp_path / "hundred.pgm").write_bytes(b"P5\n300 300\n100\n" + bytes(300 * 300))
    imgconv.save(
        imgconv.Image((imgconv.values.image.Frame(colour.astype("uint16"), colour[..., 0].astype("uint16")),)),
        tmp_path / "deep.png",
    )
    imgconv.save(imgconv.Image((imgconv.values.image.Frame(colour.astype("uint16")),)), tmp_path / "deep.tif")
    many = [Image.fromarray(np.roll(colour[:600, :600], k, 1)).convert("RGBA") for k in range(4)]
    for k, one in enumerate(many):
        one.putalpha(100 + k)
    for name in ("many.png", "many.webp", "many.gif"):
        many[0].save(tmp_path / name, save_all=True, append_images=many[1:])
    paths = sorted(str(path) for path in tmp_path.iterdir())
    given_back = {
        "MALLOC_MMAP_THRESHOLD_": "65536",
        "MALLOC_TRIM_THRESHOLD_": "65536",
    }  # what is freed leaves the process, and is seen when it is taken again

    def measured(path: str) -> tuple[int, int]:
        """The predicted memory, and the memory taken in a process of its own, where nothing is left to reuse."""
        words = [sys.executable, "-c", CHILD, path]
        done = subprocess.run(
            words, env=environment(given_back), capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        _, predicted, taken = done.stdout.split()
        return int(predicted), int(taken)

    found = {Path(path).name: measured(path) for path in paths}
    assert {name: row for name, row in found.items() if row[1] > row[0] + 4_000_000} == {}
    told = {name: row for name, row in found.items() if row[1]}  # elsewhere all fits into what the first read left
    assert len(told) >= len(paths) - 8, found
    assert {name: row for name, row in told.items() if row[0] > 6 * row[1] + 8_000_000} == {}, "more than is sensible"


CONFINED = """
import resource
from imgconv.engine.memory import confined

before = resource.getrlimit(resource.RLIMIT_DATA)
try:
    with confined(10**8):
        bytearray(10**9)
except MemoryError:
    print("held")
assert resource.getrlimit(resource.RLIMIT_DATA) == before
len(bytearray(10**9))
"""


def test_what_no_forecast_knows_ends_at_the_limit() -> None:
    """A decoder that takes memory unasked ends in its MemoryError, and the limit is as before afterwards."""
    done = subprocess.run(
        [sys.executable, "-c", CONFINED], env=environment(), capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "held\n"), done.stderr
    assert memory.allowed_bytes(5) == 5


def test_a_zero_sized_part_is_no_matter(tmp_path: Path) -> None:
    """A picture of one pixel by hand is still one."""
    (tmp_path / "in.png").write_bytes(raw_png(1, 1, 8, 2, bytes(4)))
    assert imgconv.load(tmp_path / "in.png").pixels.tolist() == [[[0, 0, 0]]]
