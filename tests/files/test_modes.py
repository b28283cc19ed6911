"""Every pixel mode by its rule: what it becomes, through which file it came, and that it survives a round trip."""

import struct
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image as pillow

import imgconv
from imgconv import errors
from imgconv.api.image import Image
from imgconv.files.formats import ARRAY, FORMATS
from imgconv.files.modes import DEEP, LAYOUTS, MODES, to_frame
from imgconv.values.image import Frame
from imgconv.values.layout import Layout

RNG = np.random.default_rng(4)
SIZE = (13, 37)  # (height, width): more rows than a strip, and no even number


def image_of(mode, transparency=None):
    """A Pillow image of any mode with pixels of every value, and the array of its own bytes."""
    height, width = SIZE[1], SIZE[0]
    if mode in ("I", "F", "I;16", "I;16L", "I;16B", "I;16N"):
        type_ = {"I": "<i4", "F": "<f4", "I;16B": ">u2"}.get(mode, "<u2")
        values = (
            RNG.integers(-(2**31), 2**31, (height, width)) if mode in "IF" else RNG.integers(0, 2**16, (height, width))
        )
        array = values.astype(type_)
        return pillow.frombytes(mode, (width, height), array.tobytes()), array
    if mode == "1":
        array = RNG.integers(0, 2, (height, width)).astype(bool)
        return pillow.fromarray(array), array
    bands = len(pillow.new(mode, (1, 1)).getbands())
    array = RNG.integers(0, 256, (height, width, bands) if bands > 1 else (height, width)).astype("uint8")
    if mode in ("La", "RGBa"):  # premultiplied: no colour above alpha
        array = np.minimum(array, array[..., -1:])
    image = pillow.frombytes(mode, (width, height), array.tobytes())
    if mode in ("P", "PA"):
        image.putpalette(RNG.integers(0, 256, 768).astype("uint8").tobytes())
    if transparency is not None:
        image.info["transparency"] = transparency
    return image, array


def palette_of(image):
    return np.array(image.getpalette(), "uint8").reshape(-1, 3)


