"""PNG of 16 bits per sample: read whole, by the specification's filters and passes, or refused."""

import struct
import zlib

import numpy as np
import pytest

import imgconv
from imgconv import errors
from imgconv.values.layout import Layout
from tests.command import PNG_MAGIC

RNG = np.random.default_rng(16)
COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}  # channels, alpha included -> PNG's colour type
ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def filtered(rows, kind):
    """Rows of bytes in one of PNG's filters, each behind its number, by the specification's formulas; kind 5 is all in
    turn."""
    height, width, pixel = rows.shape
    flat = rows.reshape(height, width * pixel).astype(int)
    out = b""
    for y in range(height):
        number = y % 5 if kind == 5 else kind
        row = []
        for i, value in enumerate(flat[y]):
            a = flat[y, i - pixel] if i >= pixel else 0
            b = flat[y - 1, i] if y else 0
            c = flat[y - 1, i - pixel] if y and i >= pixel else 0
            p = a + b - c
            paeth = min((abs(p - v), order, v) for order, v in enumerate((a, b, c)))[2]
            row.append((value - (0, a, b, (a + b) // 2, paeth)[number]) % 256)
        out += bytes([number, *row])
    return out


def png16(pixels, kind=0, interlaced=False, extra=b"", pieces=1):
    """A PNG of 16 bits per sample by hand."""
    height, width, channels = pixels.shape
    rows = pixels.astype(">u2").view("u1").reshape(height, width, 2 * channels)
    parts = [rows[y::dy, x::dx] for y, x, dy, dx in (ADAM7 if interlaced else [(0, 0, 1, 1)])]
    data = zlib.compress(b"".join(filtered(part, kind) for part in parts if part.size))

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    cuts = np.array_split(np.frombuffer(data, "u1"), pieces)
    header = struct.pack(">IIBBBBB", width, height, 16, COLOURS[channels], 0, 0, interlaced)
    return (
        PNG_MAGIC
        + chunk(b"IHDR", header)
        + extra
        + b"".join(chunk(b"IDAT", cut.tobytes()) for cut in cuts)
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("interlaced", [False, True], ids=["rows", "adam7"])
@pytest.mark.parametrize("kind", range(6))
@pytest.mark.parametrize("channels", COLOURS)
def test_deep_png_keeps_its_depth(channels, kind, interlaced, tmp_path):
    for shape in ((1, 1), (1, 5), (9, 1), (11, 13)):
        pixels = RNG.integers(0, 65536, (*shape, channels)).astype("uint16")
        path = tmp_path / "x.png"
        path.write_bytes(png16(pixels, kind, interlaced, pieces=3))
        image = imgconv.load(path)
        colour = pixels if channels in (1, 3) else pixels[..., :-1]
        np.testing.assert_array_equal(np.atleast_3d(image.pixels), colour)
        if channels in (2, 4):
            np.testing.assert_array_equal(image.alpha, pixels[..., -1])
        assert image.pixels.dtype == np.uint16


@pytest.mark.parametrize("channels", [1, 3])
def test_the_colour_key_of_a_deep_png_becomes_alpha(channels, tmp_path):
    pixels = RNG.integers(0, 65536, (6, 7, channels)).astype("uint16")
    key = pixels[2, 3].astype(">u2").tobytes()
    pixels[4, 5] = pixels[2, 3]
    chunk = struct.pack(">I", len(key)) + b"tRNS" + key + struct.pack(">I", zlib.crc32(b"tRNS" + key))
    (tmp_path / "x.png").write_bytes(png16(pixels, extra=chunk))
    image = imgconv.load(tmp_path / "x.png")
    assert image.layout == Layout(channels, True, "uint16")
    np.testing.assert_array_equal(image.alpha == 0, (pixels == pixels[2, 3]).all(axis=-1))
    assert set(np.unique(image.alpha)) == {0, 65535}


def test_deep_png_agrees_with_another_decoder(tmp_path):
    cv2 = pytest.importorskip("cv2")
    pixels = np.cumsum(RNG.integers(-300, 300, (200, 300, 3)), axis=1).astype("uint16")
    assert cv2.imwrite(str(tmp_path / "x.png"), pixels)
    np.testing.assert_array_equal(imgconv.load(tmp_path / "x.png").pixels, pixels[..., ::-1])


@pytest.mark.parametrize("damage", ["cut", "bit", "adler", "filter", "more", "crc"])
def test_damaged_deep_pngs_are_refused(damage, tmp_path):
    pixels = RNG.integers(0, 65536, (6, 7, 3)).astype("uint16")
    whole = png16(pixels)
    start = whole.index(b"IDAT") + 4
    length = struct.unpack(">I", whole[start - 8 : start - 4])[0]
    data = whole[start : start + length]
    if damage == "cut":
        content = whole[:-40]
    elif damage == "crc":
        content = whole.replace(whole[start + length : start + length + 4], b"none")
    else:
        plain = zlib.decompress(data)
        data = {
            "bit": lambda: data[:20] + bytes([data[20] ^ 64]) + data[21:],
            "adler": lambda: data[:-1] + bytes([data[-1] ^ 1]),
            "filter": lambda: zlib.compress(b"\5" + plain[1:]),
            "more": lambda: zlib.compress(plain + b"\0"),
        }[damage]()
        chunk = struct.pack(">I", len(data)) + b"IDAT" + data + struct.pack(">I", zlib.crc32(b"IDAT" + data))
        content = whole[: start - 8] + chunk + whole[start + length + 4 :]
    path = tmp_path / "x.png"
    path.write_bytes(content)
    with pytest.raises(errors.FileError, match=r"x\.png: broken or cut short"):
        imgconv.load(path)
