"""Pipelines over rows give what they give on the whole image: the same bits for whole numbers, the same response."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import imgconv
from imgconv.api import alpha_by_parts, by_rows, local_steps
from imgconv.api.alpha_policies import run_policy_on_all
from imgconv.api.apply.pipeline import apply
from imgconv.api.colour_pipeline import ColourPipeline, run_frames
from imgconv.engine.colour.channels import Chosen
from imgconv.engine.colour.linear_light import SRGB
from imgconv.errors import WindowError
from imgconv.operations.pipeline import Pipeline
from imgconv.values.pixel_values import Target, values
from tests.strategies import EVERYTHING, compiled, law

STEPS = [
    "filter vertical",
    "filter sobel-x border=reflect",
    "filter gaussian:2 border=reflect101",
    "filter box:9 border=zero",
    "filter box:5 border=constant:7 stride=2",
    "filter sharpen stride=2 pad=same border=reflect",
    "filter sharpen",
    'filter "-1 4 1" divisor=3 border=constant:9',
    'filter "1 2;3 4" pad=3x1 dilation=2x3 border=reflect',
    'filter "0 0 1" pad=valid',
    'filter "1;0;0;2" anchor=3,0 border=reflect101',
    "maxpool 2",
    "maxpool 3 stride=2 pad=1 ceil",
    "avgpool 3 stride=1 pad=same",
    "minpool 5 stride=3",
    "avgpool 2",
    "relu",
    "activate abs",
    "filter sobel-x with=sobel-y border=reflect",
    'filter gaussian:2 with="1 2 1" combine=max stride=2',
    "filter vertical with=box:5 with=horizontal combine=l1",
    "filter box:3 repeat=3 border=reflect101",
    "filter laplacian repeat=2 stride=2",
    "edges scharr norm=l1",
    "edges kirsch border=reflect",
    "edges frei-chen",
    "bank gaussian:1 with=vertical",
    "pool kind=median size=3",
    "pool kind=percentile:20 size=3x2 stride=2 pad=1 ceil",
    "pool kind=sum size=3 pad=1 stride=1",
    "pool kind=range size=4 stride=3",
    "pool kind=lp:2 size=2",
    "avgpool 3 stride=2 pad=1 ceil count-padding",
    "avgpool 4 stride=3 pad=2,1,0,2 count-padding",
]


PLAIN = ColourPipeline()


class Rows:
    """A source that gives rows once, from the top."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels, self.at = pixels, 0

    def read(self, count: int) -> np.ndarray:
        assert self.at + count <= len(self.pixels)
        self.at += count
        return self.pixels[self.at - count : self.at]


def noise(shape: tuple[int, ...], type_: str, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if type_.startswith("float"):
        return rng.standard_normal(shape).astype(type_)
    return rng.integers(np.iinfo(type_).min, np.iinfo(type_).max, shape, endpoint=True).astype(type_)


def by_rows_of(
    pipeline: Pipeline,
    pixels: np.ndarray,
    target: Target,
    colours: ColourPipeline = PLAIN,
    alpha: bool = False,
) -> tuple[np.ndarray, Any]:
    (height, width, channels), type_ = pixels.shape, pixels.dtype.name
    bands = by_rows.Bands(pipeline, (height, width, channels - alpha), type_, target, None, colours, alpha)
    for survey in bands.surveys:
        survey(Rows(pixels).read)
    return np.concatenate(list(bands.made(Rows(pixels).read))), bands


@EVERYTHING
@law(200)
@given(
    steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=3),
    height=st.integers(1, 40),
    width=st.integers(1, 6),
    channels=st.sampled_from([1, 3]),
    type_=st.sampled_from(["uint8", "int16"]),
    band=st.sampled_from([1, 200, 2000]),
    range_=st.sampled_from(["clamp", "abs", "shift", "stretch"]),
    seed=st.integers(0, 99),
)
def test_whole_numbers_are_the_same_to_the_bit(everything, steps, height, width, channels, type_, band, range_, seed):
    pipeline, target = Pipeline.parse(" | ".join(steps)), Target(type_, range_)
    pixels = noise((height, width, channels), type_, seed)
    try:
        pipeline.result(*pixels.shape)
    except WindowError:
        return
    assert not local_steps.refusal(pipeline, *pixels.shape)
    with compiled(everything), pytest.MonkeyPatch.context() as patch:
        whole, response = apply(pipeline, values(pixels), target)
        patch.setattr(by_rows, "_BAND", band)
        patch.setattr(by_rows, "_OVERLAP", 0)  # bands lower than what their windows look beyond
        found, bands = by_rows_of(pipeline, pixels, target)
    np.testing.assert_array_equal(found, whole.pixels)
    assert bands.response == response
    assert set(bands.notes) == set(whole.notes)


