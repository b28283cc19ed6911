"""Verifying: a file's pixels against those that its recipe makes of the source."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

from imgconv import __version__, errors
from imgconv.batches import recipes
from imgconv.batches.inputs import shown
from imgconv.batches.job import Job
from imgconv.batches.recipes import Recipe
from imgconv.batches.work import JobWork
from imgconv.files.options import Reading
from imgconv.values.frozen import record, replace

if TYPE_CHECKING:
    from imgconv.values.image import Frame, ImageData


@record
class Difference:
    """Where pixels differ.

    Attributes
    ----------
    pixels, of : int
        How many differ, and of how many.
    most : float
        By how much a sample differs at most; infinity where one is not a number.
    frame, row, column : int
        The first of them, from 0.
    rows, columns : (int, int)
        The first and the last row and column that hold one.
    """

    pixels: int
    of: int
    most: float
    frame: int
    row: int
    column: int
    rows: tuple[int, int]
    columns: tuple[int, int]

    def __str__(self) -> str:
        much = "by at most " + ("infinity" if self.most == float("inf") else f"{self.most:g}")
        place = f"{f'frame {self.frame}, ' if self.frame else ''}row {self.row}, column {self.column}"
        if self.pixels == 1:
            return f"1 of {self.of:,} pixels differs, {much}: {place}"
        rows, columns = (f"{first} to {last}" for first, last in (self.rows, self.columns))
        return (
            f"{self.pixels:,} of {self.of:,} pixels differ, {much}; the first is {place}, all are in rows {rows} and"
            f" columns {columns}"
        )


@record
class Verification:
    """What became of a file's recipe; true if the pixels are the same and made of the same source.

    Attributes
    ----------
    same : bool
    reasons : tuple of str
        What is not the same.
    difference : Difference, optional
        Where pixels differ, if sizes and types are the same.
    recipe : Recipe
    """

    same: bool
    reasons: tuple[str, ...]
    difference: Difference | None
    recipe: Recipe

    def __bool__(self) -> bool:
        return self.same

    def as_dict(self) -> dict[str, Any]:
        """Its fields, as JSON has them."""
        place = self.difference
        return {
            "same": self.same,
            "reasons": list(self.reasons),
            "difference": None
            if place is None
            else {name: getattr(place, name) for name in Difference.__annotations__}
            | {"most": None if place.most == float("inf") else place.most},
            "recipe": self.recipe.as_dict(),
        }


def verify(
    source: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    mask: str | os.PathLike[str] | None = None,
    max_pixels: int | None = None,
    max_memory: int | None = None,
) -> Verification:
    """Compute a file's recipe again and compare the pixels.

    The result is encoded with the recorded options and decoded again, so a lossy file is compared with its own
    encoding.

    Parameters
    ----------
    source : path
        The file that `path` is said to be made of.
    path : path
        A file with a recipe.
    mask : path, optional
        The file of ``--mask``, for a recipe that names one.
    max_pixels, max_memory : int, optional
        As in `imgconv.load`.

    Returns
    -------
    Verification
        True if all is the same; else `reasons` and `difference` say what is not.

    Raises
    ------
    FileError
        For files that cannot be read, and for a recipe that is missing, broken, or of a file that it needs.
    UsageError
        For a mask that is missing, or not needed.
    """
    from imgconv.batches.options import settings_of
    from imgconv.values.arguments import path_text

    limits = settings_of({"max_pixels": max_pixels, "max_memory": max_memory}).reading
    return verified(path_text(source), path_text(path), None if mask is None else path_text(mask), limits)


def verified(
    source: str, path: str, mask: str | None, limits: Reading = Reading(), *, own_process: bool = False
) -> Verification:
    """The same with limits of reading; in a process of imgconv's own memory is confined."""
    there = recipes.loaded(path, limits)
    recipe = recipes.of_image(there, path)
    if recipe.mask and mask is None:
        raise errors.UsageError(f"the recipe of {path} has a mask; name its file: --mask FILE")
    if mask is not None and not recipe.mask:
        raise errors.UsageError(f"the recipe of {path} has no mask; leave out --mask")
    reasons = []
    if mask is not None and recipes.file_hash(mask) != recipe.mask:
        reasons.append(f"{mask} is another mask than the one it was made with")
    made, digest = _made(recipe, source, path, mask, limits, own_process)
    if digest != recipe.source:
        reasons.insert(0, f"{shown(source)} is another file than the one it was made of ({digest[:19]}…)")
    difference = None
    if other := _other_kind(there, made, recipe):
        reasons.append(other)
    else:
        difference = _difference(there.frames, made.frames)
        reasons += [str(difference)] if difference else []
    if reasons and recipe.version != __version__:
        reasons.append(f"it was made by imgconv {recipe.version}, and this is {__version__}")
    here = recipes.encoder(recipes.format_of(recipe, path))
    if reasons and recipe.encoder != here:
        reasons.append(f"it was encoded by {recipe.encoder or 'imgconv'}, and here is {here or 'imgconv'}")
    return Verification(not reasons, tuple(reasons), difference, recipe)


