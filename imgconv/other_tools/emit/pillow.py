"""Programs for Pillow: one filter of 8 bits, whose kernel fits 5x5."""

from typing import Any

from imgconv import __version__
from imgconv.operations.pipeline import Pipeline
from imgconv.other_tools.emit.python import MODES
from imgconv.other_tools.emit.single import spread, the_filter
from imgconv.other_tools.emit.steps import plain, refused

TEMPLATE = """# {pipeline}
# as imgconv {version} computes it: python program.py in.png out.png
# Pillow sums and divides in float32: a result that lies between two levels may become the other one
import sys

import numpy as np
from PIL import Image, ImageFilter

image = Image.open(sys.argv[1])
if image.mode not in ("L", "RGB"):
    sys.exit("expected a gray or RGB image of 8 bits without alpha")
pixels = np.asarray(image)
around = [({edge}, {edge}), ({edge}, {edge}), (0, 0)][: pixels.ndim]
wide = Image.fromarray(np.pad(pixels, around, mode={mode}))  # Pillow leaves the outermost pixels as they are
weights = {weights}  # the last row first: Pillow lays kernels upside down
made = wide.filter(ImageFilter.Kernel(({side}, {side}), weights, scale={divisor}, offset={bias}))
made.crop(({edge}, {edge}, wide.width - {edge}, wide.height - {edge})).save(sys.argv[2])
"""


def program(pipeline: Pipeline) -> str:
    step, own = the_filter(pipeline, "pillow")
    mode, constant = MODES.get(step.border.name), step.border.constant
    if mode is None or (constant is not None and not (0 <= constant <= 255 and constant == int(constant))):
        raise refused(step, "pillow", f"it has no border {step.border}")
    rows = spread(own)
    top, left = own.window.centre(0), own.window.centre(1)
    edge = max(top, left, len(rows) - 1 - top, len(rows[0]) - 1 - left, 1)
    if edge > 2:
        raise refused(step, "pillow", "its kernels are 3x3 or 5x5")
    grid: list[list[Any]] = [[0] * (2 * edge + 1) for _ in range(2 * edge + 1)]
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            grid[edge - top + r][edge - left + c] = plain(cell)
    words = f'"{mode}"' + (f", constant_values={plain(constant)}" if constant is not None else "")
    return TEMPLATE.format(
        pipeline=pipeline,
        version=__version__,
        edge=edge,
        side=2 * edge + 1,
        mode=words,
        weights=[cell for row in grid[::-1] for cell in row],
        divisor=plain(own.divisor),
        bias=plain(own.bias),
    )
