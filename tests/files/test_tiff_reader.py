"""TIFF of every pixel type and number of channels: read whole, whoever wrote it; and what Pillow would narrow, wrap or
invert."""

import subprocess
import sys
import zlib

import numpy as np
import pytest
import tifffile

import imgconv
from imgconv import errors
from imgconv.api.image import Image
from imgconv.files import read
from imgconv.values.image import Frame
from imgconv.values.layout import Layout

RNG = np.random.default_rng(8)
TYPES = ["uint8", "uint16", "int16", "int32", "float32", "float64"]


def pixels_of(type_, *shape):
    if type_.startswith("float"):
        pixels = RNG.normal(0, 1e3, shape).astype(type_)
        pixels.flat[:3] = np.nan, np.inf, -np.inf
        return pixels
    limits = np.iinfo(type_)
    return RNG.integers(limits.min, limits.max, shape, dtype=type_, endpoint=True)


@pytest.mark.parametrize("alpha", [False, True], ids=["opaque", "alpha"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("type_", TYPES)
def test_whatever_is_written_comes_back(type_, channels, alpha, tmp_path):
    shape = (40, 23, channels) if channels > 1 else (40, 23)
    given = Image((Frame(pixels_of(type_, *shape), pixels_of(type_, 40, 23) if alpha else None),))
    imgconv.save(given, tmp_path / "x.tif")
    with read.header(str(tmp_path / "x.tif")) as header:
        assert header.layout == given.layout
    back = imgconv.load(tmp_path / "x.tif")
    assert back.layout == given.layout
    np.testing.assert_array_equal(back.pixels, given.pixels)
    if alpha:
        np.testing.assert_array_equal(back.alpha, given.alpha)


def test_deep_inks_come_back(tmp_path):
    given = Image((Frame(pixels_of("uint16", 9, 7, 4)),), colour="CMYK")
    imgconv.save(given, tmp_path / "x.tif")
    back = imgconv.load(tmp_path / "x.tif")
    assert back.mode == "CMYK uint16"
    np.testing.assert_array_equal(back.pixels, given.pixels)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "zlib"},
        {"compression": "zlib", "predictor": True},
        {"tile": (16, 16)},
        {"planarconfig": "separate"},
    ],
    ids=str,
)
@pytest.mark.parametrize("type_", ["uint16", "float32"])
def test_what_tifffile_writes_is_read(type_, options, order, tmp_path):
    pixels = np.nan_to_num(pixels_of(type_, 3, 40, 50) if "planarconfig" in options else pixels_of(type_, 40, 50, 3))
    tifffile.imwrite(tmp_path / "x.tif", pixels, photometric="rgb", byteorder=order, **options)
    expected = np.moveaxis(pixels, 0, -1) if "planarconfig" in options else pixels
    np.testing.assert_array_equal(imgconv.load(tmp_path / "x.tif").pixels, expected)


@pytest.mark.parametrize("type_", ["uint32", "int16", "float64", "uint16"])
def test_gray_types_that_pillow_would_change(type_, tmp_path):
    pixels = np.nan_to_num(pixels_of(type_, 6, 7))
    tifffile.imwrite(tmp_path / "x.tif", pixels)
    back = imgconv.load(tmp_path / "x.tif").pixels
    np.testing.assert_array_equal(back, pixels)
    assert back.dtype == {"uint32": "uint32"}.get(type_, type_)


