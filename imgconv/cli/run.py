"""`imgconv run`: a pipeline from text, a file or standard input."""

from __future__ import annotations

import os
import sys
from typing import IO, Any

from imgconv import errors
from imgconv.batches.inputs import STREAM
from imgconv.cli.click_types import PathType
from imgconv.cli.command import Command, missing
from imgconv.cli.common import COMMON, Common
from imgconv.cli.image_command import work
from imgconv.cli.memory import bounded
from imgconv.cli.options import Argument, images, option
from imgconv.networks.suffixes import is_network
from imgconv.operations.pipeline import Pipeline
from imgconv.values import groups

EXAMPLES = (
    'imgconv run "filter vertical | relu | maxpool 2" in.png -o out.png',
    'imgconv run "filter gaussian:1.5 border=reflect | avgpool 3 stride=2" *.jpg -o out/',
    "imgconv run edges.pipe a.png b.png c.png -o out/",
    "echo 'filter sharpen' | imgconv run - in.png -o out.png",
)
HELP = (
    "Run a pipeline of steps. Values are neither rounded nor clamped between the steps of one run; between two"
    " processes in a shell pipe they are, unless the first writes --dtype float32 --format npy."
)
MOST_TEXT = 2**20
"""Bytes of a pipeline that is read from a file or from standard input."""


def command() -> Command:
    def callback(pipeline: str | None, inputs: tuple[str, ...], **values: Any) -> None:
        common = Common.taken_from(values, inputs)
        if pipeline is None:
            raise missing("pipeline", EXAMPLES[0])
        weights = values.pop("weights")
        if weights is not None or is_network(pipeline):
            with bounded(common.settings.reading.max_memory):
                steps, label = _network(pipeline, weights, inputs)
        else:
            text, label = pipeline_text(pipeline, inputs)
            steps = Pipeline.parse(text)
            steps.require_no_weights()
        work(steps, common, label)

    params = [
        pipeline_argument(),
        images(),
        option(
            "--weights",
            "FILE",
            groups.NETWORK,
            "The weights of a network's layers: .safetensors, .npz, .onnx, .keras or .h5.",
            "The weights of a network's layers.",
        ),
        *COMMON(),
    ]
    return Command(
        "run",
        params=params,
        callback=callback,
        help=HELP,
        brief="Run several steps, unclamped between",
        examples=EXAMPLES,
    )


def pipeline_argument(
    meaning: str = "Steps with | between them ('imgconv help pipelines' lists them).",
    stream: str = "standard input; then the image is named",
) -> Argument:
    """PIPELINE, which `pipeline_text` reads; what `-` stands for is said by `stream`."""
    return Argument(
        ["pipeline"],
        type=PathType(),
        required=False,
        metavar="PIPELINE",
        meaning=meaning,
        forms=(
            ('"relu | maxpool 2"', "text"),
            ("edges.pipe", "a file, a step on each line"),
            ("-", stream),
        ),
    )


def _network(argument: str, weights: str | None, inputs: tuple[str, ...]) -> tuple[Pipeline, str]:
    """The steps of a network with their weights, and the label of derived names."""
    from imgconv.networks.network import Network

    if weights is None:
        return Pipeline(Network.load(argument).layers), os.path.basename(os.path.splitext(argument)[0])
    if is_network(argument):
        raise errors.UsageError(f"{argument} has weights of its own; leave out --weights")
    text, label = pipeline_text(argument, inputs)
    return Pipeline(Network.load(text, weights).layers), label


def _file_error(path: str, reason: str) -> errors.UsageError:
    return errors.UsageError(f"pipeline file {path}: {reason}")


def pipeline_text(argument: str, inputs: tuple[str, ...]) -> tuple[str, str]:
    """The pipeline's text and, from a .pipe file, the label of derived names; standard input has one of the two."""
    if argument == STREAM and (not inputs or STREAM in inputs):
        raise errors.UsageError(
            "the pipeline is read from standard input, so the image must be named: imgconv run - in.png"
        )
    return text_and_label(argument)


def text_and_label(argument: str) -> tuple[str, str]:
    """The same where no image is read."""
    if argument == STREAM:
        if sys.stdin is None:
            raise errors.FileError("standard input: cannot be read (it is closed)")
        return _read(sys.stdin.buffer, "standard input"), "run"
    stem, suffix = os.path.splitext(argument)
    separated = os.sep in argument or bool(os.altsep and os.altsep in argument)
    if suffix == ".pipe" or (separated and "|" not in argument and not any(c.isspace() for c in argument)):
        try:
            with open(argument, "rb") as file:
                return _read(file, argument), os.path.basename(stem)
        except FileNotFoundError:
            raise _file_error(argument, "there is no such file") from None
        except errors.ImgconvError:
            raise
        except OSError as error:
            raise _file_error(argument, error.strerror or str(error)) from None
    return argument, "run"


def _read(stream: IO[bytes], name: str) -> str:
    """The text in a stream, which may be endless. Raises UsageError for what is too long, or not text."""
    content = stream.read(MOST_TEXT + 1)
    if len(content) > MOST_TEXT:
        raise _file_error(name, f"it is longer than {MOST_TEXT >> 20} MiB; keep large kernels in files of their own")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _file_error(name, "it is not text") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")
