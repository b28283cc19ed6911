"""Windows: where they lie along an axis, and how many fit; the arithmetic of every layer.

Effective size `e = dilation*(size-1)+1`; tap t of output i reads position
`i*stride + t*dilation - before`; `out = floor((n + before + after - e)/stride) + 1`.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd

from imgconv import errors
from imgconv.values.frozen import record
from imgconv.values.parameters import Pad

_MOST = 2**40  # positions further out than this cannot be tables in memory


@record
class Axis:
    """One axis of a placed window: `length` pixels in, `out` windows."""

    length: int
    size: int
    stride: int
    dilation: int
    before: int
    after: int
    out: int

    @property
    def effective(self) -> int:
        """Pixels from a window's first tap to its last, both included."""
        return self.dilation * (self.size - 1) + 1

    @property
    def reach(self) -> int:
        """Pixels from the first window's first tap to the last window's last."""
        return (self.out - 1) * self.stride + self.effective

    @property
    def unseen(self) -> int:
        """Pixels at the end that no window covers, beyond those that every stride skips."""
        return max(0, self.length + self.before - self.reach - max(0, self.stride - self.effective))

    @property
    def blind(self) -> bool:
        """Whether some window has no tap in the image."""
        if self.effective <= self.before or (self.out - 1) * self.stride - self.before >= self.length:
            return True
        if self.length >= self.dilation:  # then taps cannot step over the image
            return False
        above = min(self.out, -(-self.before // self.stride))  # windows that begin above the image
        apart = gcd(self.dilation, self.stride)
        # their first taps at or below the first pixel lie at different places until they repeat: more than there are
        # pixels, and one lies beyond
        differing = min(above, self.dilation // apart, self.length // apart + 2)
        return any((i * self.stride - self.before) % self.dilation >= self.length for i in range(differing))


@record
class Window:
    """A window: size, stride, dilation, pad, an optional anchor, ceil (a partial last window counts), and `sees` (it
    must cover a pixel)."""

    size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    pad: Pad = (0, 0, 0, 0)
    anchor: tuple[int, int] | None = None
    ceil: bool = False
    sees: bool = False

    @property
    def effective(self) -> tuple[int, int]:
        return tuple(d * (k - 1) + 1 for d, k in zip(self.dilation, self.size, strict=True))  # type: ignore[return-value]

    @lru_cache(maxsize=64)  # noqa: B019 (a window is a small value; a call asks several times)
    def over(self, height: int, width: int) -> tuple[Axis, Axis]:
        """The window placed on an image: its row axis and its column axis.

        Raises WindowError where no window fits, or one covers no pixel although it must.
        """
        rows, columns = (self._axis(axis, length) for axis, length in enumerate((height, width)))
        if rows.out < 1 or columns.out < 1:
            padded = rows.length + rows.before + rows.after, columns.length + columns.before + columns.after
            raise errors.WindowError(
                f"a window of {errors.extent(*self.effective)} does not fit an image of {errors.extent(*padded)} (with"
                " padding); use a smaller window, a larger image, or --pad same"
            )
        if max(rows.reach, columns.reach) > _MOST or rows.out * columns.out > _MOST:
            raise errors.WindowError(
                f"a window of {errors.extent(*self.effective)} on an image of {errors.extent(height, width)} reaches"
                " too far to be addressed; use a smaller window or less padding"
            )
        if self.sees and (rows.blind or columns.blind):
            raise errors.WindowError(
                f"a pooling window of {errors.extent(*self.effective)} would see no pixel of an image of"
                f" {errors.extent(height, width)}; use less padding or a larger window"
            )
        return rows, columns

    def _axis(self, axis: int, n: int) -> Axis:
        k, s, d, e = self.size[axis], self.stride[axis], self.dilation[axis], self.effective[axis]
        if self.pad == "same":
            out = -(-n // s)
            if self.anchor is None:
                total = max(0, (out - 1) * s + e - n)
                before, after = total // 2, total - total // 2
            else:
                before = d * self.anchor[axis]
                after = max(0, (out - 1) * s + e - n - before)
            return Axis(n, k, s, d, before, after, out)
        before, after = int(self.pad[2 * axis]), int(self.pad[2 * axis + 1])
        span = n + before + after - e
        out = (-(-span // s) if self.ceil else span // s) + 1
        if self.ceil:  # PyTorch's rule: a last window must not start beyond the image and its first pad
            out = min(out, -(-(n + before) // s))
        return Axis(n, k, s, d, before, after, out)

    def centre(self, axis: int) -> int:
        """Pixels from the window's first tap to its centre."""
        if self.anchor is not None:
            return self.dilation[axis] * self.anchor[axis]
        return (self.effective[axis] - 1) // 2


def seen_by(output: int, length: int, out: int) -> tuple[int, int]:
    """The first pixel of `length` that an output of `out` sees where these tile them all, and the one behind the last.

    PyTorch's rule for adaptive pooling.
    """
    return output * length // out, -(-(output + 1) * length // out)


def largest_window(size: tuple[int, int], to: tuple[int, int]) -> Window:
    """The largest of the windows that reduce a size to another."""
    sides = []
    for length, out in zip(size, to, strict=True):
        ends = [seen_by(output, length, out) for output in range(out // gcd(length, out))]
        sides.append(max(end - start for start, end in ends))
    return Window((sides[0], sides[1]), (size[0] // to[0], size[1] // to[1]))
