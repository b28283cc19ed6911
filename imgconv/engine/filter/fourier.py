"""Large dense kernels by Fourier transforms of rows: the cost per pixel grows with the window's rows, not with its
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
from imgconv.engine.index_tables import LineLayout, result_of, source_of
from imgconv.engine.memory import buffer, require
from imgconv.engine.run_loop import working_arrays
from imgconv.loops import fourier as loops
from imgconv.planner import Plan, line_length
from imgconv.values.pixel_values import Pixels
from imgconv.values.windows import Axis

_GROUP = 32  # output rows whose spectra are added up together
_VECTOR = 8  # doubles of a cache line
_WHAT = "the spectra of the window"


class Fourier:
    """What all threads share: sizes, the kernel's spectra, and how source rows become lines."""

    def __init__(
        self,
        pixels: Pixels,
        plan: Plan,
        rows: Axis,
        columns: Axis,
        tables: tuple[Pixels, Pixels],
        result: Pixels,
        constants: Pixels,
        blank: Pixels | None,
    ) -> None:
        self.plan, self.rows, self.result, self.constants = plan, rows, result, constants
        self.row = columns.out * pixels.shape[2]
        self.line = line_length(columns.reach * pixels.shape[2])
        self.frequencies = self.line // 2 + 1
        self.group = min(_GROUP, rows.out)
        self.depth = (self.group - 1) * rows.stride + rows.effective  # source rows under a group
        self.fresh = max(self.group * rows.stride, self.depth)  # source rows transformed at once
        require(4 * (rows.size + self.depth + self.fresh) * self.frequencies, "float64", _WHAT)
        self.down, self.kernel = self._kernel(columns, pixels.shape[2])
        lines = LineLayout(pixels.shape, columns, tables[1]).arguments(rows, tables[0])
        self.load_arguments = {**lines, **source_of(pixels), "constants": constants}
        self.source_type = pixels.dtype.name
        # sums that are 0, whatever the transforms leave there
        self.blank = None if blank is None else blank.reshape(rows.out, self.row)

    def _kernel(self, columns: Axis, channels: int) -> tuple[Pixels, Pixels]:
        """How far below the window's top each kernel row that is not zero is, and its conjugate spectrum: a plane of
        real parts, then one of imaginary ones."""
        weights = np.array(self.plan.weights, np.float64)
        nonzero = np.flatnonzero(weights.any(axis=1))
        down = np.pad(nonzero * self.rows.dilation, (0, -len(nonzero) % loops.PASS))  # empty rows fill up the last pass
        spread = np.zeros((len(nonzero), self.line))
        spread[:, : columns.effective * channels : columns.dilation * channels] = weights[nonzero]
        spectrum = fft.rfft(spread).conj()
        plane = -(-self.frequencies // _VECTOR) * _VECTOR
        planes = buffer(len(down) * 2 * plane, "float64", _WHAT, zero=True)
        parts = planes.reshape(-1, 2, plane)[: len(nonzero), :, : self.frequencies]
        parts[:, 0], parts[:, 1] = spectrum.real, spectrum.imag
        return down.astype(np.int64), planes


class Worker:
    """One thread's buffers and loops; calling it fills a band."""

    def __init__(self, shared: Fourier, outcome: dict[str, Pixels]) -> None:
        self.shared = shared
        self.lines = buffer(shared.fresh * shared.line, "float64", _WHAT, zero=True)
        self.sums = buffer(shared.group * shared.line, "float64", _WHAT)
        self.spectra = buffer(shared.depth * 2 * shared.frequencies, "float64", _WHAT)  # a ring of source rows
        self.products = buffer(shared.group * 2 * shared.frequencies, "float64", _WHAT)
        self.places = np.zeros(shared.depth, np.int64)
        extended = {"extended": self.lines, "extended_row": shared.line, "room": shared.fresh}
        self._load = jit.bind(
            loops.LOAD,
            {"src": shared.source_type},
            {**shared.load_arguments, **extended, "last": shared.rows.reach},
        )
        self._multiply = jit.bind(loops.MULTIPLY, {}, self._multiply_arguments())
        self._quantise = jit.bind(
            loops.QUANTISE,
            {
                "out": shared.result.dtype.name,
                "quotient": shared.plan.quotient,
                "whole": "yes" if shared.plan.whole else "no",
            },
            {
                "sums": self.sums,
                "line_row": shared.line,
                "room": shared.group,
                "constants": shared.constants,
                **result_of(shared.result),
                **outcome,
            },
        )

    def _multiply_arguments(self) -> dict[str, Any]:
        shared = self.shared
        arguments = {
            "spectra_lines": self.spectra,
            "spectra_slots": shared.depth,
            "spectra_frequencies": shared.frequencies,
            "spectra_places": self.places,
            "kernel_rows": shared.kernel,
            "kernel_plane": len(shared.kernel) // (2 * len(shared.down)),
            "kernel_down": shared.down,
            "kernel_taps": len(shared.down),
            "kernel_step": shared.rows.stride,
            "products_rows": self.products,
            "products_room": shared.group,
            "last": shared.group,
        }
        return arguments | working_arrays(loops.MULTIPLY, {}, arguments)

    def __call__(self, first: int, last: int) -> None:
        shared, step = self.shared, self.shared.rows.stride
        transformed = first * step
        for begin in range(first, last, shared.group):
            end = min(begin + shared.group, last)
            under = (end - 1) * step + shared.rows.effective
            transformed = max(transformed, begin * step)
            while transformed < under:
                stop = min(under, transformed + shared.fresh)
                self._transform(transformed, stop)
                transformed = stop
            self.places[:] = np.arange(begin * step, begin * step + shared.depth) % shared.depth
            self._multiply(0, end - begin)
            spectra = self.products.view(np.complex128).reshape(shared.group, shared.frequencies)[: end - begin]
            fft.irfft(spectra, n=shared.line, out=self.sums.reshape(shared.group, shared.line)[: end - begin])
            if shared.blank is not None:
                self.sums.reshape(shared.group, shared.line)[: end - begin, : shared.row][shared.blank[begin:end]] = 0.0
            self._quantise(begin, end)

    def _transform(self, start: int, stop: int) -> None:
        """Source rows start…stop-1 of those under the window, as spectra in the ring."""
        shared = self.shared
        self._load(start, stop)
        lines = self.lines.reshape(shared.fresh, shared.line)
        ring = self.spectra.view(np.complex128).reshape(shared.depth, shared.frequencies)
        while start < stop:
            slot = start % shared.depth
            count = min(stop - start, shared.depth - slot)
            fft.rfft(lines[:count], out=ring[slot : slot + count])
            lines, start = lines[count:], start + count
