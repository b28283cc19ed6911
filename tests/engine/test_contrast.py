"""Float images of a wide dynamic range: what one pixel rounds to is seen by no window that does not see the pixel.

The bound of every result: n + 6 roundings of the type (n non-zero weights), of the weights' magnitudes times the
greatest magnitude that the window sees; 2**-32 of that where float64 is transformed. A window that sees zeros alone
gives the bias, whatever lies beside it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.ndimage

import imgconv
from imgconv.engine.filter.contrast import blank_windows
from imgconv.engine.filter.correlate import _planned
from imgconv.operations import Filter
from imgconv.values.borders import Border
from imgconv.values.image import Frame
from imgconv.values.pixel_values import values
from imgconv.values.windows import Window
from tests.strategies import HALF_UNIT

NODATA = float(np.float32(-3.4e38))
ROW, COLUMN = np.mgrid[-15:16, -15:16]
GAUSSIANS = [np.exp(-((COLUMN**2 + ROW**2) / (2 * sigma**2))) for sigma in (2.0, 4.0)]
KERNELS = {
    "dense": np.random.default_rng(1).uniform(-0.01, 0.01, (31, 31)),
    "disc": (COLUMN**2 + ROW**2 <= 225) * 0.001,
    "frame": np.where((abs(COLUMN) < 6) & (abs(ROW) < 6), 0, 0.001),
    "difference": GAUSSIANS[0] / GAUSSIANS[0].sum() - GAUSSIANS[1] / GAUSSIANS[1].sum(),
    "gaussian": GAUSSIANS[0] / GAUSSIANS[0].sum(),
}


def scene(kind: str, spoilt: float, dtype: str) -> Any:
    """Ordinary values, on the right side of the picture dim or black ones; and two pixels of another size."""
    image = np.random.default_rng(3).uniform(1, 1000, (70, 130))
    image[:, 60:] *= {"plain": 1, "dim": 1e-12, "black": 0}[kind]
    image = image if kind != "nothing" else image * 0
    image[20, 30], image[64, 5] = spoilt, -spoilt
    return image.astype(dtype)


def assert_within_what_is_seen(got: Any, image: Any, weights: Any, dtype: str) -> None:
    wide = image.astype("float64")
    expected = scipy.ndimage.correlate(wide, weights, mode="reflect")
    seen = scipy.ndimage.maximum_filter(abs(wide), footprint=weights != 0, mode="reflect")
    share = (np.count_nonzero(weights) + 6) * HALF_UNIT[dtype]
    assert (
        abs(got.astype("float64") - expected)
        <= max(share, 0 if dtype == "float32" else 2.0**-32) * abs(weights).sum() * seen
    ).all()
    assert not got[seen == 0].any()


@pytest.mark.parametrize("algorithm", ["", "fourier", "separable"])
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("dtype", ["float32", pytest.param("float64", marks=pytest.mark.slow)])
def test_a_huge_pixel_is_seen_by_its_own_windows_alone(
    dtype: str, kernel: str, algorithm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMGCONV_ALGORITHM", algorithm)
    for kind in ("plain", "dim", "black"):
        for spoilt in (500.0, 1e7, 1e20, NODATA):
            image = scene(kind, spoilt, dtype)
            assert_within_what_is_seen(
                imgconv.correlate(image, KERNELS[kernel], border="reflect"), image, KERNELS[kernel], dtype
            )


@pytest.mark.parametrize("spoilt", [1.0, NODATA])
@pytest.mark.parametrize("kernel", ["dense", "disc", "frame"])
def test_zeros_beside_a_huge_pixel_stay_zeros(kernel: str, spoilt: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """By Fourier transforms too, which would leave something everywhere; a bias is added to the zeros."""
    monkeypatch.setenv("IMGCONV_ALGORITHM", "fourier")
    image = np.zeros((40, 200, 3), "float32")
    image[20, 100, 1] = spoilt
    got = imgconv.correlate(image, imgconv.Kernel(KERNELS[kernel], bias=5))
    looks = scipy.ndimage.maximum_filter(image != 0, footprint=KERNELS[kernel][..., None] != 0, mode="nearest")
    assert (got[~looks] == 5).all()
    assert (got[looks] != 5).any()


@pytest.mark.parametrize("value", [1e30, -1e9])
def test_a_huge_border_is_seen_by_the_windows_at_the_edge_alone(value: float) -> None:
    inner = (slice(15, -15), slice(15, -15))
    for image in (np.random.default_rng(5).integers(0, 256, (50, 120), "uint8"), np.zeros((50, 120), "float32")):
        got = imgconv.correlate(image, KERNELS["dense"], border=f"constant:{value}", dtype="float32")
        expected = scipy.ndimage.correlate(image.astype("float64"), KERNELS["dense"])
        assert np.allclose(got[inner], expected[inner], rtol=0, atol=1e-3 if image.any() else 0)


def test_a_huge_pixel_under_partly_opaque_ones() -> None:
    """The same where colours are weighed by alpha."""
    image = scene("plain", NODATA, "float32")
    alpha = np.full(image.shape, 0.5, "float32")
    pipeline = imgconv.Pipeline((Filter(imgconv.Kernel(KERNELS["disc"])),))
    made = imgconv.Image((Frame(image, alpha),)).through(pipeline)
    calm = scene("plain", 500.0, "float32")
    expected = imgconv.Image((Frame(calm, alpha),)).through(pipeline)
    assert np.allclose(made.pixels[:, 60:], expected.pixels[:, 60:], rtol=1e-4)


# ---------------------------------------------------------------- and what is still taken


def algorithm(image: Any, kernel: str) -> tuple[str, bool]:
    """The algorithm, and whether windows that see zeros alone were looked for."""
    step = _planned(
        values(image), imgconv.Kernel(KERNELS[kernel]), Window((31, 31), pad="same"), Border("reflect"), "float32", None
    )
    return step.plan.algorithm, step.blank is not None


@pytest.mark.parametrize(
    ("kernel", "kind", "spoilt", "expected"),
    [
        ("dense", "plain", 500.0, ("fourier", False)),
        ("dense", "plain", 1e7, ("fourier", False)),
        ("dense", "black", 500.0, ("fourier", True)),
        ("dense", "dim", 500.0, ("direct", False)),
        ("dense", "plain", NODATA, ("direct", False)),
        ("gaussian", "plain", NODATA, ("separable", False)),
        ("difference", "black", 1e20, ("separable", False)),
        ("frame", "plain", 500.0, ("fourier", False)),
    ],
)
def test_ordinary_pictures_keep_the_fast_algorithms(
    kernel: str, kind: str, spoilt: float, expected: tuple[str, bool]
) -> None:
    assert algorithm(scene(kind, spoilt, "float32"), kernel) == expected


def test_windows_are_asked_for_only_where_the_pixels_do_not_tell() -> None:
    def never(mask: Any, beyond: Border) -> Any:
        raise AssertionError("not needed")

    assert blank_windows(np.full((4, 4, 1), 3.0), 3.0, Border(), 1e-6, never) == (True, None)
    assert blank_windows(np.zeros((4, 4, 1)), 0.0, Border(), 1e-6, never) == (True, None)


@pytest.mark.parametrize("counts", [([[1, 1]], [[1, 1]]), ([[1, 0]], [[1, 0]]), ([[1, 0]], [[1, 1]])])
def test_a_window_that_sees_too_little_bars_the_transforms(counts: tuple[Any, Any]) -> None:
    """First how many large pixels each of two windows sees, then how many that are not 0."""
    answers = iter(np.array(count, np.uint8) for count in counts)
    pixels = np.array([[[1.0], [0.0], [1e-9]]])
    fits, blank = blank_windows(pixels, 1.0, Border(), 1e-6, lambda mask, beyond: next(answers))
    assert fits == (counts[0] == counts[1])
    assert blank is None if all(counts[0][0]) else blank is not None
