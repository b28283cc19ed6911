"""Histograms: how often values occur in each channel, as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgconv.terminals.protocols import sent
from imgconv.terminals.screen import Screen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgconv.values.image import Frame

_NAMES = {1: ("gray",), 3: ("red", "green", "blue")}
_INKS = {"red": (214, 84, 84), "green": (84, 176, 84), "blue": (96, 128, 224)}
_INK, _PAPER = (204, 204, 204), (32, 32, 32)
_ROWS = 4
"""Lines of characters that a histogram is high."""
_MOST_CHANNELS = 16


def histograms(frame: Frame, colour: str, screen: Screen) -> list[tuple[str, str]]:
    """For each channel, and alpha, its histogram as text and a line on it."""
    pixels = frame.pixels if frame.pixels.ndim == 3 else frame.pixels[..., None]
    count = pixels.shape[2]
    names = _names(count, colour)
    channels = [(names[number], pixels[..., number]) for number in range(min(count, _MOST_CHANNELS))]
    if frame.alpha is not None:
        channels.append(("alpha", frame.alpha))
    found = []
    for name, values in channels:
        counts, low, high = counted(values, bins(screen))
        found.append((sent(drawn(counts, _INKS.get(name, _INK), screen), screen), _line(name, values, low, high)))
    return found


def _names(count: int, colour: str) -> tuple[str, ...]:
    from imgconv.engine.colour.channels import CHANNEL_NAMES

    known = CHANNEL_NAMES.get(colour, {}).get(count) if colour else _NAMES.get(count)
    return known or tuple(f"channel {number}" for number in range(count))


def bins(screen: Screen) -> int:
    """How many bins there is room for: a power of 2 to 256, so that bytes fall into them evenly."""
    most = min(256, screen.box[1])
    return 1 << most.bit_length() - 1


def counted(values: NDArray[Any], count: int) -> tuple[NDArray[Any], float, float]:
    """How many finite values fall into each bin, and the ends of the bins: 0 and 256 for bytes, else the least and the
    greatest value."""
    import numpy as np

    if values.dtype == np.uint8:
        return np.bincount(values.reshape(-1), minlength=256).reshape(count, -1).sum(1), 0, 255
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return np.zeros(count, np.int64), 0, 0
    low, high = float(finite.min()), float(finite.max())
    half = high / 2 - low / 2  # the whole may be more than a float holds
    if half <= 1e-300:
        return np.bincount([0], [finite.size], count).astype(np.int64), low, high
    shares = (finite.astype(np.float64) / 2 - low / 2) / half
    return np.bincount(np.minimum((shares * count).astype(np.int64), count - 1), minlength=count), low, high


def drawn(counts: NDArray[Any], ink: tuple[int, int, int], screen: Screen) -> NDArray[Any]:
    """Bars as a picture (H, W, 4); the most frequent bin is as high as there is room, others in proportion, and none
    that has a value is without a pixel."""
    import numpy as np

    cell = screen.pixel_cell
    height, wide = _ROWS * cell[0], max(1, min(screen.box[1], 256) // len(counts))
    bars = np.ceil(counts / max(1, counts.max()) * height).astype(int)
    is_bar = np.arange(height, 0, -1)[:, None] <= bars.repeat(wide)
    result = np.full((*is_bar.shape, 4), 255, np.uint8)
    result[..., :3] = np.where(is_bar[..., None], ink, _PAPER)
    return result


def _line(name: str, values: NDArray[Any], low: float, high: float) -> str:
    import numpy as np

    finite = values[np.isfinite(values)]
    others = values.size - finite.size
    mean = f"mean {float(finite.mean(dtype=np.float64)):.4g}" if finite.size else "no finite value"
    beyond = f", {others:,} not finite" if others else ""
    return f"{name}: {low:.6g}…{high:.6g} from left to right, {mean}{beyond}"
