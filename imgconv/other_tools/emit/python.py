"""Programs in Python: what they share, and the lines of each step.

A program reads an image with Pillow, calls a helper for each thing a step does, rounds and clamps as imgconv does, and
writes. Tools differ in their helpers only; those that a program does not call are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from imgconv import __version__
from imgconv.operations.pipeline import Pipeline
from imgconv.other_tools.emit.steps import pads_at_stride_1, plain, refused, rows_of, slide
from imgconv.values.windows import Window

MODES = {"edge": "edge", "reflect": "symmetric", "reflect101": "reflect", "wrap": "wrap", "constant": "constant"}
"""NumPy's names of borders."""

SHARED = {
    "same": '''
def same(x, size, stride, dilation, anchor=None):
    """Rows and columns to add: the result has ceil(n / stride)."""
    pads = []
    for axis in (0, 1):
        n, reach = x.shape[axis], dilation[axis] * (size[axis] - 1) + 1
        total = max(0, (-(-n // stride[axis]) - 1) * stride[axis] + reach - n)
        before = total // 2 if anchor is None else dilation[axis] * anchor[axis]
        pads += [before, total - before if anchor is None else max(0, total - before)]
    return pads
''',
    "overhang": '''
def overhang(x, pads, size, stride, dilation):
    """Rows and columns that the last windows lack, if they are kept; none starts beyond image and first pad."""
    lacking = []
    for axis in (0, 1):
        n, before, after = x.shape[axis], pads[2 * axis], pads[2 * axis + 1]
        reach = dilation[axis] * (size[axis] - 1) + 1
        out = min(-(-(n + before + after - reach) // stride[axis]) + 1, -(-(n + before) // stride[axis]))
        lacking += [0, max(0, (out - 1) * stride[axis] + reach - n - before - after)]
    return lacking
''',
    "cells": '''
def cells(x, pads, more, size, stride, dilation, count_padding):
    """How many cells of each window count."""
    inside = np.ones(x.shape[:2])
    for extra, counted in ((pads, count_padding), (more, False)):
        inside = np.pad(inside, (extra[:2], extra[2:]), constant_values=float(counted))
    reach = [d * (k - 1) + 1 for k, d in zip(size, dilation)]
    windows = np.lib.stride_tricks.sliding_window_view(inside, reach)
    windows = windows[:: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]
    return windows.sum(axis=(2, 3))[..., None]
''',
    "extended": '''
def extended(x, pads, mode, **value):
    """Rows and columns added around (H, W, C)."""
    return np.pad(x, (pads[:2], pads[2:], (0, 0)), mode=mode, **value)
''',
    "scaled": """
def scaled(x, divisor, bias):
    return x / divisor + bias
""",
    "relu": """
def relu(x):
    return np.maximum(x, 0)
""",
    "absolute": """
def absolute(x):
    return np.abs(x)
""",
    "sigmoid": """
def sigmoid(x):
    return 1 / (1 + np.exp(-x))
""",
    "tanh": """
def tanh(x):
    return np.tanh(x)
""",
}
"""Helpers on (H, W, C), float64; a tool may have its own of the same name."""

BEGIN = """
image = Image.open(sys.argv[1])
if image.mode not in ("L", "RGB", "I;16"):
    sys.exit("expected a gray or RGB image without alpha")
pixels = np.asarray(image)
x = pixels.reshape(*pixels.shape[:2], -1).astype("float64")
"""
END = """
limits = np.iinfo(pixels.dtype)
x = np.clip(np.floor(x + 0.5), limits.min, limits.max).astype(pixels.dtype)  # half up, clamped
Image.fromarray(x[..., 0] if x.shape[2] == 1 else x).save(sys.argv[2])
"""


def python_program(
    tool: str,
    pipeline: Pipeline,
    imports: tuple[str, ...],
    helpers: Mapping[str, str],
    begin: str = BEGIN,
    end: str = END,
) -> str:
    """The program of a tool with these imports and helpers.

    Raises UsageError for a step that it cannot say.
    """
    lines: list[str] = []
    for step in pipeline.steps:
        make = STEPS.get(step.word)
        if make is None:
            raise refused(step, tool, f"programs are written for {', '.join(STEPS)}")
        lines += ["", f"# {Pipeline((step,))}", *make(step, tool)]
    known = {**SHARED, **helpers}
    used = [known[name] for name in known if _calls(name, lines, known) or name.startswith("_")]
    heading = (f"# {pipeline}", f"# as imgconv {__version__} computes it: python program.py in.png out.png")
    needed = sorted({"import numpy as np", "from PIL import Image", *imports}, key=lambda line: line.split()[1].lower())
    text = "\n".join([*heading, "import sys", "", *needed, "", *used]) + "\n" + begin + "\n".join(lines) + "\n" + end
    return re.sub(r"\n{4,}", "\n\n\n", text)


