"""Large dense kernels by Fourier transforms of rows: the cost of a pixel grows with the window's rows, not with its
cells.

Each source row is transformed once; an output row's spectrum is the sum over the window's rows of spectrum times
(conjugate) spectrum of the kernel's row; its inverse transform is the row. Transforms are NumPy's, in doubles, and
lines are long enough that nothing wraps round. Where sums are whole numbers and the planner has bounded the error
below a quarter, rounding gives them exactly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import fft

from imgconv import jit
from imgconv.engine.memory import buffer, require
from imgconv.loops import fourier as loops
from imgconv.loops.quantising import BORDER
from imgconv.planner import Plan, line_length
from imgconv.values.pixel_values import Pixels
from imgconv.values.windows import Axis

_GROUP = 32  # output rows whose spectra are added up together
_VECTOR = 8  # doubles of a cache line
_WHAT = "the spectra of the window"


class Fourier:
    """What all threads share: sizes, the kernel's spectra, and how source rows become lines (`lines_of`)."""

    def __init__(
        self,
        pixels: Pixels,
        made: Plan,
        rows: Axis,
        columns: Axis,
        lines_of: dict[str, Any],
        result: Pixels,
        numbers: Pixels,
        blank: Pixels | None,
    ) -> None:
        self.made, self.rows, self.result, self.numbers = made, rows, result, numbers
        self.result_row = columns.out * pixels.shape[2]
        self.line = line_length(columns.reach * pixels.shape[2])
        self.frequencies = self.line // 2 + 1
        self.group = min(_GROUP, rows.out)
        self.depth = (self.group - 1) * rows.stride + rows.effective  # source rows under a group
        self.fresh = max(self.group * rows.stride, self.depth)  # source rows transformed at once
        require(4 * (rows.size + self.depth + self.fresh) * self.frequencies, "float64", _WHAT)
        self.down, self.kernel = self._kernel(columns, pixels.shape[2])
        self.lines_of = {name: part for name, part in lines_of.items() if name != "step"}
        self.lines_of |= {"source": pixels, "border": numbers[BORDER : BORDER + 1].copy()}
        self.source = pixels.dtype.name
        self.blank = (
            None if blank is None else blank.reshape(rows.out, self.result_row)
        )  # sums that are 0, whatever the transforms leave there

    def _kernel(self, columns: Axis, channels: int) -> tuple[Pixels, Pixels]:
        """Where below the window's top each kernel row that looks lies, and its conjugate spectrum: a plane of real
        parts, then one of imaginary ones."""
        weights = np.array(self.made.weights, np.float64)
        looking = np.flatnonzero(weights.any(axis=1))
        down = np.pad(looking * self.rows.dilation, (0, -len(looking) % loops.PASS))  # empty rows fill up the last pass
        spread = np.zeros((len(looking), self.line))
        spread[:, : columns.effective * channels : columns.dilation * channels] = weights[looking]
        spectrum = fft.rfft(spread).conj()
        plane = -(-self.frequencies // _VECTOR) * _VECTOR
        planes = buffer(len(down) * 2 * plane, "float64", _WHAT, zero=True)
        apart = planes.reshape(-1, 2, plane)[: len(looking), :, : self.frequencies]
        apart[:, 0], apart[:, 1] = spectrum.real, spectrum.imag
        return down.astype(np.int64), planes


class Worker:
    """One thread's buffers and loops; calling it fills a band."""

    def __init__(self, shared: Fourier, extremes: Pixels, counts: Pixels) -> None:
        self.shared = at = shared
        self.lines = buffer(at.fresh * at.line, "float64", _WHAT, zero=True)
        self.sums = buffer(at.group * at.line, "float64", _WHAT)
        self.spectra = buffer(at.depth * 2 * at.frequencies, "float64", _WHAT)  # a ring of source rows
        self.products = buffer(at.group * 2 * at.frequencies, "float64", _WHAT)
        self.places = np.zeros(at.depth, np.int64)
        self._load = jit.bind(
            loops.LOAD,
            {"src": at.source},
            at.lines_of | {"lines": self.lines, "line_row": at.line, "room": at.fresh, "last": at.rows.reach},
        )
        self._multiply = jit.bind(
            loops.MULTIPLY,
            {},
            {
                "spectra": self.spectra,
                "slots": at.depth,
                "places": self.places,
                "place_count": at.depth,
                "step": at.rows.stride,
                "kernel": at.kernel,
                "plane": len(at.kernel) // (2 * len(at.down)),
                "taps": len(at.down),
                "down": at.down,
                "frequencies": at.frequencies,
                "planes": buffer(at.depth * 2 * loops.CHUNK, "float64", _WHAT),
                "depth": at.depth,
                "sums": buffer(at.group * 2 * loops.CHUNK, "float64", _WHAT),
                "products": self.products,
                "room": at.group,
                "last": at.group,
            },
        )
        self._settle = jit.bind(
            loops.SETTLE,
            {"out": at.result.dtype.name, "quotient": at.made.quotient, "whole": "yes" if at.made.whole else "no"},
            {
                "sums": self.sums,
                "line_row": at.line,
                "room": at.group,
                "result": at.result,
                "result_row": at.result_row,
                "constants": at.numbers,
                "extremes": extremes,
                "counts": counts,
                "last": at.rows.out,
            },
        )

    def __call__(self, first: int, last: int) -> None:
        at, step = self.shared, self.shared.rows.stride
        transformed = first * step
        for begin in range(first, last, at.group):
            end = min(begin + at.group, last)
            under = (end - 1) * step + at.rows.effective
            transformed = max(transformed, begin * step)
            while transformed < under:
                stop = min(under, transformed + at.fresh)
                self._transform(transformed, stop)
                transformed = stop
            self.places[:] = np.arange(begin * step, begin * step + at.depth) % at.depth
            self._multiply(0, end - begin)
            spectra = self.products.view(np.complex128).reshape(at.group, at.frequencies)[: end - begin]
            fft.irfft(spectra, n=at.line, out=self.sums.reshape(at.group, at.line)[: end - begin])
            if at.blank is not None:
                self.sums.reshape(at.group, at.line)[: end - begin, : at.result_row][at.blank[begin:end]] = 0.0
            self._settle(begin, end)

    def _transform(self, start: int, stop: int) -> None:
        """Source rows start…stop-1 of those under the window, as spectra in the ring."""
        at = self.shared
        self._load(start, stop)
        given = self.lines.reshape(at.fresh, at.line)
        kept = self.spectra.view(np.complex128).reshape(at.depth, at.frequencies)
        while start < stop:
            slot = start % at.depth
            count = min(stop - start, at.depth - slot)
            fft.rfft(given[:count], out=kept[slot : slot + count])
            given, start = given[count:], start + count
