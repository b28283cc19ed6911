"""DETECTORS: the edge detectors, one row each: their kernels, the direction of each kernel, and how responses
become strength."""

from __future__ import annotations

from imgconv.kernels.named.row import DIRECTIONS
from imgconv.values.frozen import record

PAIR, COMPASS, SHARE, CANNY = "pair", "compass", "share", "canny"
NORMS = {"l2": "l2", "l1": "l1", "max": "linf"}
"""The norms of a gradient, and the ways of combining that they are."""


@record
class Detector:
    """A row. `directions` are degrees clockwise from the right (rows grow downwards): where it is bright when the
    kernel's response is greatest.

    `PAIR` gives the norm of a gradient; `COMPASS` the greatest response of masks of eight directions; `SHARE` what part
    of the neighbourhood's strength the first kernels explain; `CANNY` lines one pixel wide.
    """

    kind: str
    kernels: tuple[str, ...]
    directions: tuple[int, ...]
    summary: str
    source: str


def _gradient(name: str, summary: str, source: str) -> Detector:
    return Detector(PAIR, (f"{name}-x", f"{name}-y"), (0, 90), summary, source)


def _compass(name: str, summary: str, source: str) -> Detector:
    return Detector(
        COMPASS,
        tuple(f"{name}:{direction}" for direction in DIRECTIONS),
        (270, 315, 0, 45, 90, 135, 180, 225),
        summary,
        source,
    )


DETECTORS = {
    "sobel": _gradient("sobel", "the gradient by Sobel's kernels", "I. Sobel and G. Feldman 1968"),
    "scharr": _gradient("scharr", "the gradient by Scharr's kernels, rounder", "H. Scharr 2000"),
    "prewitt": _gradient("prewitt", "the gradient by Prewitt's kernels", "J. Prewitt 1970"),
    "roberts": Detector(
        PAIR, ("roberts-x", "roberts-y"), (225, 315), "the gradient by Roberts' cross of 2x2", "L. Roberts 1963"
    ),
    "farid": _gradient(
        "farid", "the gradient by the kernels of Farid and Simoncelli", "H. Farid and E. Simoncelli 2004"
    ),
    "kirsch": _compass("kirsch", "the greatest response of Kirsch's eight masks", "R. Kirsch 1971"),
    "robinson": _compass("robinson", "the greatest response of Robinson's eight masks", "G. Robinson 1977"),
    "frei-chen": Detector(
        SHARE,
        tuple(f"frei-chen:{number}" for number in range(1, 10)),
        (270, 180),
        "the share of edges in each neighbourhood, 0 to 1: the root of the squares of masks 1 to 4 over those of all"
        " nine",
        "W. Frei and C.-C. Chen 1977",
    ),
    "canny": Detector(
        CANNY, ("sobel-x", "sobel-y"), (0, 90), "lines one pixel wide: the steps of Canny's detector", "J. Canny 1986"
    ),
}
SHARE_EDGES = 4
"""Of frei-chen's masks, the first ones, which are edges; the first two of them are a gradient."""
