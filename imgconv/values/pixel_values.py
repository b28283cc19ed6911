"""Pixel values: widened on the way in, quantised on the way out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv import errors
from imgconv.values.frozen import record
from imgconv.values.notes import Note
from imgconv.values.parameters import DTYPE, DTYPES, HALF_UP
from imgconv.values.span import Span

Pixels = NDArray[Any]
_WIDENED = {
    "bool": "uint8",
    "int8": "int16",
    "float16": "float32",
    "uint32": "float64",
    "int64": "float64",
    "uint64": "float64",
}
_EXACT, _LARGEST = 2**53, 2**1023
_FEW_BITS = (8, 16, 31)


@record
class Values:
    """Pixels on their way through a pipeline: (H, W, C), contiguous, with their span and notes."""

    pixels: Pixels
    span: Span
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        if self.span.whole and self.pixels.dtype.kind == "f" and self.span.magnitude > _EXACT:
            object.__setattr__(self, "span", _rounded(self.span))

    @property
    def type(self) -> str:
        return native_name(self.pixels.dtype)

    @property
    def parts(self) -> tuple[Values, ...]:
        """Itself: there is nothing but colour."""
        return (self,)

    def with_colour(self, colour: Values) -> Values:
        return colour


@record
class Target:
    """What results are quantised into, once and at the end: a pixel type, a range rule, how whole numbers are made, and
    what `stretch` maps to the type's limits, where that is known (None: the extremes of the values at hand)."""

    type: str
    range: str = "clamp"
    rounding: str = HALF_UP
    ends: tuple[float, float] | None = None


@record
class Response:
    """A result before it was quantised: its least and greatest value, how many values were clamped or NaN, and what
    `stretch` mapped to the type's limits (undivided sums where it forgets a divisor)."""

    low: float
    high: float
    below: int = 0
    above: int = 0
    missing: int = 0
    count: int = 0
    ends: tuple[float, float] | None = None


def _rounded(span: Span) -> Span:
    """What large whole numbers span once float64 has rounded them: no plan may count on more."""
    if span.magnitude > _LARGEST:
        return Span(-np.inf, np.inf, False)
    low, high = int(span.low), int(span.high)
    return Span(low - (abs(low) >> 52), high + (abs(high) >> 52), True)


def merged(responses: Sequence[Response | None]) -> Response | None:
    """One response for several parts of an image, or for its frames; None where no part has one."""
    parts = [response for response in responses if response is not None]
    if not parts:
        return None
    low, high = min(one.low for one in parts), max(one.high for one in parts)
    ends = [one.ends for one in parts if one.ends is not None]
    return Response(
        low,
        high,
        sum(one.below for one in parts),
        sum(one.above for one in parts),
        sum(one.missing for one in parts),
        sum(one.count for one in parts),
        (min(least for least, _ in ends), max(most for _, most in ends)) if ends else None,
    )


def array_of(pixels: Any) -> Pixels:
    """What NumPy makes of a caller's pixels: arrays, lists, and whatever has `__array__` or DLPack in CPU memory.

    Lists of whole numbers become int32 where they fit. Raises PixelError where NumPy makes nothing of them.
    """
    if isinstance(pixels, (str, os.PathLike)):
        raise errors.PixelError(f"{errors.shown(pixels)} is no array; imgconv.load reads files")
    try:
        if hasattr(pixels, "__dlpack__") and not hasattr(pixels, "__array__"):
            return np.from_dlpack(pixels)
        array = np.asarray(pixels)
    except MemoryError:
        raise errors.no_memory("an array of the pixels") from None
    except Exception as error:  # ragged rows, and whatever an object's own __array__ raises
        raise _no_array(pixels, error) from error
    if isinstance(pixels, (list, tuple)) and array.dtype == np.int64 and array.size:
        fits = int(array.min()) >= -(2**31) and int(array.max()) < 2**31
        return array.astype(np.int32) if fits else array
    return array


def _no_array(pixels: Any, error: Exception) -> errors.PixelError:
    """Why there is no array, and for tensors what to write."""
    kind = type(pixels).__name__
    device = str(getattr(pixels, "device", "cpu"))
    if getattr(pixels, "requires_grad", False) is True:
        copied = "pixels.detach()" if "cpu" in device.lower() else "pixels.detach().cpu()"
        return errors.PixelError(f"a {kind} that requires gradients, which end here; pass {copied}")
    if "cpu" not in device.lower():
        return errors.PixelError(
            f"a {kind} on the device {errors.cut(device)}; pass a copy in CPU memory: pixels.cpu() of PyTorch,"
            " pixels.get() of CuPy"
        )
    return errors.PixelError(
        f"pixels {errors.shown(pixels)} are no array of numbers: {errors.cut(' '.join(str(error).split()))};"
        " expected rows of equal length, or a numpy array"
    )


