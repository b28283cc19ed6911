"""`--view` of commands that make images: each image and its result, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv import errors
from imgconv.batches.inputs import STREAM
from imgconv.cli import terminal
from imgconv.cli.messages import printable
from imgconv.cli.screen import put, screen_of

if TYPE_CHECKING:
    from imgconv.batches.job import Job
    from imgconv.batches.outcomes import Outcome
    from imgconv.cli.common import Common
    from imgconv.terminals.screen import Screen
    from imgconv.values.image import ImageData

_LONGEST = 60
"""Characters of a pipeline beneath its result."""


class Viewer:
    """Shows an image and its result once they are written, or would be."""

    def __init__(self, screen: Screen, what: str, *, quiet: bool) -> None:
        self.screen, self.what, self.quiet = screen, what, quiet
        self.pictures: tuple[Job, ImageData, ImageData] | None = None

    def see(self, job: Job, before: ImageData, after: ImageData) -> None:
        """Keeps an image and its result for `show`."""
        self.pictures = job, before, after

    def show(self, outcome: Outcome) -> None:
        """Writes both, and a line on each; nothing of a job that failed."""
        pictures, self.pictures = self.pictures, None
        if pictures is None or outcome.error is not None:
            return
        from imgconv.terminals.pictures import beside, described

        job, before, after = pictures
        text, words = beside(before, after, self.screen)
        put(text)
        for name, image, done in zip(
            (f"before: {printable(job.source_name)}", f"after: {self.what}"), (before, after), words, strict=True
        ):
            count = len(image.frames)
            more = [f"the first of {count} frames (--frames N shows another)"] if count > 1 else []
            if not self.quiet:
                terminal.say(f"{name}, {described(image, [*more, *done])}")


def viewer_of(common: Common, what: str) -> Viewer:
    """The viewer that a command asks for. Raises UsageError for options that do not go with it."""
    if not common.view:
        raise errors.UsageError("--protocol says how --view shows pictures; give --view, too")
    for name in ("plan", "dry_run", "printed", "pages"):
        if getattr(common, name):
            option = {"printed": "print"}.get(name, name.replace("_", "-"))
            raise errors.UsageError(f"--view shows the result of each image; leave out --{option} or --view")
    if STREAM in (common.output, common.report):
        raise errors.UsageError("two results go to standard output; name a file (-o out.png), or leave out --view")
    if common.manner.cluster is not None:
        raise errors.UsageError("--view works on one image at a time here; leave out --cluster or --view")
    if common.output is None and (common.manner.manifest is not None or common.settings.skip_existing):
        raise errors.UsageError("--view alone writes nothing that could be left out; name a folder: -o out/")
    if common.output is None and (common.format is not None or common.settings.recipe):
        option = "--recipe" if common.settings.recipe else "--format"
        raise errors.UsageError(f"--view alone writes no file, so {option} has none to act on; name it: -o out.png")
    what = printable(what)
    shown = what if len(what) <= _LONGEST else what[: _LONGEST - 1] + "…"
    return Viewer(screen_of(common.protocol), shown, quiet=common.quiet)
