"""SVG's feConvolveMatrix: its attributes, or elements with them. It convolves: the matrix is applied turned by 180
degrees."""

from __future__ import annotations

import re

from imgconv import errors
from imgconv.kernels.dialects.base import Dialect, KernelText, Written, gathered
from imgconv.kernels.dialects.cells import Cells
from imgconv.kernels.dialects.placing import anchor_of, decimal, half, in_decimals, rounding
from imgconv.kernels.kernel import Kernel, require_size
from imgconv.kernels.text_errors import KernelTextError, wrong_count
from imgconv.values.numbers import Number
from imgconv.values.parameters import whole

FULL_RANGE = 255
"""SVG's bias is a share of the full range; imgconv's is in pixel units, so it is read and written for 8-bit pixels."""

_ATTRIBUTE = re.compile(r"""\b(order|kernelMatrix|divisor|bias|targetX|targetY)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_ELEMENT = re.compile(r"<\s*(?:\w+:)?feConvolveMatrix\b([^<>]*)>", re.I)
_MARK = re.compile(r"\s*(?:<|(?:order|kernelMatrix|divisor|bias|targetX|targetY)\s*=\s*[\"'])")


def read(source: KernelText) -> tuple[Kernel, ...]:
    """A kernel for each feConvolveMatrix; the divisor is the sum (1 where that is 0) unless it is stated."""
    cells = Cells(source)
    kernels = gathered(_kernel(source, cells, *element.span(1)) for element in _ELEMENT.finditer(source.text))
    if not kernels and "<" in source.text:
        raise KernelTextError(
            source.place(source.text.index("<")),
            'expected an element feConvolveMatrix, such as <feConvolveMatrix order="3" kernelMatrix="…"/>',
        )
    return kernels or (_kernel(source, cells, 0, len(source.text)),)


def _kernel(source: KernelText, cells: Cells, start: int, end: int) -> Kernel:
    spans = {
        at[1]: (at.start(2), at.end(2)) if at[2] is not None else (at.start(3), at.end(3))
        for at in _ATTRIBUTE.finditer(source.text, start, end)
    }
    if "kernelMatrix" not in spans:
        raise KernelTextError(source.place(start, end), 'expected an attribute kernelMatrix="…"')
    attributes = {name: source.text[slice(*span)].strip() for name, span in spans.items() if name != "kernelMatrix"}
    columns, rows = _order(attributes.get("order", "3"))
    require_size(rows, columns)
    span = spans["kernelMatrix"]
    values = cells.row(*span)
    if len(values) != rows * columns:
        raise wrong_count(source.place(*span), rows * columns, len(values))
    across, down = half(rows, columns)[::-1]
    target = (
        whole(attributes.get("targetY", str(down)), "targetY"),
        whole(attributes.get("targetX", str(across)), "targetX"),
    )
    bias = cells.numbers([attributes.get("bias", "0")], *spans.get("bias", (start, end)))[0]
    turned = Kernel(
        [values[i : i + columns] for i in range(0, len(values), columns)], attributes.get("divisor", "auto")
    ).turned()
    # the target is a place in the window, not in the matrix, so it is not turned
    anchor = None if target == anchor_of(turned) else target
    return Kernel(turned.weights, turned.divisor, _scaled(bias), anchor)


def _order(text: str) -> tuple[int, int]:
    """Columns, rows."""
    words = text.replace(",", " ").split()
    if not 1 <= len(words) <= 2:
        raise errors.not_a("order", text, "one or two whole numbers: columns and rows")
    sides = [whole(word, "order", least=1) for word in words]
    return sides[0], sides[-1]


def _scaled(bias: Number) -> Number:
    return bias * FULL_RANGE


def write(kernel: Kernel) -> Written:
    """The attributes; a bias is written as a share of 8 bits."""
    anchor = anchor_of(kernel)
    rows, columns = kernel.shape
    weights, divisor = in_decimals(kernel.turned())
    order = str(rows) if rows == columns else f"{columns} {rows}"
    attributes = {
        "order": order,
        "kernelMatrix": "  ".join(" ".join(decimal(cell) for cell in row) for row in weights),
        "divisor": decimal(divisor),
    }
    notes = rounding([cell for row in weights for cell in row] + [divisor])
    if kernel.bias != 0:
        share = kernel.bias / FULL_RANGE if isinstance(kernel.bias, float) else decimal_share(kernel.bias)
        attributes["bias"] = decimal(share)
        notes += (f"the bias {decimal(kernel.bias)} is written as a share of {FULL_RANGE}, for 8-bit images",)
    if anchor != half(rows, columns):
        attributes |= {"targetX": str(anchor[1]), "targetY": str(anchor[0])}
    return Written(" ".join(f'{name}="{value}"' for name, value in attributes.items()), notes)


def decimal_share(bias: Number) -> Number:
    from fractions import Fraction

    return Fraction(bias) / FULL_RANGE


SVG = Dialect(
    "svg",
    "SVG's feConvolveMatrix, elements or attributes (turned, as SVG applies it); bias as a share of 8 bits",
    'order="3" kernelMatrix="1 2 1 2 4 2 1 2 1" divisor="16"',
    ("feconvolvematrix",),
    claims=lambda text: bool(_MARK.match(text)),
    inline=lambda text: bool(_MARK.match(text)),
    read=read,
    write=write,
)
