"""Errors in the text or file of a kernel: what is wrong, and where."""

from __future__ import annotations

import re

from imgconv import errors

_LONGEST_PATH = 200  # characters of a sentence: what is taken for a path may be a text of any length


class KernelTextError(errors.UsageError):
    """A text that is not a kernel: `reason` says what is wrong, `place` where."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(place, reason)
        self.place, self.reason = place, reason

    def __str__(self) -> str:
        return f"kernel, {self.place}: {self.reason}"


class KernelFileError(errors.UsageError):
    """A file that cannot be read as a kernel; its sentence names the file."""


def in_file(path: str, reason: str) -> KernelFileError:
    """A file whose content is not a kernel."""
    return KernelFileError(
        f"kernel file {path if len(path) <= _LONGEST_PATH else path[: _LONGEST_PATH - 3] + '...'}: {reason}"
    )


def which_kernel(path: str, reason: str) -> KernelFileError:
    """A path where a kernel was expected: most likely the image, with the kernel left out."""
    command = (
        f"imgconv filter vertical {path}"
        if path.isprintable() and len(path) <= 60
        else "imgconv filter vertical in.png"
    )
    return KernelFileError(
        f"which kernel? {errors.shown(path)} stands in its place, and {reason}; name one first: {command} (imgconv"
        " kernels lists them)"
    )


def not_rows(value: object) -> errors.UsageError:
    return errors.UsageError(
        f"kernel weights {errors.shown(value)} are not rows of numbers; expected a list of rows such as [[1, 2, 1]]"
    )


def invalid_weight(value: object) -> errors.UsageError:
    return errors.UsageError(f"kernel weight {errors.shown(value)} is not a finite real number")


def anchor_outside(anchor: tuple[int, int], rows: int, columns: int) -> errors.UsageError:
    return errors.UsageError(
        f"anchor {anchor[0]},{anchor[1]} lies outside the kernel of {errors.extent(rows, columns)}; rows run from 0 to"
        f" {rows - 1}, columns from 0 to {columns - 1}"
    )


def number_expected(place: str, cell: str) -> KernelTextError:
    word = cell.lower().lstrip("+-")
    if word.startswith(("nan", "inf")):
        hint = "weights are finite; a cell without a weight is 0 or -"
    elif re.fullmatch(r"[0-9]{1,3}(['_\u2019][0-9]{3})+(\.[0-9]*)?", word):
        hint = "write it without thousands separators"
    else:
        hint = "expected 1, -0.5, 1e-3 or 1/9"
    return KernelTextError(place, f"{errors.shown(cell)} is not a number ({hint})")


def empty_cell(place: str) -> KernelTextError:
    return KernelTextError(place, "empty cell; write 0 for a neighbour without a weight")


def wrong_count(place: str, expected: int, count: int) -> KernelTextError:
    return KernelTextError(place, f"{count} number{'s' * (count != 1)} where {expected} were announced")


def ragged_rows(place: str, expected: int, count: int) -> KernelTextError:
    return KernelTextError(
        place,
        f"{count} number{'s' * (count != 1)} where the rows above have {expected}; every row needs the same length",
    )


def no_numbers(place: str = "the text") -> KernelTextError:
    return KernelTextError(place, "no numbers found; expected rows such as '1,2,1;2,4,2;1,2,1'")


def too_many_kernels(most: int) -> errors.UsageError:
    return errors.UsageError(f"the text lists more than {most} kernels; give fewer")


def no_such_index(text: str, index: str, count: int) -> errors.UsageError:
    return errors.UsageError(
        f"{errors.shown(text)} has no [{errors.cut(index)}]; its kernels count from [0] to [{count - 1}],"
        f" [0..{count - 1}] and [*] take several"
    )


def cannot_write(dialect: str, what: str) -> errors.UsageError:
    return errors.UsageError(
        f"{dialect} cannot express {what}, and would compute something else without it; rows, json and python can"
    )
