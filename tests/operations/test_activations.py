"""Activations by their formulas, in Python's own arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import imgconv
from imgconv import Image, errors
from imgconv.operations.activate import FUNCTIONS
from imgconv.operations.pipeline import Pipeline
from imgconv.values.choices_with_numbers import parts
from imgconv.values.image import Frame
from tests import oracle
from tests.command import imgconv as imgconv_command
from tests.strategies import TYPES, assert_within, compiled, images, law, plain_python

FORMULAS: dict[str, Callable[[float, float], float]] = {
    "relu": lambda v, a: max(v, 0.0),
    "abs": lambda v, a: abs(v),
    "sigmoid": lambda v, a: 1 / (1 + math.exp(-v)),
    "tanh": lambda v, a: math.tanh(v),
    "identity": lambda v, a: v,
    "leaky-relu": lambda v, a: v if v > 0 else a * v,
    "elu": lambda v, a: v if v > 0 else a * math.expm1(v),
    "silu": lambda v, a: v / (1 + math.exp(-v)),
    "gelu": lambda v, a: v * 0.5 * math.erfc(-v / math.sqrt(2)),
    "softplus": lambda v, a: math.log1p(math.exp(v)) if v < 30 else v,
    "hard-sigmoid": lambda v, a: min(max(v / 6 + 0.5, 0), 1),
    "hard-swish": lambda v, a: v * min(max(v / 6 + 0.5, 0), 1),
    "hard-tanh": lambda v, a: min(max(v, -1), 1),
    "threshold:0.5": lambda v, a: v if v > 0.5 else 0.0,
    "threshold:-3": lambda v, a: v if v > -3 else 0.0,
    "clip:-1.5,2.25": lambda v, a: min(max(v, -1.5), 2.25),
    "clip:2,8": lambda v, a: min(max(v, 2), 8),
}
VALUES = np.array([[-100.0, -7, -3, -1.5, -1e-3, 0, 1e-3, 0.5, 1, 2.5, 3, 8, 90]])


def test_every_activation_has_its_formula() -> None:
    assert {parts(name)[0] for name in FORMULAS} == set(FUNCTIONS)


@pytest.mark.parametrize("slope", [None, 0.3])
@pytest.mark.parametrize("name", FORMULAS)
def test_formulas(name: str, slope: float | None) -> None:
    own = FUNCTIONS[parts(name)[0]].slope
    if slope is not None and own is None:
        with pytest.raises(errors.UsageError, match="has no slope"):
            imgconv.activate(VALUES, name, slope=slope)
        return
    used = float(own or 0) if slope is None else slope
    expected = [FORMULAS[name](value, used) for value in VALUES[0].tolist()]
    got = imgconv.activate(VALUES, name, slope=slope)
    np.testing.assert_allclose(got[0], expected, rtol=1e-12, atol=1e-15)
    with plain_python():
        np.testing.assert_allclose(imgconv.activate(VALUES, name, slope=slope)[0], expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", FORMULAS)
def test_nan_stays(name: str) -> None:
    assert np.isnan(imgconv.activate(np.array([[np.nan]]), name)).all()


NUMBERS = st.one_of(st.integers(-300, 70000), st.sampled_from(("0.5", "-7/3", "2147483647", "-2147483648", "1e12")))


@law(80)
@given(st.data(), st.sampled_from(TYPES), st.sampled_from(TYPES), NUMBERS, NUMBERS)
def test_thresholds_and_clips_of_every_type(
    data: st.DataObject, pixels: str, dtype: str, one: int | str, other: int | str
) -> None:
    image = data.draw(images(pixels))
    low, high = sorted((Fraction(one), Fraction(other)))
    cells = oracle.with_channels(image)
    with plain_python():
        above = oracle.each(cells, lambda v: v if v > low or v != v else 0)
        assert_within(imgconv.activate(image, f"threshold:{low}", dtype=dtype), above, dtype, 0.0)
        within = oracle.each(cells, lambda v: v if v != v else min(max(v, low), high))
        bound = 2.0**-24 * max(abs(low), abs(high)) if low.denominator * high.denominator > 1 else 0.0
        assert_within(imgconv.activate(image, f"clip:{low},{high}", dtype=dtype), within, dtype, float(bound))


def test_bounds_beyond_the_type_are_reached_as_numbers() -> None:
    image = np.array([[-5, 0, 5]], "int16")
    with compiled(False):
        assert imgconv.activate(image, "clip:40000,50000", dtype="int32").tolist() == [[40000] * 3]
        assert imgconv.activate(image, "clip:-1e12,3").tolist() == [[-5, 0, 3]]
        assert imgconv.activate(image, "threshold:-1e12").tolist() == [[-5, 0, 5]]
        assert imgconv.activate(image, "threshold:4.5").tolist() == [[0, 0, 5]]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("threshold 128", "threshold:128"),
        ("threshold -5", "threshold:-5"),
        ("activate clip:0,255.0", "clip:0,255"),
        ("clip 0 6", "clip:0,6"),
        ("leaky-relu:0.2", "leaky-relu 0.2"),
        ("activate leaky-relu:.01", "leaky-relu"),
    ],
)
def test_numbers_behind_a_name_have_one_spelling(text: str, canonical: str) -> None:
    assert str(Pipeline.parse(text)) == canonical
    assert Pipeline.parse(canonical) == Pipeline.parse(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("threshold", "is written threshold:T"),
        ("threshold:1,2", "is written threshold:T"),
        ("threshold:x", "not a finite number"),
        ("clip:0", "is written clip:A,B"),
        ("clip:5,1", "low end above its high end"),
        ("relu:3", "is written relu"),
        ("leaky-relu:1,2", r"is written leaky-relu\[:SLOPE\]"),
    ],
)
def test_numbers_that_a_function_does_not_take_are_refused(text: str, reason: str) -> None:
    with pytest.raises(errors.UsageError, match=reason):
        imgconv.activate(VALUES, text)
    with pytest.raises(errors.UsageError, match="one value too many" if text == "relu:3" else "step 1"):
        Pipeline.parse(text)


def test_a_small_clip_that_ends_in_bytes_is_said() -> None:
    image = Image((Frame(np.zeros((2, 2), "uint8")),))
    (note,) = image.through(Pipeline.parse("clip:0,1")).notes
    assert note.code == "few-levels"
    assert note.text.startswith("clip:0,1 gives 0…1: two of 256 levels")


def test_the_command_takes_numbers(tmp_path: Path) -> None:
    source, target = tmp_path / "in.npy", tmp_path / "out.npy"
    np.save(source, np.array([[0, 127, 128, 129, 255]], "uint8"))
    done = imgconv_command("activate", "threshold:128", source, "-o", target, cwd=tmp_path)
    assert done.code == 0, done.err
    assert np.load(target).tolist() == [[0, 0, 0, 129, 255]]


def test_negative_bytes_are_clamped_and_said() -> None:
    image = np.array([[0, 100, 200]], "uint8")
    got = imgconv.run(image, "filter identity bias=-100 | leaky-relu 0.5", dtype="int16")
    assert got.tolist() == [[-50, 0, 100]]
