"""Images in the library: made of arrays and of Pillow's, taken by every verb, copied, shown, loaded and saved."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as pillow

import imgconv
from imgconv import Frame, Image
from tests.command import imgconv as command
from tests.strategies import plain_python

RNG = np.random.default_rng(5)
SAMPLES = Path(__file__).parent.parent.parent / "samples"


def noise(*shape: int, dtype: str = "uint8") -> Any:
    return RNG.integers(0, 256, shape).astype(dtype)


@pytest.fixture
def logo() -> Image:
    return imgconv.load(SAMPLES / "logo.png")


@pytest.fixture
def corner() -> Image:
    """A small picture with transparent pixels."""
    image = imgconv.load(SAMPLES / "logo.png")
    return Image(np.asarray(image)[20:34, 100:113], "png")


@pytest.fixture
def uncompiled() -> Iterator[None]:
    with plain_python():
        yield


# ---------------------------------------------------------------- made


@pytest.mark.parametrize(
    ("shape", "mode"),
    [
        ((3, 4), "gray uint8"),
        ((3, 4, 1), "gray uint8"),
        ((3, 4, 2), "gray + alpha uint8"),
        ((3, 4, 3), "RGB uint8"),
        ((3, 4, 4), "RGB + alpha uint8"),
        ((3, 4, 5), "5 channels uint8"),
    ],
)
def test_an_array_is_an_image(shape: tuple[int, ...], mode: str) -> None:
    array = noise(*shape)
    image = Image(array)
    assert image.mode == mode
    assert image.dtype == "uint8"
    assert image.shape == np.asarray(image).shape
    np.testing.assert_array_equal(np.asarray(image).reshape(shape), array)
    target = io.BytesIO()
    imgconv.save(array, target, format="npy")
    np.testing.assert_array_equal(np.load(io.BytesIO(target.getvalue())).reshape(shape), array)


def test_several_arrays_are_frames() -> None:
    one, two = noise(3, 4, 4), noise(3, 4, 4)
    for image in (Image([one, two]), Image((one, Frame(two[..., :3], two[..., 3])))):
        assert repr(image) == "<Image 2 frames of 4x3 RGB + alpha uint8>"
        assert image.shape == (2, 3, 4, 4)
        np.testing.assert_array_equal(np.asarray(image), [one, two])
    with pytest.raises(imgconv.PixelError, match="no one array"):
        np.asarray(Image([one, noise(2, 2)]))


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(imgconv.PixelError, match="batched=True"):
        Image(noise(2, 3, 4, 3))
    with pytest.raises(imgconv.PixelError, match=r"imgconv.load reads files"):
        Image("samples/logo.png")
    with pytest.raises(imgconv.UsageError, match="a frame 'b' is not a Frame"):
        Image((noise(2, 2), "b"))


@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"])
def test_images_of_pillow_are_images(mode: str) -> None:
    picture = pillow.fromarray(noise(6, 5, 3)).convert("RGB" if mode not in ("I;16", "F", "I") else "L").convert(mode)
    stream = io.BytesIO()
    picture.save(stream, "tiff")
    expected = imgconv.load(stream.getvalue())
    image = Image(picture)
    assert image.mode == expected.mode
    np.testing.assert_array_equal(np.asarray(image), np.asarray(expected))
    result = imgconv.pool(picture, "max", size=2)
    assert isinstance(result, Image)
    np.testing.assert_array_equal(np.asarray(result), np.asarray(expected.through("maxpool 2")))


def test_a_profile_of_pillow_goes_along() -> None:
    picture = pillow.new("RGB", (4, 4))
    picture.info["icc_profile"] = b"profile"
    assert imgconv.run(picture, "relu").metadata["icc_profile"] == b"profile"


# ---------------------------------------------------------------- taken by verbs

VERBS: dict[str, Any] = {
    "filter gaussian:1": lambda image: imgconv.correlate(image, "gaussian:1"),
    "filter sobel-x convolve": lambda image: imgconv.convolve(image, "sobel-x"),
    "maxpool 2": lambda image: imgconv.pool(image, "max", size=2),
    "relu": lambda image: imgconv.activate(image, "relu"),
    "edges sobel": lambda image: imgconv.edges(image, "sobel"),
    "bank gaussian:1:3": lambda image: imgconv.bank(image, "gaussian:1:3"),
    "filter vertical | maxpool 2": lambda image: imgconv.run(image, "filter vertical | maxpool 2"),
}


@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("text", VERBS)
def test_verbs_take_images_as_pipelines_do(text: str, corner: Image) -> None:
    assert len(set(corner.frames[0].alpha.ravel())) > 1  # type: ignore[union-attr]
    result, through = VERBS[text](corner), corner.through(text)
    assert isinstance(result, Image)
    assert result.mode == through.mode
    np.testing.assert_array_equal(np.asarray(result), np.asarray(through))


def test_verbs_take_images_as_the_command_does(logo: Image, tmp_path: Path) -> None:
    done = command("filter", "gaussian:1", SAMPLES / "logo.png", "-o", "out.png", cwd=tmp_path)
    assert done.code == 0, done.err
    written = imgconv.load(tmp_path / "out.png")
    np.testing.assert_array_equal(np.asarray(imgconv.correlate(logo, "gaussian:1")), np.asarray(written))


@pytest.mark.usefixtures("uncompiled")
def test_directions_of_images(corner: Image) -> None:
    hue = imgconv.directions(corner, "sobel", "hue")
    assert repr(hue) == "<Image 13x14 RGB uint8>"
    opaque = Image(corner.pixels)
    expected = imgconv.directions(opaque.pixels, "sobel")
    np.testing.assert_array_equal(imgconv.directions(opaque, "sobel").pixels, expected)


@pytest.mark.usefixtures("uncompiled")
def test_options_go_along_and_out_does_not(corner: Image) -> None:
    result = imgconv.correlate(corner, "vertical", dtype="float32", range="abs", threads=1)
    assert result.dtype == "float32"
    assert result.pixels.min() >= 0
    assert result.response is not None
    with pytest.raises(imgconv.UsageError, match="leave out= out"):
        imgconv.correlate(corner, "vertical", out=np.empty((14, 13, 4), "uint8"))
    with pytest.raises(imgconv.UsageError, match="batched= and channels= are for arrays"):
        imgconv.correlate(corner, "vertical", batched=True)


# ---------------------------------------------------------------- other arrays


class Tensor:
    """What PyTorch's tensors show of themselves."""

    def __init__(self, array: Any, device: str = "cpu", requires_grad: bool = False) -> None:
        self.array, self.device, self.requires_grad = array, device, requires_grad

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if self.requires_grad or self.device != "cpu":
            raise RuntimeError("Can't call numpy()")
        return self.array


