"""What a file says goes along: turned, fitted, carried or said to be dropped; by Pillow's readers and, where it is
there, exiftool."""

from __future__ import annotations

import io
import json
import random
import shutil
import struct
import subprocess
import zlib
from types import MappingProxyType

import numpy as np
import pytest
from PIL import Image as pillow
from PIL import ImageCms, ImageOps, PngImagePlugin, features
from PIL.TiffImagePlugin import IFDRational

import imgconv
from imgconv.api.image import Image
from imgconv.files import write
from imgconv.files.formats import FORMATS
from imgconv.files.metadata import exif
from imgconv.files.metadata import fields as metadata
from imgconv.files.metadata.reading import metadata_of
from imgconv.files.png import chunks
from imgconv.files.source import Source
from imgconv.files.tiff import packing, pages
from imgconv.files.tiff import writer as tiff_writer
from imgconv.values.image import Frame
from tests.command import imgconv as command
from tests.command import noise

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="1" exif:PixelXDimension="30" '
    b"tiff:ImageLength='20'/><exif:PixelYDimension>20</exif:PixelYDimension></x:xmpmeta>"
)
MAKER, SOFTWARE, EXPOSURE, PIXEL_X, PIXEL_Y, MAKERS_NOTE = 271, 305, 33434, 40962, 40963, 37500
EXIF, GPS = 34665, 34853
COLOUR = noise(20, 30, 3)
ALL = ("png", "jpeg", "tiff", "webp")


def block(orientation: int | None = None, order: str = "<", **more: bytes) -> bytes:
    """An EXIF block with fields of every kind."""
    made = pillow.Exif()
    made.endian = order
    made[MAKER], made[SOFTWARE], made[256], made[257] = "Maker", "Camera 1.0", 30, 20
    if orientation:
        made[274] = orientation
    made.get_ifd(EXIF).update(
        {EXPOSURE: IFDRational(1, 200), PIXEL_X: 30, PIXEL_Y: 20, MAKERS_NOTE: b"a note of its maker"}
    )
    made.get_ifd(GPS).update({1: "N", 2: (47.0, 22.0, 3.5)})
    return made.tobytes()


def stored(form: str, pixels: np.ndarray, **more) -> bytes:
    stream = io.BytesIO()
    options = {"webp": {"lossless": True}, "jpeg": {"quality": 95, "subsampling": 0}}.get(form, {})
    pillow.fromarray(pixels).save(stream, form.upper(), **options, **more)
    return stream.getvalue()


def opened(content: bytes) -> pillow.Image:
    image = pillow.open(io.BytesIO(content))
    image.load()
    return image


def written(image: Image, form: str) -> bytes:
    return b"".join(write.encoded(image, FORMATS[form], f"out.{form}"))


def read(tmp_path, content: bytes, **options) -> Image:
    (tmp_path / "in").write_bytes(content)
    return imgconv.load(tmp_path / "in", **options)


# ---------------------------------------------------------------- orientation


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("form", [*ALL, *(["avif"] if features.check("avif") else [])])
def test_orientation_is_applied_as_pillow_applies_it_and_then_is_upright(tmp_path, form, turn):
    content = stored(form, COLOUR, exif=block(turn))
    image = read(tmp_path, content)
    seen = ImageOps.exif_transpose(opened(content))
    np.testing.assert_array_equal(image.pixels, np.asarray(seen))
    header = imgconv.files.read.header(str(tmp_path / "in"))
    with header:
        assert (header.height, header.width) == image.pixels.shape[:2]
    again = opened(written(image, "png"))
    assert again.getexif().get(274, 1) == 1  # AVIF has no need to say so
    np.testing.assert_array_equal(np.asarray(ImageOps.exif_transpose(again)), image.pixels)


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("form", ALL)
def test_no_orient_leaves_pixels_and_orientation_alone(tmp_path, form, turn):
    content = stored(form, COLOUR, exif=block(turn))
    image = read(tmp_path, content, orient=False)
    assert image.pixels.shape == COLOUR.shape
    if form != "jpeg":
        np.testing.assert_array_equal(image.pixels, COLOUR)
    for target in ALL:
        again = written(image, target)
        assert exif.orientation(metadata_of(Source("in", io.BytesIO(again)), opened(again))[0]["exif"]) == turn
        np.testing.assert_array_equal(
            np.asarray(ImageOps.exif_transpose(opened(again))).shape,
            np.asarray(ImageOps.exif_transpose(opened(content))).shape,
        )


