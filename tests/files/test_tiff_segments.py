"""Strips and tiles of TIFF: the same pixels as imagecodecs gives, without it; damaged streams are refused."""

import subprocess
import sys
import zlib
from contextlib import suppress

import numpy as np
import pytest
import tifffile
from PIL import Image as PillowImage

import imgconv
from imgconv import errors
from imgconv.files.source import Source
from imgconv.files.tiff import reader as tiff_reader
from imgconv.files.tiff import segments

RNG = np.random.default_rng(11)
TYPES = ["uint8", "uint16", "int16", "uint32", "float32"]
LAYOUTS = {
    "gray": (1, "minisblack", ()),
    "gray-alpha": (2, "minisblack", ("unassalpha",)),
    "rgb": (3, "rgb", ()),
    "rgba": (4, "rgb", ("unassalpha",)),
}
STRIPS = {"strips": {"rowsperstrip": 7}, "one strip": {"rowsperstrip": 1000}, "tiles": {"tile": (16, 32)}}


def pixels_of(type_, *shape):
    """Numbers with much that repeats and much that does not."""
    noise = RNG.normal(0, 1e3, shape)
    noise[: shape[0] // 2] = np.round(noise[: shape[0] // 2], -3)
    if type_.startswith("float"):
        return noise.astype(type_)
    limits = np.iinfo(type_)
    share = np.clip(noise / 4e3 + (0 if limits.min else 0.5), -1 if limits.min else 0, 1)
    return (share * (limits.max // 2)).astype(type_) * 2 - 1


def predictors(type_):
    return [1, 3] if type_.startswith("float") else [1, 2]


def write(path, pixels, layout="rgb", planar=False, **options):
    _, photometric, extra = LAYOUTS[layout]
    planar = planar and pixels.shape[-1] > 1
    stored = np.moveaxis(pixels, -1, 0) if planar else pixels.squeeze()
    options |= {"planarconfig": "separate" if planar else "contig"} if pixels.shape[-1] > 1 else {}
    tifffile.imwrite(
        path,
        stored,
        photometric=photometric,
        extrasamples=extra,
        **{"compression": "lzw", "metadata": None, **options},
    )


def assert_read(path, pixels, layout="rgb"):
    with open(path, "rb") as stream:
        frame = tiff_reader.decode(Source(str(path), stream))
    alpha = layout.endswith(("alpha", "rgba"))
    colours = pixels[..., :-1] if alpha else pixels
    np.testing.assert_array_equal(frame.pixels, colours[..., 0] if colours.shape[-1] == 1 else colours)
    if alpha:
        np.testing.assert_array_equal(frame.alpha, pixels[..., -1])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("planar", [False, True], ids=["contiguous", "planar"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("type_", TYPES)
def test_every_layout_is_read(type_, layout, planar, order, tmp_path):
    pixels = pixels_of(type_, 45, 70, LAYOUTS[layout][0])
    for predictor in predictors(type_):
        for name, options in STRIPS.items():
            path = tmp_path / f"{predictor}{name}.tif"
            write(path, pixels, layout, planar, predictor=predictor, byteorder=order, **options)
            with tifffile.TiffFile(path) as file:
                assert segments.reads(file.pages[0])
            assert_read(path, pixels, layout)


def test_without_imagecodecs_the_same(tmp_path):
    """In a process where importing imagecodecs fails."""
    files = {}
    for type_ in TYPES:
        for layout in LAYOUTS:
            for name, options in STRIPS.items():
                pixels = pixels_of(type_, 40, 50, LAYOUTS[layout][0])
                files[f"{type_}-{layout}-{name}"] = pixels
                write(
                    tmp_path / f"{type_}-{layout}-{name}.tif",
                    pixels,
                    layout,
                    name == "tiles" and layout != "gray",
                    predictor=predictors(type_)[-1],
                    **options,
                )
    script = (
        "import sys; sys.modules['imagecodecs'] = None\n"
        "import glob, numpy as np\nfrom imgconv.files.source import Source\n"
        "from imgconv.files.tiff import reader\n"
        "for name in glob.glob('*.tif'):\n"
        "    frame = reader.decode(Source(name, open(name, 'rb')))\n"
        "    parts = [frame.pixels.reshape(40, 50, -1)]\n"
        "    parts += [] if frame.alpha is None else [frame.alpha[..., None]]\n"
        "    np.save(name[:-4] + '.npy', np.concatenate(parts, axis=-1))\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], cwd=tmp_path, check=True)
    for name, pixels in files.items():
        np.testing.assert_array_equal(np.load(tmp_path / f"{name}.npy"), pixels, err_msg=name)


@pytest.mark.parametrize("type_", ["uint64", "int64", "float64", "float16", "int32", "int8"])
def test_other_types(type_, tmp_path):
    pixels = pixels_of(type_, 45, 70, 3)
    for predictor in predictors(type_):
        write(tmp_path / "x.tif", pixels, predictor=predictor, tile=(32, 16))
        with tifffile.TiffFile(tmp_path / "x.tif") as file:
            np.testing.assert_array_equal(segments.decode(file.pages[0]), file.pages[0].asarray())


@pytest.mark.parametrize("name", ["noise", "zeros", "ramp", "period", "table"])
def test_streams_of_every_kind(name, tmp_path):
    """Strings that run into themselves, strings as long as they get, tables that fill up; the encoder is libtiff's."""
    pixels = {
        "noise": RNG.integers(0, 256, (300, 400)),
        "zeros": np.zeros((1500, 2000)),
        "ramp": np.arange(300 * 400).reshape(300, 400) // 7,
        "period": np.tile([1, 2, 3, 4, 5, 6, 7, 8, 9], (300, 50)),
        "table": RNG.integers(0, 2, (300, 400)) * 255,
    }[name].astype("uint8")
    PillowImage.fromarray(pixels).save(tmp_path / "x.tif", compression="tiff_lzw")
    assert_read(tmp_path / "x.tif", pixels[..., None])
    write(tmp_path / "y.tif", pixels[..., None], "gray")
    assert_read(tmp_path / "y.tif", pixels[..., None])


def test_many_groups_of_strips(tmp_path):
    pixels = pixels_of("uint16", 45, 70, 3)
    for options in STRIPS.values():
        write(tmp_path / "x.tif", pixels, predictor=2, **options)
        with tifffile.TiffFile(tmp_path / "x.tif") as file:
            np.testing.assert_array_equal(segments.decode(file.pages[0], together=1000), pixels)
            high = segments.height_of(file.pages[0])
            found = [segments.decode(file.pages[0], top // high, top // high + 2) for top in range(0, 45, 2 * high)]
        np.testing.assert_array_equal(np.concatenate(found), pixels)


@pytest.mark.parametrize("compression", [None, "packbits", "zlib"])
@pytest.mark.parametrize("type_", TYPES)
def test_other_compressions(type_, compression, tmp_path):
    """PackBits is the loop's own, deflate and stored pixels are read so where rows are."""
    pixels = pixels_of(type_, 45, 70, 3)
    for predictor in predictors(type_) if compression == "zlib" else [1]:
        for planar in (False, True):
            for options in STRIPS.values():
                path = tmp_path / "x.tif"
                write(path, pixels, planar=planar, compression=compression, predictor=predictor, **options)
                with tifffile.TiffFile(path) as file:
                    assert segments.reads(file.pages[0])
                    np.testing.assert_array_equal(segments.decode(file.pages[0]), pixels)
                    content = bytearray(path.read_bytes())
                    place, length = file.pages[0].dataoffsets[-1], file.pages[0].databytecounts[-1]
                if compression == "zlib":  # its checksum is looked at
                    content[place + length - 1] ^= 1
                    path.write_bytes(content)
                    with tifffile.TiffFile(path) as file, pytest.raises(Exception, match="check"):
                        segments.decode(file.pages[0])


def deflated_strip(path, stored: bytes):
    """A page of 8x64 bytes in one strip that holds a stream of its own."""
    write(path, np.zeros((8, 64, 1), "uint8"), "gray", compression="zlib", rowsperstrip=8)
    content = bytearray(path.read_bytes()) + stored
    with tifffile.TiffFile(path) as file:
        tags = file.pages[0].tags
        places = {tags["StripOffsets"]: len(content) - len(stored), tags["StripByteCounts"]: len(stored)}
    for tag, value in places.items():
        size = 2 if tag.dtype == 3 else 4
        content[tag.valueoffset : tag.valueoffset + size] = value.to_bytes(size, "little")
    path.write_bytes(content)
    with tifffile.TiffFile(path) as file:
        return segments.decode(file.pages[0])


def test_damage_that_makes_a_stream_longer_is_noticed(tmp_path):
    """The checksum lies behind more bytes than the strip has."""
    path, more = tmp_path / "x.tif", bytes(range(256)) * 4
    assert deflated_strip(path, zlib.compress(more)).tobytes() == more[:512], "an encoder that fills the last strip"
    wrong = bytearray(zlib.compress(more))
    wrong[-1] ^= 1
    with pytest.raises(Exception, match="check"):
        deflated_strip(path, bytes(wrong))
    with pytest.raises(ValueError, match="far beyond its pixels"):
        deflated_strip(path, zlib.compress(bytes(2**22)))


def encoded_as_of_old(content: bytes) -> bytes:
    """LZW from before TIFF 6.0: the lowest bit first, and codes become longer when they have to."""
    bits, count, width, table, free, string = 0, 0, 9, {bytes([i]): i for i in range(256)}, 258, b""

    def put(code):
        nonlocal bits, count
        bits |= code << count
        count += width

    put(256)
    for byte in content:
        if string + bytes([byte]) in table:
            string += bytes([byte])
            continue
        put(table[string])
        if free < 4095:
            table[string + bytes([byte])] = free
            width += free == 1 << width
            free += 1
        string = bytes([byte])
    put(table[string])
    put(257)
    return bits.to_bytes(-(-count // 8), "little")


def with_strip(path, pixels, strip: bytes) -> None:
    """A file of one strip of 16-bit gray, the strip given in bytes."""
    tifffile.imwrite(path, pixels, photometric="minisblack", metadata=None, rowsperstrip=pixels.shape[0])
    with tifffile.TiffFile(path) as file:
        tags, at = file.pages[0].tags, file.pages[0].dataoffsets[0]
        count, codec = tags["StripByteCounts"].valueoffset, tags["Compression"].valueoffset
    content = bytearray(path.read_bytes()[:at] + strip)
    content[count : count + 4] = len(strip).to_bytes(4, "little")
    content[codec : codec + 2] = (5).to_bytes(2, "little")
    path.write_bytes(content)


def test_old_streams_are_read(tmp_path):
    pixels = RNG.integers(0, 40, (60, 50)).astype("uint16")
    with_strip(tmp_path / "x.tif", pixels, encoded_as_of_old(pixels.tobytes()))
    assert_read(tmp_path / "x.tif", pixels[..., None])
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "x.tif"), pixels)


def test_bytes_whose_bits_are_turned_are_read(tmp_path):
    pixels = pixels_of("uint16", 45, 70, 3)
    path = tmp_path / "x.tif"
    write(path, pixels, extratags=[(269, 3, 1, 2, True)])
    with tifffile.TiffFile(path) as file:
        tag, at, length = file.pages[0].tags[269].offset, *file.pages[0].dataoffsets, *file.pages[0].databytecounts
    content = bytearray(path.read_bytes())
    content[tag : tag + 2] = (266).to_bytes(2, "little")  # FillOrder, which tifffile does not write
    content[at : at + length] = (int(f"{byte:08b}"[::-1], 2) for byte in content[at : at + length])
    path.write_bytes(content)
    assert_read(path, pixels)
    np.testing.assert_array_equal(tifffile.imread(path), pixels)


@pytest.mark.parametrize("order", ["<", ">"])
def test_floats_with_differences_of_their_bits(order, tmp_path):
    """Predictor 2 of numbers that are no whole ones: libtiff writes it, tifffile reads it only."""
    pixels = pixels_of("float32", 45, 70, 1)
    path = tmp_path / "x.tif"
    write(path, pixels.view("int32"), "gray", predictor=2, byteorder=order)
    with tifffile.TiffFile(path) as file:
        at = file.pages[0].tags["SampleFormat"].valueoffset
    content = bytearray(path.read_bytes())
    content[at : at + 2] = (3).to_bytes(2, "little" if order == "<" else "big")
    path.write_bytes(content)
    assert_read(path, pixels)
    np.testing.assert_array_equal(tifffile.imread(path), pixels[..., 0])


def packed(*codes: int) -> bytes:
    """Codes of 9 bits."""
    text = "".join(f"{code:09b}" for code in codes)
    return int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8), "big")


@pytest.mark.parametrize(
    ("strip", "sentence"),
    [
        (b"\x80", "ends before its pixels do"),
        (packed(256, 1, 2, 3, 257), "ends before its pixels do"),
        (packed(256, 1, 2, 3), "ends before its pixels do"),
        (packed(256, 258, 1, 1, 1, 1, 1, 1, 1), "damaged LZW codes"),
        (packed(256, 1, 300, 1, 1, 1, 1, 1, 1), "damaged LZW codes"),
        (packed(*[256] * 500), "ends before its pixels do"),
    ],
)
def test_damaged_streams_are_refused(strip, sentence, tmp_path):
    with_strip(tmp_path / "x.tif", np.ones((2, 4), "uint16"), strip)
    with pytest.raises(errors.FileError, match=rf"broken or cut short \(.*{sentence}"):
        tiff_load(tmp_path / "x.tif")


def test_a_strip_that_was_left_out_has_no_data(tmp_path):
    with_strip(tmp_path / "x.tif", np.ones((2, 4), "uint16"), b"")
    assert_read(tmp_path / "x.tif", np.zeros((2, 4, 1), "uint16"))


def tiff_load(path):
    """Pillow reads a channel of 16 bits itself, so it is asked for as what it does not read."""
    content = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as file:
        at = file.pages[0].tags["PhotometricInterpretation"].valueoffset
    content[at] = 0
    path.write_bytes(content)
    return imgconv.load(path)


def test_a_cut_file_is_refused(tmp_path):
    path = tmp_path / "x.tif"
    write(path, pixels_of("uint16", 45, 70, 3), predictor=2, rowsperstrip=5)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(errors.FileError, match="broken or cut short"):
        imgconv.load(path)


def test_more_than_the_pixels_is_ignored(tmp_path):
    """Some encoders fill the last strip, though the image ends in it."""
    pixels = np.ones((2, 4), "uint16")
    content = np.ones((6, 4), "uint16")
    with_strip(tmp_path / "y.tif", content, b"")
    write(tmp_path / "z.tif", content[..., None], "gray")
    with tifffile.TiffFile(tmp_path / "z.tif") as file:
        page = file.pages[0]
        strip = (tmp_path / "z.tif").read_bytes()[page.dataoffsets[0] :][: page.databytecounts[0]]
    with_strip(tmp_path / "x.tif", pixels, strip)
    assert_read(tmp_path / "x.tif", pixels[..., None])


def test_spoilt_bytes_never_leave_the_arrays(tmp_path):
    """Whatever the bytes are, there are pixels or there is a refusal."""
    path = tmp_path / "x.tif"
    pixels = pixels_of("uint16", 20, 30, 3)
    write(path, pixels, predictor=2, rowsperstrip=5)
    content = path.read_bytes()
    with tifffile.TiffFile(path) as file:
        start = file.pages[0].dataoffsets[0]
    for _ in range(200):
        spoilt = bytearray(content)
        for at in RNG.integers(start, len(content), 3):
            spoilt[at] = RNG.integers(256)
        path.write_bytes(spoilt)
        with suppress(errors.FileError):
            assert imgconv.load(path).pixels.shape == pixels.shape
