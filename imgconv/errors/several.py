"""Sentences about using several kernels: combinations, repeats, edge detectors, banks."""

from __future__ import annotations

from collections.abc import Sequence

from imgconv.errors.base import UsageError, WindowError, shown


def combine_alone(how: str) -> UsageError:
    return UsageError(
        f"combine={how} needs something to combine; add kernels, for instance: imgconv filter sobel-x --with sobel-y"
        f" --combine {how} in.png"
    )


def combine_own(what: str) -> UsageError:
    return UsageError(
        f"one of several kernels has a {what} of its own, which has no place in a combination; give {what}= for all of"
        " them"
    )


def combine_shapes(first: tuple[int, ...], other: tuple[int, ...]) -> WindowError:
    return WindowError(
        f"responses of {first[0]}x{first[1]} and {other[0]}x{other[1]} pixels (rows x columns) cannot be combined; use"
        " --pad same or kernels of one size"
    )


def never_stable(before: tuple[int, int], after: tuple[int, int]) -> WindowError:
    return WindowError(
        f"an image of {before[0]}x{before[1]} becomes {after[0]}x{after[1]} (rows x columns), so it never becomes"
        " stable; use --pad same and stride 1"
    )


def not_stable(count: int) -> str:
    return f"still changing after {count} times (--repeat N allows more)"


def not_finite(count: int) -> str:
    return f"diverged to infinity after {count} iterations"


def edges_option(name: str, detector: str, able: Sequence[str]) -> UsageError:
    return UsageError(f"{name} has no meaning for {detector}; it is for {', '.join(able)}")


def edges_thresholds(low: str, high: str) -> UsageError:
    return UsageError(
        f"the low threshold {low} is above the high one, {high}; edges begin at the high one and continue down to the"
        " low one"
    )


def sweep(text: str) -> UsageError:
    return UsageError(
        f"{shown(text)} is not a range; expected A:B or A:B:STEP, such as 0:180:22.5 (the end is left out)"
    )


def sweep_empty(text: str) -> UsageError:
    return UsageError(
        f"the range {shown(text)} has no values; the step leads from the start to the end, which is left out"
    )


def sweep_too_long(text: str, most: int, count: int | None = None) -> UsageError:
    return UsageError(f"{shown(text)} stands for {count or 'too many'} kernels; a bank has at most {most}")


def sweep_unused(name: str) -> UsageError:
    return UsageError(
        f"none of the kernels has an argument {name} ('imgconv kernels' lists kernels with their arguments)"
    )


def columns_alone() -> UsageError:
    return UsageError("columns are those of a sheet; add --sheet")