@pytest.mark.parametrize("turn", range(1, 9))
def test_xmp_speaks_where_exif_does_not(tmp_path, turn):
    said = XMP.replace(b'Orientation="1"', b'Orientation="%d"' % turn)
    content = stored("png", COLOUR, pnginfo=_texts(xmp=said))
    image = read(tmp_path, content)
    np.testing.assert_array_equal(image.pixels, np.asarray(ImageOps.exif_transpose(opened(content))))
    assert b'Orientation="1"' in image.metadata["xmp"]


@pytest.mark.parametrize("form", ["png", "jpeg", "tiff"])
def test_resolution_turns_with_the_pixels(tmp_path, form):
    image = read(tmp_path, stored(form, COLOUR, exif=block(6), dpi=(300, 150)))
    assert image.metadata["dpi"] == pytest.approx((150, 300), abs=0.02)


@pytest.mark.parametrize("target", ["tiff", "jpeg", "webp", "png"])
@pytest.mark.parametrize("turn", [1, 6])
def test_a_resolution_that_only_exif_states_goes_along_and_turns(tmp_path, turn, target):
    made = pillow.Exif()
    made.load(block(turn))
    made[282], made[283], made[296] = 300.0, 150.0, 2
    (tmp_path / "in.webp").write_bytes(stored("webp", COLOUR, exif=made.tobytes()))
    done = command("filter", "identity", "in.webp", "--strict", "-o", f"out.{target}", cwd=tmp_path)
    assert done.code == 0, done.err
    result = opened((tmp_path / f"out.{target}").read_bytes())
    found = (result.info["dpi"],) if target == "tiff" else tuple((said[282], said[283]) for said in [result.getexif()])
    assert found == ((300, 150) if turn == 1 else (150, 300),)


def test_orientation_behind_the_pixels_is_applied_too(tmp_path):
    content = stored("png", COLOUR)
    late = content[:-12] + chunks.chunk(b"eXIf", block(6).removeprefix(exif.PREFIX)) + content[-12:]
    np.testing.assert_array_equal(read(tmp_path, late).pixels, np.asarray(ImageOps.exif_transpose(opened(late))))


def test_the_command_foretells_turned_sizes(tmp_path):
    (tmp_path / "in.jpg").write_bytes(stored("jpeg", COLOUR, exif=block(6)))
    assert "20x30" in command("pool", "in.jpg", "--plan", cwd=tmp_path).out.decode()
    assert "30x20" in command("pool", "in.jpg", "--plan", "--no-orient", cwd=tmp_path).out.decode()
    done = command("pool", "in.jpg", "--size", "12x4", "-o", "out.png", cwd=tmp_path)
    assert done.code == 0, done.err
    assert opened((tmp_path / "out.png").read_bytes()).size == (5, 2)
    assert command("pool", "in.jpg", "--size", "21", "-o", "out2.png", cwd=tmp_path).code == 1


# ---------------------------------------------------------------- round trips


