"""`imgconv view`: pictures in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.batches.inputs import STREAM, Inputs
from imgconv.cli import terminal
from imgconv.cli.command import Command
from imgconv.cli.memory import bounded
from imgconv.cli.messages import Finished, complain, printable
from imgconv.cli.options import images, option
from imgconv.cli.screen import SIZE, put, screen_of
from imgconv.files.options import CHOICE_OF_FRAMES, Reading
from imgconv.values import groups
from imgconv.values.frozen import replace
from imgconv.values.parameters import FLAG, FRAMES, MEMORY, PIXELS
from imgconv.values.protocols import PROTOCOL

if TYPE_CHECKING:
    from imgconv.terminals.screen import Screen

EXAMPLES = (
    "imgconv view photo.jpg",
    "imgconv view scans/*.png --hist --size 60",
    "imgconv view animation.gif --frames 0:24",
    "imgconv filter sobel-x in.png --range abs --view",
)
HELP = (
    "Show pictures in the terminal, by kitty's protocol, sixels or iTerm's where the terminal knows one, else as half"
    " blocks. Values of more than 8 bits go from black, the least, to white, the greatest."
)
_FRAMES = 12
"""Frames that are shown where none are chosen."""


def command() -> Command:
    size, protocol = "Columns, or rows x columns, to fill.", "How to send pictures, instead of asking the terminal."
    frames = f"Frames or pages to show, counted from 0.  [default: the first {_FRAMES}]"
    hist = "How often values occur in each channel, drawn beneath."
    return Command(
        "view",
        params=[
            images(),
            option("--size", SIZE, groups.GEOMETRY, f"{size}  [default: what the terminal has room for]", size),
            option("--frames", CHOICE_OF_FRAMES, groups.FILES, frames, frames),
            option("--hist", FLAG, groups.REPORTS, hist, hist),
            option("--protocol", PROTOCOL, groups.REPORTS, protocol, protocol),
            option("-r --recursive", FLAG, groups.BATCHES, "Of folders show the images in the folders below, too."),
            option("--no-orient", FLAG, groups.FILES, "Do not turn pixels upright."),
            option("--allow-truncated", FLAG, groups.FILES, "Show damaged images as far as they can be read."),
            option("--allow-narrowing", FLAG, groups.FILES, "Show 8 bits of files that no reader here reads in full."),
            option("--max-pixels", PIXELS, groups.LIMITS, "Refuse images with more pixels.  [default: 89478485]"),
            option("--max-frames", FRAMES, groups.LIMITS, "Refuse more frames or pages.  [default: 10000]"),
            option(
                "--max-memory",
                MEMORY,
                groups.LIMITS,
                "Refuse images that would take more memory.  [default: 80 % of the machine's]",
            ),
        ],
        callback=_view,
        help=HELP,
        brief="Show pictures in the terminal",
        examples=EXAMPLES,
    )


def _view(inputs: tuple[str, ...], **given: Any) -> None:
    import sys

    if not inputs and (sys.stdin is None or sys.stdin.isatty()):
        raise errors.UsageError(f"no image: name one, as in {EXAMPLES[0]}")
    chosen, hist = given["frames"], given["hist"]
    names = ("no_orient", "allow_truncated", "allow_narrowing", "max_pixels", "max_frames", "max_memory")
    reading = Reading(
        frames=(0, _FRAMES + 1) if chosen is None else chosen,
        **{name: given[name] for name in names if given[name] is not None},
    )
    screen, code = screen_of(given["protocol"], given["size"]), errors.DONE
    paths = [source.path for source in Inputs(inputs, recursive=given["recursive"]).sources()] or [STREAM]
    with bounded(given["max_memory"]):
        for path in paths:
            try:
                _show(path, reading, screen, hist, limited=chosen is None)
            except errors.ImgconvError as error:
                code = max(code, error.exit_code)
                complain(str(error))
    raise Finished(code)


def _show(path: str, reading: Reading, screen: Screen, hist: bool, *, limited: bool) -> None:
    """Writes one file's picture, a line on it, and its histograms."""
    from imgconv.files.read import header
    from imgconv.terminals.histogram import histograms
    from imgconv.terminals.pictures import described, strip

    name = "standard input" if path == STREAM else printable(path)
    with header(path, reading) as opened:
        image = opened.load()
    for note in image.notes:
        complain(f"{name}: {note.text}")
    count, words = len(image.frames), list[str]()
    if limited and count > _FRAMES:
        image = replace(image, frames=image.frames[:_FRAMES])
        words.append(f"the first {_FRAMES} frames (--frames all shows all)")
    elif count > 1:
        words.append(f"{count} frames")
    text, done = strip(image, screen)
    put(text)
    terminal.say(f"{name}: {described(image, [*words, *done])}")
    if hist:
        for drawn, line in histograms(image.frames[0], image.colour, screen):
            put(drawn)
            terminal.say(f"{line}{' (the first frame)' if count > 1 else ''}")
