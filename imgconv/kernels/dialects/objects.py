"""JSON: nested rows, sharp's object (width, height, flat kernel), a superset of it, and lists of any of them."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any, NoReturn

from imgconv import errors
from imgconv.kernels.dialects.base import MOST_KERNELS, Dialect, KernelText, Written, gathered
from imgconv.kernels.dialects.placing import decimal, half, middle, rounding
from imgconv.kernels.kernel import MOST_TOGETHER, Kernel, require_size, require_total
from imgconv.kernels.text_errors import KernelTextError, invalid_weight, number_expected, too_many_kernels, wrong_count
from imgconv.values.numbers import Number, number

_KEYS = ("name", "kernel", "width", "height", "scale", "offset", "anchor", "mode", "source", "comment")
_SAME = {"weights": "kernel", "divisor": "scale", "bias": "offset"}


class _NumberError(Exception):
    pass


def read(source: KernelText) -> tuple[Kernel, ...]:
    """One kernel, or those of a list. In strings, fractions such as "1/9" are numbers."""
    if source.text.count(",") > MOST_TOGETHER + MOST_KERNELS:
        require_total(source.text.count(","))
    if sum(map(source.text.count, "[{")) > 4 * MOST_KERNELS:
        raise too_many_kernels(MOST_KERNELS)
    try:
        value = json.loads(source.text, parse_float=_number, parse_int=_whole, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        place = source.place(min(error.pos, len(source.text)), error.pos + 1)
        raise KernelTextError(place, f"invalid JSON ({error.msg[:1].lower()}{error.msg[1:]})") from None
    except _NumberError as error:
        at = source.text.find(str(error))
        raise number_expected(source.place(at, at + len(str(error))), str(error)) from None
    except RecursionError:
        raise KernelTextError(source.place(0, 1), "invalid JSON (nested too deeply)") from None
    if isinstance(value, list) and value and (isinstance(value[0], dict) or _depth(value) == 3):
        require_size(len(value), 1)
        return gathered(_kernel(item) for item in value)
    return (_kernel(value),)


def _depth(value: Any) -> int:
    depth = 0
    while isinstance(value, list) and value and depth < 4:
        value, depth = value[0], depth + 1
    return depth


def _number(text: str) -> Number:
    try:
        return number(text)
    except errors.UsageError:
        raise _NumberError(text) from None


def _whole(text: str) -> int:
    return int(text) if len(text) < 19 else int(_number(text))


def _no_constant(text: str) -> NoReturn:
    raise _NumberError(text)


def _kernel(value: Any) -> Kernel:
    if not isinstance(value, dict):
        return Kernel(_rows(value))
    fields: dict[str, Any] = {}
    for key, item in value.items():
        name = _SAME.get(key, key)
        if name not in _KEYS:
            raise errors.unknown("key of a kernel", key, list(_KEYS))
        fields[name] = item
    if "kernel" not in fields:
        raise _shape_expected('an object with "kernel"')
    weights, flat = fields["kernel"], _depth(fields["kernel"]) == 1
    if flat:
        weights = _folded(weights, fields.get("width"), fields.get("height"))
    rows = _rows(weights)
    divisor = _value(fields.get("scale", "auto" if flat else 1))
    anchor = fields.get("anchor")
    if anchor is None and flat and half(len(rows), len(rows[0])) != middle(len(rows), len(rows[0])):
        anchor = half(len(rows), len(rows[0]))  # sharp's, which is libvips'
    if anchor is not None and not (isinstance(anchor, (list, tuple)) and len(anchor) == 2):
        raise errors.not_a("anchor", anchor, "[row, column], counted from 0")
    name = fields.get("name", "")
    kernel = Kernel(
        rows,
        divisor,
        _value(fields.get("offset", 0)),
        None if anchor is None else tuple(anchor),
        name if isinstance(name, str) else "",
    )
    mode = fields.get("mode", "correlate")
    if mode not in ("correlate", "convolve"):
        raise errors.not_a("mode", mode, "correlate or convolve")
    return kernel.turned() if mode == "convolve" else kernel


def _value(item: Any) -> Any:
    """A number or a string with one; `auto` stays."""
    if isinstance(item, (bool, list, dict)) or item is None:
        raise invalid_weight(item)
    return item


def _folded(weights: list[Any], width: Any, height: Any) -> list[list[Any]]:
    if not (type(width) is type(height) is int and width > 0 and height > 0):
        raise _shape_expected("rows [[…], […]], or width and height beside a flat list")
    require_size(height, width)
    if len(weights) != width * height:
        raise wrong_count("JSON", width * height, len(weights))
    return [weights[i : i + width] for i in range(0, len(weights), width)]


def _shape_expected(expected: str) -> errors.UsageError:
    return errors.UsageError(f"this JSON is not a kernel; expected {expected}")


def _rows(weights: Any) -> list[list[Number]]:
    if _depth(weights) != 2 or not all(isinstance(row, list) for row in weights):
        raise _shape_expected("rows [[…], […]] of numbers")
    require_size(len(weights), len(weights[0]))
    return [[_weight(cell, r, c) for c, cell in enumerate(row)] for r, row in enumerate(weights)]


def _weight(cell: Any, row: int, column: int) -> Number:
    if type(cell) is int:
        return cell
    if isinstance(cell, str):
        try:
            return number(cell)
        except errors.UsageError:
            raise number_expected(f"row {row + 1}, number {column + 1}", cell) from None
    if isinstance(cell, bool) or not isinstance(cell, (int, float, Fraction)):
        raise number_expected(f"row {row + 1}, number {column + 1}", json.dumps(cell, default=str)[:60])
    return cell


def write(kernel: Kernel) -> Written:
    """The superset's object: nested rows, scale, offset, anchor, mode; thirds and the like as strings."""
    rows = ",\n            ".join(f"[{', '.join(_text(cell) for cell in row)}]" for row in kernel.weights)
    lines = [f'"name": {json.dumps(kernel.name)}'] if kernel.name else []
    lines += [f'"kernel": [{rows}]', f'"scale": {_text(kernel.divisor)}', f'"offset": {_text(kernel.bias)}']
    lines += [f'"anchor": [{kernel.anchor[0]}, {kernel.anchor[1]}]'] if kernel.anchor else []
    lines.append('"mode": "correlate"')
    return Written("{" + ",\n ".join(lines) + "}")


def _text(value: Number) -> str:
    return f'"{Fraction(value)}"' if rounding([value]) and isinstance(value, Fraction) else decimal(value)


JSON = Dialect(
    "json",
    "nested rows, sharp's object with width and height, or an object with kernel, scale, offset, anchor, mode",
    '{"kernel": [[-1, 0, 1]], "scale": 2}',
    ("sharp",),
    claims=lambda text: text.lstrip()[:1] in ("{", "["),
    inline=lambda text: text.strip()[:1] + text.strip()[-1:] in ("{}", "[]"),
    read=read,
    write=write,
)
