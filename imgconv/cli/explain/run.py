"""`imgconv explain run`: the last step of a pipeline, and the way back to the pixels that it comes from; of a network,
what speaks for a class."""

from __future__ import annotations

from typing import Any

from imgconv import errors
from imgconv.cli.command import Command, missing
from imgconv.cli.explain.network import EXAMPLE, evidence_options, show_evidence
from imgconv.cli.explain.options import explain_options, image_argument, show
from imgconv.cli.messages import Finished
from imgconv.cli.run import pipeline_argument, pipeline_text
from imgconv.networks.suffixes import is_network
from imgconv.operations.pipeline import Pipeline

EXAMPLES = (
    'imgconv explain run "filter vertical | relu | maxpool 2" in.png --at 3,7',
    "imgconv explain run edges.pipe in.png --at 3,7 --json",
    "imgconv explain run lenet5.safetensors digit.png --html page.html",
    EXAMPLE,
)


def command() -> Command:
    def callback(pipeline: str | None, inputs: tuple[str, ...], **values: Any) -> None:
        if pipeline is None:
            raise missing("pipeline", EXAMPLES[0])
        if values["weights"] is not None or is_network(pipeline):
            show_evidence(pipeline, inputs, values)
            raise Finished(errors.DONE)
        for name in ("class", "patch", "labels", "fit"):
            if values[name] is not None:
                raise errors.UsageError(f"--{name} is of networks, as in {EXAMPLE}")
        text, _ = pipeline_text(pipeline, inputs)
        show(Pipeline.parse(text), inputs, values, EXAMPLES[0])
        raise Finished(errors.DONE)

    return Command(
        "run",
        params=[pipeline_argument(), image_argument(), *explain_options(), *evidence_options()],
        callback=callback,
        help="Show how the last step of a pipeline computes one pixel, and walk back through the steps before it: what"
        " each of them reads, down to the receptive field in the image. Of a network, show what speaks for a class.",
        brief="A pixel of a pipeline's result, or a class of a network's",
        examples=EXAMPLES,
    )
