"""Laws of regions: outside nothing changes, inside everything is as it is without a region."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import imgconv
from imgconv import errors
from imgconv.api import local_steps
from imgconv.values.pixel_values import Pixels
from tests.strategies import plain_python


@pytest.fixture(autouse=True)
def _uncompiled() -> Iterator[None]:
    with plain_python():
        yield


ROI = (3, 5, 6, 7)
INSIDE = (slice(3, 9), slice(5, 12))
PIPELINES = (
    "filter sharpen",
    "filter gaussian:1.5 border=reflect | filter laplacian border=constant:9",
    "filter 'box:5' border=wrap | abs",
    "filter sobel-x with=sobel-y",
    "filter outline repeat=2 | pool max size=3 stride=1 pad=same",
    "edges sobel",
)


def picture(type_: str = "uint8", channels: int = 3, seed: int = 3) -> Pixels:
    random = np.random.default_rng(seed)
    shape = (17, 19, channels) if channels > 1 else (17, 19)
    return random.integers(0, 256, shape).astype(type_)


def selected(shape: tuple[int, int], seed: int = 4) -> Pixels:
    """A mask whose selected pixels lie in a part of it."""
    mask = np.zeros(shape, "uint8")
    mask[2:11, 4:15] = np.random.default_rng(seed).integers(0, 2, (9, 11)) * 200
    return mask


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("type_", ["uint8", "int16"])
def test_a_box_is_replaced_and_nothing_else(pipeline: str, type_: str) -> None:
    pixels = picture(type_)
    whole = imgconv.run(pixels, pipeline)
    expected = pixels.copy()
    expected[INSIDE] = whole[INSIDE]
    np.testing.assert_array_equal(imgconv.run(pixels, pipeline, roi=ROI), expected)


@pytest.mark.parametrize("pipeline", PIPELINES[:3])
def test_a_mask_selects_pixels(pipeline: str) -> None:
    pixels = picture()
    mask = selected((17, 19))
    expected = np.where(mask[..., None] > 0, imgconv.run(pixels, pipeline), pixels)
    np.testing.assert_array_equal(imgconv.run(pixels, pipeline, mask=mask), expected)
    both = pixels.copy()
    both[INSIDE] = expected[INSIDE]
    np.testing.assert_array_equal(imgconv.run(pixels, pipeline, mask=mask, roi="3,5,6x7"), both)


@pytest.mark.parametrize("roi", [(0, 0, 17, 19), (0, 0, 1, 1), (16, 18, 1, 1), (0, 4, 17, 2), (12, 0, 5, 19)])
def test_boxes_at_edges_see_the_border(roi: tuple[int, int, int, int]) -> None:
    pixels = picture(channels=1)
    row, column, height, width = roi
    expected = pixels.copy()
    place = slice(row, row + height), slice(column, column + width)
    for border in ("edge", "reflect", "reflect101", "wrap", "constant:7"):
        expected[place] = imgconv.correlate(pixels, "gaussian:2", border=border)[place]  # type: ignore[arg-type]
        np.testing.assert_array_equal(imgconv.correlate(pixels, "gaussian:2", border=border, roi=roi), expected)  # type: ignore[arg-type]


def test_floats_stay_within_their_bound() -> None:
    pixels = picture("float32")
    expected = pixels.copy()
    expected[INSIDE] = imgconv.correlate(pixels, "gaussian:1.5")[INSIDE]
    np.testing.assert_allclose(imgconv.correlate(pixels, "gaussian:1.5", roi=ROI), expected, rtol=1e-6)


def test_only_the_box_and_its_neighbours_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def watched(steps: Any, values: Any, *rest: Any) -> Any:
        seen.append(values.pixels.shape[:2])
        return original(steps, values, *rest)

    original = local_steps.apply_all
    monkeypatch.setattr(local_steps, "apply_all", watched)
    imgconv.run(picture(), "filter sharpen | filter sharpen", roi=ROI)
    assert seen == [(10, 11)]


@pytest.mark.parametrize("options", [{"alpha": "auto"}, {"alpha": "premultiply"}, {"alpha": "filter"}])
def test_alpha_takes_part_inside_only(options: dict[str, Any]) -> None:
    image = imgconv.Image(picture(channels=4))
    whole = image.through("filter gaussian:1", **options)
    part = image.through("filter gaussian:1", **options, roi=ROI)
    for before, inside, after in (
        (image.pixels, whole.pixels, part.pixels),
        (image.alpha, whole.alpha, part.alpha),
    ):
        assert before is not None
        assert inside is not None
        assert after is not None
        expected = before.copy()
        expected[INSIDE] = inside[INSIDE]
        np.testing.assert_array_equal(after, expected)


@pytest.mark.parametrize(
    "options",
    [
        {"channels": "luma"},
        {"channels": "r,b"},
        {"linear": True},
        {"range": "stretch"},
        {"alpha": "drop"},
        {"rounding": "half-even", "range": "shift"},
    ],
)
def test_other_options_mean_what_they_mean_without(options: dict[str, Any]) -> None:
    image = imgconv.Image(picture())
    expected = image.pixels.copy()
    expected[INSIDE] = image.through("filter emboss", **options).pixels[INSIDE]
    np.testing.assert_array_equal(image.through("filter emboss", **options, roi=ROI).pixels, expected)


def test_what_is_outside_takes_the_type_of_the_result() -> None:
    pixels = picture("int16") - np.int16(3)
    image = imgconv.Image(pixels)
    wide = image.through("filter laplacian", dtype="float32", roi=ROI)
    assert wide.pixels.dtype == np.float32
    assert wide.pixels[0, 0, 0] == pixels[0, 0, 0]
    assert not wide.notes
    narrow = image.through("filter sharpen", dtype="uint8", roi=ROI)
    outside = np.clip(pixels, 0, 255).astype("uint8")
    outside[INSIDE] = image.through("filter sharpen", dtype="uint8").pixels[INSIDE]
    np.testing.assert_array_equal(narrow.pixels, outside)
    assert [note.code for note in narrow.notes] == ["outside-converted"]


@pytest.mark.parametrize("how", [{}, {"linear": True}])
def test_what_is_said_of_values_is_said_of_those_inside(how: dict[str, Any]) -> None:
    pixels = np.zeros((9, 9), "uint8")
    pixels[6:, 6:] = 255  # what sharpen clamps lies outside
    image = imgconv.Image(pixels)
    assert image.through("filter sharpen", **how).response.above  # type: ignore[union-attr]
    mask = np.zeros((9, 9), bool)
    mask[:3, :3] = mask[8, 0] = True
    for region in ({"roi": (0, 0, 3, 3)}, {"mask": mask}):
        response = image.through("filter sharpen", **how, **region).response  # type: ignore[arg-type]
        assert response is not None
        assert (response.above, response.below, response.high) == (0, 0, 0)


def test_frames_have_one_mask_or_one_each() -> None:
    frames = tuple(picture(seed=seed) for seed in range(3))
    image = imgconv.Image(frames)
    masks = [selected((17, 19), seed) for seed in range(3)]
    one = image.through("filter emboss", mask=masks[0])
    each = image.through("filter emboss", mask=imgconv.Image(tuple(masks)))
    for number, pixels in enumerate(frames):
        result = imgconv.run(pixels, "filter emboss")
        for image_, mask in ((one, masks[0]), (each, masks[number])):
            np.testing.assert_array_equal(image_.frames[number].pixels, np.where(mask[..., None] > 0, result, pixels))
    with pytest.raises(errors.PixelError, match="the mask has 2 frames and the image 3"):
        image.through("filter emboss", mask=imgconv.Image(tuple(masks[:2])))


def test_masks_may_have_colours_and_alpha() -> None:
    pixels = picture(channels=1)
    mask = np.zeros((17, 19, 4), "uint8")
    mask[..., 3] = 255
    mask[4, 4, 1] = 1  # one channel is enough
    mask[5, 5] = (9, 9, 9, 0)  # transparent
    result = imgconv.correlate(pixels, "outline", mask=mask)
    assert np.argwhere(result != pixels).tolist() == [[4, 4]]
    np.testing.assert_array_equal(imgconv.correlate(pixels, "outline", mask=np.zeros((17, 19), bool)), pixels)


def test_axes_and_out() -> None:
    batch = np.stack([picture(seed=seed) for seed in range(2)])
    expected = np.stack([imgconv.correlate(image, "emboss", roi=ROI) for image in batch])
    np.testing.assert_array_equal(imgconv.correlate(batch, "emboss", roi=ROI, batched=True), expected)
    first = np.ascontiguousarray(np.moveaxis(batch[0], -1, 0))
    out = np.empty_like(first)
    given = imgconv.correlate(first, "emboss", roi=ROI, channels="first", out=out)
    np.testing.assert_array_equal(np.moveaxis(given, 0, -1), expected[0])
    own = np.empty_like(batch[0])
    assert imgconv.correlate(batch[0], "emboss", roi=ROI, out=own) is own
    np.testing.assert_array_equal(own, expected[0])
    np.testing.assert_array_equal(imgconv.activate(picture("int16") - np.int16(99), "relu", roi=ROI)[INSIDE].min(), 0)


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (lambda p: imgconv.correlate(p, "emboss", roi=(9, 9, 9, 9)), errors.WindowError, "--roi 9,9,9x9 goes beyond"),
        (lambda p: imgconv.correlate(p, "emboss", roi="9x9"), errors.UsageError, "R,C,HxW"),
        (lambda p: imgconv.correlate(p, "emboss", mask=p[:5]), errors.PixelError, "expected a mask of the same size"),
        (lambda p: imgconv.correlate(p, "emboss", mask=p * np.nan), errors.PixelError, "not a number"),
        (lambda p: imgconv.pool(p, roi=ROI), errors.PixelError, "the size must stay"),
        (lambda p: imgconv.run(p, "edges canny", roi=ROI), errors.PixelError, "number of channels must stay"),
    ],
)
def test_what_does_not_fit_is_refused(call: Any, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        call(picture())


def test_a_region_holds_for_other_roundings_of_pooling() -> None:
    image = np.arange(35, dtype="uint8").reshape(5, 7) * 5
    options = {"size": 2, "stride": 1, "pad": "same", "rounding": "half-even"}
    pooled = imgconv.pool(image, "avg", **options, roi=(1, 2, 3, 4))
    expected = image.copy()
    expected[1:4, 2:6] = imgconv.pool(image, "avg", **options)[1:4, 2:6]
    np.testing.assert_array_equal(pooled, expected)