class OnlyDLPack:
    def __init__(self, array: Any) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("kind", [Tensor, OnlyDLPack])
def test_arrays_of_others_are_taken(kind: Any) -> None:
    array = noise(5, 6)
    np.testing.assert_array_equal(imgconv.correlate(kind(array), "box:3"), imgconv.correlate(array, "box:3"))
    assert Image(kind(array)).mode == "gray uint8"


def test_tensors_elsewhere_are_told_what_to_write() -> None:
    for tensor, advice in (
        (Tensor(noise(3, 3), requires_grad=True), r"requires gradients.* pass pixels.detach\(\)$"),
        (Tensor(noise(3, 3), "cuda:0", requires_grad=True), r"pixels.detach\(\).cpu\(\)$"),
        (Tensor(noise(3, 3), "cuda:0"), r"on the device cuda:0; .*pixels.cpu\(\)"),
    ):
        with pytest.raises(imgconv.PixelError, match=advice):
            imgconv.correlate(tensor, "box:3")


@pytest.mark.usefixtures("uncompiled")
def test_lists_of_whole_numbers_are_int32_where_they_fit() -> None:
    assert imgconv.correlate([[1, 2], [3, 4]], "identity").dtype == "int32"
    assert imgconv.correlate(((-(2**31), 2**31 - 1),), "identity").dtype == "int32"
    assert imgconv.correlate([[2**31]], "identity").dtype == "float64"
    assert imgconv.correlate([[1.5, 2]], "identity").dtype == "float64"
    assert imgconv.correlate(np.array([[1, 2]]), "identity").dtype == "float64"


@pytest.mark.usefixtures("uncompiled")
def test_python_types_name_pixel_types() -> None:
    image = noise(3, 3)
    assert imgconv.correlate(image, "vertical", dtype=int).dtype == "int32"
    assert imgconv.correlate(image, "vertical", dtype=float).dtype == "float64"


@pytest.mark.usefixtures("uncompiled")
def test_weights_of_a_layer_are_a_kernel() -> None:
    image, weights = noise(5, 6), noise(1, 1, 3, 3)
    np.testing.assert_array_equal(imgconv.correlate(image, weights), imgconv.correlate(image, weights[0, 0]))
    for shape in ((2, 1, 3, 3), (1, 3, 3), (1, 2, 3, 3), (1, 1, 1, 3, 3)):
        with pytest.raises(imgconv.UsageError, match="are no kernel; expected"):
            imgconv.correlate(image, np.ones(shape))


