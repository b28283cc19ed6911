"""Errors: their classes and exit codes, how sentences show a value, and the sentences that several rooms use.

A sentence says what was expected, what came and what to try. One that is used once stands where it is raised.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

DONE, FAILED, MISUSED, LOSSY, OUR_BUG, INTERRUPTED, PIPE_CLOSED, TERMINATED = 0, 1, 2, 3, 70, 130, 141, 143


class ImgconvError(Exception):
    """The base of everything that imgconv raises on purpose.

    Attributes
    ----------
    exit_code : int
        What the command ends with.
    """

    exit_code = FAILED


class UsageError(ImgconvError, ValueError):
    """An option, a kernel, a pipeline or an argument that makes no sense. Also a ValueError."""

    exit_code = MISUSED


class WindowError(ImgconvError, ValueError):
    """A window that does not fit the image. Also a ValueError."""


class PixelError(ImgconvError, ValueError):
    """An array whose type or shape cannot be computed with. Also a ValueError."""


class FileError(ImgconvError, OSError):
    """A file that cannot be read or written. Also an OSError.

    Attributes
    ----------
    reason : str
        What is wrong with a damaged file, without its name; empty of other errors.
    recoverable : bool
        Whether the file is damaged, and what is there could be read (`allow_truncated`).
    """

    def __init__(self, text: str, *, reason: str = "", recoverable: bool = False) -> None:
        super().__init__(text)
        self.reason, self.recoverable = reason, recoverable


class LossError(ImgconvError):
    """A result that lost something where nothing may be lost (`--strict`)."""

    exit_code = LOSSY


class LoopError(ImgconvError, RuntimeError):
    """Compiled code that did not do its work: a bug in imgconv, never a wrong picture. Also a RuntimeError."""

    exit_code = OUR_BUG


class ObjectError(LoopError):
    """Machine code that cannot be emitted or linked here; the next way is tried."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` for a near miss, else an empty text."""
    from difflib import get_close_matches

    spelled = {name.lower(): name for name in known}
    close = [spelled[name] for name in get_close_matches(word.lower()[:80], spelled, n=2, cutoff=0.6)]
    return f"; did you mean {' or '.join(close)}?" if close else ""


def shown(value: object) -> str:
    """A value as sentences show it, short enough for one line; its type where it does not show itself."""
    if isinstance(value, str):
        value = value[:_LONGEST]  # the rest would be cut, and may be millions
    try:
        return cut(" ".join(repr(value).split()) if not isinstance(value, str) else repr(value))
    except (
        Exception
    ):  # a caller's object may raise what it likes, an int of 5000 digits is not printed, nor is a list in itself
        return f"of {value.bit_length()} bits" if isinstance(value, int) else f"of type {type(value).__name__}"


_LONGEST = 100


def cut(text: str) -> str:
    """A text short enough for one line."""
    return text if len(text) <= 60 else text[:57] + "..."


def extent(rows: int, columns: int) -> str:
    """A size where rows come first, so that it cannot be read as a picture's width x height: `3x3`, or `800 rows x 600
    columns`."""
    if rows == columns:
        return f"{rows}x{columns}"
    return f"{rows} row{'s' * (rows != 1)} x {columns} column{'s' * (columns != 1)}"


def amount(count: float) -> str:
    """A number of bytes in words: `1.5 GiB`."""
    steps = 0
    while count >= 1000 and steps < 4:
        count, steps = count / 1024, steps + 1
    return f"{count:.3g} {('bytes', 'KiB', 'MiB', 'GiB', 'TiB')[steps]}"


# ---------------------------------------------------------------- sentences that several rooms use


def named(path: str, error: ImgconvError) -> ImgconvError:
    """The same error, its sentence beginning with the image that it is about."""
    return type(error)(f"{path}: {error}")


def unknown(what: str, word: object, known: Sequence[str], listing: str = "") -> UsageError:
    """A name that is not in its table, or not a name at all; `listing` is a command that prints the table."""
    hint = suggestion(word, known) if isinstance(word, str) else ""
    choices = f"{listing} lists them" if listing else f"choose from {', '.join(known)}"
    return UsageError(f"unknown {what} {shown(word)}{hint or ';'} {'(' + choices + ')' if hint else choices}")


