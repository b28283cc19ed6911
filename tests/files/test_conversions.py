"""What is done, and said, where a format has no place for pixels as they are; and the options of formats."""

import io

import numpy as np
import pytest
from PIL import Image as pillow

import imgconv
from imgconv import errors
from imgconv.api.image import Image
from imgconv.files import conversions, write
from imgconv.files.formats import FORMATS
from imgconv.files.options import Writing
from imgconv.values.image import Frame
from imgconv.values.losses import LOSSES, REMARKS
from tests.command import imgconv as command
from tests.command import save

RNG = np.random.default_rng(2)


def noise(type_, *shape, most=None):
    return RNG.integers(0, np.iinfo(type_).max if most is None else most, shape, endpoint=True).astype(type_)


def notes(image, name, **options):
    return [(note.code, note.loss) for note in write.fitted(image, FORMATS[name], "x", Writing(**options)).notes]


def test_every_code_is_known():
    given = [
        (Image((Frame(noise("uint8", 4, 5, 4)),), colour="CMYK"), "png"),
        (Image((Frame(noise("uint16", 4, 5)),)), "jpeg"),
    ]
    given.append((Image((Frame(noise("int32", 4, 5, most=9)),)), "png"))
    for image, name in given:
        for code, loss in notes(image, name, compress_level=1, quality=1):
            assert code in (LOSSES if loss else REMARKS)


def test_inks_become_rgb_by_arithmetic():
    """Without a profile: each of red, green, blue is 255 less its ink, times 255 less black, over 255 (Pillow rounds by
    a unit)."""
    inks = noise("uint8", 20, 30, 4)
    image = Image((Frame(inks, noise("uint8", 20, 30)),), colour="CMYK")
    made = write.fitted(image, FORMATS["png"], "x")
    wide = 255 - inks.astype(float)
    assert np.abs(made.pixels - wide[..., :3] * wide[..., 3:] / 255).max() <= 1
    assert (made.colour, made.alpha is image.alpha) == ("", True)
    assert notes(image, "png") == [("converted", True)]
    assert notes(image, "tiff") == []


def test_lab_becomes_srgb():
    """By the formulas of CIE 15 and IEC 61966-2-1 for D50, adapted by Bradford's method: white, black, mid gray and
    red."""
    made = write.fitted(
        Image(
            (Frame(np.array([[[255, 128, 128], [0, 128, 128], [137, 128, 128], [138, 209, 198]]], "uint8")),),
            colour="LAB",
        ),
        FORMATS["png"],
        "x",
    )
    assert np.abs(made.pixels.astype(int) - [[[255, 255, 255], [0, 0, 0], [128, 128, 128], [255, 0, 0]]]).max() <= 5


def test_a_profile_that_cannot_be_used_is_no_silence():
    image = Image(
        (Frame(noise("uint8", 4, 5, 4)),), metadata={"icc_profile": bytes(16) + b"CMYK" + bytes(108)}, colour="CMYK"
    )
    with pytest.raises(errors.FileError, match="x: its colour profile cannot be used"):
        write.fitted(image, FORMATS["png"], "x")


def test_a_profile_is_used_where_it_is_for_these_colours():
    """LAB's own profile, which littleCMS makes: colours come out as without it, and the profile does not go along."""
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    image = Image((Frame(noise("uint8", 9, 7, 3)),), metadata={"icc_profile": profile}, colour="LAB")
    made = write.fitted(image, FORMATS["png"], "x")
    assert "icc_profile" not in made.metadata
    assert [note.code for note in made.notes] == ["converted"]
    assert "by its colour profile" in str(made.notes[0])


@pytest.mark.parametrize("type_", ["int16", "int32"])
def test_whole_numbers_that_fit_are_stored_in_16_bits(type_, tmp_path):
    pixels = noise(type_, 6, 7, 3, most=32767 if type_ == "int16" else 65535)
    image = Image((Frame(pixels),))
    imgconv.save(image, tmp_path / "x.png")
    back = imgconv.load(tmp_path / "x.png")
    assert back.pixels.dtype == np.uint16
    np.testing.assert_array_equal(back.pixels, pixels)
    assert notes(image, "png") == [("stored-shorter", False)]
    pixels[0, 0, 0] = -1
    with pytest.raises(
        errors.FileError, match=r"x\.png: PNG holds 0…65535, the result has -1….*formats that hold it: tiff, npz, npy"
    ):
        imgconv.save(image, tmp_path / "x.png")