def divided_by_alpha(array):
    """Colour over alpha as Pillow rounds it: 255 c / a, down; kept where alpha is 0 or opaque (Convert.c, rgba2rgbA's
    inverse)."""
    alpha = array[..., -1:].astype(int)
    scaled = np.minimum(255 * array[..., :-1].astype(int) // np.maximum(alpha, 1), 255)
    return np.where((alpha == 0) | (alpha == 255), array[..., :-1], scaled).astype("uint8")


def ycbcr_to_rgb(array):
    """JFIF's formulas."""
    y, b, r = (array[..., i].astype(float) - (128 if i else 0) for i in range(3))
    return np.clip(np.dstack([y + 1.402 * r, y - 0.344136 * b - 0.714136 * r, y + 1.772 * b]), 0, 255)


def expected(mode, image, array):  # noqa: PLR0911 (a table of rules)
    """(pixels, alpha, tolerance) of an image of a mode, by NumPy from its own bytes."""
    if mode in ("LA", "RGBA"):
        return np.squeeze(array[..., :-1]), array[..., -1], 0
    if mode in ("La", "RGBa"):
        return np.squeeze(divided_by_alpha(array)), array[..., -1], 1
    if mode == "1":
        return array * np.uint8(255), None, 0
    if mode == "P":
        return palette_of(image)[array], None, 0
    if mode == "PA":
        return palette_of(image)[array[..., 0]], array[..., 1], 0
    if mode == "LAB":  # Pillow's bytes are the file's, whose a and b are signed
        return array ^ np.array([0, 128, 128], "uint8"), None, 0
    if mode == "RGBX":
        return array[..., :3], None, 0
    if mode == "YCbCr":
        return ycbcr_to_rgb(array), None, 1
    if mode == "HSV":
        from colorsys import hsv_to_rgb

        flat = [hsv_to_rgb(*(value / 255 for value in pixel)) for pixel in array.reshape(-1, 3).tolist()]
        return np.array(flat).reshape(array.shape) * 255, None, 3
    return array, None, 0


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_becomes_what_its_rule_says(mode):
    image, array = image_of(mode)
    pixels, alpha, tolerance = expected(mode, image, array)
    frame = to_frame(image)
    layout = LAYOUTS[MODES[mode].becomes]
    assert (frame.pixels.dtype.name, frame.alpha is not None) == (layout.type, layout.alpha)
    assert frame.pixels.dtype.isnative
    assert np.abs(frame.pixels.astype(float) - pixels).max() <= tolerance
    assert (frame.alpha is None) == (alpha is None)
    if alpha is not None:
        np.testing.assert_array_equal(frame.alpha, alpha)


def test_the_table_has_every_mode_that_pillow_has():
    assert set(pillow.MODES) <= set(MODES)
    assert {row.becomes for row in MODES.values()} <= set(LAYOUTS)


@pytest.mark.parametrize(
    ("mode", "key"), [("1", 0), ("1", 255), ("L", 7), ("RGB", (0, 3, 255)), ("P", 7), ("P", bytes(range(256)))], ids=str
)
def test_transparency_beside_the_pixels_becomes_alpha(mode, key, tmp_path):
    image, array = image_of(mode)
    if mode == "RGB":
        array[::2, ::3] = key
        image = pillow.fromarray(array)
    image.save(tmp_path / "x.png", transparency=key)
    loaded = imgconv.load(tmp_path / "x.png")
    opaque = (array != np.array(key)).any(axis=-1) if mode == "RGB" else array != (bool(key) if mode == "1" else key)
    alpha = np.frombuffer(key, "uint8")[array] if isinstance(key, bytes) else np.where(opaque, 255, 0)
    np.testing.assert_array_equal(loaded.alpha, alpha)
    assert loaded.layout.channels == (3 if mode in ("P", "RGB") else 1)


def file_of(image, mode, path):
    """The image in a file whose format keeps the mode, or None where no file holds such an image."""
    form = {
        "RGBX": "TIFF",
        "CMYK": "TIFF",
        "LAB": "TIFF",
        "YCbCr": "TIFF",
        "PA": "TIFF",
        "I": "TIFF",
        "F": "TIFF",
        "I;16B": "TIFF",
    }.get(mode, "PNG")
    try:
        image.save(path, form)
    except OSError:
        return None
    return path


@pytest.mark.parametrize("mode", sorted(set(MODES) - {"La", "RGBa", "HSV", "I;16L", "I;16N"}))
def test_a_mode_from_a_file_is_predicted_by_its_header(mode, tmp_path):
    from imgconv.files import read

    image, array = image_of(mode)
    path = file_of(image, mode, tmp_path / "x")
    header = read.header(str(path))
    predicted, loaded = header.layout, header.load()
    assert predicted == loaded.layout
    pixels, _, tolerance = expected(mode, image, array)
    assert np.abs(loaded.pixels.astype(float) - pixels).max() <= tolerance


def test_adobe_jpegs_are_inverted_once(tmp_path):
    """Adobe stores inks inverted; Pillow's writer does so too, and marks it. A file that says so is read as inks."""
    inks = np.zeros((16, 16, 4), "uint8")
    inks[..., 1], inks[..., 3] = 200, 30
    pillow.fromarray(inks, mode="CMYK").save(tmp_path / "x.jpg", quality=100, subsampling=0)
    assert b"Adobe" in (tmp_path / "x.jpg").read_bytes()
    loaded = imgconv.load(tmp_path / "x.jpg")
    assert loaded.mode == "CMYK uint8"
    assert np.abs(loaded.pixels.astype(int) - inks).max() <= 2


def through_file(image, name, path):
    """An Image saved and loaded again in a format, without loss if it has a way."""
    imgconv.save(image, path, name, lossless=FORMATS[name].lossless != "never")
    return imgconv.load(path)


LOSSLESS = [
    row.name for row in FORMATS.values() if row.lossless != "never" and row.name != "gif"
]  # GIF reduces colours: test_frames


def frame_of(layout):
    shape = (SIZE[1], SIZE[0], layout.channels)
    if layout.type.startswith("float"):
        pixels = RNG.normal(0, 1e4, shape).astype(layout.type)
        pixels.flat[:3] = np.nan, np.inf, -np.inf
    else:
        limits = np.iinfo(layout.type)
        pixels = RNG.integers(limits.min, limits.max, shape, endpoint=True).astype(layout.type)
    alpha = (
        RNG.integers(0, np.iinfo(layout.type).max, shape[:2], endpoint=True).astype(layout.type)
        if layout.alpha
        else None
    )
    return Frame(pixels[..., 0] if layout.channels == 1 else pixels, alpha)


_AS_TEXT = {"float32": "float64", "float64": "float64"}
"""Numbers as text have no type: whole ones are read as int32."""


@pytest.mark.parametrize(
    ("name", "mode"), [(name, mode) for name in LOSSLESS for mode in FORMATS[name].modes if mode != ARRAY]
)
def test_what_a_format_holds_comes_back(name, mode, tmp_path):
    layout = (LAYOUTS | DEEP)[mode]
    given = Image((frame_of(layout),), colour=layout.colour)
    back = through_file(given, name, tmp_path / f"x.{name}")
    assert back.layout == (layout if name != "csv" else Layout(1, type=_AS_TEXT.get(layout.type, "int32")))
    np.testing.assert_array_equal(back.pixels, given.pixels)
    if layout.alpha:
        np.testing.assert_array_equal(back.alpha, given.alpha)


def test_lab_has_128_for_0():
    """Pure red is L 54 % and (a, b) about (81, 70) (by any converter), whichever way Pillow keeps it."""
    frame = to_frame(pillow.new("RGB", (2, 2), (255, 0, 0)).convert("LAB"))
    assert np.abs(frame.pixels[0, 0].astype(int) - [138, 128 + 81, 128 + 70]).max() <= 2


def test_gray_is_not_defined_for_inks():
    with pytest.raises(errors.PixelError, match="gray is not defined for CMYK"):
        Image((Frame(np.zeros((2, 2, 4), "uint8")),), colour="CMYK").gray()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF"])
def test_only_the_plugin_that_a_file_calls_for_is_loaded(form, tmp_path):
    """Pillow would load five, and all thirty for what is none of these."""
    pillow.new("RGB", (3, 2)).save(tmp_path / "x", form)
    words = (
        "import sys, imgconv; imgconv.load(sys.argv[1]); print(*(name for name in sys.modules if"
        " name.startswith('PIL.')))"
    )
    done = subprocess.run([sys.executable, "-c", words, tmp_path / "x"], capture_output=True, text=True, check=True)
    assert not {"PIL.GifImagePlugin", "PIL.BmpImagePlugin", "PIL.PpmImagePlugin"} & set(done.stdout.split())


def test_the_fourth_channel_of_a_bmp_is_spoken_of_where_it_holds_something(tmp_path):
    """Its header gives it no meaning, and some programs keep alpha there; Pillow writes it and does not read it."""
    pixels = RNG.integers(0, 256, (5, 7, 4)).astype("uint8")
    for fourth, codes in ((pixels[..., 3], ["channels-dropped"]), (0, []), (255, [])):
        pixels[..., 3] = fourth
        pillow.fromarray(pixels).save(tmp_path / "x.bmp")
        image = imgconv.load(tmp_path / "x.bmp")
        np.testing.assert_array_equal(image.pixels, pixels[..., :3])
        assert [note.code for note in image.notes] == codes


def bmp_of_masks(words: np.ndarray, masks: tuple[int, int, int] | None) -> bytes:
    """A BMP of 16 bits per pixel: three masks say where the colours are, without them it is 5-5-5."""
    height, width = words.shape
    rows = b"".join(row.tobytes() + bytes(-row.nbytes % 4) for row in words[::-1].astype("<u2"))
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 16, 3 if masks else 0, len(rows), 2835, 2835, 0, 0)
    head += struct.pack("<III", *masks) if masks else b""
    return struct.pack("<2sIHHI", b"BM", 14 + len(head) + len(rows), 0, 0, 14 + len(head)) + head + rows