@pytest.mark.parametrize("compression", [None, "zlib", "packbits"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("type_", ["int8", "int32", "float32"])
def test_gray_types_whose_bytes_pillow_would_take_for_others(type_, order, compression, tmp_path):
    pixels = np.nan_to_num(pixels_of(type_, 16, 16))
    tifffile.imwrite(tmp_path / "x.tif", pixels, byteorder=order, compression=compression)
    np.testing.assert_array_equal(imgconv.load(tmp_path / "x.tif").pixels, pixels)


@pytest.mark.parametrize("compression", [None, "zlib", "packbits"])
@pytest.mark.parametrize("extra", [["unassalpha"], ["unspecified"], ["unspecified"] * 5], ids=["alpha", "one", "five"])
@pytest.mark.parametrize("type_", ["uint8", "uint16", "float32"])
def test_no_plane_that_lies_apart_is_forgotten(type_, extra, compression, tmp_path):
    planes = np.nan_to_num(pixels_of(type_, 1 + len(extra), 6, 7))
    tifffile.imwrite(
        tmp_path / "x.tif",
        planes,
        photometric="minisblack",
        planarconfig="separate",
        extrasamples=extra,
        compression=compression,
    )
    image = imgconv.load(tmp_path / "x.tif")
    if extra == ["unassalpha"]:
        np.testing.assert_array_equal(image.pixels, planes[0])
        np.testing.assert_array_equal(image.alpha, planes[1])
    else:
        np.testing.assert_array_equal(image.pixels, np.moveaxis(planes, 0, -1))


def test_where_white_is_0_numbers_are_turned(tmp_path):
    for pixels in (pixels_of("uint16", 6, 7), pixels_of("uint8", 6, 7)):
        tifffile.imwrite(tmp_path / "x.tif", pixels, photometric="miniswhite")
        np.testing.assert_array_equal(imgconv.load(tmp_path / "x.tif").pixels, np.iinfo(pixels.dtype).max - pixels)
        tifffile.imwrite(
            tmp_path / "x.tif", np.dstack([pixels, pixels]), photometric="miniswhite", extrasamples=["unassalpha"]
        )
        image = imgconv.load(tmp_path / "x.tif")
        np.testing.assert_array_equal(image.pixels, np.iinfo(pixels.dtype).max - pixels)
        np.testing.assert_array_equal(image.alpha, pixels)


def test_premultiplied_colours_are_divided(tmp_path):
    alpha = np.array([[0, 65535, 32768]], "uint16")
    shown = np.array([[[0, 0, 0], [10, 20, 65535], [100, 200, 32768]]], "uint16")
    tifffile.imwrite(tmp_path / "x.tif", np.dstack([shown, alpha]), photometric="rgb", extrasamples=["assocalpha"])
    image = imgconv.load(tmp_path / "x.tif")
    assert image.layout == Layout(3, True, "uint16")
    assert image.pixels.tolist() == [[[0, 0, 0], [10, 20, 65535], [200, 400, 65535]]]


def test_premultiplied_alpha_is_found_behind_channels_without_a_meaning(tmp_path):
    pixels = np.tile(np.array([100, 200, 32768, 7, 32768], "uint16"), (2, 3, 1))
    tifffile.imwrite(
        tmp_path / "x.tif", pixels, photometric="rgb", planarconfig="contig", extrasamples=["unspecified", "assocalpha"]
    )
    image = imgconv.load(tmp_path / "x.tif")
    assert image.pixels.tolist() == [[[200, 400, 65535]] * 3] * 2
    assert [note.code for note in image.notes] == ["channels-dropped"]


def test_channels_without_a_meaning_are_said(tmp_path):
    for type_ in ("uint8", "uint16"):
        pixels = pixels_of(type_, 6, 7, 4)
        tifffile.imwrite(tmp_path / "x.tif", pixels, photometric="rgb", extrasamples=["unspecified"])
        image = imgconv.load(tmp_path / "x.tif")
        np.testing.assert_array_equal(image.pixels, pixels[..., :3])
        assert [(note.code, note.loss) for note in image.notes] == [("channels-dropped", True)]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_deep_pages_are_turned_as_shallow_ones_are(orientation, tmp_path):
    pixels = pixels_of("uint8", 5, 7, 3)
    turned = []
    for name, given in (("shallow", pixels), ("deep", pixels.astype("uint16"))):
        tifffile.imwrite(
            tmp_path / f"{name}.tif", given, photometric="rgb", extratags=[(274, 3, 1, orientation, False)]
        )
        header = read.header(str(tmp_path / f"{name}.tif"))
        image = header.load()
        assert image.pixels.shape[:2] == (header.height, header.width)
        turned.append(image.pixels)
        stored = imgconv.load(tmp_path / f"{name}.tif", orient=False)
        np.testing.assert_array_equal(stored.pixels, given)
    np.testing.assert_array_equal(turned[0], turned[1])


def test_the_profile_and_resolution_of_a_deep_page_are_kept(tmp_path):
    profile = b"\0" * 16 + b"RGB " + bytes(108)
    tifffile.imwrite(
        tmp_path / "x.tif",
        pixels_of("float32", 5, 6, 3),
        photometric="rgb",
        iccprofile=profile,
        resolution=(300, 150),
        resolutionunit="inch",
    )
    image = imgconv.load(tmp_path / "x.tif")
    assert image.metadata["dpi"] == (300, 150)
    assert bytes(image.metadata["icc_profile"]) == profile


def test_cut_pages_and_odd_ones_are_refused(tmp_path):
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, pixels_of("uint16", 40, 50, 3), photometric="rgb", metadata=None)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(errors.FileError, match=r"x\.tif: broken or cut short"):
        imgconv.load(path)
    tifffile.imwrite(
        path,
        pixels_of("uint16", 4, 5),
        photometric="cfa",
        metadata=None,
        extratags=[(33421, 3, 2, (2, 2), False), (33422, 1, 4, b"\0\1\1\2", False)],
    )
    with pytest.raises(
        errors.FileError, match="unsupported pixel mode of 16 bits, TIFF's photometric interpretation 32803"
    ):
        imgconv.load(path)
    path.write_bytes(b"II*\0" + bytes(40))
    with pytest.raises(errors.FileError, match=r"x\.tif: "):
        imgconv.load(path)


@pytest.mark.parametrize("type_", ["uint8", "uint16"])
def test_volumes_are_refused(type_, tmp_path):
    """Pillow takes one layer and says nothing of the others."""
    tifffile.imwrite(
        tmp_path / "x.tif", pixels_of(type_, 5, 20, 30), photometric="minisblack", volumetric=True, tile=(16, 16, 16)
    )
    with pytest.raises(errors.FileError, match="unsupported pixel mode of 5 layers in depth"):
        imgconv.load(tmp_path / "x.tif")


def test_a_compression_that_pillows_libtiff_goes_without_is_read(tmp_path):
    pytest.importorskip("imagecodecs")
    pixels = pixels_of("uint8", 40, 50, 3)
    tifffile.imwrite(
        tmp_path / "x.tif", pixels, photometric="rgb", compression="webp", compressionargs={"lossless": True}
    )
    np.testing.assert_array_equal(imgconv.load(tmp_path / "x.tif").pixels, pixels)


def without_codecs(tmp_path, *words: str):
    """The command where imagecodecs is not installed."""
    line = (
        "import sys; sys.modules['imagecodecs'] = None; sys.argv[0] = 'imgconv'; from imgconv.cli import main; main()"
    )
    command = [sys.executable, "-c", line, "filter", "identity", "x.tif", "-o", "y.npy", *words]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("codec", ["zstd", "lzma"])
def test_a_missing_codec_is_named_and_narrowing_does_without(codec, tmp_path):
    imagecodecs = pytest.importorskip("imagecodecs")
    pixels = pixels_of("uint16", 40, 50, 3)
    tifffile.imwrite(tmp_path / "x.tif", pixels, photometric="rgb", compression=codec)
    assert imagecodecs
    np.testing.assert_array_equal(imgconv.load(tmp_path / "x.tif").pixels, pixels)
    done = without_codecs(tmp_path)
    assert done.returncode == 1
    assert (
        f"TIFF compressed by {codec.upper()} of more than 8 needs the package imagecodecs; pip install 'imgconv[deep]'"
        " (or --allow-" in done.stderr
    )
    done = without_codecs(tmp_path, "--allow-narrowing")
    assert (done.returncode, "read as 8" in done.stderr) == (0, True), done.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), pixels >> 8)
    assert without_codecs(tmp_path, "--allow-narrowing", "--strict").returncode == 3


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_tiles_that_are_left_out_are_empty(compression, tmp_path):
    """Pillow takes the start of the file for such a tile."""
    tile = np.arange(256, dtype=np.uint8).reshape(16, 16)
    options = {"dtype": "uint8", "tile": (16, 16), "compression": compression, "photometric": "minisblack"}
    with tifffile.TiffWriter(tmp_path / "x.tif", bigtiff=True) as file:
        file.write(iter([tile, None, None, tile]), shape=(32, 32), **options)
    expected = np.block([[tile, np.zeros_like(tile)], [np.zeros_like(tile), tile]])
    np.testing.assert_array_equal(imgconv.load(tmp_path / "x.tif").pixels, expected)


