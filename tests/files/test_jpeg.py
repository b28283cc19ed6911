"""Large JPEG files are written in strips that are joined: every decoder finds the pixels that one encoder would have
written."""

import io
import itertools
import struct
import subprocess

import numpy as np
import pytest
from PIL import Image as pillow

import imgconv
from imgconv.api.image import Image
from imgconv.files import write, writers
from imgconv.files.formats import FORMATS
from imgconv.files.jpeg import strips as jpeg_strips
from imgconv.files.modes import to_pillow
from imgconv.files.options import Writing
from imgconv.values.image import Frame
from tests.programs import found, imagemagick


@pytest.fixture
def small_strips(monkeypatch):
    monkeypatch.setattr(jpeg_strips, "STRIP", 5000)


def picture(height: int, width: int, channels: int) -> Frame:
    rows, columns = np.mgrid[:height, :width]
    noise = np.random.default_rng(height).integers(0, 40, (height, width, channels))
    waves = [100 + 60 * np.sin(rows / (7 + c)) + 40 * np.cos(columns / (11 - c)) for c in range(channels)]
    pixels = np.clip(np.stack(waves, axis=-1) + noise, 0, 255).astype(np.uint8)
    return Frame(pixels[..., 0] if channels == 1 else pixels)


def by_one_encoder(frame: Frame, mode: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    to_pillow(frame, mode).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def pixels_of(content: bytes) -> np.ndarray:
    with pillow.open(io.BytesIO(content)) as image:
        return np.asarray(image)


def saver(mode: str, **options: object) -> jpeg_strips.Save:
    return lambda frame, stream, first: to_pillow(frame, mode).save(
        stream, "JPEG", **options, **({"comment": b"first"} if first else {})
    )


def markers(content: bytes) -> list[int]:
    """RST0 to RST7 in the coded pixels, in order."""
    scan = content[content.index(b"\xff\xda") :]
    return [after for before, after in itertools.pairwise(scan) if before == 0xFF and 0xD0 <= after <= 0xD7]


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("CMYK", 4)])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("shape", [(301, 97), (160, 128), (1000, 33), (97, 641)])
def test_pixels_are_those_of_one_encoder(small_strips, mode, channels, subsampling, shape):
    frame, options = picture(*shape, channels), {"quality": 83, "subsampling": subsampling}
    content = jpeg_strips.encode(frame, saver(mode, **options))
    one = by_one_encoder(frame, mode, comment=b"first", **options)
    assert np.array_equal(pixels_of(content), pixels_of(one))
    strips = markers(content)
    assert strips == [0xD0 + number % 8 for number in range(len(strips))]
    assert len(strips) >= 2
    assert content.count(b"first") == 1
    assert len(content) <= len(one) + 6 + 16 * len(strips)


def test_small_images_are_written_by_one_encoder():
    frame = picture(300, 400, 3)
    options = {"quality": 92, "subsampling": 0}
    assert jpeg_strips.encode(frame, saver("RGB", **options)) == by_one_encoder(
        frame, "RGB", comment=b"first", **options
    )


def test_a_row_of_more_units_than_can_be_counted_is_left_to_one_encoder(small_strips, monkeypatch):
    monkeypatch.setattr(jpeg_strips, "_MOST_UNITS", 4)
    frame = picture(400, 90, 3)
    assert markers(jpeg_strips.encode(frame, saver("RGB", quality=92))) == []


@pytest.mark.parametrize("shape", [(300, 90), (301, 97)])
@pytest.mark.parametrize("options", [{"progressive": True}, {"optimize": True}, {"restart_marker_blocks": 3}])
def test_what_cannot_be_joined_is_left_to_one_encoder(small_strips, options, shape):
    frame = picture(*shape, 3)
    assert jpeg_strips.encode(frame, saver("RGB", **options)) == by_one_encoder(
        frame, "RGB", comment=b"first", **options
    )


@pytest.mark.parametrize("process", [0xC1, 0xC2, 0xC9])
def test_encoders_of_another_process_write_the_whole_image(small_strips, process):
    def save(frame, stream, first):
        stream.write(by_one_encoder(frame, "RGB").replace(b"\xff\xc0", bytes((0xFF, process)), 1))

    frame = picture(300, 90, 3)
    assert jpeg_strips.encode(frame, save) == by_one_encoder(frame, "RGB").replace(
        b"\xff\xc0", bytes((0xFF, process)), 1
    )


