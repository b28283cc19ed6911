"""The options of every image command, declared once."""

from __future__ import annotations

from typing import Any, TypeVar

import click

from imgconv import errors
from imgconv.batches.inputs import Inputs
from imgconv.batches.settings import Manner, Settings
from imgconv.cli.options import Option, option, quiet
from imgconv.files.formats import COMPRESS_LEVEL, FORMATS, QUALITY, QUALITY_KIND, TILE, ZARR_FORMAT
from imgconv.files.options import CHOICE_OF_FRAMES, Reading, Writing
from imgconv.values import groups
from imgconv.values.clusters import CLUSTER
from imgconv.values.colours import COLOUR
from imgconv.values.crops import CROP, ROI
from imgconv.values.frozen import fields, record
from imgconv.values.parameters import (
    ALPHA,
    CHANNELS,
    DTYPE,
    FLAG,
    FRAMES,
    JOBS,
    MEMORY,
    PIXELS,
    RANGE,
    ROUNDING,
    THREADS,
    Kind,
)
from imgconv.values.protocols import PROTOCOL

_Value = TypeVar("_Value")


@record
class Common:
    """The common options of one call."""

    inputs: Inputs
    output: str | None
    format: str | None
    overwrite: bool
    quiet: bool
    plan: bool
    dry_run: bool
    pages: bool
    printed: bool
    view: bool
    protocol: str | None
    manner: Manner
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

        report, quiet = values.pop("report"), values.pop("quiet")
        settings = taken(Settings, plans=report is not None, reading=taken(Reading), writing=taken(Writing))
        update, more, manner = values.pop("update"), taken(Inputs, words=inputs), taken(Manner)
        if update != (manner.manifest is not None):
            raise errors.UsageError("--update and --manifest FILE go together; give both or none")
        if update and values["pages"]:
            raise errors.UsageError("--update is for results in files of their own; leave out --pages or --update")
        if settings.skip_existing and values["overwrite"]:
            raise errors.UsageError("--skip-existing and --overwrite ask for two things; give one of them")
        return cls(
            inputs=more,
            manner=manner,
            quiet=quiet,
            report=report,
            settings=settings,
            **{name: values.pop(name) for name in _OWN},
        )


_OWN = ("output", "format", "overwrite", "plan", "dry_run", "pages", "printed", "view", "protocol")
"""Options that are fields of Common."""


def COMMON() -> list[click.Parameter]:  # noqa: N802 (parameters, made anew for each command)
    return [*_files(), *_batches(), *_result(), *_colour(), *_reading(), *_limits(), *_reports()]


def _files() -> list[Option]:
    return [
        option(
            "-o --output",
            "PATH",
            groups.FILES,
            "A file, which is replaced; a folder/ or a template of {dir} {stem} {op} {ext} {index}, where nothing is"
            " replaced; or - for standard output.  [default: standard output; on a terminal a file beside each input,"
            " such as in-vertical.png]",
            "A file (replaced), a folder/, or - for standard output.",
        ),
        option(
            "--format",
            Kind("NAME", str, choices=tuple(FORMATS)),
            groups.FILES,
            f"Output format: {', '.join(FORMATS)}.  [default: by the suffix; png on a stream]",
        ),
        option(
            "--overwrite",
            FLAG,
            groups.FILES,
            "Replace existing files in an output folder, derived names, and inputs.",
            "Replace files in an output folder, and inputs.",
        ),
        option(
            "--print printed",
            FLAG,
            groups.FILES,
            "Print the result as a table of numbers, and write no file; --crop takes a piece.",
        ),
        option(
            "--view",
            FLAG,
            groups.REPORTS,
            "Show image and result side by side in the terminal; a file is written only with -o.",
        ),
        option(
            "--protocol",
            PROTOCOL,
            groups.REPORTS,
            "Of --view: how to send pictures, instead of asking the terminal.",
        ),
        option("--strip", FLAG, groups.FILES, "Leave out EXIF, colour profile, resolution, XMP and text."),
        option(
            "--recipe",
            FLAG,
            groups.FILES,
            "Write into the result how it was made, with --strip too ('imgconv recipe' prints it, 'imgconv verify'"
            " checks it).",
        ),
        option(
            "--quality",
            QUALITY_KIND,
            groups.FILES,
            f"Of JPEG, WebP and AVIF.  [default: {QUALITY}, colours at full resolution]",
        ),
        option("--lossless", FLAG, groups.FILES, "Write without loss: lossless WebP, and neither JPEG nor AVIF."),
        option(
            "--compress-level",
            COMPRESS_LEVEL,
            groups.FILES,
            "Of PNG, TIFF and Zarr: 0 stores, 1 is fast, 9 is small.  [default: 3; 1 into a pipe]",
        ),
        option(
            "--tile",
            TILE,
            groups.FILES,
            "Write TIFF in tiles of N x N pixels, Zarr in such chunks.  [default: strips; 512]",
        ),
        option("--bigtiff", FLAG, groups.FILES, "Write TIFF as BigTIFF.  [default: where it may exceed 4 GiB]"),
        option(
            "--zarr-format", ZARR_FORMAT, groups.FILES, "Zarr's version: 3 is OME-NGFF 0.5, 2 is 0.4.  [default: 3]"
        ),
    ]


