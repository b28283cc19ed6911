"""What an image may cost is asked before work starts; damaged files are refused, or read as far as they go and said to
be."""

from __future__ import annotations

import hashlib
import os
import struct
import threading
import tracemalloc
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

import imgconv
from imgconv import errors
from imgconv.api.apply.pipeline import apply
from imgconv.batches.forecast import most_bytes
from imgconv.engine import memory
from imgconv.files import read
from imgconv.files.options import MOST_PIXELS, Reading
from imgconv.files.source import Source
from imgconv.operations.pipeline import Pipeline
from imgconv.values.image import Frame
from imgconv.values.parameters import FRAMES, MEMORY, PIXELS
from imgconv.values.pixel_values import target
from tests.command import encoded, noise, pixels_of, png, raw_png, save, shell
from tests.command import imgconv as command

COLOUR = noise(60, 80, 3)


def refused(done, *words: str, code: int = 1) -> None:
    assert (done.code, done.out) == (code, b""), done.err
    assert done.err.startswith("imgconv: ")
    assert done.err.count("\n") == 1
    assert [word for word in words if word not in done.err] == [], done.err


# ---------------------------------------------------------------- amounts as text


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("1", 1),
        ("500M", 500_000_000),
        ("2GiB", 2**31),
        ("2gib", 2**31),
        ("1.5k", 1500),
        ("64 KiB", 65536),
        ("3 B", 3),
        ("1T", 10**12),
        ("0.5Mi", 2**19),
        (str((2**31 - 1) ** 2), (2**31 - 1) ** 2),
    ],
)
def test_amounts(text: str, count: int) -> None:
    assert MEMORY.read(text) == count
    assert MEMORY.read(MEMORY.text(count)) == count
    assert MEMORY.read(np.int64(count)) == count


@pytest.mark.parametrize(
    "value",
    ["", "0", "-1", "M", "1X", "1 i", "1iB", "1e9", "nan", "inf", "0.1", "1,5G", "٣", "9" * 40, 0, -1, 1.5, True, None],
)
def test_amounts_that_are_none(value: object) -> None:
    for kind in (MEMORY, PIXELS, FRAMES):
        with pytest.raises(errors.UsageError, match="not a whole number from 1"):
            kind.read(value)


# ---------------------------------------------------------------- pixels, frames and memory


def test_too_many_pixels(tmp_path: Path) -> None:
    """The number and the switch; the reader in use makes no difference, and nothing is decoded."""
    (tmp_path / "large.png").write_bytes(raw_png(10_000, 10_000, 8, 0))
    (tmp_path / "bomb.png").write_bytes(raw_png(60_000, 60_000, 8, 2))
    (tmp_path / "bomb.ppm").write_bytes(b"P6 60000 60000 255\n")
    for name, pixels in {"large.png": 10**8, "bomb.png": 36 * 10**8, "bomb.ppm": 36 * 10**8}.items():
        done = shell(f"ulimit -v 4000000; imgconv filter vertical {name}", tmp_path)
        refused(done, name, str(pixels), str(MOST_PIXELS), f"--max-pixels {pixels}")


def test_max_pixels_is_the_last_that_passes(tmp_path: Path) -> None:
    for name in ("in.png", "in.ppm", "in.npy", "in.gif"):
        path = str(save(tmp_path / name, noise(60, 80)))
        read.header(path, Reading(max_pixels=4800)).load()
        with pytest.raises(errors.FileError, match="has 4800 pixels, more than 4799"):
            read.header(path, Reading(max_pixels=4799))
    assert command("filter", "identity", "in.png", "--max-pixels", "4.8k", "-o", "out.png", cwd=tmp_path).code == 0
    refused(command("filter", "identity", "in.png", "--max-pixels", "4799", cwd=tmp_path), "in.png", "4800", "4799")


def test_more_than_pillow_takes(tmp_path: Path) -> None:
    """190 megapixels, one bit each: Pillow would refuse; its own limit is as before afterwards."""
    rows = zlib.compress(bytes(2501 * 9500), 1)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 20_000, 9500, 1, 0, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b"")]
    content = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    (tmp_path / "in.png").write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    refused(command("pool", "in.png", cwd=tmp_path), "--max-pixels 190000000")
    before = Image.MAX_IMAGE_PIXELS
    header = read.header(str(tmp_path / "in.png"), Reading(max_pixels=190_000_000))
    assert (header.height, header.width) == (9500, 20_000)
    assert before == Image.MAX_IMAGE_PIXELS
    header.close()


