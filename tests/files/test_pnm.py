"""Binary PNM and .npy, read and written without Pillow: the same pixels and, where bytes are defined, the same
bytes."""

import io

import numpy as np
import pytest
from PIL import Image as pillow

import imgconv
from imgconv import errors
from imgconv.api.image import Image
from imgconv.files import read
from imgconv.files.options import Reading
from imgconv.files.pnm.headers import parse
from imgconv.values.image import Frame
from tests.command import blocks_max
from tests.command import imgconv as command

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
    [b"P6 7 5 65536 ", b"P3 1 1 255 9 9 9", b"P6 0 5 255 ", b"P67 5 255 ", b"P6 7", b""],
)
def test_other_headers_are_left_to_pillow(start):
    assert parse(start) is None


def test_small_maxima_are_scaled(tmp_path):
    """As netpbm's `pamdepth 255` does, halves up."""
    path = tmp_path / "x.pgm"
    path.write_bytes(b"P5 4 1 10 \x00\x03\x0a\x0b")
    assert imgconv.load(path).pixels.tolist() == [[0, 77, 255, 255]]


def test_bitmaps_are_black_where_they_are_1(tmp_path):
    bits = np.random.default_rng(2).integers(0, 2, (5, 11), dtype=np.uint8)
    path = tmp_path / "x.pbm"
    path.write_bytes(b"P4\n# drawn\n11 5\n" + np.packbits(bits, axis=1).tobytes())
    np.testing.assert_array_equal(imgconv.load(path).pixels, 255 * (1 - bits))
    with pillow.open(path) as image:
        np.testing.assert_array_equal(imgconv.load(path).pixels, np.array(image.convert("L")))


GRAY16 = np.random.default_rng(3).integers(0, 65536, (2, 3), dtype=np.uint16)
MIXED = (RGB, RGB[..., 0], GRAY16, RGB[:2])


@pytest.fixture
def stream(tmp_path):
    """Four images in one file, as `cat` joins them."""
    path = tmp_path / "x.ppm"
    imgconv.save(Image(tuple(map(Frame, MIXED))), path)
    return path


def test_images_that_follow_each_other_are_frames(stream, tmp_path):
    singles = []
    for number, pixels in enumerate(MIXED):
        imgconv.save(Image((Frame(pixels),)), tmp_path / f"{number}.ppm")
        singles.append((tmp_path / f"{number}.ppm").read_bytes())
    assert stream.read_bytes() == b"".join(singles)
    for between in (b"", b"\n", b" " * 5000):
        stream.write_bytes(between.join(singles) + between)
        image = imgconv.load(stream)
        assert (image.format, image.notes) == ("ppm", ())
        for frame, pixels in zip(image.frames, MIXED, strict=True):
            np.testing.assert_array_equal(frame.pixels, pixels)
            assert frame.duration is None
    np.testing.assert_array_equal(imgconv.load(stream, frames=-2).pixels, GRAY16)
    floats = np.arange(6, dtype="<f4").reshape(2, 3)
    one = b"Pf 3 2 -1.0\n" + floats[::-1].tobytes()
    (tmp_path / "x.pfm").write_bytes(one + one)
    np.testing.assert_array_equal([frame.pixels for frame in imgconv.load(tmp_path / "x.pfm").frames], [floats] * 2)


def test_limits_are_those_of_all_images(stream):
    with pytest.raises(errors.FileError, match="has 3 frames, more than 2"):
        read.header(str(stream), Reading(max_frames=2))
    with pytest.raises(errors.FileError, match="--max-memory"):
        read.header(str(stream), Reading(max_memory=150))
    with pytest.raises(errors.FileError, match="35 pixels"):
        read.header(str(stream), Reading(max_pixels=20))
    with read.header(str(stream), Reading(max_frames=2, frames=(1, 3))) as header:
        assert (header.frames, header.sizes) == (2, ((5, 7), (2, 3)))


def test_a_last_image_that_is_cut_short(stream):
    content = stream.read_bytes()
    stream.write_bytes(content[:-3])
    with pytest.raises(errors.FileError, match="3 bytes of its pixels are missing"):
        imgconv.load(stream)
    assert [note.code for note in imgconv.load(stream, allow_truncated=True).notes] == ["truncated"]
    stream.write_bytes(content + b"P6\n9")
    assert [note.text for note in imgconv.load(stream).notes] == ["4 bytes behind the image left out (a PNM)"]


def test_frames_go_through_a_pipe(tmp_path):
    """What `ffmpeg -f image2pipe -vcodec ppm -` writes, and reads again."""
    frames = np.random.default_rng(4).integers(0, 256, (3, 6, 8, 3), dtype=np.uint8)
    given = b"".join(b"P6\n8 6\n255\n" + frame.tobytes() for frame in frames)
    done = command("pool", "--size", "2", "--format", "ppm", "--strict", cwd=tmp_path, stdin=given)
    assert done.code == 0, done.err
    assert done.out == b"".join(b"P6\n4 3\n255\n" + blocks_max(frame).tobytes() for frame in frames)


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
