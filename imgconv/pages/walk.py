"""The page of a pipeline or a network: what every step makes of a picture, and where each pixel came from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from imgconv.api.pixel.arithmetic import inside
from imgconv.operations import Operation
from imgconv.operations.base import Shape
from imgconv.operations.layers.base import shape_text
from imgconv.operations.pipeline import Pipeline
from imgconv.operations.text import step_text
from imgconv.pages.assembly import Plan, Written, page
from imgconv.pages.carried import MOST_EXACT, Carried, carried
from imgconv.pages.picture import Fitted, fitted
from imgconv.pages.reading import described

if TYPE_CHECKING:
    from imgconv.api.pixel.cells import Place
    from imgconv.networks.network import Network
    from imgconv.pages.source import Source
    from imgconv.values.pixel_values import Pixels, Target

PLAN = Plan(
    "walk.html",
    ("page.css", "walk.css"),
    (
        "numbers.js",
        "geometry.js",
        "arithmetic.js",
        "maps.js",
        "drawing.js",
        "elements.js",
        "panes.js",
        "explained.js",
        "tracing.js",
        "origins.js",
        "gallery.js",
        "walk.js",
    ),
)


LEAST_PIXELS = 48 * 48
"""Of a picture, however many steps follow."""


def walk(source: Source, pipeline: Pipeline, at: Place | None, goal: Target, threads: int | None = None) -> Written:
    """The page of a pipeline for a picture; `at` is the pixel of the result that is shown first.

    Raises
    ------
    UsageError
        For a pixel that is not there.
    WindowError
        Where a window does not fit.
    """
    from imgconv.api.apply.pipeline import apply
    from imgconv.values.pixel_values import values

    shown = _shown(source, pipeline, at)
    wide, maps = values(shown.pixels), [Carried("the picture", shown.pixels, source.names, as_typed=True)]
    first, shapes = wide, list[Shape]()
    for number, step in enumerate(pipeline.steps, 1):
        shapes.append(_shape(wide.pixels))
        wide, _ = apply(Pipeline((step,)), wide, None, threads)
        maps.append(Carried(f"{number}  {step_text(step)}", wide.pixels, _names(source, wide.pixels)))
    result = apply(pipeline, first, goal, threads)[0].pixels
    written = f"as {goal.type}" if goal.range == "clamp" else f"as {goal.type}, range {goal.range}"
    maps.append(Carried(written, result, _names(source, result), as_typed=True))
    steps = [*described(pipeline.steps, shapes), {"kind": "each"}]
    words = "; ".join(filter(None, (source.words, shown.words)))
    stride = _strides(pipeline.steps)
    here = None if at is None else [at[side] - shown.first[side] // stride[side] for side in (0, 1)]
    data = {"maps": carried(maps), "steps": steps, "start": None if here is None else {"at": here, "channel": 0}}
    return _page(source.name, f"{pipeline}", words, data)


def network_walk(network: Network, pixels: Pixels, name: str, words: str, threads: int | None = None) -> Written:
    """The page of a network for a picture (H, W, C) as the network takes it; it starts at the likeliest output."""
    values = list(network.maps(pixels, threads=threads).values())
    texts = [step_text(step) for step in network.pipeline.steps]
    numbered = enumerate(zip(texts, values, strict=True), 1)
    maps = [
        Carried("the picture", pixels),
        *(Carried(f"{number}  {text}", value) for number, (text, value) in numbered),
    ]
    shapes = [_shape(one) for one in (pixels, *values[:-1])]
    last = values[-1]
    start = {"at": [0, 0], "channel": int(last.ravel().argmax())} if last.shape[:2] == (1, 1) else None
    labels = [network.label(number) for number in range(last.shape[2])] if last.shape[2] <= 1000 else []
    data = {"maps": carried(maps), "steps": described(network.layers, shapes), "start": start, "labels": labels}
    return _page(name, f"{len(texts)} layers, picture of {shape_text(pixels.shape)}", words, data)


def _page(name: str, what: str, words: str, data: dict[str, Any]) -> Written:
    left_out = sum("preview" in one for one in data["maps"])
    if left_out:
        more = f"{left_out} of {len(data['maps'])} maps are pictures alone, since their numbers are too many for a page"
        words = "; ".join(filter(None, (words, more)))
    beneath = f"{'; '.join(filter(None, (what, words)))}."
    title = f"What each step makes of {os.path.basename(name)}"
    return Written(page(PLAN, title, beneath, {"labels": []} | data), words)


def _shown(source: Source, pipeline: Pipeline, at: Place | None) -> Fitted:
    """The picture, or the piece of it from which a pixel of the result comes."""
    height, width, _ = source.pixels.shape
    out = pipeline.result(*source.pixels.shape)[:2]
    most = max(LEAST_PIXELS, MOST_EXACT // (source.pixels.shape[2] * (4 * len(pipeline.steps) + 2)))
    if at is None:
        return fitted(source.pixels, most=most)
    inside(at, out)
    around = at[0] * height // out[0], at[1] * width // out[1]
    return fitted(source.pixels, around, _strides(pipeline.steps), most)


def _strides(steps: Sequence[Operation]) -> Place:
    """Pixels of the picture from one pixel of the result to the next."""
    rows = columns = 1
    for step in steps:
        stride = getattr(step, "stride", None) or getattr(step, "size", None)
        if isinstance(stride, tuple):
            rows, columns = rows * stride[0], columns * stride[1]
    return rows, columns


def _shape(pixels: Pixels) -> Shape:
    height, width, channels = pixels.shape
    return height, width, channels


def _names(source: Source, pixels: Pixels) -> tuple[str, ...]:
    return source.names if pixels.shape[2] == len(source.names) else ()