def test_too_many_frames(tmp_path: Path) -> None:
    pages = [Image.fromarray(noise(60, 80, seed=i)) for i in range(5)]
    for name in ("in.gif", "in.tif", "in.png"):
        path = tmp_path / name
        pages[0].save(path, save_all=True, append_images=pages[1:])
        assert len(read.header(str(path), Reading(max_frames=5)).load().frames) == 5
        with pytest.raises(
            errors.FileError, match=f"{name}: has 5 frames, more than 4; if you trust it: --max-frames 5"
        ):
            read.header(str(path), Reading(max_frames=4))
        with pytest.raises(errors.FileError, match="has 5 frames, more than 4"):
            imgconv.load(path, max_frames=4)
        with pytest.raises(errors.FileError, match="would take about"):  # all of them together
            read.header(str(path), Reading(max_memory=4 * 60 * 80))
    done = command("filter", "identity", "in.gif", "--max-frames", "4", "-o", "out.gif", cwd=tmp_path)
    refused(done, "in.gif", "--max-frames 5")


def test_memory_is_predicted(tmp_path: Path) -> None:
    save(tmp_path / "in.png", COLOUR)
    refused(
        command("filter", "identity", "in.png", "--max-memory", "20k", cwd=tmp_path),
        "in.png",
        "19.5 KiB",
        "--max-memory",
    )
    assert command("filter", "identity", "in.png", "--max-memory", "1M", "-o", "out.png", cwd=tmp_path).code == 0
    refused(
        command("filter", "identity", "in.png", "--pad", "2000", "--max-memory", "20M", cwd=tmp_path), "in.png", "MiB"
    )
    refused(command("filter", "identity", "in.png", "--max-memory", "lots", cwd=tmp_path), "500M", code=2)


@pytest.mark.parametrize(
    "text",
    ["filter vertical", "filter gaussian:1 | filter vertical | abs", "filter identity pad=50", "maxpool 2 | avgpool 3"],
)
def test_the_forecast_covers_what_arrays_take(tmp_path: Path, text: str) -> None:
    """Arrays alive at once, as the machine counts them, are no more than predicted (but for what belongs to no
    image)."""
    path = save(tmp_path / "in.npy", noise(400, 500, 3))
    pipeline = Pipeline.parse(text)
    with read.header(str(path)) as header:
        predicted = most_bytes(header, pipeline, target(header.type, None, "clamp"), 3)
        apply(
            pipeline, imgconv.values.pixel_values.values(noise(12, 90, 3)), target("uint8", None, "clamp")
        )  # loops are made
        tracemalloc.start()
        imgconv.Image.of(header.load()).through(pipeline)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most <= predicted + 2_000_000
    assert predicted <= 4 * most + 2_000_000


@pytest.mark.parametrize("text", ["filter gaussian:1.5", "filter vertical | abs", "avgpool 2"])
def test_the_forecast_covers_what_weighting_by_alpha_takes(tmp_path: Path, text: str) -> None:
    path = save(tmp_path / "in.png", noise(900, 1000, 4))
    pipeline = Pipeline.parse(text)
    with read.header(str(path)) as header:
        predicted = most_bytes(header, pipeline, target(header.type, None, "clamp"), 3)
        image = imgconv.Image.of(header.load())
        image.through(pipeline)  # loops are made
        tracemalloc.start()
        image.through(pipeline)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most <= predicted + 2_000_000
    assert predicted <= most + 100_000_000  # strips in doubles: what a step makes of them depends on much more


def test_an_endless_stream(tmp_path: Path) -> None:
    """Plain text is not read on; what may be an image is, as far as memory may hold it."""
    refused(shell("yes | imgconv filter identity", tmp_path, timeout=60), "standard input: is text")
    refused(shell("imgconv filter identity < /dev/zero", tmp_path, timeout=60), "standard input: is nothing but zeros")
    done = shell("(head -c 5000 /bin/sh; yes) | imgconv filter identity --max-memory 50M", tmp_path, timeout=60)
    refused(done, "standard input: is a program")
    (tmp_path / "in.png").write_bytes(png(COLOUR))
    done = shell(
        "mkfifo f; ((cat in.png; yes) > f &) ; imgconv filter identity f --max-memory 50M", tmp_path, timeout=60
    )
    refused(done, "f: gives more than 47.7 MiB", "--max-memory")


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no such device here")
def test_endless_devices(tmp_path: Path) -> None:
    for name in ("/dev/zero", "/dev/null"):
        refused(shell(f"imgconv filter identity {name} --max-memory 50M", tmp_path, timeout=60), name)


