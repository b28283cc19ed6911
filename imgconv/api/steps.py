"""The other verbs: pool, activate, and whole pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.api.arrays import run_step, run_steps
from imgconv.operations import Activate, Pool
from imgconv.operations.pipeline import Pipeline

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

    from imgconv.api.arrays import Pads, Pixels, Sides
    from imgconv.operations import Operation


def pool(
    pixels: ArrayLike,
    kind: str = "max",
    *,
    size: Sides = 2,
    stride: Sides | None = None,
    pad: Pads = 0,
    dilation: Sides = 1,
    ceil: bool = False,
    count_padding: bool = False,
    to: Sides | None = None,
    dtype: DTypeLike | None = None,
    range: str = "clamp",
    threads: int | None = None,
    out: Pixels | None = None,
) -> Pixels:
    """Reduce each window to its maximum, average or minimum; pixels beyond the edge have no values.

    Parameters
    ----------
    pixels : array_like, (H, W) or (H, W, C)
        As in `correlate`; every channel is pooled alone.
    kind : {"max", "avg", "min"}
        Also "maximum", "average", "mean", "minimum".
    size, stride, dilation : int or (rows, cols)
        Of the window; stride None is the size.
    pad : {"same", "valid"}, int, (rows, cols) or (top, bottom, left, right)
        Pixels by which windows may stand over the edge of the image. They have no values.
    ceil : bool
        Keep a last window that only partly fits (PyTorch's ``ceil_mode``, its dropping rule included).
    count_padding : bool
        Divide an average by all of the window's cells inside the padded image (``count_include_pad``).
    to : int or (rows, cols), optional
        Rows and columns of the result, whatever the size of the image; output i of n sees those from
        ``floor(i * n / out)`` up to ``ceil((i + 1) * n / out)``.
    dtype, range, threads, out
        As in `correlate`. Averages of integers are rounded: ``floor(sum / count + 1/2)``.

    Returns
    -------
    numpy.ndarray, (H', W') or (H', W', C)
        ``H' = floor((H + top + bottom - e) / stride) + 1`` with ``e = dilation * (size - 1) + 1``.

    Raises
    ------
    UsageError, PixelError
        As in `correlate`.
    WindowError
        Where no window fits, or one would see no pixel.
    """
    options = size, stride, pad, dilation, ceil, count_padding, to

    def step() -> Pool:
        return Pool(kind, **dict(zip(_POOL_OPTIONS, options, strict=True)))  # type: ignore[arg-type]

    return run_step(pixels, "pool", kind, options, step, (dtype, range, threads), out)


_POOL_OPTIONS = ["size", "stride", "pad", "dilation", "ceil", "count_padding", "to"]


def activate(
    pixels: ArrayLike,
    function: str,
    *,
    slope: float | None = None,
    dtype: DTypeLike | None = None,
    range: str = "clamp",
    threads: int | None = None,
    out: Pixels | None = None,
) -> Pixels:
    """Apply an activation function to every value.

    Parameters
    ----------
    pixels : array_like, (H, W) or (H, W, C)
    function : {"relu", "abs", "sigmoid", "tanh", "identity", "leaky-relu", "elu", "silu", "gelu", "softplus", \
"hard-sigmoid", "hard-swish", "hard-tanh", "threshold:T", "clip:A,B"}
        relu is max(v, 0); sigmoid is 1 / (1 + exp(-v)); threshold:T keeps values above T and makes all others 0, as
        PyTorch; clip:A,B brings values between A and B.
    slope : float, optional
        What leaky-relu (0.01) and elu (1) multiply negative values by; also written ``"leaky-relu:0.2"``.
    dtype, range, threads, out
        As in `correlate`. sigmoid and tanh stay within 1: ask for ``dtype="float32"`` or ``range="stretch"``.

    Returns
    -------
    numpy.ndarray of the input's shape

    Raises
    ------
    UsageError, PixelError
    """
    return run_steps(pixels, Activate(function, slope), dtype, range, threads, out)


def run(
    pixels: ArrayLike,
    pipeline: str | Pipeline | Operation,
    *,
    dtype: DTypeLike | None = None,
    range: str = "clamp",
    threads: int | None = None,
    out: Pixels | None = None,
) -> Pixels:
    """Run all steps of a pipeline. Range, rounding and clamping happen once, after the last.

    Parameters
    ----------
    pixels : array_like, (H, W) or (H, W, C)
    pipeline : str, Pipeline or operation
        Text such as ``"filter vertical | relu | maxpool 2"``.
    dtype, range, threads, out
        As in `correlate`.

    Returns
    -------
    numpy.ndarray, (H', W') or (H', W', C)
        `Pipeline.shape(H, W)` predicts H' and W'.

    Raises
    ------
    UsageError, WindowError, PixelError
        As in `correlate`; a bad step is named by its number.
    """
    return run_steps(pixels, pipeline, dtype, range, threads, out)
