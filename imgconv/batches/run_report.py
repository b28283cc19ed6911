"""--report: the facts about each image as one line of JSON, written when the image is done."""

from __future__ import annotations

import contextlib
import math
import os
import sys
from collections.abc import Sequence
from typing import IO, Any

from imgconv import errors
from imgconv.batches.inputs import STREAM
from imgconv.batches.job import Job
from imgconv.batches.outcomes import Outcome

FIELDS = {
    "input": "path of the input; `-` is standard input",
    "output": "path written (of several the first), `-` for standard output; null if nothing was written",
    "outputs": "list of all paths written: numbered frames and auxiliary outputs too",
    "error": "why nothing was written, in a sentence; null if all went well",
    "exit_code": "exit code of the command if this image were the only one: 0, 1 or 3",
    "format_in": "name of the format that was read, such as `png`",
    "format_out": "name of the format that was written",
    "mode_in": "channels in words, such as `gray` or `RGB + alpha`",
    "mode_out": "the same of the result",
    "dtype_in": (
        "pixel type: `uint8`, `uint16`, `int16`, `int32`, `float32` or `float64` (`bool` and the like in arrays)"
    ),
    "dtype_out": "the same of the result",
    "shape_in": "[rows, columns, channels], alpha counted as a channel",
    "shape_out": "the same of the result",
    "frames_in": "number of frames or pages that were read",
    "frames_out": "number of frames or pages that were written",
    "response_min": "least value before quantising; null where steps cannot leave the type's range",
    "response_max": "greatest value before quantising",
    "samples": "number of values that were quantised: rows × columns × channels × frames, without alpha",
    "clamped_below": "how many of them were below the type's range",
    "clamped_above": "how many were above it",
    "not_a_number": "how many were NaN and became 0",
    "losses": "list of codes, empty if nothing was lost",
    "notes": "list of all notes: {code, text, loss}",
    "plan": "list of lines, as --plan prints them",
    "skipped": "why there was nothing to do: `there already` (`--skip-existing`) or `up to date`; null otherwise",
    "stamp": (
        "in a manifest, by which `--update` knows what is up to date: {source, size, time, hash, target, operation,"
        " version, outputs: [{path, size, time, hash}]}; null elsewhere"
    ),
    "seconds": "wall-clock time from the first byte read to the last byte written",
}
"""The report's schema: every line has every field, null where it is not known (an image that failed early)."""


class RunReport:
    """The report of a run: a file, emptied first, or standard output."""

    def __init__(self, path: str, jobs: Sequence[Job]) -> None:
        """Raises UsageError if the report and an image have one path, FileError if it cannot be opened."""
        refuse_clashes(path, jobs)
        self.shown = "standard output" if path == STREAM else path
        self.stream = self._opened(path)

    def _opened(self, path: str) -> IO[bytes]:
        from imgconv.files import atomic

        if path == STREAM:
            if sys.stdout is None:
                raise errors.file_unwritable(self.shown, "it is closed")
            return sys.stdout.buffer
        return atomic.begun(path)

    def add(self, outcome: Outcome) -> None:
        """Writes one line, before the next image begins. Raises FileError, or BrokenPipeError."""
        from imgconv.files import pieces

        try:
            pieces.write_all(self.stream, [line(outcome)])
            self.stream.flush()
        except OSError as error:
            self._discard()
            if isinstance(error, BrokenPipeError):
                raise
            raise errors.file_unwritable(self.shown, error.strerror or str(error)) from None

    def close(self) -> None:
        """Closes a file; standard output stays open."""
        self._discard()

    def _discard(self) -> None:
        """Drops what is still buffered; else Python would try again when it collects the stream, and from 3.13 on show
        the traceback."""
        if self.stream is not getattr(sys.stdout, "buffer", None):
            with contextlib.suppress(OSError):
                self.stream.close()


def line(outcome: Outcome) -> bytes:
    """The record of an outcome as one JSON object and a line feed. What JSON has no number for is a string: "NaN",
    "Infinity" or "-Infinity"."""
    import json

    values = {key: _finite(value) for key, value in record(outcome).items()}
    return json.dumps(values, allow_nan=False).encode() + b"\n"


def record(outcome: Outcome) -> dict[str, Any]:
    """All fields of an outcome."""
    error = outcome.error
    values = (
        dict.fromkeys(FIELDS)
        | dict(outcome.facts)
        | {
            "error": None if error is None else str(error),
            "exit_code": 0 if error is None else error.exit_code,
            "skipped": outcome.skipped or None,
        }
    )
    values["losses"] = list(dict.fromkeys(note.code for note in outcome.notes if note.loss))
    values["notes"] = [{"code": note.code, "text": note.text, "loss": note.loss} for note in outcome.notes]
    return values


def _finite(value: Any) -> Any:
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def refuse_clashes(path: str, jobs: Sequence[Job], what: str = "report") -> None:
    """Raises UsageError if a report (or a manifest) and an image of these jobs have one path."""
    if path == STREAM:
        if any(job.target == STREAM for job in jobs):
            raise _report_and_image("standard output", what)
        return
    streamed = any(job.target == STREAM for job in jobs)
    others = {other for job in jobs for other in (job.source_file, job.target) if other != STREAM}
    if any(_is_same(path, other) for other in others) or (streamed and _is_stdout(path)):
        raise _report_and_image(path, what)


def _report_and_image(path: str, what: str) -> errors.UsageError:
    return errors.UsageError(
        f"the {what} and an image cannot both be {path}; name another file for one of them (--{what} FILE, -o FILE)"
    )


def _is_same(path: str, other: str) -> bool:
    """Whether two paths are one file, through any links: a report is written in place, not beside it and renamed."""
    try:
        return os.path.realpath(path) == os.path.realpath(other) or os.path.samefile(path, other)
    except OSError:  # one is not there yet
        return False


def _is_stdout(path: str) -> bool:
    """Whether a path is what standard output leads to; a device such as /dev/null may take both."""
    import stat

    try:
        one, other = os.stat(path), os.fstat(sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        return False
    return os.path.samestat(one, other) and not stat.S_ISCHR(one.st_mode)