def test_the_machines_memory_minds_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    done = shell(
        'ulimit -v 3000000; "$PYTHON_UNDER_TEST" -c "from imgconv.engine.memory import machine_bytes as m; print(m())"',
        Path.cwd(),
    )
    assert float(done.out) <= 3_000_000 * 1024, done.err
    monkeypatch.setattr(memory, "machine_bytes", lambda: 1000.0)
    assert memory.allowed_bytes() == pytest.approx(800)
    assert memory.allowed_bytes(5) == 5


def test_kernels_that_are_too_large(tmp_path: Path) -> None:
    save(tmp_path / "in.png", noise(8, 8))
    (tmp_path / "tall.txt").write_text("1\n" * 1_000_000)
    (tmp_path / "wide.txt").write_text("1 " * 1_000_000)
    for words in (("tall.txt",), ("wide.txt",), ("box:70000",), ("gaussian:1e6",)):
        refused(command("filter", *words, "in.png", cwd=tmp_path), "65536", code=2)
    with pytest.raises(errors.UsageError, match="65536"):
        imgconv.Kernel(np.ones((100_000, 1)))


@pytest.mark.parametrize(
    "words",
    [
        "pool --size 1000000x1000000",
        "pool --size 1000000x1000000 --pad same --stride 1",
        "pool --size 2 --dilation 1000000000",
        "filter box:3 --dilation 1000000000 --pad valid",
        "filter box:3 --pad 1000000000",
        "filter 1 --pad 1000000",
    ],
)
def test_windows_of_a_terabyte(tmp_path: Path, words: str) -> None:
    """Computed where that costs nothing, else refused; never tried."""
    save(tmp_path / "in.png", noise(8, 8))
    done = shell(f"ulimit -v 8000000; imgconv {words} in.png -q -o out.png", tmp_path, timeout=30)
    if done.code:
        refused(done, "in.png")
    else:
        assert pixels_of(tmp_path / "out.png").shape == (8, 8)


# ---------------------------------------------------------------- arrays that are not what they should be


def npy_header(shape: tuple[int, ...], descr: str = "|u1") -> bytes:
    text = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


BAD_ARRAYS = {
    "too-many.npy": (npy_header((2**31, 2**31)), "bytes of its pixels are missing"),
    "beyond.npy": (npy_header((3, 10**30)), "missing"),
    "negative.npy": (npy_header((-3, 4)), "broken"),
    "nested.npy": (b"\x93NUMPY\x01\x00" + struct.pack("<H", 9000) + b"(" * 9000, "broken"),
    "long-header.npy": (b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**31) + b"(" * 9000, "broken"),
    "objects.npy": (npy_header((3, 3), "|O") + bytes(100), "pickle"),
    "five.npy": (npy_header((2, 2, 2, 2, 2)) + bytes(32), "not an image"),
    "line.npy": (npy_header((4,)) + bytes(4), "not an image"),
    "none.npy": (npy_header((0, 4)), "no pixels"),
    "complex.npy": (npy_header((2, 2), "<c16") + bytes(64), "complex128"),
    "words.npy": (npy_header((2, 2), "<U4") + bytes(64), "cannot be filtered"),
}


