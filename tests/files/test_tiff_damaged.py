"""TIFF files whose pixels are not all there, and fields of another type than they should be: refused or said, and never
on standard error by themselves."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

import imgconv
from imgconv import errors
from imgconv.files.tiff import libtiff
from tests.command import environment, noise, pixels_of
from tests.command import imgconv as command

HEIGHT, WIDTH = 48, 70
_CODES = {3: "H", 4: "I", 16: "Q"}
STRIPS, LENGTHS, SAMPLES, XMP, PROFILE = 273, 279, 277, 700, 34675


def picture(mode: str) -> Image.Image:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    waves = 128 + 90 * np.sin(rows / 5) * np.cos(columns / 7)
    return Image.fromarray(np.dstack([waves, waves[::-1], 255 - waves]).astype("uint8")).convert(mode)


def tiff(mode: str = "RGB", **options: Any) -> bytearray:
    stream = io.BytesIO()
    picture(mode).save(stream, "TIFF", **options)
    return bytearray(stream.getvalue())


def entry_at(content: bytes | bytearray, tag: int) -> int:
    """Where the field stands in the first directory of a little-endian file."""
    (start,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, start)
    return next(
        at for at in range(start + 2, start + 2 + 12 * count, 12) if struct.unpack_from("<H", content, at)[0] == tag
    )


def numbers_at(content: bytearray, tag: int) -> tuple[str, int, int]:
    """struct's code of a field's numbers, how many there are, and where they stand."""
    at = entry_at(content, tag)
    type_, count = struct.unpack_from("<HI", content, at + 2)
    code = _CODES[type_]
    inside = struct.calcsize(code) * count <= 4
    return code, count, at + 8 if inside else struct.unpack_from("<I", content, at + 8)[0]


def changed(content: bytearray, tag: int, change: Any) -> bytes:
    """The file with other numbers in a field."""
    content = bytearray(content)
    code, count, at = numbers_at(content, tag)
    values = struct.unpack_from(f"<{count}{code}", content, at)
    struct.pack_into(f"<{count}{code}", content, at, *map(change, values))
    return bytes(content)


def written(folder: Path, content: bytes) -> Path:
    path = folder / "in.tif"
    path.write_bytes(content)
    return path


# ---------------------------------------------------------------- pixels that are not there

KINDS = [
    ("RGB", None),
    ("RGB", "jpeg"),
    ("L", "jpeg"),
    ("RGB", "tiff_lzw"),
    ("RGB", "tiff_adobe_deflate"),
    ("RGB", "packbits"),
    ("1", None),
    ("1", "group3"),
    ("1", "group4"),
    ("1", "tiff_ccitt"),
    ("I;16", None),
]


@pytest.mark.parametrize(("mode", "compression"), KINDS)
def test_strips_that_state_half_their_bytes_are_refused(tmp_path: Path, mode: str, compression: str | None) -> None:
    content = tiff(mode, compression=compression)
    whole = imgconv.load(written(tmp_path, content))
    assert whole.notes == ()
    path = written(tmp_path, changed(content, LENGTHS, lambda length: length // 2))
    with pytest.raises(errors.FileError, match=r"broken or cut short|bytes of its pixels are missing"):
        imgconv.load(path)
    try:
        found = imgconv.load(path, allow_truncated=True)
    except errors.FileError as error:
        assert "nothing of it can be read" in str(error)  # noqa: PT017
        return
    assert [(note.code, note.loss) for note in found.notes] == [("truncated", True)]
    assert found.pixels.shape == whole.pixels.shape


def test_a_jpeg_strip_cut_in_its_middle_with_an_end_behind(tmp_path: Path) -> None:
    if libtiff._handlers() is None:
        pytest.skip("this Pillow has libtiff inside, which cannot be asked")
    content = tiff("RGB", compression="jpeg")
    code, count, at = numbers_at(content, LENGTHS)
    lengths = struct.unpack_from(f"<{count}{code}", content, at)
    starts = struct.unpack_from(f"<{count}{numbers_at(content, STRIPS)[0]}", content, numbers_at(content, STRIPS)[2])
    end = starts[-1] + lengths[-1]
    content[end - 60 : end - 58] = b"\xff\xd9"
    with pytest.raises(errors.FileError, match="coded pixels are damaged or missing, by libtiff's JPEGLib"):
        imgconv.load(written(tmp_path, content))


def test_lines_of_a_fax_that_are_no_code(tmp_path: Path) -> None:
    content = tiff("1", compression="group4")
    start = struct.unpack_from("<I", content, numbers_at(content, STRIPS)[2])[0]
    content[start + 30 : start + 34] = b"\x00\x01\x00\x01"
    with pytest.raises(errors.FileError, match="coded pixels are damaged or missing"):
        imgconv.load(written(tmp_path, content))


@pytest.mark.parametrize("type_", ["uint8", "uint16"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rowsperstrip": 10},
        {"tile": (32, 32)},
        {"planarconfig": "separate"},
        {"planarconfig": "separate", "rowsperstrip": 7},
    ],
)
def test_uncompressed_pixels_need_their_bytes(tmp_path: Path, type_: str, options: dict[str, Any]) -> None:
    pixels = noise(*((3, HEIGHT, WIDTH) if "planarconfig" in options else (HEIGHT, WIDTH, 3)), dtype=type_)
    path = tmp_path / "in.tif"
    tifffile.imwrite(path, pixels, photometric="rgb", **options)
    content, tag = bytearray(path.read_bytes()), 325 if "tile" in options else LENGTHS
    assert np.array_equal(
        imgconv.load(path).pixels, np.moveaxis(pixels, 0, -1) if "planarconfig" in options else pixels
    )
    with pytest.raises(errors.FileError, match="bytes of its pixels are missing"):
        imgconv.load(written(tmp_path, changed(content, tag, lambda length: length - 1)))
    _, count, _ = numbers_at(content, tag)
    if count > 1:
        for field in (tag, tag - (1 if tag == 325 else 6)):
            struct.pack_into("<I", content, entry_at(content, field) + 4, count - 1)
        with pytest.raises(errors.FileError, match=r"1 of its (strips|tiles) are missing"):
            imgconv.load(written(tmp_path, content))


def test_verdicts_of_threads_are_their_own(tmp_path: Path) -> None:
    content = tiff("1", compression="group4")
    whole, broken = tmp_path / "whole.tif", tmp_path / "broken.tif"
    whole.write_bytes(content)
    broken.write_bytes(changed(content, LENGTHS, lambda length: length // 2))

    def verdict(path: Path) -> bool:
        try:
            imgconv.load(path)
        except errors.FileError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(verdict, [whole, broken] * 60)) == [True, False] * 60


# ---------------------------------------------------------------- fields of another type


VALUES = {
    "text": (2, "x" * 60),
    "short text": (2, "x"),
    "numbers": (3, tuple(range(40))),
    "a number": (4, 7),
    "fractions": (12, (1.5, 2.5)),
    "one": (11, 0.5),
}
NEXT = {PROFILE: "colour profile dropped (its tag holds no bytes)", XMP: "XMP (its tag holds no bytes) dropped"}


@pytest.mark.parametrize("tag", NEXT)
@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_a_profile_or_xmp_of_another_type_is_dropped_and_said(tmp_path: Path, tag: int, kind: str, dtype: str) -> None:
    """8 bits are Pillow's, 16 tifffile's."""
    type_, value = VALUES[kind]
    path = tmp_path / "in.tif"
    count = len(value) if isinstance(value, (str, tuple)) else 1
    pixels = noise(9, 13, 3, dtype=dtype)
    tifffile.imwrite(path, pixels, photometric="rgb", extratags=[(tag, type_, count, value, True)])
    found = imgconv.load(path)
    assert np.array_equal(found.pixels, pixels)
    if tag == XMP and type_ == 2:
        assert found.metadata["xmp"].rstrip(b"\0") == b"x" * count
        return
    assert NEXT[tag] in [note.text for note in found.notes if note.loss]
    for name in ("out.png", "out.tif"):
        imgconv.save(found, tmp_path / name)


def test_the_command_says_so_too(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "in.tif",
        noise(9, 13, 3),
        photometric="rgb",
        extratags=[(PROFILE, 2, 60, "x" * 60, True), (XMP, 4, 1, 7, True)],
    )
    done = command("filter", "identity", "in.tif", "-o", "out.jpg", cwd=tmp_path)
    assert done.code == 0, done.err
    assert [text for text in NEXT.values() if text not in done.err] == []
    assert done.err.count("\n") == 1
    assert command("filter", "identity", "in.tif", "-o", "out.jpg", "--strict", cwd=tmp_path).code == 3
    assert command("filter", "identity", "in.tif", "-o", "out.jpg", "--strict", "--strip", cwd=tmp_path).code == 0


# ---------------------------------------------------------------- standard error

PROGRAM = """
import sys, warnings
import imgconv
from imgconv import errors
for path in sys.argv[1:]:
    for lenient in (False, True):
        try:
            imgconv.load(path, allow_truncated=lenient)
        except errors.ImgconvError:
            pass