@pytest.mark.usefixtures("uncompiled")
def test_borders_and_functions_are_pairs_too() -> None:
    image = noise(5, 6)
    padded = imgconv.correlate(image, "box:3", border="constant:7")
    np.testing.assert_array_equal(imgconv.correlate(image, "box:3", border=("constant", 7)), padded)
    np.testing.assert_array_equal(imgconv.activate(image, ("clip", 3, 9)), imgconv.activate(image, "clip:3,9"))


# ---------------------------------------------------------------- copied, shown


@pytest.mark.parametrize("name", ["logo.png", "digit.png", "bricks.png"])
def test_copies_and_pickles(name: str) -> None:
    image = imgconv.load(SAMPLES / name)
    for other in (copy.copy(image), copy.deepcopy(image), pickle.loads(pickle.dumps(image))):
        assert type(other) is Image
        assert dict(other.metadata) == dict(image.metadata)
        assert (other.format, other.notes) == (image.format, image.notes)
        np.testing.assert_array_equal(np.asarray(other), np.asarray(image))


def test_repr_is_short(logo: Image) -> None:
    assert repr(logo) == "<Image 256x256 RGB + alpha uint8, png>"
    assert repr(logo.frames[0]) == "<Frame 256x256 RGB + alpha uint8>"


def shown(image: Image) -> Any:
    return np.asarray(pillow.open(io.BytesIO(image._repr_png_())))


def test_a_notebook_shows_bytes_as_they_are(logo: Image) -> None:
    np.testing.assert_array_equal(shown(logo), np.asarray(logo))
    assert "<figcaption>Image 256x256 RGB + alpha uint8, png</figcaption>" in logo._repr_html_()


def test_a_notebook_shows_floats_stretched() -> None:
    image = Image(np.array([[-2.0, np.nan], [0, 3]], "float32"))
    assert shown(image).tolist() == [[0, 0], [102, 255]]
    assert "stretched: -2 is black, 3 white" in image._repr_html_()
    assert shown(Image(np.full((2, 2), 7.0))).tolist() == [[0, 0], [0, 0]]


def test_a_notebook_shows_frames_channels_and_large_pictures() -> None:
    frames = Image([noise(3, 4) for _ in range(10)])._repr_html_()
    assert frames.count("<img") == 8
    assert "the first 8 of 10 frames" in frames
    maps = Image(noise(3, 4, 6))
    assert shown(maps).shape == (6, 16)
    assert "6 channels side by side" in maps._repr_html_()
    large = Image(noise(3000, 2))
    assert shown(large).shape == (1000, 1)
    assert "every third pixel" in large._repr_html_()
    cmyk = Image((Frame(np.zeros((2, 2, 4), "uint8")),), colour="CMYK")
    assert shown(cmyk).tolist() == [[[255] * 3] * 2] * 2
    deep = Image((Frame(noise(2, 2).astype("float32"), np.full((2, 2), 65535, "uint16")),))
    assert shown(deep).shape == (2, 2, 2)


# ---------------------------------------------------------------- loaded and saved


def test_bytes_and_file_objects_are_loaded(logo: Image) -> None:
    path = SAMPLES / "logo.png"
    content = path.read_bytes()
    with path.open("rb") as file:
        images = [imgconv.load(file), imgconv.load(content), imgconv.load(bytearray(content))]
        assert not file.closed
    images.append(imgconv.load(io.BytesIO(content)))
    for image in images:
        np.testing.assert_array_equal(np.asarray(image), np.asarray(logo))
        assert image.format == "png"
    with pytest.raises(imgconv.FileError, match="bytes: "):
        imgconv.load(content[:100])
    with pytest.raises(imgconv.UsageError, match="opened as text; open it with 'rb'"):
        imgconv.load(io.StringIO("P2"))


def test_file_objects_are_saved_into(tmp_path: Path) -> None:
    array = noise(4, 5, 3)
    with (tmp_path / "out.png").open("wb") as file:
        imgconv.save(array, file)
        assert not file.closed
    np.testing.assert_array_equal(np.asarray(pillow.open(tmp_path / "out.png")), array)
    stream = io.BytesIO()
    imgconv.save(pillow.fromarray(array), stream, format="tiff")
    np.testing.assert_array_equal(np.asarray(imgconv.load(stream.getvalue())), array)
    with pytest.raises(imgconv.UsageError, match="name the format: format='png'"):
        imgconv.save(array, io.BytesIO())
    with pytest.raises(imgconv.UsageError, match="open it with 'wb'"):
        imgconv.save(array, io.StringIO(), format="png")


@pytest.mark.parametrize("name", ["ImgconvError", "UsageError", "WindowError", "PixelError", "FileError", "LossError"])
def test_errors_are_exported(name: str) -> None:
    assert getattr(imgconv, name) is getattr(imgconv.errors, name)
    assert name in imgconv.__all__
