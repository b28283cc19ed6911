"""`imgconv explain run`: the last step of a pipeline, and the way back to the pixels that it comes from."""

from __future__ import annotations

from typing import Any

from imgconv import errors
from imgconv.cli.command import Command, missing
from imgconv.cli.explain.options import explain_options, image_argument, show
from imgconv.cli.messages import Finished
from imgconv.cli.run import pipeline_argument, pipeline_text
from imgconv.networks.suffixes import is_network
from imgconv.operations.pipeline import Pipeline

EXAMPLES = (
    'imgconv explain run "filter vertical | relu | maxpool 2" in.png --at 3,7',
    "imgconv explain run edges.pipe in.png --at 3,7 --json",
)


def command() -> Command:
    def callback(pipeline: str | None, inputs: tuple[str, ...], **values: Any) -> None:
        if pipeline is None:
            raise missing("pipeline", EXAMPLES[0])
        if is_network(pipeline):
            raise errors.UsageError(
                "layers of networks are not explained pixel by pixel; imgconv maps draws what each of them makes of a"
                " picture"
            )
        text, _ = pipeline_text(pipeline, inputs)
        show(Pipeline.parse(text), inputs, values, EXAMPLES[0])
        raise Finished(errors.DONE)

    return Command(
        "run",
        params=[pipeline_argument(), image_argument(), *explain_options()],
        callback=callback,
        help="Show how the last step of a pipeline computes one pixel, and walk back through the steps before it: what"
        " each of them reads, down to the receptive field in the image.",
        brief="A pixel of a pipeline's result, and its receptive field",
        examples=EXAMPLES,
    )