"""


def damaged(folder: Path) -> list[Path]:
    """Files of which libtiff, Pillow's warnings and Pillow's log have something to say."""
    contents = [changed(tiff(mode, compression=kind), LENGTHS, lambda length: length // 2) for mode, kind in KINDS]
    contents.append(changed(tiff(), SAMPLES, lambda count: 2048))
    contents += [bytes(tiff(compression="tiff_lzw")[:size]) for size in (200, 1500)]
    many = tiff(dpi=(72, 72))
    struct.pack_into("<I", many, entry_at(many, 296) + 4, 2)  # a resolution's unit, twice
    paths = [folder / f"{number}.tif" for number in range(len(contents) + 1)]
    for path, content in zip(paths, [*contents, bytes(many)], strict=True):
        path.write_bytes(content)
    return paths


def test_libraries_print_nothing_of_themselves(tmp_path: Path) -> None:
    paths = damaged(tmp_path)
    words = [sys.executable, "-W", "default", "-c", PROGRAM, *map(str, paths)]
    done = subprocess.run(
        words, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = command("filter", "identity", *paths, "-o", "out/", cwd=tmp_path)
    assert [line for line in done.err.splitlines() if not line.startswith("imgconv: ")] == []


def test_a_kernel_in_a_damaged_tiff_prints_one_line(tmp_path: Path) -> None:
    (tmp_path / "kernel.tif").write_bytes(
        changed(tiff("L", compression="tiff_lzw"), LENGTHS, lambda length: length // 2)
    )
    imgconv.save(imgconv.Image((imgconv.values.image.Frame(noise(9, 13)),)), tmp_path / "in.png")
    done = command("filter", "kernel.tif", "in.png", "-o", "out.png", cwd=tmp_path)
    assert (done.code in (1, 2), done.err.count("\n")) == (True, 1), done.err


def test_pillow_is_as_it_was_for_the_rest_of_the_program(tmp_path: Path) -> None:
    """libtiff's handlers and the log are the process's."""
    path = written(tmp_path, changed(tiff(compression="tiff_lzw"), LENGTHS, lambda length: length // 2))
    after = (
        f"{PROGRAM}\nfrom PIL import Image\nimport contextlib, logging\nassert not logging.getLogger('PIL').handlers\n"
    )
    alone = "with contextlib.suppress(OSError), Image.open(sys.argv[1]) as image:\n    image.load()\n"
    done = subprocess.run(
        [sys.executable, "-c", after + alone, str(path)],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr.count("LZWDecode")) == (0, 2), done.stderr  # its name and its text, once


def test_pixels_are_those_of_pillow(tmp_path: Path) -> None:
    for mode, kind in KINDS:
        content = bytes(tiff(mode, compression=kind))
        expected = pixels_of(content)
        found = imgconv.load(written(tmp_path, content)).pixels
        assert np.array_equal(found, expected * np.uint8(255) if mode == "1" else expected), (mode, kind)
