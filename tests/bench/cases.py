"""The table of cases on arrays. It drives the agreement tests and the timing; a new case is one row of OPERATIONS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import imgconv
from tests.bench import peers, pools
from tests.bench.inputs import IMAGES, Pixels, weights
from tests.bench.libraries import Peer
from tests.bench.results import Target, faster, within
from tests.bench.uncounted import uncounted

RGB = ("rgb8-small", "rgb8-large")
SMALL_CALLS = ("digit-small", "icon-small", "tile-small")
ALL = (*RGB, "gray16-large", "gray32f-large")
FLOOR = "copy"
_FLOAT_TOLERANCE = 1e-4  # float32 pixels lie in 0…1


@dataclass(frozen=True)
class Operation:
    """A row: our call, the peers' for a pixel type, and how far integer results may differ.

    `tolerance` 0: all compute in whole numbers, results are equal; 1: some compute in floats, round otherwise or twice.
    """

    title: str
    ours: Callable[[Pixels], Pixels]
    peers: Callable[[str], dict[str, Peer]]
    tolerance: float = 1
    targets: Sequence[Target] = ()
    images: Sequence[str] = RGB
    targets_on: Sequence[str] = RGB


@dataclass(frozen=True)
class Case:
    """An operation on one of the images."""

    operation: Operation
    image: str

    @property
    def name(self) -> str:
        return f"{self.operation.title} · {IMAGES[self.image][2]}"

    @property
    def dtype(self) -> str:
        return IMAGES[self.image][0]

    @property
    def tolerance(self) -> float:
        return _FLOAT_TOLERANCE if self.dtype == "float32" else self.operation.tolerance

    @property
    def targets(self) -> tuple[Target, ...]:
        return tuple(self.operation.targets) if self.image in self.operation.targets_on else ()

    def peers(self) -> dict[str, Peer]:
        return self.operation.peers(self.dtype)


def _filter(title: str, cells: Any, divisor: int = 1, beside: dict[str, Peer] | None = None, **row: Any) -> Operation:
    """A kernel of ours and of everybody; one with whole weights and no divisor is exact for all."""
    cells = np.asarray(cells)
    kernel = imgconv.Kernel(cells, divisor=divisor)
    exact = cells.dtype.kind == "i" and divisor == 1
    return Operation(
        title,
        lambda pixels: imgconv.correlate(pixels, kernel),
        lambda dtype: peers.correlate(cells, divisor, dtype) | (beside or {}),
        **{"tolerance": 0 if exact else 1} | row,
    )


def _dense(side: int, *, whole: bool, **row: Any) -> Operation:
    return _filter(f"dense {side}×{side}, {'whole' if whole else 'float'} weights", *weights(side, whole=whole), **row)


def _named(
    title: str, kernel: str, made: Callable[[str], dict[str, Peer]], dtype: str | None = None, **row: Any
) -> Operation:
    ready = imgconv.Kernel(KERNELS[kernel]) if kernel in KERNELS else kernel
    return Operation(title, lambda pixels: imgconv.correlate(pixels, ready, dtype=dtype), made, **row)


def _pool(kind: str, size: int, stride: int, **row: Any) -> Operation:
    # averages: 1, because some round to even and pyvips rounds twice
    return Operation(
        f"{kind} {size}×{size}/{stride}",
        lambda pixels: imgconv.pool(pixels, kind, size=size, stride=stride),
        partial(pools.pool, kind, size, stride),
        **{"tolerance": 0 if kind == "max" else 1} | row,
    )


def _beside(side: int) -> dict[str, Peer]:
    """Ourselves with another dense kernel, as a yardstick."""
    kernel = imgconv.Kernel(weights(side, whole=False)[0])
    return {
        f"imgconv {side}×{side}": Peer(
            "imgconv", lambda module: lambda pixels: module.correlate(pixels, kernel), yardstick=True
        )
    }


KERNELS = {
    "vertical": [[-1, 0, 1]] * 3,
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "sobel-x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
}
_THREE: dict[str, Any] = {"targets": (faster("OpenCV", 2.5, 3.5), within(FLOOR, 2)), "targets_on": ("rgb8-large",)}
_UNCOUNTED = "imgconv, not counting losses"
_COUNTED: dict[str, Any] = _THREE | {"targets": (*_THREE["targets"], within(_UNCOUNTED, 1.1))}
_AREA = (faster("OpenCV area resize", 1.2, 1.5), faster("PyTorch", 50))

OPERATIONS = (
    _filter(
        "vertical 3×3",
        KERNELS["vertical"],
        beside={_UNCOUNTED: Peer("imgconv", uncounted("vertical"), yardstick=True)},
        images=SMALL_CALLS + ALL,
        **_COUNTED,
    ),
    _filter("sharpen 3×3", KERNELS["sharpen"], **_THREE),
    _dense(3, whole=True, **_THREE),
    _dense(3, whole=False, **_THREE),
    _dense(5, whole=True, images=SMALL_CALLS + ALL, targets=[faster("OpenCV", 3, 4)]),
    _dense(5, whole=False, targets=[faster("OpenCV", 3, 4)]),
    _dense(7, whole=True, targets=[faster("OpenCV", 2, 4)]),
    _dense(7, whole=False, targets=[faster("OpenCV", 2, 4)]),
    _dense(11, whole=True, targets=[faster("OpenCV", 2.5, 4)]),
    _dense(11, whole=False, targets=[faster("OpenCV", 2.5, 4)]),
    _dense(15, whole=False, targets=[faster("OpenCV", 4)]),
    _dense(31, whole=False, targets=[faster("OpenCV", 1.5, 2), faster("SciPy", 1.5, 2)]),
    _dense(
        63,
        whole=False,
        beside=_beside(31),
        targets=[faster("OpenCV", 2, 3), faster("SciPy", 2, 3), within("imgconv 31×31", 1.5, 1)],
    ),
    _named("Gaussian σ 2", "gaussian:2", partial(peers.gaussian, 2), images=ALL, targets=[faster("OpenCV", 1.2, 2)]),
    _named("Gaussian σ 10", "gaussian:10", partial(peers.gaussian, 10), targets=[faster("OpenCV", 1.5, 4)]),
    _named("box 31×31", "box:31", partial(peers.box, 31), targets=[faster("OpenCV", 1.5, 2.5)]),
    _named("Sobel to int16", "sobel-x", lambda dtype: peers.sobel(), dtype="int16", tolerance=0),
    _pool("max", 2, 2, images=SMALL_CALLS + ALL, targets=_AREA),
    _pool("avg", 2, 2, targets=_AREA),
    _pool("max", 3, 2),
    _pool("avg", 3, 2),
    Operation(
        "max 31×31/1",
        lambda pixels: imgconv.pool(pixels, "max", size=31, stride=1, pad="same"),
        partial(pools.slide_max, 31),
        tolerance=0,
        targets=[faster("OpenCV", 2, 3)],
    ),
)

CASES = tuple(Case(operation, image) for operation in OPERATIONS for image in operation.images)