def noise_with_alpha(shape: tuple[int, int, int], type_: str, seed: int, pattern: str) -> np.ndarray:
    """Pixels whose last channel is alpha: opaque, transparent, both, or anything."""
    pixels = noise(shape, type_, seed)
    opaque = 1 if type_.startswith("float") else np.iinfo(type_).max
    alpha = np.abs(noise(shape[:2], type_, seed + 1)) % 1 if opaque == 1 else noise(shape[:2], type_, seed + 1)
    pixels[..., -1] = {
        "opaque": opaque,
        "transparent": 0,
        "halves": np.where(np.arange(shape[0]) < shape[0] // 2, opaque, 0)[:, None],
        "mixed": alpha,
    }[pattern]
    return pixels


@EVERYTHING
@law(150)
@given(
    steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=2),
    policy=st.sampled_from(["auto", "auto", "keep", "filter", "premultiply"]),
    pattern=st.sampled_from(["opaque", "transparent", "halves", "mixed"]),
    height=st.integers(1, 90),
    width=st.integers(1, 6),
    channels=st.sampled_from([1, 3]),
    type_=st.sampled_from(["uint8", "uint16"]),
    band=st.sampled_from([1, 2000]),
    range_=st.sampled_from(["clamp", "abs", "shift"]),
    seed=st.integers(0, 99),
)
def test_alpha_is_the_same_to_the_bit(
    everything, steps, policy, pattern, height, width, channels, type_, band, range_, seed
):
    pipeline, target = Pipeline.parse(" | ".join(steps)), Target(type_, range_)
    pixels = noise_with_alpha((height, width, channels + 1), type_, seed, pattern)
    try:
        pipeline.result(height, width, channels)
    except WindowError:
        return
    if alpha_by_parts.refusal(policy, pipeline, False):
        return
    frames = [(values(np.ascontiguousarray(pixels[..., :-1])), np.ascontiguousarray(pixels[..., -1]))]
    with compiled(everything), pytest.MonkeyPatch.context() as patch:
        ((whole, alpha, response),) = run_policy_on_all(policy, pipeline, frames, target, None)
        patch.setattr(by_rows, "_BAND", band)
        patch.setattr(by_rows, "_OVERLAP", 0)
        found, bands = by_rows_of(pipeline, pixels, target, ColourPipeline(policy), True)
    np.testing.assert_array_equal(found[..., :-1], whole.pixels)
    np.testing.assert_array_equal(found[..., -1], alpha)
    assert bands.response == response
    assert set(bands.notes) == set(whole.notes)