def not_a(what: str, value: object, expected: str) -> UsageError:
    """A value of the wrong form for a parameter."""
    return UsageError(f"{what} {shown(value)} is not {expected}")


def not_steps(value: object) -> UsageError:
    return UsageError(
        f"{shown(value)} is not a pipeline; expected text such as 'filter vertical | relu', a Pipeline, or operations"
    )


def combine_own(what: str) -> UsageError:
    return UsageError(
        f"one of several kernels has a {what} of its own, which has no place in a combination; give {what}= for all of"
        " them"
    )


def combine_shapes(first: tuple[int, ...], other: tuple[int, ...]) -> WindowError:
    return WindowError(
        f"responses of {extent(*first[:2])} and {extent(*other[:2])} cannot be combined; use --pad same or kernels of"
        " one size"
    )


def binary_to_terminal(what: str = "an image", suffix: str = "png") -> UsageError:
    return UsageError(
        f"{what} would fill the terminal with noise; redirect it (> out.{suffix}) or name a file (-o out.{suffix})"
    )


def outputs_collide(path: str, first: str, second: str) -> UsageError:
    return UsageError(f"{first} and {second} would both be written to {path}; give them different names or folders")


def pixel_shape(shape: tuple[int, ...]) -> PixelError:
    batch = "; of a batch (number, height, width, channels) with batched=True" if len(shape) == 4 else ""
    return PixelError(
        f"an array of shape {cut(str(shape))} is not an image; expected (height, width) or (height, width, channels)"
        f"{batch}; files may hold (frames, height, width, channels)"
    )


def pixel_none(shape: tuple[int, ...]) -> PixelError:
    return PixelError(f"an array of shape {shape} has no pixels")


def no_gray(colours: str) -> PixelError:
    return PixelError(f"gray is not defined for {colours}; expected gray or RGB (convert the file to RGB first)")


def no_memory(what: str) -> ImgconvError:
    return ImgconvError(f"not enough memory for {what}; use a smaller image or window, or a larger stride")


# ---------------------------------------------------------------- sentences about files


def file_broken(path: str, why: str) -> FileError:
    return _damaged(path, f"broken or cut short ({why})")


def _damaged(path: str, reason: str) -> FileError:
    text = f"{path}: {reason}; get a whole copy (--allow-truncated reads what is there)"
    return FileError(text, reason=reason, recoverable=True)


def file_mode(path: str, mode: str) -> FileError:
    return FileError(f"{path}: unsupported pixel mode {mode}; convert the file to gray, RGB or CMYK first")


def file_size(path: str, width: object, height: object) -> FileError:
    return FileError(f"{path}: broken: invalid image size {cut(str(width))}x{cut(str(height))}; get a whole copy")


def too_many_pixels(path: str, pixels: int, most: int) -> FileError:
    return FileError(
        f"{path}: has {pixels} pixels, more than {most}, and may be a decompression bomb; if you trust it: --max-pixels"
        f" {pixels}"
    )


def too_much_memory(path: str, needed: float, most: float) -> FileError:
    return FileError(
        f"{path}: would take about {amount(needed)} of memory, more than {amount(most)} (--max-memory allows more); use"
        " a smaller image or a larger stride"
    )


def header_endless(path: str) -> FileError:
    return FileError(
        f"{path}: broken: its header has more parts than any picture needs, and no end was found; get a whole copy"
    )


def bytes_missing(path: str, count: int) -> FileError:
    return _damaged(path, f"cut short, {count} bytes of its pixels are missing")


def no_folder(path: str, folder: str) -> FileError:
    return FileError(f"{path}: there is no folder {folder} (a folder named as -o {folder}/ is made)")


def file_unwritable(path: str, why: str) -> FileError:
    return FileError(f"{path}: cannot be written ({why})")


def file_exists(path: str) -> FileError:
    return FileError(f"{path}: exists already and was not replaced (--overwrite replaces it, -o FILE names another)")


def format_cannot_hold(path: str, name: str, what: str, able: Sequence[str], remedy: str = "") -> FileError:
    return FileError(
        f"{path}: {name.upper()} cannot hold {what}; formats that can:"
        f" {', '.join(able) or 'none'}{remedy and f' ({remedy})'}"
    )


def always_lossy(path: str, name: str, able: Sequence[str]) -> FileError:
    return FileError(f"{path}: {name.upper()} cannot be lossless; formats that are: {', '.join(able)}")
