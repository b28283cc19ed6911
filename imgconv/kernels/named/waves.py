"""Gabor's wave packets: stripes of one direction and width, and nothing else."""

from __future__ import annotations

import math

from imgconv.kernels.kernel import MOST_SIDE, Kernel, require_size
from imgconv.kernels.named.row import Named, degrees, real, sigma, size
from imgconv.values.numbers import Number

OCTAVE = 3 / math.pi * math.sqrt(math.log(2) / 2)
"""Standard deviations per wavelength of a packet one octave wide: (2**b + 1) / (2**b - 1) is 3 for b = 1."""


def _gabor(
    wavelength: Number, theta: Number, deviation: float | None, aspect: Number, phase: Number, side: int | None
) -> Kernel:
    along = OCTAVE * float(wavelength) if deviation is None else deviation
    across = along / float(aspect)
    turn, shift = math.radians(float(theta)), math.radians(float(phase))
    cosine, sine = math.cos(turn), math.sin(turn)
    if side is None:  # three standard deviations, as OpenCV and scikit-image
        columns = _reach(3 * max(abs(along * cosine), abs(across * sine)))
        rows = _reach(3 * max(abs(across * cosine), abs(along * sine)))
    else:
        rows = columns = side // 2
    scale = 1 / (2 * math.pi * along * across)

    def weight(x: int, y: int) -> float:
        forward, aside = x * cosine + y * sine, y * cosine - x * sine
        return (
            scale
            * math.exp(-0.5 * ((forward / along) ** 2 + (aside / across) ** 2))
            * math.cos(2 * math.pi * forward / float(wavelength) + shift)
        )

    require_size(2 * rows + 1, 2 * columns + 1)
    return Kernel([[weight(x, y) for x in range(-columns, columns + 1)] for y in range(-rows, rows + 1)])


def _reach(distance: float) -> int:
    return math.ceil(max(1, min(round(distance, 9), MOST_SIDE)))


ROWS = (
    Named(
        "gabor",
        "stripes WAVELENGTH apart; THETA 0 upright, then clockwise (degrees); SIGMA 0.56 wavelengths, ASPECT 1,"
        " PHASE 0",
        "the real part of scikit-image's gabor_kernel; OpenCV's getGaborKernel turned by 180 degrees, over"
        " 2*pi*sigma_x*sigma_y",
        _gabor,
        (
            real("WAVELENGTH", above=0),
            degrees("THETA"),
            sigma(required=False),
            real("ASPECT", above=0, required=False, default=1),
            degrees("PHASE"),
            size(odd=True),
        ),
        "gabor:8,45",
        (
            "gabor:8,0",
            "gabor:8,90",
            "gabor:8,135",
            "gabor:4,0",
            "gabor:4,90",
            "gabor:8,45,phase=90",
            "gabor:12,0,aspect=0.5",
        ),
    ),
)