@EVERYTHING
@law(60)
@given(
    steps=st.lists(
        st.sampled_from(
            ["filter sharpen", "filter box:5 border=reflect", "edges sobel", "relu", "avgpool 3 stride=1 pad=same"]
        ),
        min_size=1,
        max_size=2,
    ),
    policy=st.sampled_from(["", "auto", "keep", "filter", "premultiply"]),
    pattern=st.sampled_from(["opaque", "halves", "mixed"]),
    chosen=st.sampled_from([Chosen(), Chosen(luma=True, alpha=False), Chosen((0, 2)), Chosen(None, alpha=False)]),
    linear=st.booleans(),
    height=st.integers(1, 70),
    band=st.sampled_from([1, 2000]),
    seed=st.integers(0, 99),
)
def test_chosen_channels_and_light_are_the_same(everything, steps, policy, pattern, chosen, linear, height, band, seed):
    pipeline, target = Pipeline.parse(" | ".join(steps)), Target("uint8")
    pixels = noise_with_alpha((height, 5, 4), "uint8", seed, pattern)[..., : 4 if policy else 3]
    alpha = np.ascontiguousarray(pixels[..., 3]) if policy else None
    colours = ColourPipeline(policy or "auto", chosen, (SRGB,) if linear else None)
    frames = [(values(np.ascontiguousarray(pixels[..., :3])), alpha)]
    with compiled(everything), pytest.MonkeyPatch.context() as patch:
        ((whole, expected, response),) = run_frames(colours, pipeline, frames, target, None)
        patch.setattr(by_rows, "_BAND", band)
        patch.setattr(by_rows, "_OVERLAP", 0)
        found, bands = by_rows_of(pipeline, pixels, target, colours, bool(policy))
    np.testing.assert_array_equal(found[..., :3], whole.pixels)
    if expected is not None:
        np.testing.assert_array_equal(found[..., 3], expected)
    assert bands.response == response


@EVERYTHING
@law(80)
@given(
    steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=2),
    height=st.integers(5, 60),
    type_=st.sampled_from(["float32", "float64"]),
    seed=st.integers(0, 99),
)
def test_floats_are_the_same_within_their_bound(everything, steps, height, type_, seed):
    pipeline, target = Pipeline.parse(" | ".join(steps)), Target(type_)
    pixels = noise((height, 11, 1), type_, seed)
    try:
        pipeline.result(*pixels.shape)
    except WindowError:
        return
    with compiled(everything), pytest.MonkeyPatch.context() as patch:
        whole, _ = apply(pipeline, values(pixels), target)
        patch.setattr(by_rows, "_BAND", 100)
        found, _ = by_rows_of(pipeline, pixels, target)
    np.testing.assert_allclose(found, whole.pixels, rtol=0, atol=1e-5 if type_ == "float32" else 1e-12)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("filter box:3 border=wrap", "its border continues at the opposite edge"),
        ("bank box:3 border=wrap with=vertical", "its border continues at the opposite edge"),
        ("filter box:3 until-stable", "all of it is looked at for changes"),
        ("filter sharpen repeat=20", "whole numbers may grow beyond 53 bits, and then all of them count"),
        ("globalmaxpool", "its window is the whole image"),
        ("edges canny", "its lines are followed through the image"),
        ("relu | maxpool 2 to=3x3", "its windows have several sizes"),
        ("bank gaussian:1 with=vertical sheet", "its tiles lie beside each other"),
        ("flatten", "layers of networks are computed as a whole"),
    ],
)
def test_what_is_not_computed_by_parts_says_why(text, why):
    pipeline = Pipeline.parse(text)
    assert local_steps.refusal(pipeline, 50, 40, 1).endswith(f"is not computed by parts, since {why}")


def test_memory_is_that_of_a_few_bands():
    pipeline = Pipeline.parse("filter gaussian:3 | maxpool 2")
    bands = by_rows.Bands(pipeline, (100_000, 1000, 1), "uint8", Target("uint8"), None)
    assert bands.rows * 1000 * 4 < 2**23
    source, most = iter(range(10**9)), 0

    def read(count: int) -> np.ndarray:
        nonlocal most
        most = max(most, count)
        next(source)
        return np.zeros((count, 1000, 1), np.uint8)

    made = bands.made(read)
    for _ in range(5):
        assert next(made).shape[1:] == (500, 1)
    assert most * 1000 < 2**23


def test_the_library_agrees():
    pixels = noise((90, 40, 1), "uint8", 3)
    found, _ = by_rows_of(Pipeline.parse("filter gaussian:1"), pixels, Target("uint8"))
    np.testing.assert_array_equal(found[..., 0], imgconv.correlate(pixels[..., 0], "gaussian:1"))
