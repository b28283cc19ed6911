"""Layers of networks: against their definitions, and by laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgconv.engine.layers import pointwise
from imgconv.engine.layers.conv import conv, dense, packed
from imgconv.values.borders import Border
from imgconv.values.windows import Window
from tests.networks import oracle
from tests.strategies import compiled, law, pair


@st.composite
def layers(draw: st.DrawFn) -> tuple[Any, Any, Any, dict[str, Any]]:
    """A batch, weights, biases, and the keyword arguments of the oracle; one in four is depthwise."""
    random = np.random.default_rng(draw(st.integers(0, 2**16)))
    depthwise = draw(st.integers(0, 3)) == 0
    groups = draw(st.integers(2, 5) if depthwise else st.integers(1, 3))
    inputs = 1 if depthwise else draw(st.integers(1, 3))
    outputs = groups * draw(st.integers(1, 2) if depthwise else st.sampled_from((1, 2, 16, 17, 33)))
    size, stride, dilation = (_both(draw(pair(3))) for _ in range(3))
    needed = [d * (k - 1) + 1 for d, k in zip(dilation, size, strict=True)]
    height, width = (n + draw(st.integers(0, 9)) for n in needed)
    pad = draw(st.tuples(*[st.integers(0, 2)] * 4))
    batch = random.standard_normal((draw(st.integers(1, 2)), height, width, groups * inputs)).astype("float32")
    weights = random.standard_normal((*size, inputs, outputs)).astype("float32")
    bias = random.standard_normal(outputs).astype("float32") if draw(st.booleans()) else None
    return batch, weights, bias, {"stride": stride, "dilation": dilation, "pad": pad, "groups": groups}


def _both(value: Any) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


@pytest.mark.parametrize("everything", [False, True], ids=["plain", "compiled"])
@law(60)
@given(layers(), st.sampled_from((None, 1, 2)), st.booleans())
def test_convolutional_layers(everything: bool, case: Any, threads: int | None, rectified: bool) -> None:
    batch, weights, bias, place = case
    window = Window(weights.shape[:2], place["stride"], place["dilation"], place["pad"])
    least = 0.0 if rectified else -np.inf
    with compiled(everything):
        got = conv(batch, packed(weights, bias, place["groups"]), window, least=least, threads=threads)
    expected = np.maximum([oracle.conv(image, weights, bias, **place) for image in batch], least)
    assert got.dtype == np.float32
    assert got.shape == expected.shape
    assert np.abs(got - expected).max() <= 1e-5 * max(1, np.abs(expected).max())


@pytest.mark.parametrize("border", ["edge", "reflect", "reflect101", "wrap", "constant"])
def test_borders_are_those_of_filters(border: str) -> None:
    import imgconv

    image = np.random.default_rng(3).standard_normal((11, 9, 1)).astype("float32")
    weights = np.random.default_rng(4).standard_normal((5, 3, 1, 1)).astype("float32")
    value = 0.5 if border == "constant" else 0
    got = conv(image[None], packed(weights, None), Window((5, 3), pad=(2, 2, 1, 1)), Border(border, value))
    text = f"constant:{value}" if border == "constant" else border
    expected = imgconv.correlate(image.astype("float64"), weights[..., 0, 0], border=text)
    np.testing.assert_allclose(got[0], expected, rtol=0, atol=1e-5)


def test_any_number_of_threads_gives_the_same_bytes() -> None:
    random = np.random.default_rng(5)
    batch = random.standard_normal((3, 40, 37, 8)).astype("float32")
    filters = packed(random.standard_normal((3, 3, 8, 40)).astype("float32"), None)
    results = [conv(batch, filters, Window((3, 3)), threads=threads) for threads in (1, 2, 3, 8)]
    alone = np.concatenate([conv(image[None], filters, Window((3, 3))) for image in batch])
    for result in (*results[1:], alone):
        assert result.tobytes() == results[0].tobytes()


def test_a_rectifier_keeps_nan() -> None:
    batch = np.array([[[[np.nan], [-1.0], [2.0]]]], "float32")
    filters = packed(np.ones((1, 1, 1, 1), "float32"), None)
    np.testing.assert_array_equal(conv(batch, filters, Window((1, 1)), least=0.0).ravel(), [np.nan, 0, 2])


@pytest.mark.parametrize("images", [1, 7, 20])
def test_dense_layers(images: int) -> None:
    random = np.random.default_rng(images)
    batch = random.standard_normal((images, 1, 1, 50)).astype("float32")
    weights, bias = (random.standard_normal(size).astype("float32") for size in ((50, 19), (19,)))
    got = dense(batch, packed(weights[None, None], bias))
    expected = batch[:, 0, 0].astype("float64") @ weights.astype("float64") + bias
    np.testing.assert_allclose(got[:, 0, 0], expected, rtol=0, atol=2e-5)


def test_softmax_does_not_overflow() -> None:
    batch = np.array([[[[1000.0, 1001.0, -1000.0]]]], "float32")
    np.testing.assert_allclose(pointwise.softmax(batch)[0, 0, 0], oracle.softmax([-1.0, 0.0, -2001.0]), atol=1e-7)
    np.testing.assert_allclose(pointwise.softmax(batch, log=True)[0, 0, 0, :2], [-1.3132617, -0.3132617], atol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 20])
def test_local_response(size: int) -> None:
    batch = np.random.default_rng(size).standard_normal((1, 2, 1, 7)).astype("float32")
    got = pointwise.local_response(batch, size, 0.5, 0.75, 2.0)
    expected = [oracle.local_response(pixel, size, 0.5, 0.75, 2.0) for pixel in batch[0, :, 0]]
    np.testing.assert_allclose(got[0, :, 0], expected, rtol=1e-6)


def test_normalisation() -> None:
    batch = np.array([[[[0.0, 255.0]]]], "float32")
    got = pointwise.normalize(batch, 1 / 255, (0.5, 0.25), (0.5, 2))
    np.testing.assert_allclose(got.ravel(), [-1, 0.375], rtol=1e-6)
    tensors = [np.array(pair, "float32") for pair in ((2, 3), (1, -1), (0.5, 100), (4, 9))]
    got = pointwise.batchnorm(batch, *tensors, epsilon=0.0)
    np.testing.assert_allclose(got.ravel(), [2 * -0.5 / 2 + 1, 3 * 155 / 3 - 1], rtol=1e-6)


@pytest.mark.parametrize("name", pointwise.ACTIVATIONS)
def test_activations_of_networks_are_those_of_pictures(name: str) -> None:
    import imgconv

    batch = np.linspace(-200, 200, 1001, dtype="float32").reshape(1, 7, 11, 13)
    got = pointwise.ACTIVATIONS[name](batch)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got[0], imgconv.activate(batch[0], name, dtype="float64"), rtol=1e-6, atol=1e-7)
    assert np.isnan(pointwise.ACTIVATIONS[name](np.full(1, np.nan, "float32"))).all()


def test_padding() -> None:
    batch = np.arange(4, dtype="float32").reshape(1, 2, 2, 1)
    got = pointwise.padded(batch, (1, 0, 0, 2), Border("constant", 7))
    assert got[0, ..., 0].tolist() == [[7, 7, 7, 7], [0, 1, 7, 7], [2, 3, 7, 7]]
    assert pointwise.padded(batch, (0, 0, 1, 1), Border("edge"))[0, 0, :, 0].tolist() == [0, 0, 1, 1]