@pytest.mark.parametrize("name", BAD_ARRAYS)
def test_bad_arrays(tmp_path: Path, name: str) -> None:
    content, word = BAD_ARRAYS[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises((errors.FileError, errors.PixelError), match=word) as caught:
        imgconv.load(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["bomb.npz", "bomb.npz:image"])
def test_an_npz_bomb_is_not_unpacked(tmp_path: Path, name: str) -> None:
    """A tenth of a megabyte that would become a hundred million pixels."""
    with (
        zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("image.npy", "w") as member,
    ):
        member.write(npy_header((10_000, 10_000)))
        for _ in range(100):
            member.write(bytes(10**6))
    tracemalloc.start()
    with pytest.raises(errors.FileError, match="has 100000000 pixels"):
        imgconv.load(tmp_path / name)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10_000_000
    with pytest.raises(errors.FileError, match=r"would take about 95\.4 MiB of memory, more than 9\.54 MiB"):
        imgconv.load(tmp_path / name, max_pixels=10**8, max_memory=10**7)


ZERO_SIZED = {
    "zero.png": raw_png(0, 5, 8, 0),
    "zero.bmp": encoded(noise(2, 2, 3), "BMP")[:18] + bytes(8) + encoded(noise(2, 2, 3), "BMP")[26:],
    "zero.ppm": b"P6 0 5 255\n",
    "zero.pgm": b"P2\n0 0\n255\n",
    "zero.gif": b"GIF89a\0\0\0\0\0\0\0;",
    "zero.pfm": b"Pf\n0 0\n-1.0\n",
    "zero.tga": bytes([0, 0, 2]) + bytes(13) + bytes([24, 0]),
}


@pytest.mark.parametrize("name", ZERO_SIZED)
def test_images_without_pixels(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(ZERO_SIZED[name])
    with pytest.raises((errors.FileError, errors.PixelError)) as caught:
        imgconv.load(tmp_path / name)
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------- files that are cut short


@pytest.mark.parametrize(
    "name",
    ["in.png", "in.ppm", "in.pgm", "in.npy", "in.bmp", "in.jpg", "in.tif", "in.gif", "in.webp", "in.tga", "in.pcx"],
)
def test_cut_files_are_refused_or_read_as_far_as_they_go(tmp_path: Path, name: str) -> None:
    pixels = noise(60, 80) if name.endswith(("pgm", "gif")) else COLOUR
    path = save(tmp_path / name, pixels)
    whole = imgconv.load(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    with pytest.raises(errors.FileError, match=f"{name}: .*(cut short|truncated|broken)"):
        imgconv.load(path)
    try:
        image = read.header(str(path), Reading(allow_truncated=True)).load()
    except errors.FileError:
        assert name in ("in.webp", "in.tif")  # nothing of these can be had
        return
    assert [(note.code, note.loss) for note in image.notes] == [("truncated", True)]
    assert "cut short" in image.notes[0].text or "as far as it goes" in image.notes[0].text
    assert image.pixels.shape == whole.pixels.shape
    same = (image.pixels == whole.pixels).reshape(60, -1).all(axis=1)
    assert same[:: -1 if name in ("in.bmp", "in.tga") else 1][
        : 8 : 2 if name == "in.gif" else 1
    ].all()  # some begin below, some take every second row first
    with pytest.raises(errors.FileError):
        imgconv.load(path)
    assert not ImageFile.LOAD_TRUNCATED_IMAGES  # leniency was lent, not given


def test_what_is_missing_is_counted_where_bytes_are_pixels(tmp_path: Path) -> None:
    for form in ("npy", "PPM"):
        (tmp_path / "in").write_bytes(encoded(COLOUR, form)[:-100])
        refused(
            command("filter", "identity", "in", cwd=tmp_path),
            "100 bytes of its pixels are missing",
            "--allow-truncated",
        )
        done = command("filter", "identity", "in", "--allow-truncated", "--format", "npy", cwd=tmp_path)
        assert "100 bytes of pixels are missing and were set to 0" in done.err
        expected = COLOUR.copy().reshape(-1)
        expected[-100:] = 0
        assert np.array_equal(pixels_of(done.out).reshape(-1), expected)


def test_a_cut_array_with_columns_first(tmp_path: Path) -> None:
    array = np.asfortranarray(noise(6, 5, dtype="uint16"))
    np.save(tmp_path / "in.npy", array)
    content = (tmp_path / "in.npy").read_bytes()
    (tmp_path / "in.npy").write_bytes(content[:-3])  # an element and a half
    image = read.header(str(tmp_path / "in.npy"), Reading(allow_truncated=True)).load()
    expected = array.copy(order="F")
    expected[-2:, -1] = expected[-2, -1] & 255, 0
    assert np.array_equal(image.pixels, expected)
    assert [note.code for note in image.notes] == ["truncated"]


def test_whole_files_are_whole_whatever_is_allowed(tmp_path: Path) -> None:
    save(tmp_path / "in.png", COLOUR)
    done = command("filter", "identity", "in.png", "--allow-truncated", "--strict", cwd=tmp_path)
    assert done.code == 0, done.err
    assert np.array_equal(pixels_of(done.out), COLOUR)
    (tmp_path / "in.png").write_bytes(png(COLOUR)[:9000])
    done = command("filter", "identity", "in.png", "--allow-truncated", "--strict", cwd=tmp_path)
    assert (done.code, done.out) == (3, b"")
    done = command("filter", "identity", "--allow-truncated", cwd=tmp_path, stdin=png(COLOUR)[:9000])
    assert np.array_equal(pixels_of(done.out)[:20], COLOUR[:20])


def _chunks(content: bytes, without: bytes) -> bytes:
    """A PNG without its chunks of a kind."""
    at, kept = 8, content[:8]
    while at < len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        kept += b"" if content[at + 4 : at + 8] == without else content[at:end]
        at = end
    return kept


def test_a_png_that_ends_too_early_is_cut_short_though_its_pixels_are_whole(tmp_path: Path) -> None:
    """What would stand behind them (texts, EXIF with an orientation) may be missing, and nobody could say so."""
    frames = [Image.fromarray(noise(9, 9, 3, seed=k)) for k in range(3)]
    frames[0].save(tmp_path / "several.png", save_all=True, append_images=frames[1:])
    for content in (png(COLOUR), (tmp_path / "several.png").read_bytes()):
        (tmp_path / "in.png").write_bytes(_chunks(content, b"IEND"))
        refused(command("filter", "identity", "in.png", cwd=tmp_path), "its end is missing", "--allow-truncated")
        done = command("filter", "identity", "in.png", "--allow-truncated", cwd=tmp_path)
        assert (done.code, "its end is missing" in done.err) == (0, True), done.err
        (tmp_path / "in.png").write_bytes(content + bytes(8))
        done = command("filter", "identity", "in.png", "--strict", cwd=tmp_path)
        assert (done.code, done.out[:8]) == (0, content[:8]), done.err


def test_a_png_that_is_spoilt_anywhere_is_refused(tmp_path: Path) -> None:
    """Pillow stops at the last row, before deflate's checksum, and does not look at the chunk's; whoever reads the
    pixels."""
    several = [Image.fromarray(noise(12, 11, 3, seed=k)) for k in range(2)]
    several[0].save(tmp_path / "x.png", save_all=True, append_images=several[1:])
    imgconv.save(imgconv.Image((Frame(noise(9, 7).astype("uint16")),)), tmp_path / "deep.png")
    smooth = np.add.outer(np.arange(40), np.arange(50)).astype("uint8")
    for content in (
        png(noise(12, 11, 3)),
        png(smooth),
        (tmp_path / "x.png").read_bytes(),
        (tmp_path / "deep.png").read_bytes(),
    ):
        (tmp_path / "in").write_bytes(content)
        whole = imgconv.load(tmp_path / "in")
        start = content.index(b"IDAT") + 4
        for at in range(start, len(content) - 12, 1 + (len(content) - start) // 150):
            (tmp_path / "in").write_bytes(content[:at] + bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :])
            try:
                found = imgconv.load(tmp_path / "in")
            except errors.FileError:
                continue
            assert all(
                np.array_equal(one.pixels, other.pixels) for one, other in zip(found.frames, whole.frames, strict=True)
            ), at


def test_a_palette_that_is_missing_or_too_short(tmp_path: Path) -> None:
    (tmp_path / "none.png").write_bytes(raw_png(3, 2, 8, 3, bytes(8)))
    refused(command("filter", "identity", "none.png", cwd=tmp_path), "its palette is missing")
    image = Image.frombytes("P", (4, 1), bytes([0, 1, 2, 3]))
    image.putpalette([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2])
    image.save(tmp_path / "long.png")
    whole = (tmp_path / "long.png").read_bytes()
    at = whole.index(b"PLTE")
    colours = b"PLTE" + bytes([9, 8, 7, 6, 5, 4])
    short = (
        whole[: at - 4]
        + struct.pack(">I", 6)
        + colours
        + struct.pack(">I", zlib.crc32(colours))
        + whole[at + 4 + 12 + 4 :]
    )
    (tmp_path / "short.png").write_bytes(short)
    assert imgconv.load(tmp_path / "long.png").notes == ()
    found = imgconv.load(tmp_path / "short.png")
    assert [(note.code, note.text) for note in found.notes] == [
        ("reader-warning", "colours up to number 3 of a palette of 2: those beyond it are black")
    ]
    assert found.pixels.tolist() == [[[9, 8, 7], [6, 5, 4], [0, 0, 0], [0, 0, 0]]]


@pytest.mark.parametrize("form", ["gif", "png"])
def test_the_frames_before_the_cut_are_there(tmp_path: Path, form: str) -> None:
    frames = [Image.fromarray(noise(30, 40, 3, seed=k) // 64 * 64) for k in range(4)]
    frames[0].save(tmp_path / f"in.{form}", save_all=True, append_images=frames[1:], duration=50)
    whole = imgconv.load(tmp_path / f"in.{form}")
    content = (tmp_path / f"in.{form}").read_bytes()
    (tmp_path / f"in.{form}").write_bytes(content[: len(content) * 6 // 10])
    refused(
        command("filter", "identity", f"in.{form}", "--format", "npy", cwd=tmp_path), "cut short", "--allow-truncated"
    )
    done = command("filter", "identity", f"in.{form}", "--allow-truncated", "--format", "npy", cwd=tmp_path)
    assert (done.code, "as far as it goes" in done.err) == (0, True), done.err
    found = pixels_of(done.out)
    for k in range(2):
        np.testing.assert_array_equal(found[k], whole.frames[k].pixels)


def test_what_nothing_can_be_read_of_is_not_promised(tmp_path: Path) -> None:
    (tmp_path / "in.jpg").write_bytes(encoded(COLOUR, "JPEG")[:200])
    refused(command("filter", "identity", "in.jpg", cwd=tmp_path), "--allow-truncated")
    done = command("filter", "identity", "in.jpg", "--allow-truncated", cwd=tmp_path)
    refused(done, "so much that nothing of it can be read")
    assert "--allow-truncated" not in done.err


def test_what_opens_and_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Reading /proc/self/mem from its start is an input/output error, as on a broken disk."""
    if not Path("/proc/self/mem").exists():
        pytest.skip("this system has no /proc/self/mem")
    refused(command("filter", "identity", "/proc/self/mem", cwd=tmp_path), "/proc/self/mem: cannot be read")


def test_a_fifo_that_closes_early(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for part, word in ((b"", "empty"), (png(COLOUR)[:5000], "cut short"), (png(COLOUR)[:10], "")):
        writer = threading.Thread(target=(tmp_path / "fifo").write_bytes, args=(part,), daemon=True)
        writer.start()
        refused(command("filter", "identity", "fifo", cwd=tmp_path), "fifo", word)
        writer.join(10)


def test_a_header_that_asks_for_the_sky_is_broken(tmp_path: Path) -> None:
    """A box of an exabyte in a JPEG 2000 file of some hundred bytes: not a lack of memory, a broken file."""
    content = bytearray(encoded(noise(9, 13), "JPEG2000"))
    at = content.index(b"jp2h")
    content[at - 4 : at], content[at + 4 : at + 12] = b"\0\0\0\1", b"\x0f" * 8
    path = tmp_path / "sky.jp2"
    path.write_bytes(content)
    done = command("filter", "identity", path, "-o", "o.png", cwd=tmp_path)
    assert done.code == 1
    assert done.err.startswith(f"imgconv: {path}: broken or cut short (")
    assert done.err.count("\n") == 1


def test_a_box_that_ends_beyond_all_files(tmp_path: Path) -> None:
    content = b"\0\0\0\x0cjP  \r\n\x87\n" + struct.pack(">I4sQ", 1, b"junk", 2**64 - 20) + bytes(2000)
    (tmp_path / "far.jp2").write_bytes(content)
    with pytest.raises(errors.FileError):
        imgconv.load(tmp_path / "far.jp2")


# ---------------------------------------------------------------- one thread is lenient, another is not


def _animation(path: Path, form: str) -> None:
    first, *rest = (Image.fromarray(noise(60, 80, seed=seed)) for seed in range(4))
    first.save(path, form, save_all=True, append_images=rest, duration=40)


_DAMAGED: dict[str, Callable[[Path], Any]] = {
    "png": lambda path: Image.fromarray(COLOUR).save(path, "PNG"),
    "apng": lambda path: _animation(path, "PNG"),
    "jpeg": lambda path: Image.fromarray(COLOUR).save(path, "JPEG"),
    "progressive jpeg": lambda path: Image.fromarray(COLOUR).save(path, "JPEG", progressive=True),
    "tiff": lambda path: Image.fromarray(COLOUR).save(path, "TIFF"),
    "lzw tiff": lambda path: Image.fromarray(COLOUR).save(path, "TIFF", compression="tiff_lzw"),
    "jpeg tiff": lambda path: Image.fromarray(COLOUR).save(path, "TIFF", compression="jpeg"),
    "gif": lambda path: Image.fromarray(noise(60, 80)).save(path, "GIF"),
    "animated gif": lambda path: _animation(path, "GIF"),
    "bmp": lambda path: Image.fromarray(COLOUR).save(path, "BMP"),
    "pcx": lambda path: Image.fromarray(COLOUR).save(path, "PCX"),
    "ico": lambda path: Image.fromarray(noise(64, 64)).save(path, "ICO", sizes=[(64, 64)]),
    "jpeg 2000": lambda path: Image.fromarray(COLOUR).save(path, "JPEG2000"),
}


@pytest.fixture
def slow_lenient_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Future[imgconv.Image]]:
    """A damaged file that another thread reads as far as it goes, until the test is over."""
    path = save(tmp_path / "slow.png", COLOUR)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    begun, over, prepare = threading.Event(), threading.Event(), ImageFile.ImageFile.load_prepare

    def slow(image: Any) -> None:
        if threading.get_ident() == reader and ImageFile.LOAD_TRUNCATED_IMAGES:
            begun.set()
            assert over.wait(60)
        prepare(image)

    monkeypatch.setattr(ImageFile.ImageFile, "load_prepare", slow)
    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(threading.get_ident).result()
        future = pool.submit(imgconv.load, path, allow_truncated=True)
        assert begun.wait(60)
        try:
            yield future
        finally:
            over.set()
    assert [note.code for note in future.result().notes] == ["truncated"]
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def damaged(path: Path, form: str, damage: str) -> Path:
    """A file of a form that is cut, or of which one byte is changed."""
    _DAMAGED[form](path)
    content = bytearray(path.read_bytes())
    if damage == "cut":
        del content[len(content) * 6 // 10 :]
    else:
        content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    return path


def outcome(path: Path) -> str:
    """The pixels' hash, or the sentence of the refusal."""
    try:
        return hashlib.sha256(imgconv.load(path).pixels).hexdigest()
    except errors.FileError as error:
        return str(error)


@pytest.mark.parametrize("form", _DAMAGED)
@pytest.mark.parametrize("damage", ["cut", "a byte"])
def test_a_strict_read_is_strict_while_another_thread_is_lenient(
    tmp_path: Path, form: str, damage: str, request: pytest.FixtureRequest
) -> None:
    path = damaged(tmp_path / "strict", form, damage)
    alone = outcome(path)
    if damage == "cut":
        assert str(path) in alone, "it is refused"
    future: Future[imgconv.Image] = request.getfixturevalue("slow_lenient_read")
    assert outcome(path) == alone
    assert not future.done()


@pytest.mark.parametrize("form", _DAMAGED)
@pytest.mark.parametrize("damage", ["cut", "a byte"])
def test_a_strict_read_is_strict_whatever_the_program_has_set(
    tmp_path: Path, form: str, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = damaged(tmp_path / "strict", form, damage)
    alone = outcome(path)
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    assert outcome(path) == alone
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True, "the program's setting is as before"


def test_warnings_of_other_threads_are_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a reader is warned of becomes a note; a program's own warnings reach the program meanwhile."""
    path, warned, opens = save(tmp_path / "in.bmp", COLOUR), list[str](), read.pillow_reader.open_image
    with ThreadPoolExecutor(1) as pool, warnings.catch_warnings():
        warnings.simplefilter("always")
        monkeypatch.setattr(warnings, "showwarning", lambda message, *_, **__: warned.append(str(message)))

        def opened(source: Source) -> Any:
            warnings.warn("of the file", stacklevel=1)
            pool.submit(warnings.warn, "of the program").result(60)
            return opens(source)

        monkeypatch.setattr(read.pillow_reader, "open_image", opened)
        image = imgconv.load(path)
        warnings.warn("afterwards", stacklevel=1)
    assert [note.text for note in image.notes] == ["of the file"]
    assert warned == ["of the program", "afterwards"]