def _made(
    recipe: Recipe, source: str, path: str, mask: str | None, limits: Reading, own_process: bool
) -> tuple[ImageData, str]:
    """What the recipe makes of a source, encoded and decoded again; and the source's hash."""
    from imgconv.batches.whole import WholeJob
    from imgconv.files import read
    from imgconv.files.write import encode_fitted

    form = recipes.format_of(recipe, path)
    settings = recipes.settings_of(recipe, path)
    reading = replace(settings.reading, max_pixels=limits.max_pixels, max_memory=limits.max_memory)
    settings = replace(settings, reading=reading, mask=mask)
    job = Job(source, path, form, replace=True, in_folder=recipe.frame is not None)
    work = JobWork(job, recipes.pipeline_of(recipe, path), settings, {}, own_process)
    try:
        prepared = work.opened(whole=True)
        digest = recipes.source_hash(prepared)
        outputs = WholeJob(work).outputs(prepared)
    except errors.UsageError as error:
        raise recipes.broken(path, str(error)) from None
    except (errors.WindowError, errors.PixelError) as error:
        raise errors.named(source, error) from None
    number = recipe.frame or 0
    if not 0 <= number < len(outputs):
        raise recipes.broken(path, f"{source} gives no frame {number}")
    content = encode_fitted(outputs[number].image, form, path, writing=settings.writing)
    stream = io.BytesIO(b"".join(content))
    stored = replace(limits, no_orient=True, allow_narrowing=True)
    return read.header(path, stored, stream).load(), digest


def _other_kind(there: ImageData, made: ImageData, recipe: Recipe) -> str:
    """How two images are of other kinds; empty if their pixels can be compared."""
    if there.format != made.format:
        return f"it is a {there.format.upper()}, and the recipe makes a {recipe.format.upper()}"
    if len(there.frames) != len(made.frames):
        return f"it has {len(there.frames)} frames, and the recipe makes {len(made.frames)}"
    for one, other in zip(there.frames, made.frames, strict=True):
        if (one.pixels.shape, one.pixels.dtype) != (other.pixels.shape, other.pixels.dtype) or (
            (one.alpha is None) != (other.alpha is None)
        ):
            return f"it is {_kind(one)}, and the recipe makes {_kind(other)}"
    return ""


def _kind(frame: Frame) -> str:
    return repr(frame).removeprefix("<Frame ").removesuffix(">")


def _difference(there: tuple[Frame, ...], made: tuple[Frame, ...]) -> Difference | None:
    """Where the pixels of frames differ, which have the same shapes and types."""
    import numpy as np

    from imgconv.files.modes import joined

    places, total, most = list[Any](), 0, 0.0
    for number, (one, other) in enumerate(zip(there, made, strict=True)):
        first, second = (joined(frame).reshape(*frame.pixels.shape[:2], -1) for frame in (one, other))
        differs = first != second
        if first.dtype.kind == "f":
            differs &= ~(np.isnan(first) & np.isnan(second))
        where = np.argwhere(differs.any(axis=2))
        total += differs.shape[0] * differs.shape[1]
        if len(where):
            with np.errstate(invalid="ignore", over="ignore"):
                steps = np.abs(first[differs].astype(np.float64) - second[differs].astype(np.float64))
            most = max(most, float(np.nan_to_num(steps, nan=np.inf, posinf=np.inf).max()))
            places.append((number, where))
    if not places:
        return None
    every = np.concatenate([where for _, where in places])
    (low_row, low_column), (high_row, high_column) = every.min(axis=0).tolist(), every.max(axis=0).tolist()
    frame, (row, column) = places[0][0], places[0][1][0].tolist()
    return Difference(len(every), total, most, frame, row, column, (low_row, high_row), (low_column, high_column))
