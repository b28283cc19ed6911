"""ImageMagick's kernel strings, as `-morphology Convolve` applies them (turned); `Correlate` may be named before.

words   = [-define] convolve:scale=S | [-define] convolve:bias=B | -bias B | [-morphology] METHOD
list    = kernel { ";" kernel }
kernel  = Name [":" arguments] | W["x"H]["+"X["+"Y]]["@"|">"|"<"] ":" numbers | numbers
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from imgconv.kernels.dialects.base import Dialect, KernelText, Written, gathered
from imgconv.kernels.dialects.cells import Cells
from imgconv.kernels.dialects.imagemagick_names import NAMES, build, is_name
from imgconv.kernels.dialects.imagemagick_turns import Grid, expanded
from imgconv.kernels.dialects.placing import anchor_of, decimal, divided, middle, placed, rounding
from imgconv.kernels.dialects.scaling import Scale, scaled
from imgconv.kernels.kernel import MOST_SIDE, MOST_WEIGHTS, Kernel, require_size
from imgconv.kernels.text_errors import KernelTextError, anchor_outside, no_numbers, wrong_count
from imgconv.values.numbers import Number, number

FULL_RANGE = 255
"""ImageMagick's bias is a share of the full range; imgconv's is in pixel units, so it is read and written for 8-bit
pixels."""

_METHODS = ("convolve", "correlate")
_WORD = re.compile(
    r"\s*(?:-define\s+)?(?:(-morphology)\s+|(convolve:scale|convolve:bias)=|(-bias)\s+)?('[^']*'|\"[^\"]*\"|[^\s'\"]+)"
)
_OPTION = re.compile(r"\s*(?:-(?:define|morphology|bias)\b|convolve:(?:scale|bias)=|(?:convolve|correlate)\s)", re.I)
_SIZE = re.compile(r"([0-9]{1,9})?(?:[xX]([0-9]{1,9})?)?([+-][0-9]{1,9})?([+-][0-9]{1,9})?\s{0,9}([@<>]?)\s{0,9}:")
_MARK = re.compile(
    r"\s*(?:[0-9]+(?:[xX][0-9]*)?(?:\+[0-9]+){0,2}\s{0,9}[@<>]?\s{0,9}:|-define\s|-morphology\s|-bias\s|convolve:(?:scale|bias)=)"
)
_PART = re.compile(r"[^; \t\n'\"][^;]*")
_MOST_KERNELS = 1000
_HOLES = ("nan", "NaN", "NAN", "-")


def read(source: KernelText) -> tuple[Kernel, ...]:
    """Every kernel of the list, expansions with it. ImageMagick applies several one after the other."""
    options, at = _options(source)
    cells = Cells(source, _HOLES)
    scale = Scale.read(options["scale"]) if "scale" in options else Scale()
    bias = _share(options.get("bias", "0"))
    turned = options.get("method", "convolve") == "convolve"
    grids = (grid for start, end in _parts(source.text, at) for grid in _grids(source, cells, start, end))
    kernels = gathered(
        (placed(scaled(grid.rows, grid.origin, scale), grid.origin, 1, bias, turned=turned) for grid in grids),
        _MOST_KERNELS,
    )
    if not kernels:
        raise no_numbers()
    return kernels


def _options(source: KernelText) -> tuple[dict[str, str], int]:
    """The words before the kernels, and where those begin."""
    options: dict[str, str] = {}
    at = 0
    while _OPTION.match(source.text, at) and (word := _WORD.match(source.text, at)):
        value = word[4].strip("'\"")
        if word[2]:
            options[word[2].partition(":")[2]] = value
        elif word[3]:
            options["bias"] = value
        elif value.lower() in _METHODS:
            options["method"] = value.lower()
        else:
            expected = "the method Convolve or Correlate, or the options convolve:scale= and convolve:bias="
            raise KernelTextError(source.place(word.start(4), word.end(4)), f"expected {expected}")
        at = word.end()
    return options, at


def _share(text: str) -> Number:
    """A bias: a number is in quantum units of 16 bits, a percentage of the full range."""
    value = number(text.rstrip("%"), "bias")
    whole = 100 if text.endswith("%") else 65535
    return value * FULL_RANGE / whole if isinstance(value, float) else number(_fraction(value, FULL_RANGE, whole))


def _fraction(value: Number, above: int, below: int) -> Number:
    from fractions import Fraction

    return Fraction(value) * above / below


def _parts(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Where each kernel of the list lies, empty ones and quotes around them left out."""
    for part in _PART.finditer(text, at):
        yield part.start(), part.start() + len(part[0].rstrip(" \t\n'\""))


