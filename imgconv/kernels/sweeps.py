"""Sweeps: a range in an argument's place, as in `gabor:8,theta=0:180:22.5`, stands for as many kernels as it has
values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

from imgconv import errors
from imgconv.kernels.catalog import KERNEL, is_named, is_one_kernel, kernel, read_all
from imgconv.kernels.kernel import Kernel
from imgconv.kernels.named import find, table
from imgconv.kernels.scaled import split
from imgconv.values.numbers import Number, magnitude, number, number_text
from imgconv.values.parameters import Kind, several

MOST_KERNELS = 1024
_RANGE = re.compile(r"\s*((?:[A-Za-z_]+\s*=)?)\s*([^:=]+):([^:]+?)(?::([^:]+))?\s*")
_SETTING = re.compile(r"\s*([A-Za-z_]+)\s*=\s*(\S.*?)\s*")


def values(text: str) -> list[Number]:
    """The numbers of `A:B` or `A:B:STEP`: A, A + STEP … before B, which is left out as in Python; STEP is 1 unless
    given."""
    match = _RANGE.fullmatch(text)
    if match is None or match[1]:
        raise errors.UsageError(
            f"{errors.shown(text)} is not a range; expected A:B or A:B:STEP, such as 0:180:22.5 (the end is left out)"
        )
    start, end = number(match[2], "start of a range"), number(match[3], "end of a range")
    step = number(match[4] or 1, "step of a range")
    if step == 0 or (end > start) != (step > 0) or end == start:
        raise errors.UsageError(
            f"the range {errors.shown(text)} has no values; the step leads from the start to the end, which is left out"
        )
    if magnitude(end - start) > MOST_KERNELS * magnitude(step):
        raise too_long(text)
    numbers: list[Number] = []
    while (end - start - len(numbers) * step) / step > 0:
        numbers.append(start + len(numbers) * step)
    return numbers


def too_long(text: str, count: int | None = None) -> errors.UsageError:
    return errors.UsageError(
        f"{errors.shown(text)} stands for {count or 'too many'} kernels; a bank has at most {MOST_KERNELS}"
    )


def swept(text: str) -> list[str]:
    """The texts of the kernels that a text stands for if an argument is a range, the last range running fastest; none
    if it has no range."""
    times = split(text)
    head, rest = ("", text) if times is None else (f"{number_text(times[0])}*", times[1])
    row, arguments = find(rest), rest.partition(":")[2]
    if row is None or not any(_RANGE.fullmatch(part) for part in arguments.split(",")):
        return []
    choices: list[list[str]] = []
    count, parts = 1, arguments.split(",")
    for part in parts:
        choices.append(_choices(part))
        count *= len(choices[-1])
        if count > MOST_KERNELS:
            raise too_long(text, count if len(choices) == len(parts) else None)
    return [f"{head}{row.name}:{','.join(chosen)}" for chosen in product(*choices)]


def _choices(part: str) -> list[str]:
    match = _RANGE.fullmatch(part)
    if match is None:
        return [part.strip()]
    name = match[1].replace(" ", "")
    return [f"{name}{number_text(value)}" for value in values(part[match.end(1) :])]


def families(text: str) -> list[str]:
    """The text itself if it has a range, else the text of each kernel that it names or lists."""
    if swept(text):
        return [text.strip()]
    return [KERNEL.text(_bare(own)) for own in read_all(text)]


def kernels(text: str) -> Iterator[Kernel]:
    """The kernels of one of `families`, each built when its turn comes: all of them may be too large."""
    return map(kernel, swept(text) or [text])


def _bare(own: Kernel) -> Kernel:
    """A kernel that its text gives back: its divisor goes into the weights."""
    if is_named(own):
        return own
    for name, neutral in (("bias", 0), ("anchor", None)):
        if getattr(own, name) != neutral:
            raise errors.combine_own(name)
    return own.undivided()


def with_arguments(text: str, settings: list[tuple[str, str]]) -> tuple[str, set[str]]:
    """The text with those settings for which its kernel has an argument, and their names."""
    row = find((split(text) or (1, text))[1])
    words = {argument.word.lower() for argument in row.arguments} if row else set()
    used = [(name, value) for name, value in settings if name in words]
    for name, value in used:
        text = f"{text.strip()}{',' if ':' in text else ':'}{name}={value}"
    return text, {name for name, _ in used}


def _family(value: Any) -> str:
    """A text as it is, to be taken apart when its settings are known; a kernel or rows of numbers as their text."""
    return value if isinstance(value, str) else KERNEL.text(_bare(kernel(value)))


def _setting(value: Any) -> str:
    match = _SETTING.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise errors.not_a("setting", value, "NAME=VALUE or NAME=A:B:STEP, such as theta=0:180:22.5")
    return f"{match[1].lower()}={match[2]}"


FAMILY = Kind("KERNEL", _family, names=table)
FAMILIES = several(FAMILY, is_one_kernel)
SETTINGS = several(Kind("NAME=A:B:STEP", _setting))
VALUE = Kind("A:B:STEP", lambda value: value.strip() if isinstance(value, str) else number_text(number(value)))
