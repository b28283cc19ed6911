"""Binary PNM and .npy, read and written without Pillow: the same pixels and, where bytes are defined, the same
bytes."""

import io

import numpy as np
import pytest
from PIL import Image as pillow

import imgconv
from imgconv import errors
from imgconv.api.image import Image
from imgconv.files import pnm
from imgconv.values.image import Frame

RGB = np.random.default_rng(1).integers(0, 256, (5, 7, 3), dtype=np.uint8)


@pytest.mark.parametrize("pixels", [RGB, RGB[..., 0], RGB[:1, :1], RGB[:, ::2]], ids=["rgb", "gray", "one", "view"])
def test_pnm_is_what_pillow_writes_and_reads(pixels, tmp_path):
    expected = io.BytesIO()
    pillow.fromarray(np.ascontiguousarray(pixels)).save(expected, "PPM")
    path = tmp_path / "x.ppm"
    imgconv.save(Image((Frame(pixels),)), path)
    assert path.read_bytes() == expected.getvalue()
    np.testing.assert_array_equal(imgconv.load(path).pixels, pixels)
    with pillow.open(path) as image:
        np.testing.assert_array_equal(np.array(image), pixels)


@pytest.mark.parametrize(
    "header",
    [b"P6 7 5 255 ", b"P6\n# by hand\n7 5\n255\n", b"P6\n7\t# wide\n5\r\n255\n", b"P6\n#\n#\n7 5\n#\n255\t"],
    ids=repr,
)
def test_headers_as_netpbm_allows_them(header, tmp_path):
    path = tmp_path / "x.ppm"
    path.write_bytes(header + RGB.tobytes())
    np.testing.assert_array_equal(imgconv.load(path).pixels, RGB)


@pytest.mark.parametrize(
    "start",
    [b"P6 7 5 65536 ", b"P6 7 5 15 ", b"P3 1 1 255 9 9 9", b"P4 8 1 \xff", b"P6 0 5 255 ", b"P67 5 255 ", b"P6 7", b""],
)
def test_other_headers_are_left_to_pillow(start):
    assert pnm.parse(start) is None


def test_small_maxima_are_scaled_by_pillow(tmp_path):
    path = tmp_path / "x.pgm"
    path.write_bytes(b"P5 2 1 15 \x00\x0f")
    assert imgconv.load(path).pixels.tolist() == [[0, 255]]


def test_pixels_that_are_missing(tmp_path):
    path = tmp_path / "x.ppm"
    path.write_bytes(b"P6 7 5 255 " + RGB.tobytes()[:-1])
    with pytest.raises(errors.FileError, match="1 bytes of its pixels are missing"):
        imgconv.load(path)
    path.write_bytes(b"P6 99999999 99999999 255 ")
    with pytest.raises(errors.FileError, match="bomb"):
        imgconv.load(path)


@pytest.mark.parametrize(
    "pixels",
    [RGB, RGB[:, ::2, 0], RGB.astype(">i2"), RGB.astype("float32")[:, :, :1], np.asfortranarray(RGB)],
    ids=["rgb", "view", "big-endian", "float", "fortran"],
)
def test_npy_is_what_numpy_writes(pixels, tmp_path):
    path = tmp_path / "x.npy"
    imgconv.save(Image((Frame(pixels),)), path)
    back = np.load(path, allow_pickle=False)
    assert back.dtype == pixels.dtype
    np.testing.assert_array_equal(back, pixels)
    expected = io.BytesIO()
    np.save(expected, np.ascontiguousarray(pixels))
    assert path.read_bytes() == expected.getvalue()


@pytest.mark.parametrize(("unit", "said"), [("-1.0", []), ("1", []), ("-2.5", ["PFM's unit of 2.5 dropped"])])
def test_a_unit_of_pfm_has_no_place_in_a_result(unit, said, tmp_path):
    values = np.arange(6, dtype="<f4" if unit.startswith("-") else ">f4").reshape(2, 3)
    path = tmp_path / "x.pfm"
    path.write_bytes(f"Pf\n3 2\n{unit}\n".encode() + values[::-1].tobytes())
    image = imgconv.load(path)
    np.testing.assert_array_equal(image.pixels, values)
    assert [(note.code, note.text, note.loss) for note in image.notes] == [
        ("metadata-dropped", text, True) for text in said
    ]


@pytest.mark.parametrize(
    ("most", "values", "meant"), [(65535, [0, 300, 65535], [0, 300, 65535]), (1000, [0, 500, 1000], [0, 32768, 65535])]
)
def test_16_bits_are_16_bits_in_figures_too(most, values, meant, tmp_path):
    """Pillow makes 32-bit numbers of them, which would be clamped at other ends; white is white in both."""
    (tmp_path / "plain.pgm").write_text(f"P2\n3 1\n{most}\n{' '.join(map(str, values))}\n")
    (tmp_path / "binary.pgm").write_bytes(b"P5\n3 1\n%d\n" % most + np.array(values, ">u2").tobytes())
    for name in ("plain", "binary"):
        image = imgconv.load(tmp_path / f"{name}.pgm")
        assert image.mode == "gray uint16"
        assert image.pixels.tolist() == [meant]


def test_a_reason_is_told_in_words(tmp_path):
    """Some of Pillow's and NumPy's errors hold bytes, or addresses."""
    (tmp_path / "x.pgm").write_bytes(b"P5\n99999999999 4\n255\n")
    with pytest.raises(errors.FileError, match=r"\(Token too long in file header: 99999999999\)"):
        imgconv.load(tmp_path / "x.pgm")
    text = b"__import__('os').system('true')".ljust(59) + b"\n"
    (tmp_path / "x.npy").write_bytes(b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text)
    with pytest.raises(errors.FileError, match=r"\(malformed node or string on line 1: <ast.Call object>\)"):
        imgconv.load(tmp_path / "x.npy")
