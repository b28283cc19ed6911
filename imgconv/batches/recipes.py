"""Recipes: how the pixels of a result were made, as a text that travels with them.

What is read from a file is not trusted: its size is bounded, and it opens no files.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any

from imgconv import __version__, errors
from imgconv.batches.inputs import shown
from imgconv.batches.settings import Settings
from imgconv.files.formats import FORMATS, TABLE, Format
from imgconv.files.options import Reading
from imgconv.operations.pipeline import Pipeline
from imgconv.values.frozen import record, replace

if TYPE_CHECKING:
    from imgconv.batches.job import Job
    from imgconv.batches.prepared import Prepared
    from imgconv.values.image import ImageData

RECORDED = (
    "dtype",
    "range",
    "rounding",
    "gray",
    "flatten",
    "alpha",
    "channels",
    "linear",
    "crop",
    "roi",
    "frames",
    "no_orient",
    "strip",
    "allow_truncated",
    "allow_narrowing",
    "quality",
    "lossless",
)
"""The options on which pixels depend; --mask is recorded by the hash of its file."""
_SHORT = 200
"""Characters of a name, a hash or a version."""


@record
class Recipe:
    """How the pixels of a file were made.

    Attributes
    ----------
    pipeline : str
        The steps, with the numbers of all kernels that were read from files.
    options : mapping
        Options of the run that were not the defaults, by their names in `imgconv.batch`.
    format : str
        The format they were written in.
    source : str
        The hash of the input's file, ``"sha256:..."``.
    mask : str
        The hash of the file of --mask; empty without one.
    frame : int, optional
        Which frame of the result the file holds, where each went into a file of its own.
    version : str
        Of the imgconv that wrote it.
    encoder : str
        The library that encoded the pixels; empty where that is imgconv.
    """

    pipeline: str
    options: Mapping[str, Any]
    format: str
    source: str
    mask: str = ""
    frame: int | None = None
    version: str = __version__
    encoder: str = ""

    def as_dict(self) -> dict[str, Any]:
        """What its JSON says; what is empty is left out."""
        values = {
            "imgconv": self.version,
            "pipeline": self.pipeline,
            "options": dict(self.options),
            "format": self.format,
            "source": self.source,
            "mask": self.mask,
            "frame": self.frame,
            "encoder": self.encoder,
        }
        return {key: value for key, value in values.items() if value not in ("", None)}

    @property
    def text(self) -> str:
        """Its JSON, in printable ASCII."""
        return json.dumps(self.as_dict())


# ---------------------------------------------------------------- written


def check(job: Job, form: Format, path: str, pipeline: Pipeline) -> None:
    """Raises ImgconvError where a result has no place for a recipe, or a recipe would not say all."""
    from imgconv.files.metadata import recipes

    if job.pages:
        raise errors.UsageError("--recipe is for a result of one input; leave out --pages or --recipe")
    if form is TABLE:
        raise errors.UsageError("--recipe goes into a file, and --print writes none; leave out one of them")
    if any(step.declared is not step or step.roles for step in pipeline.steps):
        raise errors.UsageError("--recipe has no room for the weights of a network; leave it out")
    if not recipes.holds(form):
        raise errors.FileError(
            f"{path}: {form.name.upper()} has no place for a recipe; formats that have one: {', '.join(recipes.able())}"
        )


def of(prepared: Prepared) -> Recipe:
    """The recipe of a job's result; its input is read to its end. Raises FileError for one that is too long."""
    from imgconv.files.metadata.recipes import MOST

    settings, form = prepared.settings, prepared.form
    found = Recipe(
        str(prepared.pipeline),
        stated_options(settings),
        form.name,
        source_hash(prepared),
        "" if settings.mask is None else file_hash(settings.mask),
        encoder=encoder(form),
    )
    if len(found.text) > MOST:
        raise errors.FileError(f"{prepared.path}: its recipe is longer than {MOST >> 20} MiB; use a smaller kernel")
    return found


def stated_options(settings: Settings) -> dict[str, Any]:
    """The recorded options that are not the defaults, as JSON has them."""
    from imgconv.batches.options import KINDS

    found: dict[str, Any] = {}
    for name in RECORDED:
        for given, usual in (
            (settings, Settings()),
            (settings.reading, Reading()),
            (settings.writing, Settings().writing),
        ):
            value = getattr(given, name, None)
            if hasattr(given, name) and value != getattr(usual, name):
                found[name] = value if isinstance(value, (bool, int)) else KINDS[name].text(value)
    return found


def source_hash(prepared: Prepared) -> str:
    """The hash of a job's input: of its bytes, or of the names and files of a folder that is an image."""
    from imgconv.batches.stamps import digest_of

    path = prepared.job.source
    if os.path.isdir(path):
        return digest_of(path) or ""
    return stream_hash(prepared.header.source.stream)