def _calls(name: str, lines: list[str], known: Mapping[str, str]) -> bool:
    """Whether a helper is called by a step, or by a helper that is."""
    text = "\n".join(lines)
    if re.search(rf"\b{name}\(", text):
        return True
    return any(
        re.search(rf"\b{name}\(", body) and re.search(rf"\b{other}\(", text)
        for other, body in known.items()
        if other != name
    )


# ---------------------------------------------------------------- lines of each step


def _filter(step: Any, tool: str) -> list[str]:
    own = slide(step, tool)
    if step.border.name not in MODES:
        raise refused(step, tool, f"the border {step.border} has no name there; use another one")
    mode = f'"{MODES[step.border.name]}"'
    if step.border.constant is not None:
        mode += f", constant_values={plain(step.border.constant)}"
    lines = [
        *_extension(own.window, mode),
        f"x = correlate(x, {rows_of(own.weights)}, {own.window.stride}, {own.window.dilation})",
    ]
    if own.divisor != 1 or own.bias:
        lines.append(f"x = scaled(x, {plain(own.divisor)}, {plain(own.bias)})")
    if step.times > 1:
        return [f"for _ in range({step.times}):", *(f"    {line}" for line in lines)]
    return lines


def _extension(window: Window, mode: str) -> list[str]:
    pads = pads_at_stride_1(window)
    if pads == (0, 0, 0, 0):
        return []
    if pads is not None:
        return [f"x = extended(x, {pads}, {mode})"]
    anchor = "" if window.anchor is None else f", {window.anchor}"
    return [f"x = extended(x, same(x, {window.size}, {window.stride}, {window.dilation}{anchor}), {mode})"]


def _pool(step: Any, tool: str) -> list[str]:
    if step.kind not in ("max", "min", "avg") or not isinstance(step.size, tuple):
        raise refused(step, tool, "programs pool max, min and avg, of a stated size")
    window = Window(step.size, step.stride or step.size, step.dilation, step.pad, ceil=step.ceil)
    how = f"{window.size}, {window.stride}, {window.dilation}"
    pads = f"same(x, {how})" if window.pad == "same" else str(window.pad)
    fill = "0" if step.kind == "avg" else "-np.inf"
    lines = [f"pads = {pads}", f"more = {f'overhang(x, pads, {how})' if step.ceil else '(0, 0, 0, 0)'}"]
    if step.kind == "avg":
        lines.append(f"counts = cells(x, pads, more, {how}, {step.count_padding})")
    outer = [f'x = extended(x, [p + q for p, q in zip(pads, more)], "constant", constant_values={fill})']
    if not step.ceil and window.pad == (0, 0, 0, 0):
        lines, outer = [line.replace("pads, more", "(0, 0, 0, 0), (0, 0, 0, 0)") for line in lines[2:]], []
    if step.kind == "max":
        return [*lines, *outer, f"x = maximum(x, {how})"]
    if step.kind == "min":
        return [*lines, "x = scaled(x, -1, 0)", *outer, f"x = maximum(x, {how})", "x = scaled(x, -1, 0)"]
    ones = [[1] * step.size[1]] * step.size[0]
    return [*lines, *outer, f"x = correlate(x, {ones}, {window.stride}, {window.dilation})", "x = scaled(x, counts, 0)"]


ACTIVATIONS = {"relu": "relu", "abs": "absolute", "sigmoid": "sigmoid", "tanh": "tanh", "identity": ""}


def _activate(step: Any, tool: str) -> list[str]:
    if step.function not in ACTIVATIONS:
        raise refused(step, tool, f"programs have {', '.join(ACTIVATIONS)}")
    helper = ACTIVATIONS[step.function]
    return [f"x = {helper}(x)"] if helper else []


STEPS: dict[str, Callable[[Any, str], list[str]]] = {"filter": _filter, "pool": _pool, "activate": _activate}
