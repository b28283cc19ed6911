"""The page of feature maps: what every layer makes of a picture, and its filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from imgconv.api.weighted_layer import WeightedLayer
from imgconv.kernels.lab.draw import GRAY, INK, Canvas, diverging, sequential
from imgconv.operations import Operation
from imgconv.operations.layers import Conv, Dropout, Flatten
from imgconv.operations.layers.base import shape_text
from imgconv.operations.text import step_text
from imgconv.values.frozen import record
from imgconv.values.pixel_values import Pixels

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_WIDTH, _MARGIN, _GAP = 1400, 50, 14
_HEADING, _RANGE = 46, 22
_LEAST, _MOST = 96, 150  # units that a map is wide: its range is written beneath
_SHOWN = 64  # maps of a layer; what is left out is said
_STRIP = 34  # how high values without rows and columns are
_WRITTEN = 16  # such values that are also written as numbers


@record(eq=False)
class Section:
    """One step on the page: its heading, its maps (rows, columns, channels), and its filters, if it has any."""

    title: str
    maps: Pixels
    filters: Pixels | None = None


def page(pixels: Pixels, steps: tuple[Operation, ...], values: list[Pixels], layer: str = "") -> Picture:
    """The page for a picture (H, W, C) and what each step gives for it; one step alone if `layer` names one."""
    sections = [] if layer else [Section(f"input   {shape_text(pixels.shape)}", pixels)]
    for number, (step, value) in enumerate(zip(steps, values, strict=True), 1):
        if isinstance(step, (Flatten, Dropout)) or (layer and not is_named(layer, number, step)):
            continue
        title = f"{number}   {step_text(step)}   {shape_text(value.shape)}"
        sections.append(Section(title, value, _filters(step)))
    height = 2 * _MARGIN + sum(_height(section) for section in sections)
    canvas = Canvas(_WIDTH, height)
    top = _MARGIN
    for section in sections:
        _draw(canvas, section, top)
        top += _height(section)
    return canvas.picture


def is_named(layer: str, number: int, step: Operation) -> bool:
    """Whether a name means a step: its number, its layer's name, its word or its text."""
    name = step.name if isinstance(step, WeightedLayer) else ""
    return layer in (str(number), name, step_text(step))


def _filters(step: Operation) -> Pixels | None:
    """The filters of a convolutional layer, (rows, columns, filters): their mean over input channels."""
    if not isinstance(step, WeightedLayer) or not isinstance(step.layer, Conv):
        return None
    weight = step.tensors["weight"]
    return weight.mean(axis=2) if max(weight.shape[:2]) > 1 else None


def _grid(section: Section) -> tuple[int, int, int, int]:
    """Maps in a row, rows of maps, and the width and height of one."""
    height, width, count = section.maps.shape
    count = min(count, _SHOWN)
    room = _WIDTH - 2 * _MARGIN
    wide = max(_LEAST, min(_MOST, room // min(count, 8) - _GAP, max(_LEAST, 6 * width)))
    high = max(_LEAST // 2, round(wide * height / width))
    across = max(1, (room + _GAP) // (wide + _GAP))
    return across, -(-count // across), wide, high


def _height(section: Section) -> int:
    if _is_strip(section):
        return _HEADING + _STRIP + _RANGE + _GAP
    _, down, _, high = _grid(section)
    return _HEADING + down * (high + _RANGE + _GAP)


def _is_strip(section: Section) -> bool:
    return section.maps.shape[:2] == (1, 1)


def _draw(canvas: Canvas, section: Section, top: int) -> None:
    end = canvas.text((_MARGIN, top + _HEADING - 16), section.title, 20, INK, "ls")
    canvas.line([(_MARGIN, top + _HEADING - 8), (_WIDTH - _MARGIN, top + _HEADING - 8)])
    left_out = section.maps.shape[2] - _SHOWN
    if left_out > 0 and not _is_strip(section):
        canvas.text((_MARGIN + end + 16, top + _HEADING - 16), f"the first {_SHOWN} channels", 14, GRAY, "ls")
    if _is_strip(section):
        _draw_strip(canvas, section.maps.ravel(), top + _HEADING)
        return
    across, _, wide, high = _grid(section)
    for channel in range(min(section.maps.shape[2], _SHOWN)):
        left = _MARGIN + channel % across * (wide + _GAP)
        at = top + _HEADING + channel // across * (high + _RANGE + _GAP)
        plane = section.maps[..., channel]
        canvas.image(gray_levels(plane), left, at, wide, high)
        canvas.box(left, at, wide, high)
        side = 0
        if section.filters is not None:
            side = _RANGE - 4
            weights = section.filters[..., channel]
            canvas.image(diverging(weights / (np.abs(weights).max() or 1)), left, at + high + 2, side, side)
        canvas.text((left + side + 4 * bool(side), at + high + 4), _range_text(plane), 12, GRAY, "la")


def _draw_strip(canvas: Canvas, values: Pixels, top: int) -> None:
    """Values as one row of colours, their range beneath."""
    width = _WIDTH - 2 * _MARGIN
    shown = values[:width]
    canvas.image(sequential(_shares(shown)[None]), _MARGIN, top, width, _STRIP)
    canvas.box(_MARGIN, top, width, _STRIP)
    if len(values) > _WRITTEN:
        canvas.text((_MARGIN, top + _STRIP + 4), f"{len(values)} values, {_range_text(values)}", 12, GRAY, "la")
        return
    for number, value in enumerate(values):
        middle = _MARGIN + (number + 0.5) * width / len(values)
        canvas.text((middle, top + _STRIP + 4), f"{number}: {value:.3g}", 12, GRAY, "ma")


def gray_levels(plane: Any) -> Pixels:
    """A map as (H, W) uint8, its least value black and its greatest white."""
    levels: Pixels = np.rint(255 * _shares(plane)).astype(np.uint8)
    return levels


def _shares(values: Any) -> Any:
    finite = np.nan_to_num(np.asarray(values, np.float64))
    low, high = finite.min(), finite.max()
    return (finite - low) / (high - low) if high > low else np.zeros_like(finite)


def _range_text(values: Any) -> str:
    return f"{float(np.min(values)):.3g} ... {float(np.max(values)):.3g}"