def _grids(source: KernelText, cells: Cells, start: int, end: int) -> list[Grid]:
    text = source.text
    if text[start].isascii() and text[start].isalpha():
        return build(source, start, end)
    size = _SIZE.match(text, start, end)
    if size is None:
        if ":" in text[start:end]:
            raise KernelTextError(
                source.place(start, start + text[start:end].index(":") + 1),
                "expected a size such as 3x3+1+1: before the numbers",
            )
        return [_legacy(source, cells, start, end)]
    columns = max(1, int(size[1] or size[2] or 1))
    rows = int(size[2] or 0) or columns
    require_size(rows, columns)
    origin = int(size[4]) if size[4] else (rows - 1) // 2, int(size[3]) if size[3] else (columns - 1) // 2
    if not (0 <= origin[0] < rows and 0 <= origin[1] < columns):
        raise anchor_outside(origin, rows, columns)
    values = _values(source, cells, size.end(), end, rows * columns)
    grid = Grid([values[i : i + columns] for i in range(0, len(values), columns)], origin)
    return expanded(lambda: source.place(start, end), grid, size[5])


def _legacy(source: KernelText, cells: Cells, start: int, end: int) -> Grid:
    """Numbers only: a square of side floor(sqrt(n + 1))."""
    words = _words(source, start, end, MOST_WEIGHTS)
    side = math.isqrt(len(words) + 1)
    require_size(side, side)
    if side * side != len(words):
        expected = f"a size before the numbers, such as {len(words)}x1:, since {len(words)} of them are no square"
        raise KernelTextError(source.place(start, end), f"expected {expected}")
    values = _values(source, cells, start, end, side * side)
    return Grid([values[i : i + side] for i in range(0, len(values), side)], middle(side, side))


def _words(source: KernelText, start: int, end: int, most: int) -> list[str]:
    """The words, as they are or between commas; of those beyond `most` one, which is not taken apart."""
    return source.text[start:end].replace(",", " ").split(None, most)


def _values(source: KernelText, cells: Cells, start: int, end: int, count: int) -> list[Number]:
    words = _words(source, start, end, count)
    if len(words) > count:
        raise wrong_count(cells.cell_place(start, end, count), count, count + len(words[-1].split(None, MOST_SIDE)))
    if len(words) < count:
        raise wrong_count(source.place(start, end), count, len(words))
    if all(word in _HOLES for word in words):
        raise no_numbers(source.place(start, end))
    return cells.numbers(words, start, end)


def claims(text: str) -> bool:
    """A size and a colon, an option of the command, or a list with ImageMagick's names."""
    return bool(_MARK.match(text)) or (
        ";" in text and all(is_name(part) or _MARK.match(part) for part in _stripped(text))
    )


def _stripped(text: str) -> list[str]:
    """The first parts of a list."""
    return [part.strip() for part in text[:4096].split(";") if part.strip()] or [""]


_NUMBERS = re.compile(r"\s*['\"]?[-+\N{MINUS SIGN}]?\.?[0-9][-+\N{MINUS SIGN}0-9.,;\s/eEnaN]*['\"]?$")


def inline(text: str) -> bool:
    """What is claimed, the options of the command, or numbers only."""
    return bool(_OPTION.match(text) or _NUMBERS.match(text)) or all(
        is_name(part) or _MARK.match(part) for part in _stripped(text)
    )


def write(kernel: Kernel) -> Written:
    """For `-morphology Convolve`: turned, the divisor in the weights; a bias goes before it as convolve:bias."""
    origin = anchor_of(kernel)
    rows, columns = kernel.shape
    turned = kernel.turned()
    weights = divided(turned)
    notes = rounding([cell for row in weights for cell in row])
    origin = rows - 1 - origin[0], columns - 1 - origin[1]
    text = f"{columns}x{rows}" + (f"+{origin[1]}+{origin[0]}" if origin != middle(rows, columns) else "")
    text += ": " + "  ".join(",".join(decimal(cell) for cell in row) for row in weights)
    if kernel.bias != 0:
        share = decimal(_bias_percent(kernel.bias))
        text = f"-define convolve:bias={share}% -morphology Convolve '{text}'"
        notes += (f"the bias {decimal(kernel.bias)} is written as a share of {FULL_RANGE}, for 8-bit images",)
    return Written(text, notes)


def _bias_percent(bias: Number) -> Number:
    return bias * 100 / FULL_RANGE if isinstance(bias, float) else _fraction(bias, 100, FULL_RANGE)


IMAGEMAGICK = Dialect(
    "im",
    "ImageMagick's kernel strings as `-morphology Convolve` applies them (turned): sizes, origins, holes, `@ < >`,"
    f" lists, {', '.join(NAMES)}; convolve:scale",
    "3x3+1+1: -1,0,1 -2,0,2 -1,0,1",
    ("imagemagick", "magick"),
    claims=claims,
    inline=inline,
    mark="@",
    read=read,
    write=write,
)