def values(pixels: Any) -> Values:
    """An array as Values: (H, W) becomes (H, W, 1), other real types are widened exactly.

    Integers that are widened to float64 stay whole numbers: their span says so, and plans count on it.

    Raises
    ------
    PixelError
        For another number of dimensions, no pixels, complex numbers, objects, or 64-bit
        integers that float64 does not hold.
    """
    array = array_of(pixels)
    if array.ndim not in (2, 3):
        raise errors.pixel_shape(array.shape)
    if array.size == 0:
        raise errors.pixel_none(array.shape)
    array, bounds = _widened(array)
    array = array.reshape(array.shape[0], array.shape[1], -1)
    return Values(np.require(array, requirements=["C", "ALIGNED"]), bounds)


def _widened(array: Pixels) -> tuple[Pixels, Span]:
    name = native_name(array.dtype)
    if name in DTYPES:
        return array if array.dtype.isnative else array.astype(name), span(name)
    if name not in _WIDENED:
        raise _unsupported(array.dtype.name)
    type_ = _WIDENED[name]
    bounds = span(type_) if type_ != "float64" else _whole_span(name, int(array.min()), int(array.max()))
    return array.astype(type_), bounds


def _unsupported(name: str) -> errors.PixelError:
    return errors.PixelError(
        f"pixels of type {name} cannot be filtered; expected integers, floats or booleans (not complex numbers or"
        " objects)"
    )


def _whole_span(name: str, low: int, high: int) -> Span:
    """The span of integers of a wide type: up to a power of two, so that few plans serve all images."""
    if (largest := max(-low, high)) > _EXACT:
        raise errors.PixelError(
            f"{name} pixels up to {largest} would lose digits (float64 is exact up to 2**53); scale them down or"
            " convert them to float64 yourself"
        )
    bits = next((few for few in _FEW_BITS if largest < 2**few), largest.bit_length())
    most = min(2**bits - 1, _EXACT)
    return Span(-most if low < 0 else 0, most, True)


@lru_cache(maxsize=64)
def native_name(dtype: Any) -> str:
    """The name of a dtype without its byte order; cached, because NumPy builds it on every access."""
    return str(dtype.newbyteorder("=").name)


def widened_type(dtype: Any) -> str:
    """The pixel type that an array's dtype is widened to; PixelError where there is none."""
    name = native_name(np.dtype(dtype))
    if name not in DTYPES and name not in _WIDENED:
        raise _unsupported(name)
    return str(_WIDENED.get(name, name))


@lru_cache(maxsize=64)
def span(name: str) -> Span:
    """All values of a pixel type; floats have no bounds worth knowing."""
    if name.startswith("float"):
        return Span(-np.inf, np.inf, False)
    limits = np.iinfo(name)
    return Span(int(limits.min), int(limits.max), True)


def wide_type(pixels: str, result: Span, *, divided: bool, last: bool) -> str:
    """The type of a result before it is quantised.

    Between steps: int32 while whole, else the computation's float. Whole numbers beyond
    int32, and what is quantised next (`last`), are stored in float64, which loses none of them.
    """
    if result.whole and not divided:
        return "int32" if result.low >= -(2**31) and result.high < 2**31 else "float64"
    return "float64" if last or pixels in ("int32", "float64") else "float32"


def target(pixels: str, dtype: Any, range_: str) -> Target:
    """The target for pixels of type `pixels`: `dtype` a name, a NumPy dtype, or None for the same."""
    if dtype is None or (isinstance(dtype, str) and dtype.lower() == "same"):
        return Target(pixels, range_)
    if dtype is int:
        return Target("int32", range_)
    try:
        native = np.dtype(dtype)
    except Exception:  # NumPy raises TypeError, ValueError, SyntaxError and others
        raise errors.unknown("dtype", dtype, DTYPE.choices) from None
    return Target(DTYPE.read(native_name(native)), range_)


def limits(name: str) -> tuple[float, float]:
    """What `stretch` fills: the type's range, 0…1 for floats."""
    if name.startswith("float"):
        return 0.0, 1.0
    integers = np.iinfo(name)
    return float(integers.min), float(integers.max)


def shift_of(target: Target) -> int:
    """What `shift` adds: half an unsigned type's range, nothing for the others."""
    if target.range != "shift" or not target.type.startswith("uint"):
        return 0
    return (int(np.iinfo(target.type).max) + 1) // 2