def _batches() -> list[Option]:
    return [
        option("-r --recursive", FLAG, groups.BATCHES, "Of folders take the images in the folders below, too."),
        option(
            "--files-from",
            "FILE",
            groups.BATCHES,
            "Read names of inputs from a file, one on each line; - is standard input.",
        ),
        option(
            "--jobs",
            JOBS,
            groups.BATCHES,
            "Images to work on at a time, at most the processors; with --threads for each.  [default: all processors,"
            " for few small images 1]",
        ),
        option(
            "--cluster",
            CLUSTER,
            groups.BATCHES,
            "Work on images on a Dask cluster: tcp://HOST:PORT of its scheduler, or local:N workers of this machine.",
        ),
        option(
            "--skip-existing",
            FLAG,
            groups.BATCHES,
            "Leave out images whose result is there already, whatever it holds.",
        ),
        option(
            "--update",
            FLAG,
            groups.BATCHES,
            "Leave out what --manifest shows to be up to date, and replace what it shows to be ours.",
        ),
        option("--manifest", "FILE", groups.BATCHES, "Of --update: the file of what was done, made if need be."),
        option("--pages", FLAG, groups.BATCHES, "Make all results pages of one file: -o sheet.tiff."),
        option("--fail-fast", FLAG, groups.BATCHES, "Begin nothing more once an image has failed."),
        option("--dry-run", FLAG, groups.BATCHES, "Print what would be written, and write nothing."),
        option("-0 --null", FLAG, groups.BATCHES, "Names in --files-from end with NUL, as find -print0 writes them."),
    ]


def _result() -> list[Option]:
    return [
        option(
            "--range",
            RANGE,
            groups.RESULT,
            "How results are brought into the output type's range.  [default: clamp]",
            "How results fit the type.  [default: clamp]",
        ),
        option(
            "--rounding",
            ROUNDING,
            groups.RESULT,
            "How results become whole numbers: half-up (1.5 to 2, -1.5 to -1), half-even, or toward zero.  [default:"
            " half-up]",
        ),
        option(
            "--dtype",
            DTYPE,
            groups.RESULT,
            "The output's pixel type; values are never rescaled.  [default: same as the input]",
            "The output's pixel type.  [default: same]",
        ),
        option(
            "--crop",
            CROP,
            groups.RESULT,
            "Of the result write or print only HxW pixels from row R and column C, counted from 0.",
        ),
        option(
            "--roi",
            ROI,
            groups.RESULT,
            "Replace only HxW pixels from row R and column C, counted from 0; what is outside passes unchanged.",
        ),
        option(
            "--mask",
            "FILE",
            groups.RESULT,
            "Replace only pixels where a picture of the same size is neither black nor transparent.",
        ),
    ]


def _colour() -> list[Option]:
    return [
        option(
            "--flatten",
            COLOUR,
            groups.COLOUR,
            "Lay transparent pixels over a colour first (white, '#ff8000'), for JPEG and the like.",
        ),
        option("--gray", FLAG, groups.COLOUR, "Convert to gray first (Rec. 601 luma).", "Convert to gray first."),
        option(
            "--channels",
            CHANNELS,
            groups.COLOUR,
            "Channels to filter; the others pass unchanged: luma, or names or numbers (r,g; alpha; 0,2).  [default:"
            " all]",
        ),
        option(
            "--linear",
            FLAG,
            groups.COLOUR,
            "Filter in linear light: decode sRGB (or the colour profile's curves) first, encode again at the end.",
        ),
        option(
            "--alpha",
            ALPHA,
            groups.COLOUR,
            "How alpha takes part: it weights colours (auto), is copied (keep), ... or is dropped (drop).  [default:"
            " auto]",
        ),
    ]


def _reading() -> list[Option]:
    return [
        option(
            "--frames",
            CHOICE_OF_FRAMES,
            groups.FILES,
            "Frames or pages to take, counted from 0; -1 is the last, B is left out.  [default: all]",
        ),
        option(
            "--no-orient",
            FLAG,
            groups.FILES,
            "Do not turn pixels upright: leave them and the stated orientation as stored.",
        ),
        option(
            "--allow-narrowing",
            FLAG,
            groups.FILES,
            "Read 8 bits per sample of files that have more, where no reader for those is installed.",
        ),
        option("--allow-truncated", FLAG, groups.FILES, "Read truncated or damaged images as far as possible."),
    ]


def _limits() -> list[Option]:
    return [
        option("--threads", THREADS, groups.LIMITS, "Processors to use.  [default: all]"),
        option(
            "--max-pixels",
            PIXELS,
            groups.LIMITS,
            "Refuse images with more pixels per frame: 100M, 2G.  [default: 89478485, as Pillow]",
        ),
        option("--max-frames", FRAMES, groups.LIMITS, "Refuse images with more frames or pages.  [default: 10000]"),
        option(
            "--max-memory",
            MEMORY,
            groups.LIMITS,
            "Refuse images that would take more memory: 500M, 2GiB.  [default: 80 % of the machine's]",
        ),
        option("--strict", FLAG, groups.LIMITS, "Refuse to write a result that lost anything: exit code 3."),
    ]


def _reports() -> list[Option]:
    return [
        option(
            "--plan",
            FLAG,
            groups.REPORTS,
            "Print how each step would be computed, and run nothing.",
        ),
        option(
            "--report",
            "FILE",
            groups.REPORTS,
            "Write facts about each image as JSON Lines, failed ones included; - is standard output.",
        ),
        quiet(),
    ]
