"""imgconv slides windows over images: filters as a CNN course teaches them, and pooling.

>>> import imgconv, numpy
>>> imgconv.correlate(numpy.array([[0, 0, 9, 9]], "uint8"), "vertical")
array([[ 0, 27, 27,  0]], dtype=uint8)

Importing this package loads nothing heavy and changes nothing; NumPy, Pillow and the compiled
loops are loaded by the first call that needs them.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = (
    False  # typing's, without loading typing: a Ctrl-C meanwhile would show a traceback, for nothing is guarded yet
)
if TYPE_CHECKING:
    from typing import Any

    from imgconv.api.edge_detection import directions as directions
    from imgconv.api.edge_detection import edges as edges
    from imgconv.api.filters import bank as bank
    from imgconv.api.filters import convolve as convolve
    from imgconv.api.filters import correlate as correlate
    from imgconv.api.image import Image as Image
    from imgconv.api.image import load as load
    from imgconv.api.steps import activate as activate
    from imgconv.api.steps import pool as pool
    from imgconv.api.steps import run as run
    from imgconv.api.unpooling import max_indices as max_indices
    from imgconv.api.unpooling import unpool as unpool
    from imgconv.batches.call import batch as batch
    from imgconv.batches.recipes import recipe as recipe
    from imgconv.batches.verifying import verify as verify
    from imgconv.errors import FileError as FileError
    from imgconv.errors import ImgconvError as ImgconvError
    from imgconv.errors import LoopError as LoopError
    from imgconv.errors import LossError as LossError
    from imgconv.errors import PixelError as PixelError
    from imgconv.errors import UsageError as UsageError
    from imgconv.errors import WindowError as WindowError
    from imgconv.files.write import save as save
    from imgconv.kernels import catalog as catalog
    from imgconv.kernels import lab as lab
    from imgconv.kernels.catalog import kernel as kernel
    from imgconv.kernels.kernel import Kernel as Kernel
    from imgconv.networks.network import Network as Network
    from imgconv.operations.pipeline import Pipeline as Pipeline
    from imgconv.values.image import Frame as Frame

_HOMES = {
    "activate": "api.steps",
    "bank": "api.filters",
    "batch": "batches.call",
    "convolve": "api.filters",
    "correlate": "api.filters",
    "directions": "api.edge_detection",
    "edges": "api.edge_detection",
    "max_indices": "api.unpooling",
    "pool": "api.steps",
    "run": "api.steps",
    "kernel": "kernels.catalog",
    "load": "api.image",
    "save": "files.write",
    "recipe": "batches.recipes",
    "unpool": "api.unpooling",
    "verify": "batches.verifying",
    "FileError": "errors",
    "Frame": "values.image",
    "Image": "api.image",
    "ImgconvError": "errors",
    "LoopError": "errors",
    "LossError": "errors",
    "PixelError": "errors",
    "UsageError": "errors",
    "WindowError": "errors",
    "Kernel": "kernels.kernel",
    "Network": "networks.network",
    "Pipeline": "operations.pipeline",
}
_MODULES = {"catalog": "kernels.catalog", "lab": "kernels.lab"}
__all__ = [
    "FileError",
    "Frame",
    "Image",
    "ImgconvError",
    "Kernel",
    "LoopError",
    "LossError",
    "Network",
    "Pipeline",
    "PixelError",
    "UsageError",
    "WindowError",
    "activate",
    "bank",
    "batch",
    "convolve",
    "correlate",
    "directions",
    "edges",
    "kernel",
    "load",
    "max_indices",
    "pool",
    "recipe",
    "run",
    "save",
    "unpool",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES and name not in _MODULES:
        raise AttributeError(f"module 'imgconv' has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"imgconv.{_MODULES.get(name) or _HOMES[name]}")
    found = globals()[name] = module if name in _MODULES else getattr(module, name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_MODULES})
