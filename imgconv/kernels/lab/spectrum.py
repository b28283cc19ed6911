"""The gain of a kernel at each frequency and direction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgconv.kernels.catalog import kernel as as_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEAST, _MOST = 1e-290, 1e290
_GREATEST = 1e300  # largest gain returned, since drawing it multiplies it


def spectrum(kernel: Any, rows: int = 65, columns: int = 65) -> NDArray[Any]:
    """The gain at each frequency: |sum of w(r, c) * exp(2*pi*i*(fx*c + fy*r))| over the divisor.

    Parameters
    ----------
    kernel : Kernel, str or rows of numbers
    rows, columns : int
        How many frequencies from -1/2 to 1/2 cycles a pixel, both included, down and across.

    Returns
    -------
    numpy.ndarray, (rows, columns) float64
        1 where a wave keeps its contrast; in the middle (for odd sizes) what even areas are multiplied by.

    Raises
    ------
    UsageError
        For a value that is not a kernel.
    """
    import numpy as np

    checked = as_kernel(kernel)
    weights, scale = _scaled(np.array(checked.weights, float), float(checked.divisor))
    down, across = (
        np.exp(2j * np.pi * np.outer(_frequencies(count), np.arange(size)))
        for count, size in zip((rows, columns), checked.shape, strict=True)
    )
    gain: NDArray[Any] = np.abs(down @ weights @ across.T)
    gain[gain < 1e-12 * np.abs(weights).sum()] = 0  # rounding
    with np.errstate(over="ignore"):
        limited: NDArray[Any] = np.minimum(gain * scale, _GREATEST)
    return limited


def _scaled(weights: NDArray[Any], divisor: float) -> tuple[NDArray[Any], float]:
    """Weights over the divisor, of which sums can be made, and what these sums are multiplied by: 1 but for weights
    near the end of doubles."""
    import numpy as np

    heaviest = float(np.abs(weights).max())
    if heaviest == 0 or _LEAST < heaviest / abs(divisor) < _MOST:
        return weights / divisor, 1.0
    with np.errstate(over="ignore"):
        return weights / heaviest, float(np.float64(heaviest) / abs(divisor))


def _frequencies(count: int) -> NDArray[Any]:
    import numpy as np

    return np.linspace(-0.5, 0.5, count) if count > 1 else np.zeros(1)
