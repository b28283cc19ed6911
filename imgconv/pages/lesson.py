"""The page of one filter or pooling: its window slides over a picture, and all that it is made of can be changed."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.api.pixel.arithmetic import inside
from imgconv.operations import Filter, Operation, Pool
from imgconv.operations.pipeline import Pipeline
from imgconv.pages.assembly import Plan, Written, page
from imgconv.pages.picture import embedded, fitted
from imgconv.pages.presets import kernel_data, presets, weight_text
from imgconv.pages.source import STANDARD_INPUT
from imgconv.values.borders import RULES
from imgconv.values.parameters import DILATION, PAD, SIZE, STRIDE
from imgconv.values.pixel_values import widened_type

if TYPE_CHECKING:
    from imgconv.api.pixel.cells import Place
    from imgconv.pages.source import Source
    from imgconv.values.pixel_values import Target

PLAN = Plan(
    "lesson.html",
    ("page.css", "lesson.css"),
    (
        "numbers.js",
        "geometry.js",
        "arithmetic.js",
        "maps.js",
        "drawing.js",
        "elements.js",
        "panes.js",
        "chain.js",
        "explained.js",
        "controls.js",
        "playing.js",
        "lesson.js",
    ),
)
LARGEST_KERNEL = 33
"""Rows and columns of the largest kernel on a page."""
_NUMBERS = (".csv", ".npy", ".tif", ".tiff")
"""Suffixes of formats that hold results of every type."""


def fits(step: Operation) -> bool:
    """Whether a step is one window of one kernel or reduction, which a lesson shows."""
    if isinstance(step, Filter):
        return not step.with_ and step.times == 1 and max(step.effective_kernel.shape) <= LARGEST_KERNEL
    return isinstance(step, Pool) and step.to is None


def lesson(source: Source, step: Operation, at: Place | None, goal: Target) -> Written:
    """The page for a picture and a step for which `fits` holds; `at` is the pixel of the result that is shown first.

    Raises
    ------
    UsageError
        For a pixel that is not there.
    WindowError
        Where the window does not fit.
    """
    data = _data(source, step, at, goal)
    image, words = data["image"], data.pop("words")
    size = f"{errors.extent(image['height'], image['width'])}, {', '.join(image['names'])}, {image['type']}"
    beneath = f"{'; '.join(filter(None, (size, words)))}."
    return Written(page(PLAN, f"A window slides over {data['name']}", beneath, data), words)


def _data(source: Source, step: Operation, at: Place | None, goal: Target) -> dict[str, Any]:
    shape = Pipeline((step,)).result(*source.pixels.shape)[:2]
    if at is not None:
        inside(at, shape)
    stride = _stride(step)
    around = None if at is None else (at[0] * stride[0], at[1] * stride[1])
    shown = fitted(source.pixels, around, stride)
    here = Pipeline((step,)).result(*shown.pixels.shape)[:2]
    start = (here[0] // 2, here[1] // 2)
    if at is not None:
        start = at[0] - shown.first[0] // stride[0], at[1] - shown.first[1] // stride[1]
    settings = _settings(step) | {"range": goal.range, "rounding": goal.rounding}
    offered = presets()
    kernel = settings["kernel"]
    if kernel and kernel["name"] and not any(one["name"] == kernel["name"] for one in offered):
        offered.append(kernel | {"family": "Of the command", "summary": ""})
    return {
        "name": os.path.basename(source.name),
        "image": embedded(shown.pixels, source.names),
        "type": goal.type,
        "command": _command(source, goal.type),
        "at": start,
        "settings": settings,
        "presets": offered,
        "borders": {name: rule.picture for name, rule in RULES.items()},
        "words": "; ".join(filter(None, (source.words, shown.words))),
    }


def _command(source: Source, type_: str) -> dict[str, str]:
    """What stands in the page's command beside the step: the image, options, and a file that can hold the result."""
    name = "-" if source.name == STANDARD_INPUT else os.path.basename(source.name)
    options = [*source.options, *(["--dtype", type_] if widened_type(source.pixels.dtype) != type_ else [])]
    suffix = os.path.splitext(name)[1].lower()
    if source.name.startswith("text:"):
        name, suffix = source.name, ".csv"
    if suffix != ".csv" and type_ in ("uint8", "uint16") and len(source.names) in (1, 3):
        suffix = ".png"
    elif suffix not in _NUMBERS:
        suffix = ".tiff"
    return {"image": shlex.quote(name), "options": shlex.join(options), "output": f"out{suffix}"}


def _stride(step: Any) -> Place:
    stride = step.stride or step.size
    return stride if isinstance(stride, tuple) else (1, 1)


def _settings(step: Operation) -> dict[str, Any]:
    """A step as a page's form has it: every value as it is typed."""
    plain = {"border": "edge", "constant": "0", "stride": "1", "dilation": "1", "pad": "same", "activation": "none"}
    if isinstance(step, Pool):
        return plain | {"kernel": None, "pool": _pool_settings(step)}
    assert isinstance(step, Filter)
    return {
        "kernel": kernel_data(step.effective_kernel, _preset_name(step)),
        "border": step.border.name,
        "constant": weight_text(step.border.value),
        "stride": STRIDE.text(step.stride),
        "dilation": DILATION.text(step.dilation),
        "pad": PAD.text(step.pad),
        "activation": "none",
        "pool": None,
    }


def _pool_settings(step: Pool) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "size": step.size if isinstance(step.size, str) else SIZE.text(step.size),
        "stride": "" if step.stride is None else STRIDE.text(step.stride),
        "dilation": DILATION.text(step.dilation),
        "pad": PAD.text(step.pad),
        "ceil": step.ceil,
        "countPadding": step.count_padding,
    }


def _preset_name(step: Filter) -> str:
    """The kernel's name, if it is used as the catalog has it."""
    from imgconv.kernels.catalog import is_named

    changed = (step.divisor, step.bias, step.anchor) != (None, None, None) or step.convolve or step.rotate
    return "" if changed or not is_named(step.kernel) else step.kernel.name
