"""Sentences about names and streams."""

from __future__ import annotations

from collections.abc import Sequence

from imgconv.errors.base import LossError, UsageError


def no_input() -> UsageError:
    return UsageError("no input: name an image, or pipe one in (imgconv ... < in.png)")


def stdin_twice() -> UsageError:
    return UsageError("standard input ('-') is named more than once; it can be read only once")


def several_to_one_stream(count: int) -> UsageError:
    return UsageError(f"{count} images cannot go to one stream; give a folder: -o out/")


def output_is_file(path: str, count: int) -> UsageError:
    return UsageError(f"{path} is a file, and {count} results cannot go into one file; give a folder: -o out/")


def binary_to_terminal(what: str = "an image", suffix: str = "png") -> UsageError:
    return UsageError(
        f"{what} would fill the terminal with noise; redirect it (> out.{suffix}) or name a file (-o out.{suffix})"
    )


def output_is_input(path: str) -> UsageError:
    return UsageError(f"{path} is also an input; --overwrite replaces it, -o names another file")


def outputs_collide(path: str, first: str, second: str) -> UsageError:
    return UsageError(f"{first} and {second} would both be written to {path}; give them different names or folders")


def report_and_image(path: str) -> UsageError:
    return UsageError(
        f"the report and an image cannot both be {path}; name another file for one of them (--report FILE, -o FILE)"
    )


def plan_reports_nothing() -> UsageError:
    return UsageError("--plan runs nothing, so there is nothing to report; leave out --plan or --report")


def losses_forbidden(path: str, losses: Sequence[str]) -> LossError:
    return LossError(f"{path}: not written, since --strict allows no loss: {'; '.join(losses)}")