def stream_hash(stream: IO[bytes]) -> str:
    """The hash of all bytes of a stream, which stays where it stands."""
    before = stream.tell()
    stream.seek(0)
    digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    stream.seek(before)
    return f"sha256:{digest}"


def file_hash(path: str) -> str:
    """The hash of a file. Raises FileError if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return stream_hash(file)
    except OSError as error:
        raise errors.FileError(f"{path}: cannot be read ({error.strerror or error})") from None


def encoder(form: Format) -> str:
    """The library that encodes a format, with its version; empty where that is imgconv."""
    if not form.pillow or form.name in ("png", "tiff"):
        return ""
    from PIL import __version__ as version

    return f"Pillow {version}"


def of_frame(image: ImageData, number: int) -> ImageData:
    """One of several frames that go into files of their own, whose recipe says which it is."""
    from imgconv.files.metadata import recipes

    text = image.metadata.get("recipe")
    return recipes.stated(image, replace(parsed(text, "the result"), frame=number).text) if text else image


# ---------------------------------------------------------------- read


def recipe(path: str | os.PathLike[str]) -> Recipe:
    """Read the recipe of a file that was written with `--recipe` (or ``imgconv.batch(..., recipe=True)``).

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    Recipe
        With `pipeline`, `options`, `format`, `source` (a hash), `version`, and `as_dict()`. Nothing in it is run or
        checked: whoever writes a file can write any recipe into it.

    Raises
    ------
    FileError
        For a file that cannot be read, has no recipe, or a broken one.

    Examples
    --------
    >>> import imgconv
    >>> _ = imgconv.batch("filter vertical", "samples/digit.png", "out.png", recipe=True, range="abs")
    >>> imgconv.recipe("out.png").pipeline
    'filter vertical'
    """
    from imgconv.values.arguments import path_text

    return of_image(loaded(path_text(path), Reading()), path_text(path))


def loaded(path: str, reading: Reading) -> ImageData:
    """A file's image, as it is stored."""
    from imgconv.files import read

    return read.header(path, replace(reading, no_orient=True, allow_narrowing=True)).load()


def of_image(image: ImageData, path: str) -> Recipe:
    """The recipe of an image that was read from a path. Raises FileError for none."""
    text = image.metadata.get("recipe")
    if text is None:
        raise errors.FileError(f"{shown(path)}: has no recipe; results that are written with --recipe have one")
    return parsed(text, path)


def parsed(text: str, path: str) -> Recipe:
    """The recipe of its JSON. Raises FileError for what is none."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise broken(path, "it is no JSON") from None
    if not isinstance(values, dict):
        raise broken(path, "it is no object")
    options, frame = values.get("options", {}), values.get("frame")
    words = {key: values.get(key, "") for key in ("imgconv", "pipeline", "format", "source", "mask", "encoder")}
    for key, word in words.items():
        if not isinstance(word, str) or (key != "pipeline" and len(word) > _SHORT):
            raise broken(path, f"its {key} is no short text")
    if not isinstance(options, dict) or not all(isinstance(value, (bool, int, str)) for value in options.values()):
        raise broken(path, "its options are no values by names")
    if isinstance(frame, bool) or not isinstance(frame, (int, type(None))):
        raise broken(path, "its frame is no number")
    if not words["pipeline"]:
        raise broken(path, "it has no pipeline")
    version = words.pop("imgconv")
    return Recipe(**words, options=options, frame=frame, version=version)


def broken(path: str, why: str) -> errors.FileError:
    """What is said of a recipe that cannot be used."""
    return errors.FileError(f"{path}: its recipe is broken: {why}")


def pipeline_of(recipe: Recipe, path: str) -> Pipeline:
    """The steps; no text in them opens a file. Raises FileError for other ones."""
    from imgconv.kernels.file_access import without_files

    try:
        with without_files():
            steps = Pipeline.parse(recipe.pipeline)
            steps.require_no_weights()
    except errors.ImgconvError as error:
        raise broken(path, str(error)) from None
    return steps


def settings_of(recipe: Recipe, path: str) -> Settings:
    """The settings that the recipe states. Raises FileError for others."""
    from imgconv.batches.options import settings_of as read

    if other := next((name for name in recipe.options if name not in RECORDED), ""):
        raise broken(path, f"option {errors.shown(other)} is not known here (it was made by imgconv {recipe.version})")
    try:
        return read(recipe.options)
    except errors.ImgconvError as error:
        raise broken(path, str(error)) from None


def format_of(recipe: Recipe, path: str) -> Format:
    """The format that its file was written in. Raises FileError for one that is not known."""
    if recipe.format not in FORMATS:
        raise broken(path, f"format {errors.shown(recipe.format)} is not known")
    return FORMATS[recipe.format]
