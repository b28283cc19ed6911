"""`imgconv explain … --html`: the page that it writes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.cli.messages import complain, printable
from imgconv.cli.overwriting import refuse_inputs
from imgconv.operations.pipeline import Pipeline
from imgconv.values.colours import COLOUR
from imgconv.values.parameters import CHANNELS, HALF_UP

if TYPE_CHECKING:
    from imgconv.api.image import Image
    from imgconv.pages.assembly import Written

STREAM = "-"
_SUFFIXES = ("", ".html", ".htm")
"""Suffixes of pages; what is called otherwise may be a picture, a kernel or a network."""


def check_page(path: str, given: dict[str, Any]) -> None:
    """Before anything is read: UsageError for options that a page does not know, and for a page in its picture's
    place."""
    if given["html"] is None:
        return
    if given["json"] or given["markdown"] or given["output"] is not None or given["steps"] is not None:
        raise errors.UsageError("--html is a form of its own; leave out --json, --markdown, --output and --steps")
    if given["linear"]:
        raise errors.UsageError("a page shows pixels as the image holds them; leave out --linear")
    if given["html"] == STREAM:
        return
    if not given["overwrite"]:
        refuse_inputs(given["html"], path)
    if os.path.splitext(given["html"])[1].lower() not in _SUFFIXES:
        raise errors.UsageError(f"{given['html']}: --html writes a page; name it page.html")


def write_page(image: Image, frame: int, pipeline: Pipeline, path: str, given: dict[str, Any]) -> None:
    """Writes the page of a pipeline for a frame of an image."""
    put(_page(image, frame, pipeline, path, given), given["html"])


def put(page: Written, target: str) -> None:
    """Writes a page; what was done to its picture goes to standard error."""
    from imgconv.files import atomic

    if target == STREAM:
        atomic.write_stdout([page.content])
    else:
        atomic.write(target, [page.content])
    place = "standard output" if target == STREAM else target
    complain(f"{place}: {'; '.join(filter(None, ('a page for a browser', page.words)))}")


def _page(image: Image, frame: int, pipeline: Pipeline, path: str, given: dict[str, Any]) -> Written:
    from imgconv.pages.lesson import fits, lesson
    from imgconv.pages.source import STANDARD_INPUT, source_of
    from imgconv.pages.walk import walk
    from imgconv.values.frozen import replace
    from imgconv.values.pixel_values import target, widened_type

    one = replace(image, frames=(image.frames[frame],))
    name = STANDARD_INPUT if path == STREAM else printable(path)
    alpha, channels = given["alpha"] or "auto", given["channels"] or "all"
    source = source_of(one, name, alpha=alpha, channels=channels, options=_options(given))
    type_ = pipeline.result_type(given["dtype"])
    goal = target(widened_type(source.pixels.dtype), type_, given["range"] or "clamp")
    goal = replace(goal, rounding=given["rounding"] or HALF_UP)
    if len(pipeline.steps) == 1 and fits(pipeline.steps[0]):
        return lesson(source, pipeline.steps[0], given["at"], goal)
    return walk(source, pipeline, given["at"], goal, given["threads"])


_PREPARING = {"frame": "--frames", "no_orient": "", "gray": "", "channels": "", "flatten": "", "alpha": ""}
"""Options that say how the image is prepared, and what they are called by the command that writes the result."""


def _options(given: dict[str, Any]) -> tuple[str, ...]:
    """The options that prepare the image, as they are typed."""
    texts = {"channels": CHANNELS.text, "flatten": COLOUR.text}
    words = list[str]()
    for name, option in _PREPARING.items():
        value = given[name]
        if value is not None and value is not False:
            words.append(option or f"--{name.replace('_', '-')}")
            words += [] if value is True else [texts.get(name, str)(value)]
    return tuple(words)
