"""`imgconv run`: a pipeline from text, a file or standard input."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from imgconv import errors
from imgconv.batch.jobs import STREAM
from imgconv.cli.common import COMMON, INPUTS, Common
from imgconv.cli.declarations import Command
from imgconv.cli.image_command import work
from imgconv.operations.pipeline import Pipeline

EXAMPLES = (
    'imgconv run "filter vertical | relu | maxpool 2" in.png -o out.png',
    'imgconv run "filter gaussian:1.5 border=reflect | avgpool 3 stride=2" *.jpg -o out/',
    "imgconv run edges.pipe a.png b.png c.png -o out/",
    "echo 'filter sharpen' | imgconv run - in.png -o out.png",
)
HELP = (
    "Run a pipeline of steps. PIPELINE is text, a .pipe file, or - for standard input. "
    "Values are neither rounded nor clamped between the steps of one run; between two processes "
    "in a shell pipe they are, unless the first writes --dtype float32 --format npy."
)


def command() -> Command:
    def callback(pipeline: str | None, inputs: tuple[str, ...], **given: Any) -> None:
        common = Common.taken_from(given, inputs)
        if pipeline is None:
            raise errors.which("pipeline", EXAMPLES[0])
        text, label = _text(pipeline, inputs)
        work(Pipeline.parse(text), common, label)

    params = [click.Argument(["pipeline"], required=False, metavar="PIPELINE"), INPUTS(), *COMMON()]
    return Command(
        "run",
        params=params,
        callback=callback,
        help=HELP,
        short_help="Run several steps, unclamped between.",
        examples=EXAMPLES,
    )


def _text(argument: str, inputs: tuple[str, ...]) -> tuple[str, str]:
    """The pipeline's text and, from a .pipe file, the label of derived names."""
    if argument == STREAM:
        if not inputs or STREAM in inputs:
            raise errors.pipeline_from_stdin_needs_image()
        if sys.stdin is None:
            raise errors.file_unreadable("standard input", "it is closed")
        return sys.stdin.read(), "run"
    stem, suffix = os.path.splitext(argument)
    separated = os.sep in argument or bool(os.altsep and os.altsep in argument)
    if suffix == ".pipe" or (separated and "|" not in argument and not any(c.isspace() for c in argument)):
        try:
            with open(argument, encoding="utf-8-sig") as file:
                return file.read(), os.path.basename(stem)
        except FileNotFoundError:
            raise errors.pipeline_file(argument, "there is no such file") from None
        except UnicodeDecodeError:
            raise errors.pipeline_file(argument, "it is no text") from None
        except OSError as error:
            raise errors.pipeline_file(argument, error.strerror or str(error)) from None
    return argument, "run"
