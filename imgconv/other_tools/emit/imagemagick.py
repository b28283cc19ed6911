"""Commands of ImageMagick: one filter."""

from imgconv import __version__
from imgconv.operations.pipeline import Pipeline
from imgconv.other_tools.emit.single import spread, the_filter
from imgconv.other_tools.emit.steps import plain, refused

BORDERS = {"edge": "edge", "reflect": "mirror", "wrap": "tile"}
TEMPLATE = """#!/bin/sh
# {pipeline}
# as imgconv {version} computes it for 8 bits: sh program.sh in.png out.png
# Version 6 rounds toward zero where it writes PNG; PNM and TIFF are rounded half up, as here.
magick=$(command -v magick || command -v convert)
"$magick" "$1" -virtual-pixel {border} {bias}-morphology Correlate '{kernel}' "$2"
"""


def program(pipeline: Pipeline) -> str:
    step, own = the_filter(pipeline, "imagemagick")
    constant = step.border.constant
    if constant is not None and 0 <= constant <= 255 and constant == int(constant):
        border = f"background -background 'rgb({int(constant)},{int(constant)},{int(constant)})'"
    elif step.border.name in BORDERS:
        border = BORDERS[step.border.name]
    else:
        raise refused(step, "imagemagick", f"it has no border {step.border}")
    rows, divisor = spread(own), plain(own.divisor)
    cells = " ".join(",".join(f"{plain(cell) / divisor:.17g}" for cell in row) for row in rows)
    place = f"{len(rows[0])}x{len(rows)}+{own.window.centre(1)}+{own.window.centre(0)}"
    share = 100 * plain(own.bias) / 255 * 65535 / 65536  # of the range and one
    bias = f"-define convolve:bias={share:.15g}% " if own.bias else ""
    return TEMPLATE.format(pipeline=pipeline, version=__version__, border=border, bias=bias, kernel=f"{place}: {cells}")