def test_16_bits_become_8_for_jpeg_alone(tmp_path):
    """By 257, rounded: white stays white. Where nothing is lost nothing is called a loss."""
    pixels = noise("uint16", 16, 16)
    made = write.fitted(Image((Frame(pixels),)), FORMATS["jpeg"], "x")
    np.testing.assert_array_equal(made.pixels, np.floor(pixels / 257 + 0.5))
    assert notes(Image((Frame(pixels),)), "jpeg") == [("narrowed", True)]
    assert notes(Image((Frame(noise("uint8", 4, 4).astype("uint16") * np.uint16(257)),)), "jpeg") == [
        ("stored-shorter", False)
    ]
    for name in ("bmp", "webp", "avif", "tga"):
        assert conversions.way(FORMATS[name], Image((Frame(pixels),)).layout) is None


def test_gray_is_rgb_where_there_is_no_gray(tmp_path):
    for alpha in (None, noise("uint8", 6, 7)):
        image = Image((Frame(noise("uint8", 6, 7), alpha),))
        imgconv.save(image, tmp_path / "x.webp", lossless=True)
        back = imgconv.load(tmp_path / "x.webp")
        np.testing.assert_array_equal(back.pixels, np.dstack([image.pixels] * 3))
        assert notes(image, "webp") == []
        if alpha is not None:
            np.testing.assert_array_equal(back.alpha, alpha)


def test_quality_and_its_default():
    image = Image((Frame(noise("uint8", 64, 64, 3)),))
    for name in ("jpeg", "webp", "avif"):
        sizes = [
            sum(map(len, write.encoded(image, FORMATS[name], "x", writing=Writing(quality=quality))))
            for quality in (10, 50, None, 100)
        ]
        assert sizes == sorted(set(sizes)), name
    with pillow.open(io.BytesIO(write.encoded(image, FORMATS["jpeg"], "x")[0])) as jpeg:
        assert {layer[1:3] for layer in jpeg.layer} == {(1, 1)}, "colours at full resolution"
        assert jpeg.quantization == pillow.open(_pillows(image.pixels, quality=92)).quantization


def _pillows(pixels, **options):
    stream = io.BytesIO()
    pillow.fromarray(pixels).save(stream, "JPEG", **options)
    return stream


def test_options_that_mean_nothing_are_said():
    image = Image((Frame(noise("uint8", 4, 5, 3)),))
    assert notes(image, "png", quality=50, compress_level=3) == [("option-idle", False)]
    assert notes(image, "jpeg", compress_level=3) == [("option-idle", False)]
    assert notes(image, "bmp", lossless=True) == []


def test_the_command_has_them(tmp_path):
    pixels = noise("uint8", 40, 40, 3)
    save(tmp_path / "in.png", pixels)
    done = command("filter", "identity", "in.png", "--lossless", "-o", "x.webp", cwd=tmp_path)
    assert done.code == 0, done.err
    np.testing.assert_array_equal(imgconv.load(tmp_path / "x.webp").pixels, pixels)
    done = command("filter", "identity", "in.png", "--lossless", "-o", "x.jpg", cwd=tmp_path)
    assert (done.code, done.err) == (
        1,
        "imgconv: x.jpg: JPEG cannot be lossless; formats that are: " + done.err.split("are: ")[1],
    )
    done = command(
        "filter",
        "identity",
        "in.png",
        "--dtype",
        "uint16",
        "--strict",
        "-o",
        "x.jpg",
        cwd=tmp_path,
        env={"IMGCONV_NO_JIT": "1"},
    )
    assert done.code == 3, done.err
    done = command("filter", "identity", "in.png", "--quality", "101", "-o", "x.jpg", cwd=tmp_path)
    assert (done.code, "1 (worst) to 100 (best)" in done.err) == (2, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.png", "x.webp"]
    with pytest.raises(errors.UsageError, match="give one of them"):
        imgconv.save(imgconv.load(tmp_path / "in.png"), tmp_path / "y.webp", quality=3, lossless=True)


def test_longer_sides_than_a_format_counts_are_refused(tmp_path):
    image = Image((Frame(np.zeros((1, 16384, 3), "uint8")),))
    with pytest.raises(
        errors.FileError,
        match=r"WEBP holds at most 16383 pixels a side, the result has 16384x1; formats that hold it: png, tiff",
    ):
        imgconv.save(image, tmp_path / "x.webp")
    imgconv.save(Image((Frame(np.zeros((1, 16383, 3), "uint8")),)), tmp_path / "x.webp")


def test_what_pillow_lacks_is_said(tmp_path, monkeypatch):
    pillow.init()
    monkeypatch.delitem(pillow.SAVE, "AVIF", raising=False)
    with pytest.raises(errors.FileError, match=r"x\.avif: cannot be written .this Pillow was built without AVIF"):
        imgconv.save(Image((Frame(noise("uint8", 4, 5, 3)),)), tmp_path / "x.avif")
