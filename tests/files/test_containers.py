"""Profiles, EXIF and XMP in BMP, GIF and JPEG 2000, which Pillow passes over: they go along, count for --linear, or are
said to be dropped."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image as pillow
from PIL import features

import imgconv
from imgconv.files.metadata.containers import READERS, container_metadata
from imgconv.files.metadata.exif import PREFIX
from imgconv.files.png import chunks
from tests.command import encoded, noise, save
from tests.command import imgconv as command
from tests.engine.test_colour import profile
from tests.files.test_metadata import MAKER, XMP, block

COLOUR = noise(20, 30, 3) // 64 * 64
GAMMA = profile(b"curv", 1.8, space=b"RGB ")


def jp2(*more: bytes, icc: bytes = b"") -> bytes:
    """A JPEG 2000 file with further boxes, and with a profile for the colour space that it names (ISO/IEC 15444-1,
    I.5.3.3)."""
    content = encoded(COLOUR, "JPEG2000")
    header, colour, codestream = (content.index(kind) - 4 for kind in (b"jp2h", b"colr", b"jp2c"))
    (whole,), (length,) = (struct.unpack_from(">I", content, at) for at in (header, colour))
    told = struct.pack(">I4sBBB", 11 + len(icc), b"colr", 2, 0, 0) + icc if icc else content[colour : colour + length]
    inside = content[header + 4 : colour] + told + content[colour + length : codestream]
    return (
        content[:header]
        + struct.pack(">I", whole - length + len(told))
        + inside
        + b"".join(more)
        + content[codestream:]
    )


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def gif(icc: bytes = b"", xmp: bytes = b"") -> bytes:
    """A GIF with application extensions (GIF89a, 26; ICC.1, B.6; XMP part 3, 1.1.2)."""
    stream = io.BytesIO()
    pillow.fromarray(COLOUR).quantize(64).save(stream, "GIF")
    content = stream.getvalue()
    start = 13 + (6 << (content[10] & 7))
    blocks = b"".join(bytes([len(part)]) + part for part in (icc[i : i + 255] for i in range(0, len(icc), 255)))
    said = b"!\xff\x0bICCRGBG1012" + blocks + b"\0" if icc else b""
    said += b"!\xff\x0bXMP DataXMP" + xmp + b"\1" + bytes(range(255, -1, -1)) + b"\0" if xmp else b""
    return b"GIF89a" + content[6:start] + said + content[start:]


def bmp(space: bytes, icc: bytes = b"", gammas: tuple[int, int, int] = (0, 0, 0)) -> bytes:
    """A BMP with the header of version 5 (BITMAPV5HEADER)."""
    pixels = pillow.fromarray(COLOUR).tobytes("raw", "BGR", (30 * 3 + 3) // 4 * 4, -1)
    header = struct.pack("<IiiHHIIiiII", 124, 30, 20, 1, 24, 0, len(pixels), 0, 0, 0, 0) + bytes(16) + space + bytes(36)
    header += struct.pack("<7I", *gammas, 4, 124 + len(pixels) if icc else 0, len(icc), 0)
    return b"BM" + struct.pack("<IHHI", 138 + len(pixels) + len(icc), 0, 0, 138) + header + pixels + icc


def loaded(tmp_path, content: bytes) -> imgconv.Image:
    (tmp_path / "in").write_bytes(content)
    return imgconv.load(tmp_path / "in")


@pytest.mark.parametrize("content", [jp2(icc=GAMMA), gif(icc=GAMMA), bmp(b"DEBM", GAMMA)], ids=["jp2", "gif", "bmp"])
def test_a_profile_goes_along_and_counts_for_light(tmp_path, content):
    image = loaded(tmp_path, content)
    assert image.metadata["icc_profile"] == GAMMA
    done = command("filter", "box:3", "in", "--linear", "--strict", "-o", "out.png", cwd=tmp_path)
    assert done.code == 0, done.err
    with pillow.open(tmp_path / "out.png") as made:
        assert made.info["icc_profile"] == GAMMA
        found = np.asarray(made)
    save(tmp_path / "same.png", image.pixels, icc_profile=GAMMA)
    assert command("filter", "box:3", "same.png", "--linear", "-o", "expected.png", cwd=tmp_path).code == 0
    with pillow.open(tmp_path / "expected.png") as made:
        np.testing.assert_array_equal(found, np.asarray(made))
    assert command("filter", "box:3", "in", "--strict", "-o", "out.npy", cwd=tmp_path).code == 3
    assert command("filter", "box:3", "in", "--strict", "--strip", "-o", "out.npy", cwd=tmp_path).code == 0


XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


@pytest.mark.parametrize("content", [jp2(box(b"uuid", XMP_UUID + XMP)), gif(xmp=XMP)], ids=["jp2", "gif"])
def test_xmp_goes_along(tmp_path, content):
    assert loaded(tmp_path, content).metadata["xmp"] == XMP


def test_xmp_of_any_length_is_found_in_a_gif(tmp_path):
    """It is no row of sub-blocks: its own bytes are taken for their lengths, and what stands behind leads to the
    end."""
    for length in (1, 254, 255, 256, 257, 1000):
        said = bytes(32 + i % 90 for i in range(length))
        assert loaded(tmp_path, gif(xmp=said)).metadata["xmp"] == said


def test_exif_goes_along_and_turns_the_pixels(tmp_path):
    image = loaded(tmp_path, jp2(box(b"uuid", b"JpgTiffExif->JP2" + block(6).removeprefix(PREFIX))))
    np.testing.assert_array_equal(image.pixels, np.rot90(loaded(tmp_path, jp2()).pixels, -1))
    made = pillow.Exif()
    made.load(image.metadata["exif"])
    assert (made[MAKER], made[274]) == ("Maker", 1)


def test_what_has_no_name_is_said(tmp_path):
    boxes = [box(b"xml ", b"<a/>"), box(b"uuid", bytes(16) + b"else"), box(b"free", b"")]
    assert [note.text for note in loaded(tmp_path, jp2(*boxes)).notes] == ["JPEG 2000 parts xml, uuid dropped"]
    for content in (bmp(b"KNIL"), bmp(bytes(4), gammas=(1 << 16, 1 << 16, 1 << 16))):
        assert [(note.code, note.loss) for note in loaded(tmp_path, content).notes] == [("profile-dropped", True)]
    for content in (bmp(b"BGRs"), bmp(b" niW"), bmp(bytes(4)), gif(), jp2()):
        assert loaded(tmp_path, content).notes == ()


def with_numbers(form: str, primaries: int, transfer: int) -> bytes:
    """A PNG or AVIF that tells its colours by the numbers of ITU-T H.273."""
    if form == "png":
        content = encoded(COLOUR, "PNG")
        return content[:33] + chunks.chunk(b"cICP", bytes([primaries, transfer, 0, 1])) + content[33:]
    content = encoded(COLOUR, "AVIF")
    at = content.index(b"colrnclx") + 8
    return content[:at] + struct.pack(">HH", primaries, transfer) + content[at + 4 :]


FORMS = ["png", *(["avif"] if features.check("avif") else [])]


@pytest.mark.parametrize("form", FORMS)
def test_colours_told_by_numbers_count_for_light_or_are_refused(tmp_path, form):
    for transfer, gamma in ((8, 1.0), (4, 2.2), (5, 2.8)):
        (tmp_path / "in").write_bytes(with_numbers(form, 1, transfer))
        assert command("filter", "box:3", "in", "--linear", "-o", "out.npy", cwd=tmp_path).code == 0
        light = (imgconv.load(tmp_path / "in").pixels / 255.0) ** gamma
        expected = imgconv.correlate(light, "box:3") ** (1 / gamma) * 255
        assert np.abs(np.load(tmp_path / "out.npy") - expected).max() <= 0.501
    (tmp_path / "in").write_bytes(with_numbers(form, 9, 16))  # BT.2020 and PQ
    done = command("filter", "box:3", "in", "--linear", "-o", "out.png", cwd=tmp_path)
    assert (done.code, "transfer characteristics 16" in done.err) == (1, True), done.err
    done = command("filter", "box:3", "in", "--strict", "-o", "out.png", cwd=tmp_path)
    assert (done.code, "colour" in done.err) == (3, True), done.err
    done = command("filter", "box:3", "in", "--linear", "--strip", "-o", "out.png", cwd=tmp_path)
    assert done.code == 1  # it is left out, and the pixels are what they were


@pytest.mark.parametrize("form", FORMS)
def test_the_usual_colours_told_by_numbers_are_srgb(tmp_path, form):
    content = with_numbers(form, 1, 13)
    image = loaded(tmp_path, content)
    (tmp_path / "same.png").write_bytes(encoded(image.pixels, "PNG"))
    for name in ("in", "same.png"):
        assert command("filter", "box:3", name, "--linear", "-o", f"{name}.npy", cwd=tmp_path).code == 0
    np.testing.assert_array_equal(np.load(tmp_path / "in.npy"), np.load(tmp_path / "same.png.npy"))
    if form == "avif":
        assert image.notes == ()


def test_other_sizes_of_an_icon_are_said(tmp_path):
    pillow.fromarray(noise(64, 64, 3)).save(tmp_path / "in.ico", sizes=[(16, 16), (32, 32), (64, 64)])
    image = imgconv.load(tmp_path / "in.ico")
    assert image.pixels.shape[:2] == (64, 64)
    assert [(note.code, note.text) for note in image.notes] == [
        ("frames-dropped", "2 other sizes of the icon left out")
    ]
    pillow.fromarray(noise(64, 64, 3)).save(tmp_path / "in.ico", sizes=[(16, 16)])
    assert imgconv.load(tmp_path / "in.ico").notes == ()


@pytest.mark.parametrize(
    "content",
    [jp2(box(b"uuid", XMP_UUID + XMP), icc=GAMMA), gif(GAMMA, XMP), bmp(b"DEBM", GAMMA)],
    ids=["jp2", "gif", "bmp"],
)
def test_broken_ones_stop_nothing(content):
    """Whatever is cut or changed: something or nothing is found, and no error, no endless walk."""
    form = {b"\0": "JPEG2000", b"G": "GIF", b"B": "BMP"}[content[:1]]
    changes = np.random.default_rng(5)
    for _ in range(300):
        spoilt = bytearray(content[: changes.integers(1, len(content) + 1)])
        for at in changes.integers(0, len(spoilt), 4):
            spoilt[at] = changes.integers(0, 256)

        class Opened:
            format = form

        found, lost = container_metadata(Opened, io.BytesIO(spoilt))
        assert found.keys() <= {"icc_profile", "exif", "xmp"}
        assert all(isinstance(word, str) for word in lost)
    assert form in READERS