@pytest.mark.parametrize("change", ["tables", "sampling", "a scan per component", "fill bytes", "no end", "no scan"])
def test_strips_that_differ_or_are_strange_are_not_joined(small_strips, change):
    """Each strip of `change` is what this encoder writes; the whole image is what it wrote last, in one piece."""
    calls = []

    def save(frame, stream, first):
        calls.append(frame.pixels.shape[0])
        sampling = len(calls) % 3 if change == "sampling" else 0
        quality = 50 + len(calls) if change == "tables" else 80
        file = by_one_encoder(frame, "RGB", quality=quality, subsampling=sampling)
        scan = file.index(b"\xff\xda")
        if change == "a scan per component":
            file = file[: scan + 4] + b"\1" + file[scan + 5 :]
        if change == "fill bytes":
            file = file[:scan] + b"\xff" + file[scan:]
        if change == "no end":
            file = file[:-2]
        if change == "no scan":
            file = file[:scan]
        written.append(file)
        stream.write(file)

    written: list[bytes] = []
    assert jpeg_strips.encode(picture(301, 97, 3), save) == written[-1]
    assert calls[-1] == 301


def test_the_writer_falls_back_to_one_piece(small_strips, monkeypatch):
    real = writers.saved
    monkeypatch.setattr(
        writers,
        "saved",
        lambda picture, stream, form, options: real(picture, stream, form, {**options, "optimize": 1}),
    )
    frame = picture(400, 120, 3)
    content = b"".join(write.encoded(Image((frame,), "jpeg"), FORMATS["jpeg"], "x.jpg", writing=Writing(quality=90)))
    assert pixels_of(content).shape == frame.pixels.shape
    assert markers(content) == []


def test_what_the_image_says_stands_once_and_a_failing_strip_fails_the_image(small_strips, monkeypatch):
    exif = pillow.Exif()
    exif[0x010E] = "a staircase"
    image = Image((picture(400, 120, 3),), "jpeg", {"exif": exif.tobytes(), "dpi": (300, 300)})
    content = b"".join(write.encoded(image, FORMATS["jpeg"], "x.jpg", writing=Writing(quality=90)))
    with pillow.open(io.BytesIO(content)) as opened:
        assert opened.size == (120, 400)
        assert dict(opened.getexif()) == dict(exif)
        assert opened.info["dpi"] == (300, 300)
    assert content.count(b"staircase") == 1
    real = jpeg_strips._saved

    def failing(frame, save, *, first):
        if not first:
            raise OSError("no room")
        return real(frame, save, first=first)

    monkeypatch.setattr(jpeg_strips, "_saved", failing)
    with pytest.raises(imgconv.errors.FileError, match="no room"):
        write.encoded(image, FORMATS["jpeg"], "x.jpg")


@pytest.mark.parametrize("program", ["vips", "convert", "djpeg", "ffmpeg"])
def test_other_decoders_find_the_same_pixels(small_strips, program, tmp_path):
    where = imagemagick() if program == "convert" else found(program)
    if where is None:
        pytest.skip(f"{program} is not installed")
    frame, options = picture(333, 100, 3), {"quality": 90, "subsampling": 0}
    for name, content in (
        ("ours", jpeg_strips.encode(frame, saver("RGB", **options))),
        ("one", by_one_encoder(frame, "RGB", comment=b"first", **options)),
    ):
        (tmp_path / f"{name}.jpg").write_bytes(content)
        words = {
            "vips": ["copy", f"{name}.jpg", f"{name}.ppm"],
            "convert": [f"{name}.jpg", f"{name}.ppm"],
            "djpeg": ["-outfile", f"{name}.ppm", f"{name}.jpg"],
            "ffmpeg": ["-v", "error", "-i", f"{name}.jpg", "-pix_fmt", "rgb24", f"{name}.ppm"],
        }[program]
        done = subprocess.run([where, *words], cwd=tmp_path, capture_output=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
    assert np.array_equal(*(pixels_of((tmp_path / f"{name}.ppm").read_bytes()) for name in ("ours", "one")))


def test_the_head_tells_the_height_and_the_interval(small_strips):
    content = jpeg_strips.encode(picture(301, 97, 3), saver("RGB", quality=92, subsampling=2))
    frame = content.index(b"\xff\xc0")
    assert struct.unpack_from(">HH", content, frame + 5) == (301, 97)
    interval = struct.unpack_from(">H", content, content.index(b"\xff\xdd") + 4)[0]
    assert interval % -(-97 // 16) == 0, "whole rows of units"