@pytest.mark.parametrize(
    ("masks", "bits"),
    [((0xF800, 0x07E0, 0x001F), (5, 6, 5)), ((0x7C00, 0x03E0, 0x001F), (5, 5, 5)), (None, (5, 5, 5))],
    ids=["5-6-5", "5-5-5 by masks", "5-5-5"],
)
@pytest.mark.parametrize("headless", [False, True], ids=["bmp", "dib"])
def test_bmp_of_16_bits_per_pixel_is_read_as_8_per_sample(tmp_path, masks, bits, headless):
    words = np.arange(2 ** sum(bits), dtype=np.uint16).reshape(-1, 2**7)[:, :-1]
    (tmp_path / "in.bmp").write_bytes(bmp_of_masks(words, masks)[14 if headless else 0 :])
    image = imgconv.load(tmp_path / "in.bmp")
    assert image.notes == ()
    shifts = (bits[1] + bits[2], bits[2], 0)
    expected = [
        (words >> shift & 2**count - 1).astype(float) * 255 / (2**count - 1)
        for shift, count in zip(shifts, bits, strict=True)
    ]
    assert np.abs(image.pixels - np.stack(expected, axis=-1)).max() < 1
    seen = image.pixels.reshape(-1, 3).astype(np.uint32) @ np.array([1, 256, 65536], np.uint32)
    assert len(np.unique(seen)) == words.size, "no two colours became one"