@pytest.mark.parametrize("target", ALL)
@pytest.mark.parametrize("source", ALL)
@pytest.mark.parametrize("order", "<>")
def test_everything_goes_along_between_formats_that_hold_it(tmp_path, source, target, order):
    given = Image(
        (Frame(COLOUR),),
        metadata=MappingProxyType({"icc_profile": SRGB, "exif": block(order=order), "xmp": XMP, "dpi": (300.0, 150.0)}),
    )
    image = read(tmp_path, written(given, source))
    content = written(image, target)
    found, notes = metadata_of(Source("in", io.BytesIO(content)), opened(content))
    assert notes == []
    assert found["icc_profile"] == SRGB
    assert found["xmp"] == XMP
    made = pillow.Exif()
    made.load(found["exif"])
    assert made[MAKER] == "Maker"
    assert made[SOFTWARE] == "Camera 1.0"
    inner = made.get_ifd(EXIF)
    assert (inner[PIXEL_X], inner[PIXEL_Y], inner[MAKERS_NOTE]) == (30, 20, b"a note of its maker")
    assert inner[EXPOSURE] == IFDRational(1, 200)
    assert made.get_ifd(GPS)[2] == (47.0, 22.0, 3.5)
    if "webp" not in (source, target):
        assert found["dpi"] == pytest.approx((300, 150), abs=0.02)  # PNG counts whole pixels a metre


@pytest.mark.parametrize("form", ALL)
def test_sizes_in_exif_and_xmp_follow_the_picture(tmp_path, form):
    given = Image((Frame(COLOUR),), metadata=MappingProxyType({"exif": block(), "xmp": XMP}))
    result = read(tmp_path, written(given, form)).through(imgconv.Pipeline.parse("pool size=2x5"))
    content = written(result, form)
    found, _ = metadata_of(Source("in", io.BytesIO(content)), opened(content))
    made = pillow.Exif()
    made.load(found["exif"])
    assert (made.get_ifd(EXIF)[PIXEL_X], made.get_ifd(EXIF)[PIXEL_Y]) == (6, 10)
    if form != "tiff":
        assert (made[256], made[257]) == (6, 10)
    assert b'PixelXDimension="6"' in found["xmp"]
    assert b"ImageLength='10'" in found["xmp"]
    assert b"<exif:PixelYDimension>10<" in found["xmp"]
    assert opened(content).size == (6, 10)


def _texts(xmp: bytes = b"") -> PngImagePlugin.PngInfo:
    made = PngImagePlugin.PngInfo()
    made.add_text("Title", "a title")
    made.add_text("Author", "x" * 5000, zip=True)
    made.add_itxt("Description", "Grüße, Ω", lang="de", tkey="Beschreibung")
    made.add_itxt("Comment", "日本", zip=True)
    if xmp:
        made.add(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)
    return made


def test_png_text_goes_along(tmp_path):
    content = written(read(tmp_path, stored("png", COLOUR, pnginfo=_texts(XMP), dpi=(72, 72))), "png")
    found = opened(content)
    assert found.text == {
        "Title": "a title",
        "Author": "x" * 5000,
        "Description": "Grüße, Ω",
        "Comment": "日本",
        "XML:com.adobe.xmp": XMP.decode(),
    }
    assert (found.text["Description"].lang, found.text["Description"].tkey) == ("de", "Beschreibung")
    assert found.info["dpi"] == pytest.approx((72, 72), abs=0.01)


def test_png_text_behind_the_pixels_goes_along_whoever_reads_them(tmp_path):
    late = chunks.chunk(b"tEXt", b"Late\0words") + chunks.chunk(b"IEND", b"")
    frames = [Frame(noise(5, 6, 3, seed=k), None, 40.0) for k in range(3)]
    for image in (Image((frames[0],)), Image((Frame(noise(5, 6, 3).astype(np.uint16)),)), Image(tuple(frames))):
        content = written(image, "png")[:-12] + late
        assert read(tmp_path, content).metadata["text"] == {"Late": "words"}


def test_a_resolution_that_exif_states_is_not_lost():
    made = pillow.Exif()
    made[282], made[283], made[296] = 300.0, 300.0, 2
    image = Image((Frame(COLOUR),), metadata=MappingProxyType({"exif": made.tobytes(), "dpi": (300, 300)}))
    assert notes(image, "webp") == {}
    assert notes(Image((Frame(COLOUR),), metadata=MappingProxyType({"dpi": (300, 300)})), "webp")


def test_a_comment_is_a_text_called_comment(tmp_path):
    image = read(tmp_path, stored("jpeg", COLOUR, comment="schön"))
    as_png = written(image, "png")
    assert opened(as_png).text == {"Comment": "schön"}
    assert opened(written(read(tmp_path, as_png), "jpeg")).info["comment"] == "schön".encode()
    assert opened(written(image.gray(), "gif")).info["comment"] == "schön".encode()


