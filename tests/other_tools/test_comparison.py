"""Two tools compared: the counts are those of the tools themselves, and the cause is the one that was put there."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import imgconv
from imgconv import errors
from imgconv.other_tools.comparison import compare, drawn
from tests.command import called
from tests.strategies import plain_python

PIXELS = np.random.default_rng(4).integers(0, 256, (12, 15), dtype=np.uint8)


@pytest.fixture(autouse=True)
def uncompiled():
    with plain_python():
        yield


def causes(found):
    return {cause.name: cause for cause in found.causes}


def test_counts_are_those_of_the_tools():
    cv2 = pytest.importorskip("cv2", reason="opencv is not installed")
    ndimage = pytest.importorskip("scipy.ndimage")
    weights = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
    found = compare(imgconv.Image(PIXELS), "1/16 1/8 1/16;1/8 1/4 1/8;1/16 1/8 1/16", "opencv", "scipy")
    theirs = cv2.filter2D(PIXELS, -1, weights) != ndimage.convolve(PIXELS, weights)
    np.testing.assert_array_equal(found.differing, theirs)
    assert causes(found)["flip"].count == 0
    assert causes(found)["rounding"].count > 0
    assert not causes(found)["rounding"].margin
    assert causes(found)["border"].margin


def test_one_difference_explains_all():
    found = compare(imgconv.Image(PIXELS), "box:3", "imgconv", "torch")
    assert [cause.name for cause in found.causes] == ["border"]
    assert found.causes[0].count == found.count == 2 * (12 + 15) - 4
    assert found.margin
    found = compare(imgconv.Image(PIXELS), "avgpool 3 stride=2 pad=1", "torch", "keras")
    assert [(cause.name, cause.first, cause.second) for cause in found.causes] == [("count-padding", "yes", "no")]
    assert found.causes[0].margin
    found = compare(imgconv.Image(PIXELS), "pool size=4", "pillow", "torch")
    assert causes(found)["ceil"].count == 0
    assert [result.shape for result in found.results] == [(3, 4), (3, 3)]


def test_colours_floats_and_agreement():
    colours = np.stack([PIXELS, PIXELS, PIXELS // 2], axis=2)
    assert compare(imgconv.Image(colours), "identity", "opencv", "scipy").count == 0
    floats = PIXELS.astype("float64")
    floats[3, 3] = np.nan
    found = compare(imgconv.Image(floats), "box:3", "opencv", "vips")
    assert found.margin
    assert causes(found)["rounding"].count == 0
    for first, second in (("opencv", "opencv"), ("opencv", "torch")):
        with pytest.raises(errors.UsageError):
            compare(imgconv.Image(PIXELS), "maxpool 2", first, second)


def test_it_is_drawn():
    found = compare(imgconv.Image(PIXELS), "box:3", "imgconv", "torch")
    picture = drawn(found).pixels
    assert picture.shape == (12, 15, 3)
    np.testing.assert_array_equal(picture[..., 0] != picture[..., 2], found.differing)


def test_infinities_are_drawn():
    floats = PIXELS.astype("float64")
    floats[0, 0], floats[5, 5], floats[8, 8] = np.nan, np.inf, -np.inf
    found = compare(imgconv.Image(floats), "vertical", "opencv", "vips")
    assert found.count
    picture = drawn(found).pixels
    np.testing.assert_array_equal(picture[..., 0] != picture[..., 2], found.differing)
    assert drawn(compare(imgconv.Image(floats * np.nan), "vertical", "opencv", "vips")).pixels.max() == 0


def test_the_image_is_not_replaced(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "in.png")
    before = (tmp_path / "in.png").read_bytes()
    words = ["compare", "--like", "opencv", "box:3", "in.png"]
    done = called(*words, "-o", "./in.png", cwd=tmp_path)
    assert (done.code, "is also an input" in done.err) == (2, True)
    assert (tmp_path / "in.png").read_bytes() == before
    for output, said in (("-", "name a file"), ("diff.xyz", "is not known")):
        done = called(*words, "-o", output, cwd=tmp_path)
        assert (done.code, said in done.err, done.out) == (2, True, b"")
    assert called(*words, "-o", "in.png", "--overwrite", cwd=tmp_path).code == 0
    assert (tmp_path / "in.png").read_bytes() != before


def test_the_command(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "in.png")
    words = ["compare", "--like", "opencv", "--like", "vips", "box:3", "in.png"]
    done = called(*words, "-o", "diff.png", cwd=tmp_path)
    assert done.code == 0, done.err
    text = done.out.decode()
    assert "of 180 pixels" in text
    assert "border: reflect101 against edge; " in text
    assert "at the margin" in text
    assert imgconv.load(tmp_path / "diff.png").pixels.shape == (12, 15, 3)
    facts = json.loads(called(*words, "--json", cwd=tmp_path).out)
    assert facts["tools"] == ["opencv", "vips"]
    assert {cause["difference"] for cause in facts["causes"]} >= {"border", "rounding"}
    assert called("compare", "--like", "opencv", "box:3", "in.png", cwd=tmp_path).code == 0
    for wrong in (["compare"], ["compare", "box:3"], ["compare", "box:3", "in.png"]):
        assert called(*wrong, cwd=tmp_path).code == 2
