"""Commands of libvips: filters, pools of windows inside the image, relu and abs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imgconv import __version__
from imgconv.operations.pipeline import Pipeline
from imgconv.other_tools.emit.single import spread
from imgconv.other_tools.emit.steps import pads_at_stride_1, plain, refused, slide

EXTENDS = {"edge": "copy", "reflect": "mirror", "wrap": "repeat"}
BEGIN = """#!/bin/sh
# {pipeline}
# as imgconv {version} computes it for 8 bits: sh program.sh in.png out.png
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
x=$folder/0.v n=0
run() { operation=$1; shift; n=$((n + 1)); vips "$operation" "$x" "$folder/$n.v" "$@"; x=$folder/$n.v; }
side() { vipsheader -f "$1" "$x"; }
# what a window of $1 columns and $2 rows gives where it lies in the image, every $3 columns and $4 rows
inner() {
  columns=$(($(side width) - $1 + 1)) rows=$(($(side height) - $2 + 1))
  run extract_area $(($1 / 2)) $(($2 / 2)) $columns $rows
  if [ "$3" -gt 1 ] || [ "$4" -gt 1 ]; then
    run embed 0 0 $((((columns - 1) / $3 + 1) * $3)) $((((rows - 1) / $4 + 1) * $4)) --extend copy
    run subsample "$3" "$4"
  fi
}
vips cast "$1" "$x" double
"""
END = """
# half up, clamped
run linear 1 0.5
run round floor
vips cast "$x" "$2" uchar
"""


def program(pipeline: Pipeline) -> str:
    lines: list[str] = []
    for step in pipeline.steps:
        make = STEPS.get(step.word)
        if make is None:
            raise refused(step, "vips", f"commands are written for {', '.join(STEPS)}")
        lines += ["", f"# {Pipeline((step,))}", *make(step)]
    begin = BEGIN.replace("{pipeline}", str(pipeline)).replace("{version}", __version__)
    return begin + "\n".join(lines) + "\n" + END


def _filter(step: Any) -> list[str]:
    own = slide(step, "vips")
    pads = pads_at_stride_1(own.window)
    if pads is None:
        if own.window.anchor is None:
            raise refused(step, "vips", "the padding depends on the image's size; state an anchor or the pads")
        top, left = own.window.centre(0), own.window.centre(1)
        pads = top, own.window.effective[0] - 1 - top, left, own.window.effective[1] - 1 - left
    rows = spread(own)
    size = f"{len(rows[0])} {len(rows)}"
    matrix = [f"{size} {plain(own.divisor)} {plain(own.bias)}", *(" ".join(str(plain(w)) for w in row) for row in rows)]
    stride = f"{own.window.stride[1]} {own.window.stride[0]}"
    lines = [
        'cat > "$folder/kernel.mat" <<END',
        *matrix,
        "END",
        *_extension(step, pads),
        'run conv "$folder/kernel.mat" --precision float',
        f"inner {size} {stride}",
    ]
    times: int = step.times
    return lines * times


def _extension(step: Any, pads: tuple[int, int, int, int]) -> list[str]:
    if pads == (0, 0, 0, 0):
        return []
    top, bottom, left, right = pads
    constant = step.border.constant
    if constant is None and step.border.name not in EXTENDS:
        raise refused(step, "vips", f"it has no border {step.border}")
    extend = EXTENDS.get(step.border.name, f"background --background {plain(constant or 0)}")
    sides = f"$(($(side width) + {left + right})) $(($(side height) + {top + bottom}))"
    return [f"run embed {left} {top} {sides} --extend {extend}"]


def _pool(step: Any) -> list[str]:
    plainly = step.pad == (0, 0, 0, 0) and not step.ceil and step.dilation == (1, 1)
    if step.kind not in ("max", "min", "avg") or not isinstance(step.size, tuple) or not plainly:
        raise refused(step, "vips", "commands pool max, min and avg in windows inside the image")
    (rows, columns), stride = step.size, step.stride or step.size
    inner = f"inner {columns} {rows} {stride[1]} {stride[0]}"
    if step.kind == "avg":
        ones = [" ".join("1" * columns)] * rows
        heading = f"{columns} {rows} {rows * columns} 0"
        conv = 'run conv "$folder/kernel.mat" --precision float'
        return ['cat > "$folder/kernel.mat" <<END', heading, *ones, "END", conv, inner]
    place = rows * columns - 1 if step.kind == "max" else 0
    return [f"run rank {columns} {rows} {place}", inner]


def _activate(step: Any) -> list[str]:
    function: str = step.function
    if function not in ACTIVATIONS:
        raise refused(step, "vips", f"commands have {', '.join(ACTIVATIONS)}")
    return list(ACTIVATIONS[function])


ACTIVATIONS = {
    "relu": ["was=$x", "run abs", 'vips add "$was" "$x" "$folder/sum.v"', "x=$folder/sum.v", "run linear 0.5 0"],
    "abs": ["run abs"],
    "identity": [],
}
STEPS: dict[str, Callable[[Any], list[str]]] = {"filter": _filter, "pool": _pool, "activate": _activate}