def test_gamma_and_primaries_stay_in_png(tmp_path):
    made = PngImagePlugin.PngInfo()
    made.add(b"gAMA", struct.pack(">I", 100000))
    made.add(b"cHRM", struct.pack(">8I", 31270, 32900, 70800, 29200, 17000, 79700, 13100, 4600))
    image = read(tmp_path, stored("png", COLOUR, pnginfo=made))
    info = opened(written(image, "png")).info
    assert info["gamma"] == 1.0
    assert info["chromaticity"] == pytest.approx((0.3127, 0.329, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046))
    assert [note.text for note in metadata.adapt(image, FORMATS["jpeg"]).notes] == [
        "gamma, primaries dropped (no place for them in JPEG)"
    ]
    made = PngImagePlugin.PngInfo()
    made.add(b"gAMA", struct.pack(">I", 45455))
    made.add(b"sRGB", b"\0")
    image = read(tmp_path, stored("png", COLOUR, pnginfo=made))
    assert opened(written(image, "png")).info["srgb"] == 0
    assert metadata.adapt(image, FORMATS["jpeg"]).notes == ()


def test_a_guessed_resolution_is_none(tmp_path):
    assert "dpi" not in read(tmp_path, stored("jpeg", COLOUR, exif=block())).metadata
    assert read(tmp_path, stored("jpeg", COLOUR, dpi=(96, 96))).metadata["dpi"] == (96, 96)


# ---------------------------------------------------------------- what is dropped is said


def notes(image: Image, form: str) -> dict[str, str]:
    return {note.code: note.text for note in metadata.adapt(image, FORMATS[form]).notes if note.loss}


def test_what_a_format_cannot_hold_is_said():
    image = Image(
        (Frame(COLOUR),),
        metadata=MappingProxyType(
            {"icc_profile": SRGB, "exif": block(), "xmp": XMP, "dpi": (72, 72), "text": {"Title": "t"}}
        ),
    )
    assert notes(image, "png") == {}
    assert notes(image, "jpeg") == {"metadata-dropped": "text dropped (no place for it in JPEG)"}
    assert notes(image, "npy") == {
        "profile-dropped": "colour profile dropped (no place for it in NPY)",
        "metadata-dropped": "EXIF, XMP, resolution, text dropped (no place for them in NPY)",
    }
    assert notes(Image((Frame(COLOUR),)), "npy") == {}
    long = Image((Frame(COLOUR),), metadata=MappingProxyType({"exif": block() + bytes(70000)}))
    assert notes(long, "png") == {}
    assert "EXIF dropped" in notes(long, "jpeg")["metadata-dropped"]
    opened(written(long, "jpeg"))


def test_a_profile_for_other_colours_is_dropped_and_said():
    image = Image((Frame(COLOUR),), metadata=MappingProxyType({"icc_profile": SRGB}))
    gray = image.gray()
    assert [note.code for note in gray.notes] == ["profile-dropped"]
    assert "icc_profile" not in gray.metadata
    for_gray = Image((Frame(COLOUR[..., 0]),), metadata=image.metadata)
    assert notes(for_gray, "png") == {"profile-dropped": "colour profile dropped (it is for RGB, the pixels are gray)"}
    assert "icc_profile" not in opened(written(for_gray, "png")).info


def test_a_long_profile_comes_back_from_png(tmp_path):
    """Pillow takes a megabyte, and profiles by tables of colours are longer; what it takes elsewhere is as before."""
    long = SRGB[:128] + random.Random(1).randbytes(2_500_000)
    (tmp_path / "in.jpg").write_bytes(stored("jpeg", COLOUR, icc_profile=long))
    for name, result in (("in.jpg", "a.png"), ("a.png", "b.png"), ("b.png", "c.tif")):
        done = command("filter", "identity", name, "--strict", "-o", result, cwd=tmp_path)
        assert done.code == 0, done.err
        assert imgconv.load(tmp_path / result).metadata["icc_profile"] == long
    assert PngImagePlugin.MAX_TEXT_CHUNK == 2**20
    bomb = zlib.compress(bytes(2**27))
    content = stored("png", COLOUR)
    (tmp_path / "bomb.png").write_bytes(content[:33] + chunks.chunk(b"iCCP", b"bomb\0\0" + bomb) + content[33:])
    assert command("filter", "identity", "bomb.png", "-o", "d.png", cwd=tmp_path).code == 1