@pytest.mark.parametrize("type_", ["uint16", "float32"])
def test_lzw_needs_no_codecs(type_, tmp_path):
    pytest.importorskip("imagecodecs")
    pixels = np.nan_to_num(pixels_of(type_, 40, 50, 3))
    tifffile.imwrite(tmp_path / "x.tif", pixels, photometric="rgb", compression="lzw", predictor=True)
    done = without_codecs(tmp_path)
    assert (done.returncode, "read as 8" in done.stderr) == (0, False), done.stderr
    assert np.load(tmp_path / "y.npy").dtype == type_
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), pixels)


def test_a_missing_codec_of_what_cannot_be_narrowed_is_named(tmp_path):
    pytest.importorskip("imagecodecs")
    tifffile.imwrite(tmp_path / "x.tif", pixels_of("float32", 40, 50, 3), photometric="rgb", compression="zstd")
    for words in ((), ("--allow-narrowing",)):
        done = without_codecs(tmp_path, *words)
        assert done.returncode == 1
        assert (
            "compressed by ZSTD, for which the package imagecodecs is needed; pip install 'imgconv[deep]'"
            in done.stderr
        )


def test_a_strip_without_end_is_refused_before_it_fills_memory(tmp_path):
    path, megabyte = tmp_path / "x.tif", zlib.compressobj(9, wbits=-15)
    block = megabyte.compress(bytes(2**20)) + megabyte.flush(zlib.Z_FULL_FLUSH)
    tifffile.imwrite(path, np.zeros((16, 16, 3), "uint16"), photometric="rgb", compression="zlib", metadata=None)
    with tifffile.TiffFile(path) as file:
        count = file.pages[0].tags["StripByteCounts"].valueoffset
        at = file.pages[0].dataoffsets[0]
    strip = b"\x78\xda" + 2048 * block
    content = bytearray(path.read_bytes()[:at] + strip)
    content[count : count + 4] = len(strip).to_bytes(4, "little")
    path.write_bytes(content)
    without = (
        "import resource, sys; sys.modules['imagecodecs'] = None; resource.setrlimit(resource.RLIMIT_AS, (2**30,"
        " 2**30)); import imgconv; imgconv.load(sys.argv[1])"
    )
    done = subprocess.run([sys.executable, "-c", without, str(path)], capture_output=True, text=True, check=False)
    assert "(a strip or tile holds far more than its pixels)" in done.stderr.splitlines()[-1]
