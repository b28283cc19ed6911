"""Other libraries, every one optional and none imported before it is needed: how they take pixels and give them back.

A peer's call takes its library's own picture (`LIBRARIES`: prepared outside the clock) and returns the library's own
result, newly allocated as ours is, in the output type and rounded: that is work users need done.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from tests.bench.inputs import Pixels

Call = Callable[[Any], Any]


@dataclass(frozen=True)
class Peer:
    """`make` is given the imported module and returns the call. `crop`: edge pixels where its border differs, not
    compared.

    A `yardstick` computes something else: it is timed beside the others but neither compared nor counted as a peer.
    """

    library: str
    make: Callable[[Any], Call]
    crop: int = 0
    yardstick: bool = False


@dataclass(frozen=True)
class Library:
    """How a library takes pixels and gives them back (`like` has the shape and dtype expected)."""

    module: str
    prepare: Callable[[Any, Pixels], Any] = lambda module, pixels: pixels
    read: Callable[[Any, Pixels], Pixels] = lambda result, like: np.asarray(result)
    setup: Callable[[Any], None] = lambda module: None


def _torch_planes(torch: Any, pixels: Pixels) -> Any:
    """Planes in float32, channels last: the form in which PyTorch is fastest here."""
    planes = np.moveaxis(np.atleast_3d(pixels), 2, 0)[None].astype("float32")
    return torch.from_numpy(planes).contiguous(memory_format=torch.channels_last)


def _vips_image(vips: Any, pixels: Pixels) -> Any:
    kind = {"uint8": "uchar", "uint16": "ushort", "float32": "float"}[pixels.dtype.name]
    height, width, channels = np.atleast_3d(pixels).shape
    return vips.Image.new_from_memory(pixels, width, height, channels, kind)


LIBRARIES = {
    "imgconv": Library("imgconv"),
    "OpenCV": Library("cv2"),
    "SciPy": Library("scipy.ndimage"),
    "scikit-image": Library("skimage"),
    "Pillow": Library("PIL.ImageFilter", lambda module, pixels: importlib.import_module("PIL.Image").fromarray(pixels)),
    "PyTorch": Library(
        "torch",
        _torch_planes,
        lambda result, like: np.moveaxis(result.numpy()[0], 0, 2).reshape(like.shape),
        lambda torch: torch.set_num_threads(
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        ),
    ),
    "pyvips": Library(
        "pyvips",
        _vips_image,
        lambda result, like: np.frombuffer(result, like.dtype).reshape(like.shape),
        lambda vips: vips.cache_set_max(0),  # else a second run is a look-up
    ),
}


@lru_cache
def module_of(library: str) -> Any:
    """A library's module, set up; None where it is not installed."""
    try:
        module = importlib.import_module(LIBRARIES[library].module)
    except (ImportError, OSError):  # OSError: a shared library is missing
        return None
    LIBRARIES[library].setup(module)
    return module


# ---------------------------------------------------------------- results in the output's type


def settled(values: Pixels, dtype: str) -> Pixels:
    """Floats into the output's type: rounded and clamped in place."""
    if dtype == "float32":
        return values
    limits = np.iinfo(dtype)
    np.rint(values, out=values)
    return np.clip(values, limits.min, limits.max, out=values).astype(dtype)


def torch_settled(torch: Any, values: Any, dtype: str) -> Any:
    if dtype == "float32":
        return values
    limits = np.iinfo(dtype)
    return values.round_().clamp_(int(limits.min), int(limits.max)).to(getattr(torch, dtype))


def vips_settled(image: Any, dtype: str) -> Any:
    return (
        image.write_to_memory()
        if dtype == "float32"
        else image.rint().cast({"uint8": "uchar", "uint16": "ushort"}[dtype]).write_to_memory()
    )


def per_channel(call: Call) -> Call:
    """For libraries that know no channels."""
    return lambda pixels: (
        call(pixels)
        if pixels.ndim == 2
        else np.stack([call(pixels[..., channel]) for channel in range(pixels.shape[2])], axis=2)
    )
