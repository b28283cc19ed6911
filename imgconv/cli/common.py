"""The options of every image command, declared once."""

from __future__ import annotations

from typing import Any, TypeVar

import click

from imgconv.batches.settings import Settings
from imgconv.cli.click_types import KindType
from imgconv.files.formats import COMPRESS_LEVEL, FORMATS, QUALITY, QUALITY_KIND
from imgconv.files.options import CHOICE_OF_FRAMES, Reading, Writing
from imgconv.values.frozen import fields, record
from imgconv.values.parameters import ALPHA, CHANNELS, DTYPE, FLAG, FRAMES, MEMORY, PIXELS, RANGE, THREADS, Kind

_Value = TypeVar("_Value")


@record
class Common:
    """The common options of one call."""

    inputs: tuple[str, ...]
    output: str | None
    format: str | None
    overwrite: bool
    quiet: bool
    plan: bool
    report: str | None
    settings: Settings

    @classmethod
    def taken_from(cls, values: dict[str, Any], inputs: tuple[str, ...]) -> Common:
        """Takes the common options out of `values`, Click's parameters by name."""

        def taken(kind: type[_Value], **more: Any) -> _Value:
            """A record whose fields are options of the same names; an option that was left out keeps its default."""
            present = {
                one.name: value
                for one in fields(kind)
                if one.name in values and (value := values.pop(one.name)) is not None
            }
            return kind(**present, **more)

        report = values.pop("report")
        settings = taken(Settings, plans=report is not None, reading=taken(Reading), writing=taken(Writing))
        return cls(
            inputs,
            values.pop("output"),
            values.pop("format"),
            values.pop("overwrite"),
            values.pop("quiet"),
            values.pop("plan"),
            report,
            settings,
        )


def INPUTS() -> click.Argument:  # noqa: N802 (a parameter, made anew for each command)
    return click.Argument(["inputs"], nargs=-1, metavar="[IMAGE]...")


def COMMON() -> list[click.Parameter]:  # noqa: N802
    def kind(names: list[str], kind_: Kind, help_: str) -> click.Option:
        return click.Option(names, type=KindType(kind_, names[-1]), metavar=kind_.metavar, help=help_)

    def flag(names: list[str], help_: str) -> click.Option:
        assert FLAG.metavar == ""
        return click.Option(names, is_flag=True, help=help_)

    return [
        click.Option(
            ["-o", "--output"],
            metavar="PATH",
            help="A file, a folder (with / at the end, or for several inputs), or - for standard output.",
        ),
        click.Option(
            ["--format"],
            metavar="NAME",
            help=f"Output format: {', '.join(FORMATS)}.  [default: by the suffix; png on a stream]",
        ),
        flag(["--overwrite"], "Replace existing files in an output folder, derived names, and inputs."),
        kind(["--range"], RANGE, "How results are brought into the output type's range.  [default: clamp]"),
        kind(["--dtype"], DTYPE, "The output's pixel type; values are never rescaled.  [default: same as the input]"),
        flag(["--gray"], "Convert to gray first (Rec. 601 luma)."),
        kind(
            ["--channels"],
            CHANNELS,
            "Channels to filter; the others pass unchanged: luma, or names or numbers (r,g; alpha; 0,2).  [default:"
            " all]",
        ),
        flag(
            ["--linear"],
            "Filter in linear light: decode sRGB (or the colour profile's curves) first, encode again at the end.",
        ),
        kind(
            ["--alpha"],
            ALPHA,
            "How alpha takes part: it weights colours (auto), is copied (keep), ... or is dropped (drop).  [default:"
            " auto]",
        ),
        kind(
            ["--frames"],
            CHOICE_OF_FRAMES,
            "Frames or pages to take, counted from 0; -1 is the last, B is left out.  [default: all]",
        ),
        flag(["--no-orient"], "Do not turn pixels upright: leave them and the stated orientation as stored."),
        flag(["--strip"], "Leave out EXIF, colour profile, resolution, XMP and text."),
        kind(["--quality"], QUALITY_KIND, f"Of JPEG, WebP and AVIF.  [default: {QUALITY}, colours at full resolution]"),
        flag(["--lossless"], "Write without loss: lossless WebP, and neither JPEG nor AVIF."),
        kind(
            ["--compress-level"],
            COMPRESS_LEVEL,
            "Of PNG and TIFF: 0 stores, 1 is fast, 9 is small.  [default: 3; 1 into a pipe]",
        ),
        kind(["--threads"], THREADS, "Processors to use.  [default: all]"),
        flag(
            ["--allow-narrowing"],
            "Read 8 bits per sample of files that have more, where no reader for those is installed.",
        ),
        flag(["--plan"], "Print how each step would be computed, and run nothing."),
        kind(
            ["--max-pixels"],
            PIXELS,
            "Refuse images with more pixels per frame: 100M, 2G.  [default: 89478485, as Pillow]",
        ),
        kind(["--max-frames"], FRAMES, "Refuse images with more frames or pages.  [default: 10000]"),
        kind(
            ["--max-memory"],
            MEMORY,
            "Refuse images that would take more memory: 500M, 2GiB.  [default: 80 % of the machine's]",
        ),
        flag(["--allow-truncated"], "Read truncated or damaged images as far as possible."),
        flag(["--strict"], "Refuse to write a result that lost anything: exit code 3."),
        click.Option(
            ["--report"],
            metavar="FILE",
            help="Write facts about each image as JSON Lines, failed ones included; - is standard output.",
        ),
        flag(["-q", "--quiet"], "Print errors only."),
    ]