def test_tags_without_a_name_elsewhere_are_said(tmp_path):
    image = read(tmp_path, stored("tiff", COLOUR, tiffinfo={33550: (1.0, 1.0, 0.0), 305: "Camera 1.0"}))
    assert [note.text for note in image.notes] == ["TIFF tag 33550 dropped"]
    assert read(tmp_path, stored("tiff", COLOUR, tiffinfo={33550: (1.0, 1.0, 0.0)}), strip=True).notes == ()


def _with_chunks(*kinds: bytes) -> bytes:
    """A PNG with chunks of these kinds behind its header."""
    content = stored("png", COLOUR)
    return content[:33] + b"".join(chunks.chunk(kind, bytes(7)) for kind in kinds) + content[33:]


def test_what_png_and_jpeg_say_beyond_that_is_said(tmp_path):
    """The pixels are the same; what is lost has a code, so that --strict sees it; what held of the old file alone is
    passed over."""
    image = read(tmp_path, _with_chunks(b"cICP", b"vpAg", b"prVt"))
    assert {note.code: note.text for note in image.notes} == {
        "profile-dropped": "colour profile dropped (PNG's cICP)",
        "metadata-dropped": "PNG chunks vpAg, prVt dropped",
    }
    assert all(note.loss for note in image.notes)
    np.testing.assert_array_equal(image.pixels, COLOUR)
    assert read(tmp_path, _with_chunks(b"cICP", b"prVt"), strip=True).notes == ()
    assert read(tmp_path, _with_chunks(b"tIME", b"bKGD", b"sBIT")).notes == ()
    plain = stored("jpeg", COLOUR)
    segments = b"\xff\xeb\0\x06JP\0\1" + b"\xff\xec\0\x07Ducky" + b"\xff\xed\0\x05Own"  # APP11, APP12, APP13
    image = read(tmp_path, plain[:2] + segments + plain[2:])
    assert [note.text for note in image.notes] == ["JPEG segments APP11, APP13 dropped"]
    assert read(tmp_path, plain).notes == ()


