"""Bytes behind an image are said, unless they are padding: a second image would be lost in silence."""

import io
import os
import tracemalloc

import numpy as np
import pytest
import tifffile
from PIL import Image as pillow
from PIL import features

import imgconv
from imgconv import errors
from tests.command import encoded, noise
from tests.command import imgconv as command

PNG = encoded(noise(3, 4), "PNG")
FILM = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + bytes(range(1, 40))
CODECS = {"WEBP": "webp", "AVIF": "avif", "JPEG2000": "jpg_2000"}
FORMATS = ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "AVIF", "JPEG2000", "ICO", "QOI", "PPM", "npy")


def image(form: str) -> bytes:
    if form in CODECS and not features.check(CODECS[form]):
        pytest.skip(f"this Pillow has no {form}")
    return encoded(noise(16, 16, 3), form)


def told(content: bytes, tmp_path) -> list[tuple[str, str]]:
    """What is said of the bytes behind an image; its other losses are others' business."""
    (tmp_path / "in.bin").write_bytes(content)
    notes = imgconv.load(tmp_path / "in.bin").notes
    assert all(note.loss for note in notes if note.code == "trailer-dropped")
    return [note.text for note in notes if note.code == "trailer-dropped"]


@pytest.mark.parametrize("form", FORMATS)
def test_what_follows_an_image_is_said(form, tmp_path):
    content = image(form)
    for padding in (b"", b"\0" * 5000, b"\xff", b" \r\n"):
        assert told(content + padding, tmp_path) == []
    assert told(content + b"\0hello", tmp_path) == ["6 bytes behind the image left out"]
    assert told(content + PNG, tmp_path) == [f"{len(PNG)} bytes behind the image left out (a PNG)"]


@pytest.mark.parametrize("form", [form for form in FORMATS if form not in ("JPEG2000", "PPM")])
def test_a_second_image_of_the_same_format_is_said(form, tmp_path):
    """Of PPM it is a frame; JPEG 2000's decoder refuses it."""
    content = image(form)
    (text,) = told(content + content, tmp_path)
    assert text.startswith(f"{len(content)} bytes behind the image left out")


@pytest.mark.parametrize(
    "film",
    [FILM, b"\0\0\x30\x0a\x10\0\0\0MotionPhoto_Data" + FILM, b"\0\0\0\x47mpvd" + FILM],
    ids=["google", "samsung", "box"],
)
def test_a_motion_photo_is_named(film, tmp_path):
    content = image("JPEG")
    assert told(content + film, tmp_path) == [
        f"{len(film)} bytes behind the image left out (the film of a Motion Photo)"
    ]


def test_pictures_of_an_index_are_frames_and_no_trailer(tmp_path):
    first, second = (pillow.fromarray(noise(*size, 3)) for size in ((16, 24), (8, 8)))
    stream = io.BytesIO()
    first.save(stream, "MPO", save_all=True, append_images=[second])
    assert told(stream.getvalue(), tmp_path) == []
    assert told(stream.getvalue() + FILM, tmp_path) == [
        f"{len(FILM)} bytes behind the image left out (the film of a Motion Photo)"
    ]
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x xmlns:hdrgm="h" hdrgm:Version="1.0"/>'
    segment = b"\xff\xe1" + (len(xmp) + 2).to_bytes(2, "big") + xmp
    path = tmp_path / "ultra.jpg"
    path.write_bytes(stream.getvalue()[:2] + segment + stream.getvalue()[2:])
    notes = imgconv.load(path).notes
    assert [note.text for note in notes if note.code == "frames-dropped"] == [
        "1 further picture left out (previews, views or maps; --frames all)"
    ]


def test_tiff_is_followed_wherever_its_parts_stand(tmp_path):
    """Strips, tiles, pages, inner directories, both byte orders and BigTIFF."""
    pixels = noise(40, 48, 3)
    for options in ({}, {"bigtiff": True}, {"byteorder": ">"}, {"tile": (16, 16)}, {"rowsperstrip": 7}, {"subifds": 1}):
        stream = io.BytesIO()
        with tifffile.TiffWriter(
            stream, **{key: value for key, value in options.items() if key in ("bigtiff", "byteorder")}
        ) as writer:
            rest = {key: value for key, value in options.items() if key not in ("bigtiff", "byteorder")}
            writer.write(pixels, photometric="rgb", **rest)
            writer.write(pixels[::2, ::2], photometric="rgb")
        assert told(stream.getvalue(), tmp_path) == [], options
        assert len(told(stream.getvalue() + PNG, tmp_path)) == 1, options


@pytest.mark.parametrize("kind", ["P1", "P2", "P3"])
def test_plain_pnm_ends_behind_its_last_number(kind, tmp_path):
    """Digits of a bitmap need no blanks between them."""
    head, numbers = {"P1": ("3 2", "010 1 1\n0"), "P2": ("3 2 9", "0 1 2\n3 4 5"), "P3": ("1 2 9", "0 1 2 3 4 5")}[kind]
    content = f"{kind} # by 7 hands\n{head}\n{numbers}".encode()
    assert told(content, tmp_path) == []
    assert told(content + b"\n", tmp_path) == []
    second = b"\n" + content
    if kind == "P1":  # Pillow looks at all of it, in pieces
        with pytest.raises(errors.FileError, match="Invalid token"):
            told(content + second, tmp_path)
    else:
        assert told(content + second, tmp_path) == [f"{len(second)} bytes behind the image left out (a PNM)"]


def test_two_arrays_in_one_npy(tmp_path):
    with open(tmp_path / "in.npy", "wb") as file:
        for _ in range(2):
            np.save(file, noise(3, 4))
    (note,) = imgconv.load(tmp_path / "in.npy").notes
    assert note.text.endswith("behind the image left out (a NumPy array)")


def test_strict_refuses_a_second_image(tmp_path):
    done = command("pool", "--size", "2", "--strict", cwd=tmp_path, stdin=PNG + PNG)
    assert (done.code, done.out) == (3, b"")
    assert f"{len(PNG)} bytes behind the image left out (a PNG)" in done.err


@pytest.mark.parametrize("form", ["PNG", "QOI", "JPEG2000"])
def test_a_long_tail_takes_neither_time_nor_memory(form, tmp_path):
    """Eight gigabytes of nothing, which take no room on a disk."""
    path = tmp_path / "in.bin"
    path.write_bytes(image(form))
    size = path.stat().st_size
    try:
        os.truncate(path, 2**33)
    except OSError:
        pytest.skip("no such file here")
    tracemalloc.start()
    loaded = imgconv.load(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2**28
    text = f"{2**33 - size} bytes behind the image left out"
    assert [note.text for note in loaded.notes if note.code == "trailer-dropped"] == [text]
