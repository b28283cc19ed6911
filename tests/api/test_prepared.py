"""Calls that are repeated give what the first one gave: each case is compared with a thread that has seen no call."""

from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import imgconv
from imgconv.api import prepared
from imgconv.errors import UsageError
from tests.strategies import law, plain_python

CALLS = [
    (imgconv.correlate, {"kernel": "vertical"}),
    (imgconv.correlate, {"kernel": np.ones((3, 3), int), "border": "zero", "stride": 2, "range": "abs"}),
    (imgconv.correlate, {"kernel": [[0.25, 0.5], [1, -1]], "pad": (1, 0), "dtype": "float32"}),
    (imgconv.correlate, {"kernel": imgconv.kernel("gaussian:1"), "dilation": (1, 2), "border": "wrap"}),
    (imgconv.correlate, {"kernel": "box:9", "range": "shift", "dtype": np.int16}),
    (imgconv.correlate, {"kernel": "sobel-x", "range": "stretch"}),
    (imgconv.correlate, {"kernel": "sobel-x", "with_": "sobel-y"}),
    (imgconv.convolve, {"kernel": "gaussian:4", "repeat": 2}),
    (imgconv.pool, {"kind": "max"}),
    (imgconv.pool, {"kind": "avg", "size": 3, "stride": 1, "pad": "same", "count_padding": True}),
    (imgconv.pool, {"kind": "avg", "size": "all"}),
    (imgconv.pool, {"kind": "min", "to": (2, 3)}),
]


def noise(seed: int, shape: tuple[int, ...], type_: str) -> np.ndarray:
    values = np.random.default_rng(seed).integers(0, 256, shape)
    return values.astype(type_) if type_ != "float64" else values / 7


def unseen(function, pixels: np.ndarray, options: dict) -> np.ndarray:
    """The result in a thread that has made no call."""
    results = []
    thread = Thread(target=lambda: results.append(function(pixels, **options)))
    thread.start()
    thread.join()
    return results[0]


@pytest.mark.parametrize(("function", "options"), CALLS)
@pytest.mark.parametrize("type_", ["uint8", pytest.param("float64", marks=pytest.mark.slow)])
def test_a_repeated_call_gives_what_a_first_one_gives(function, options, type_):
    for seed in range(4):
        pixels = noise(seed, (17, 23), type_)
        np.testing.assert_array_equal(function(pixels, **options), unseen(function, pixels, options))


@law(40)
@given(
    shape=st.sampled_from([(9, 12), (9, 12, 1), (9, 12, 3), (12, 9)]),
    type_=st.sampled_from(["uint8", "bool", "int64", "float64"]),
    layout=st.sampled_from(["C", "F", "reversed", "read-only", "swapped"]),
    call=st.sampled_from(CALLS[:5] + CALLS[8:10]),
)
def test_arrays_of_every_layout_are_repeated(shape, type_, layout, call):
    function, options = call
    for seed in range(3):
        pixels = noise(seed, shape, type_)
        if layout == "F":
            pixels = np.asfortranarray(pixels)
        elif layout == "reversed":
            pixels = pixels[::-1, ::2]
        elif layout == "read-only":
            pixels.flags.writeable = False
        elif layout == "swapped":
            pixels = pixels.astype(pixels.dtype.newbyteorder())
        np.testing.assert_array_equal(function(pixels, **options), unseen(function, pixels, options))


def test_kernels_changed_in_place_give_new_results():
    pixels = noise(0, (8, 8), "uint8")
    array, rows = np.array([[0, 1, 0]]), [[0, 1, 0]]
    for _ in range(4):
        for kernel in (array, rows):
            np.testing.assert_array_equal(imgconv.correlate(pixels, kernel), pixels)
    array[0, 1], rows[0][1] = 2, 2
    for kernel in (array, rows):
        np.testing.assert_array_equal(imgconv.correlate(pixels, kernel), np.minimum(2 * pixels.astype(int), 255))


def test_a_kernel_file_is_read_at_every_call(tmp_path):
    pixels, file = noise(0, (8, 8), "uint8"), tmp_path / "kernel.txt"
    for weight in (1, 2, 3):
        file.write_text(f"0 {weight} 0")
        for _ in range(3):
            result = imgconv.correlate(pixels, str(file), dtype="int32")
            np.testing.assert_array_equal(result, weight * pixels.astype(int))


def test_options_of_other_types_are_still_checked():
    pixels = noise(0, (8, 8), "uint8")
    for _ in range(3):
        imgconv.correlate(pixels, "vertical", stride=1, pad=(1, 1))
    with pytest.raises(UsageError):
        imgconv.correlate(pixels, "vertical", stride=1.5, pad=(1, 1))
    for equal in ({"stride": 1.0, "pad": (1, 1)}, {"stride": 1, "pad": (1, 1.0)}, {"stride": 1, "pad": (True, 1)}):
        assert refusal(pixels, equal) == refusal(noise(0, (8, 9), "uint8"), equal)


def refusal(pixels: np.ndarray, options: dict) -> str:
    try:
        imgconv.correlate(pixels, "vertical", **options)
    except UsageError as error:
        return str(error)
    return ""


def test_each_result_is_an_array_of_its_own():
    first = [imgconv.correlate(noise(seed, (8, 8), "uint8"), "vertical") for seed in range(5)]
    for seed, result in enumerate(first):
        np.testing.assert_array_equal(result, unseen(imgconv.correlate, noise(seed, (8, 8), "uint8"), CALLS[0][1]))


def test_threads_do_not_share_what_they_work_with():
    images = [noise(seed, (40, 40, 3), "uint8") for seed in range(8)]
    expected = [imgconv.correlate(pixels, "gaussian:2") for pixels in images]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(20):
            found = pool.map(lambda pixels: imgconv.correlate(pixels, "gaussian:2"), images)
            for one, other in zip(found, expected, strict=True):
                np.testing.assert_array_equal(one, other)


def test_a_second_call_is_prepared_and_settings_are_heeded(monkeypatch):
    pixels = noise(0, (10, 11), "uint8")
    call = prepared.Call("pool", "max", (2, None, 0, 1, False, False, None), (None, "clamp", None))
    assert prepared.repeated(pixels, call) is None
    for _ in range(2):
        result = imgconv.pool(pixels)
    np.testing.assert_array_equal(prepared.repeated(pixels, call), result)
    with plain_python():
        assert prepared.repeated(pixels, call) is None
    monkeypatch.setenv("IMGCONV_ALGORITHM", "windows")
    assert prepared.repeated(pixels, call) is None


def test_no_more_calls_are_kept_than_a_few():
    pixels = noise(0, (6, 6), "uint8")
    for weight in range(200):
        for _ in range(2):
            imgconv.correlate(pixels, [[weight]])
    assert len(prepared._recent.kept) <= 64


@pytest.mark.parametrize("type_", ["uint8", "float64", "int64"])
@pytest.mark.parametrize("shape", [(5, 9, 8), (7, 6, 5, 3), (2, 4, 4), (1, 4, 4)])
def test_batches_are_their_images(type_, shape):
    images = noise(1, shape, type_)
    for function, options in (CALLS[1], CALLS[8], CALLS[10]):
        expected = [unseen(function, image, options) for image in images]
        for _ in range(2):
            np.testing.assert_array_equal(function(images, batched=True, **options), np.stack(expected))
        reverse = function(images[::-1], batched=True, **options)
        np.testing.assert_array_equal(reverse, np.stack(expected[::-1]))
