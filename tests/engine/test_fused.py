"""An activation behind a filter is made in the filter's own pass: values and what is said of them are those of two
passes."""

import numpy as np
import pytest

from imgconv import Pipeline
from imgconv.api.apply import filter as filters
from imgconv.api.image import Image
from imgconv.planner import ALGORITHMS
from imgconv.values.image import Frame
from tests.strategies import EVERYTHING, compiled

RNG = np.random.default_rng(3)
TEXTS = (
    "filter vertical | relu",
    'filter "-1 2 -3;4 -5 6;-7 8 -9" divisor=7 bias=-3 | relu',
    "filter vertical | relu | maxpool 2",
    "filter sobel-x | abs | filter box:3",
    "filter vertical | abs",
    "filter gaussian:1 bias=-90 | relu | abs",
    "filter box:5 divisor=-1 | relu",
    'filter "1152921504606846976 -1;1 -1152921504606846976" | relu',
)


def both(image, text, monkeypatch, **how):
    """The result as it is, and with fusing switched off."""
    one = image.through(Pipeline.parse(text), **how)
    with monkeypatch.context() as patch:
        patch.setattr(filters, "apply_activated", lambda *_, **__: None)
        two = image.through(Pipeline.parse(text), **how)
    return one, two


@pytest.mark.parametrize("range_", ["clamp", "shift"])
@pytest.mark.parametrize("text", TEXTS)
@EVERYTHING
def test_one_pass_gives_what_two_give(text, range_, everything, monkeypatch):
    image = Image((Frame(RNG.integers(0, 256, (9, 14, 3), np.uint8)),))
    for dtype in ("same", "int16"):
        with compiled(everything or (dtype, range_) == ("same", "clamp")):
            one, two = both(image, text, monkeypatch, dtype=dtype, range=range_)
        np.testing.assert_array_equal(one.pixels, two.pixels)
        assert one.response == two.response


@pytest.mark.parametrize("algorithm", [row.name for row in ALGORITHMS])
@EVERYTHING
def test_every_algorithm_fuses(algorithm, everything, monkeypatch):
    monkeypatch.setenv("IMGCONV_ALGORITHM", algorithm)
    image = Image((Frame(RNG.integers(0, 256, (21, 17), np.uint8)),))
    for text in ("filter box:5 divisor=-1 bias=128 | relu", "filter sobel-x | relu | maxpool 2"):
        with compiled(everything or "box" in text):
            one, two = both(image, text, monkeypatch)
        np.testing.assert_array_equal(one.pixels, two.pixels)
        assert one.response == two.response


def test_nan_goes_through_a_fused_rectifier(monkeypatch):
    pixels = RNG.normal(size=(8, 9)).astype("float32")
    pixels[3, 4] = np.nan
    one, two = both(Image((Frame(pixels),)), "filter vertical | relu", monkeypatch)
    np.testing.assert_array_equal(one.pixels, two.pixels)
    assert np.isnan(one.pixels).sum() == 6


def test_fusing_happens(monkeypatch):
    calls = []
    real = filters.apply_activated
    monkeypatch.setattr(
        filters, "apply_activated", lambda *given, **how: calls.append(real(*given, **how)) or calls[-1]
    )
    Image((Frame(np.zeros((4, 4), np.uint8)),)).through(Pipeline.parse("filter vertical | relu | maxpool 2"))
    assert [call is not None for call in calls] == [True]
