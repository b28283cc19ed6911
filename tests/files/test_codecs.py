"""JPEG 2000 and AVIF of more than 8 bits, SGI of 16 and plain PPM of 16: read whole, or refused, or narrowed and
said."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image as pillow

import imgconv
from imgconv import errors
from tests.command import imgconv as command

imagecodecs = pytest.importorskip("imagecodecs")
RNG = np.random.default_rng(12)
DEEP = RNG.integers(0, 65536, (20, 30, 4)).astype("uint16")


def file_of(form, channels, bits, folder):
    pixels = DEEP[..., :channels] >> np.uint16(16 - bits)
    path = folder / f"x.{form}"
    if form == "avif":
        path.write_bytes(imagecodecs.avif_encode(pixels, level=100, bitspersample=bits))
    else:
        path.write_bytes(imagecodecs.jpeg2k_encode(pixels, level=0, codecformat=form, bitspersample=bits))
    return path, pixels << np.uint16(16 - bits)


@pytest.mark.parametrize(
    ("form", "channels", "bits"),
    [("jp2", 3, 16), ("jp2", 3, 12), ("j2k", 3, 16), ("jp2", 4, 16), ("avif", 3, 10), ("avif", 3, 12), ("avif", 4, 10)],
)
def test_deep_samples_are_read_whole(form, channels, bits, tmp_path):
    path, pixels = file_of(form, channels, bits, tmp_path)
    image = imgconv.load(path)
    assert image.mode == f"RGB{' + alpha' if channels == 4 else ''} uint16"
    assert np.abs(image.pixels.astype(int) - pixels[..., :3]).max() <= (
        1 << 16 - bits + 1 if form == "avif" else 0
    )  # AVIF's colours go through YUV
    if channels == 4:
        np.testing.assert_array_equal(image.alpha, pixels[..., 3])


def test_every_frame_of_a_deep_animation_is_read_whole(tmp_path):
    """In a process of its own: asked for one frame of several, the decoder wrote beyond its memory, and the command
    died without a word."""
    pixels = np.repeat(np.array([100, 500, 1000], "uint16"), 32 * 32 * 3).reshape(3, 32, 32, 3)
    (tmp_path / "x.avif").write_bytes(imagecodecs.avif_encode(pixels, level=100, bitspersample=10))
    for words, expected in (([], pixels), (["--frames", "1"], pixels[1])):
        done = command("filter", "identity", "x.avif", *words, "-q", "-o", "x.npy", cwd=tmp_path)
        assert done.code == 0, done.err
        np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), expected << 6)


@pytest.mark.parametrize("form", ["jp2", "avif"])
def test_8_bits_stay_pillows(form, tmp_path):
    pillow.fromarray((DEEP[..., :3] >> 8).astype("uint8")).save(tmp_path / f"x.{form}")
    assert imgconv.load(tmp_path / f"x.{form}").mode == "RGB uint8"


@pytest.mark.parametrize("form", ["jp2", "avif"])
def test_without_the_package_the_sentence_says_what_to_install(form, tmp_path):
    path, _ = file_of(form, 3, 12, tmp_path)
    words = (
        "import sys; sys.modules['imagecodecs'] = None; import imgconv; print(imgconv.load(sys.argv[1],"
        " allow_narrowing=len(sys.argv) > 2).mode)"
    )
    done = subprocess.run([sys.executable, "-c", words, path], capture_output=True, text=True, check=False)
    assert "has 12 bits per sample" in done.stderr.splitlines()[-1]
    assert "pip install 'imgconv[deep]' (or --allow-narrowing reads 8)" in done.stderr.splitlines()[-1]
    done = subprocess.run([sys.executable, "-c", words, path, "narrow"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "RGB uint8"


def sgi16(path):
    """An SGI image of 16 bits, from the SGI image file format's description, version 1.00: planes, the last row
    first."""
    pixels = DEEP[:4, :5, :3]
    header = (
        b"\x01\xda\0\2\0\3\0\5\0\4\0\3" + bytes(4) + b"\0\0\xff\xff" + bytes(4) + b"deep".ljust(80, b"\0") + bytes(4)
    )
    path.write_bytes(header.ljust(512, b"\0") + np.moveaxis(pixels[::-1], -1, 0).astype(">u2").tobytes())


def ppm_plain(path):
    pixels = DEEP[:4, :5, :3]
    path.write_text(f"P3\n5 4\n65535\n{' '.join(map(str, pixels.reshape(-1).tolist()))}\n")


@pytest.mark.parametrize("write", [sgi16, ppm_plain], ids=lambda write: write.__name__)
def test_what_nobody_reads_whole_is_refused_or_narrowed_and_said(write, tmp_path):
    path = tmp_path / "x.deep"
    write(path)
    with pytest.raises(
        errors.FileError, match="has 16 bits per sample, of which only 8 would be read; refused rather than lost"
    ):
        imgconv.load(path)
    narrowed = imgconv.load(path, allow_narrowing=True)
    assert [(note.code, note.loss) for note in narrowed.notes] == [("narrowed", True)]
    assert np.abs(narrowed.pixels.astype(int) - (DEEP[:4, :5, :3] >> 8)).max() <= 1


def test_the_command_says_so_and_strict_forbids_it(tmp_path):
    sgi16(tmp_path / "x.sgi")
    refused = command("filter", "identity", "x.sgi", "-o", "y.png", cwd=tmp_path)
    assert (refused.code, "--allow-narrowing" in refused.err) == (1, True)
    done = command("filter", "identity", "x.sgi", "--allow-narrowing", "-o", "y.png", cwd=tmp_path)
    assert (done.code, "read as 8" in done.err) == (0, True)
    strict = command("filter", "identity", "x.sgi", "--allow-narrowing", "--strict", "-o", "z.png", cwd=tmp_path)
    assert (strict.code, (tmp_path / "z.png").exists()) == (3, False)