def test_thousands_of_chunks_are_one_sentence(tmp_path):
    kinds = [bytes((97 + i % 26, 65 + i // 26 % 26, 65 + i // 676, 97)) for i in range(3000)]
    (note,) = read(tmp_path, _with_chunks(*kinds)).notes
    assert note.text.startswith("PNG chunks aAAa, bAAa, ")
    assert note.text.endswith(" and 2992 more dropped")
    assert len(note.text) < 100


def test_strict_sees_a_chunk_that_is_dropped(tmp_path):
    (tmp_path / "in.png").write_bytes(_with_chunks(b"cICP"))
    done = command("filter", "identity", "in.png", "--strict", "-o", "out.png", cwd=tmp_path)
    assert done.code == 3, done.err
    assert "cICP" in done.err
    assert not (tmp_path / "out.png").exists()


def test_a_thumbnail_is_taken_out():
    given = pillow.Exif()
    given.endian = "<"
    given[MAKER] = "Maker"
    raw = bytearray(given.tobytes().removeprefix(exif.PREFIX))
    small = stored("jpeg", COLOUR[:8, :8])
    second = len(raw)
    link = 8 + 2 + 12
    struct.pack_into("<I", raw, link, second)
    fields = [
        packing.field(259, 3, 6),
        packing.field(0x201, 4, second + 2 + 36 + 4),
        packing.field(0x202, 4, len(small)),
    ]
    raw += packing.packed(fields, "<", second) + small
    found, dropped = exif.resize(exif.PREFIX + bytes(raw), 5, 6)
    assert dropped
    assert small[:40] not in found
    made = pillow.Exif()
    made.load(found)
    assert made[MAKER] == "Maker"
    assert made.get_ifd(1) == {}
    assert exif.resize(found, 5, 6) == (found, False)


def test_strip_leaves_all_out_and_loses_nothing(tmp_path):
    (tmp_path / "in.jpg").write_bytes(
        stored("jpeg", COLOUR, exif=block(6), icc_profile=SRGB, dpi=(72, 72), xmp=XMP, comment="c")
    )
    done = command("filter", "identity", "in.jpg", "--strip", "--strict", "-o", "out.npy", cwd=tmp_path)
    assert done.code == 0, done.err
    assert np.load(tmp_path / "out.npy").shape == (30, 20, 3)
    (tmp_path / "in.pfm").write_bytes(b"Pf\n1 1\n-2.5\n" + bytes(4))  # 1.0 stands for 2.5 of something
    assert command("filter", "identity", "in.pfm", "--strict", "-o", "out.npy", cwd=tmp_path).code == 3
    assert command("filter", "identity", "in.pfm", "--strip", "--strict", "-o", "out.npy", cwd=tmp_path).code == 0
    done = command("filter", "identity", "in.jpg", "-o", "out2.npy", "--strict", cwd=tmp_path)
    assert done.code == 3
    assert "colour profile dropped" in done.err
    assert not (tmp_path / "out2.npy").exists()
    done = command("filter", "identity", "in.jpg", "-o", "out.png", "--strict", cwd=tmp_path)
    assert done.code == 0, done.err
    assert set(opened((tmp_path / "out.png").read_bytes()).info) >= {"exif", "icc_profile", "dpi", "xmp", "Comment"}


# ---------------------------------------------------------------- blocks that make no sense


def test_broken_blocks_are_passed_on_and_never_stop_anything():
    rng = random.Random(4)
    whole = block(6, ">")
    for size in range(0, len(whole), 7):
        exif.resize(exif.upright(whole[:size]), 3, 4)
    for _ in range(1000):
        raw = bytearray(whole)
        for _ in range(rng.randint(1, 6)):
            raw[rng.randrange(len(raw))] = rng.choice((0, 255, rng.randrange(256)))
        changed = bytes(raw)
        assert exif.orientation(changed) in (None, *range(1, 9))
        assert len(exif.resize(exif.upright(changed), 3, 4)[0]) <= len(changed) + len(exif.PREFIX)
        list(tiff_writer.encode([Frame(COLOUR)], [Frame(COLOUR)], {"exif": changed}))
        pages.exif_of_page(Source("in", io.BytesIO(changed.removeprefix(exif.PREFIX))), 0)


def test_nothing_but_the_changed_fields_moves():
    given = block(6)
    made, _ = exif.resize(exif.upright(given), 100, 200)
    assert len(made) == len(given)
    assert sum(a != b for a, b in zip(made, given, strict=True)) == 5  # one byte each of the orientation and four sizes


# ---------------------------------------------------------------- another reader


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize("form", ALL)
def test_exiftool_reads_the_same(tmp_path, form):
    given = Image(
        (Frame(COLOUR),),
        metadata=MappingProxyType({"icc_profile": SRGB, "exif": block(order=">"), "xmp": XMP, "dpi": (300.0, 300.0)}),
    )
    (tmp_path / f"a.{form}").write_bytes(written(given, form))
    (found,) = json.loads(
        subprocess.run(["exiftool", "-j", "-n", str(tmp_path / f"a.{form}")], capture_output=True, check=True).stdout
    )
    assert found["Make"] == "Maker"
    assert found["Software"] == "Camera 1.0"
    assert found["ExposureTime"] == pytest.approx(1 / 200)
    assert found["GPSLatitude"] == pytest.approx(47 + 22 / 60 + 3.5 / 3600)
    assert found["ExifImageWidth"] == 30
    assert "ProfileDescription" in found
    assert "Warning" not in found, found["Warning"]
