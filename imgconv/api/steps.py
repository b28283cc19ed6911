"""The other verbs: pool, activate, and whole pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.api.arrays import run_step, run_steps, verb
from imgconv.operations import Activate, Pool
from imgconv.operations.pipeline import Pipeline
from imgconv.values.parameters import HALF_UP

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from imgconv.api.annotations import (
        DtypeLike,
        Function,
        Mask,
        Pads,
        Pixels,
        Place,
        PoolKind,
        Range,
        Roi,
        Rounding,
        Sides,
        Tool,
    )
    from imgconv.operations import Operation


@verb
def pool(
    pixels: ArrayLike,
    kind: PoolKind = "max",
    *,
    size: Sides = 2,
    stride: Sides | None = None,
    pad: Pads = 0,
    dilation: Sides = 1,
    ceil: bool | None = None,
    count_padding: bool | None = None,
    to: Sides | None = None,
    like: Tool | None = None,
    dtype: DtypeLike = None,
    range: Range = "clamp",
    rounding: Rounding | None = None,
    threads: int | None = None,
    batched: bool = False,
    channels: Place = "last",
    roi: Roi = None,
    mask: Mask = None,
    out: Pixels | None = None,
) -> Pixels:
    """Reduce each window to its maximum, average, median or another value; pixels beyond the edge have no values.

    Parameters
    ----------
    pixels : array_like, (H, W) or (H, W, C), or Image
        As in `correlate`; every channel is pooled alone.
    kind : {"max", "avg", "min", "median", "percentile:P", "sum", "range", "lp:P"}
        Also "maximum", "average", "mean", "minimum". Percentiles interpolate linearly, as NumPy's, so an even median is
        the mean of two; "sum" adds the existing pixels; "range" is the maximum less the minimum; "lp:P" is
        ``(sum |v|**P) ** (1/P)``, undivided. NaN propagates.
    size, stride, dilation : int or (rows, cols)
        Of the window; stride None is the size.
    pad : {"same", "valid"}, int, (rows, cols) or (top, bottom, left, right)
        Pixels by which windows may stand over the edge of the image. They have no values.
    ceil : bool, optional
        Keep a last window that only partly fits (PyTorch's ``ceil_mode``, its dropping rule included). None is
        False, or what `like` has.
    count_padding : bool, optional
        Divide an average by all of the window's cells inside the padded image (``count_include_pad``). None is
        False, or what `like` has.
    to : int or (rows, cols), optional
        Rows and columns of the result, whatever the size of the image; output i of n sees those from
        ``floor(i * n / out)`` up to ``ceil((i + 1) * n / out)``.
    like : tool, optional
        Whose way to take where nothing is stated: "torch", "keras", "onnx", "skimage" or "pillow"; see `imgconv like`.
    dtype, range, rounding, threads, batched, channels, roi, mask, out
        As in `correlate`. Averages of integers are rounded: ``floor(sum / count + 1/2)``.

    Returns
    -------
    numpy.ndarray, (H', W') or (H', W', C), or Image
        ``H' = floor((H + top + bottom - e) / stride) + 1`` with ``e = dilation * (size - 1) + 1``.

    Raises
    ------
    UsageError, PixelError
        As in `correlate`.
    WindowError
        Where no window fits, or one would see no pixel.
    """
    if like is not None or rounding is not None:
        from imgconv.api.rounded import like_tool, run_rounded

        stated = dict(zip(_POOL_OPTIONS, (size, stride, pad, dilation, ceil, count_padding, to), strict=True))
        fields, rounded = like_tool(Pool, like, {"kind": kind} | stated, rounding)
        step_ = Pool(**fields)
        return run_rounded(pixels, step_, (dtype, range, threads), rounded, out, (batched, channels), (roi, mask))
    ceil, count_padding = (False if flag is None else flag for flag in (ceil, count_padding))
    options = size, stride, pad, dilation, ceil, count_padding, to

    def step() -> Pool:
        return Pool(kind, **dict(zip(_POOL_OPTIONS, options, strict=True)))  # type: ignore[arg-type]

    return run_step(pixels, "pool", kind, options, step, (dtype, range, threads), out, (batched, channels), (roi, mask))


_POOL_OPTIONS = ["size", "stride", "pad", "dilation", "ceil", "count_padding", "to"]


@verb
def activate(
    pixels: ArrayLike,
    function: Function,
    *,
    slope: float | None = None,
    dtype: DtypeLike = None,
    range: Range = "clamp",
    threads: int | None = None,
    batched: bool = False,
    channels: Place = "last",
    roi: Roi = None,
    mask: Mask = None,
    out: Pixels | None = None,
) -> Pixels:
    """Apply an activation function to every value.

    Parameters
    ----------
    pixels : array_like, (H, W) or (H, W, C), or Image
    function : {"relu", "abs", "sigmoid", "tanh", "identity", "leaky-relu", "elu", "silu", "gelu", "softplus", \
"hard-sigmoid", "hard-swish", "hard-tanh", "threshold:T", "clip:A,B"}
        relu is max(v, 0); sigmoid is 1 / (1 + exp(-v)); threshold:T keeps values above T and makes all others 0, as
        PyTorch; clip:A,B brings values between A and B.
    slope : float, optional
        What leaky-relu (0.01) and elu (1) multiply negative values by; also written ``"leaky-relu:0.2"``.
    dtype, range, threads, batched, channels, roi, mask, out
        As in `correlate`. sigmoid and tanh stay within 1: ask for ``dtype="float32"`` or ``range="stretch"``.

    Returns
    -------
    numpy.ndarray of the input's shape, or Image

    Raises
    ------
    UsageError, PixelError
    """
    step = Activate(function, slope)  # type: ignore[arg-type]
    return run_steps(pixels, step, dtype, range, threads, out, (batched, channels), (roi, mask))


@verb
def run(
    pixels: ArrayLike,
    pipeline: str | Pipeline | Operation,
    *,
    dtype: DtypeLike = None,
    range: Range = "clamp",
    rounding: Rounding = "half-up",
    threads: int | None = None,
    batched: bool = False,
    channels: Place = "last",
    roi: Roi = None,
    mask: Mask = None,
    out: Pixels | None = None,
) -> Pixels:
    """Run all steps of a pipeline. Range, rounding and clamping happen once, after the last.

    Parameters
    ----------
    pixels : array_like, (H, W) or (H, W, C), or Image
    pipeline : str, Pipeline or operation
        Text such as ``"filter vertical | relu | maxpool 2"``.
    dtype, range, rounding, threads, batched, channels, roi, mask, out
        As in `correlate`.

    Returns
    -------
    numpy.ndarray, (H', W') or (H', W', C), or Image
        `Pipeline.shape(H, W)` predicts H' and W'.

    Raises
    ------
    UsageError, WindowError, PixelError
        As in `correlate`; a bad step is named by its number.
    """
    if rounding is not HALF_UP:  # an array has no truth value
        from imgconv.api.rounded import run_rounded

        return run_rounded(pixels, pipeline, (dtype, range, threads), rounding, out, (batched, channels), (roi, mask))
    return run_steps(pixels, pipeline, dtype, range, threads, out, (batched, channels), (roi, mask))
