"""Two tools' ways on one image: where and how much they differ, and which difference is the cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from imgconv import errors
from imgconv.api.image import Image
from imgconv.operations.pipeline import Pipeline
from imgconv.operations.profiles import (
    DIFFERENCES,
    HIGH,
    LOW,
    OWN,
    PROFILES,
    Profile,
    filter_fields,
    pool_fields,
    require_pooling,
)
from imgconv.operations.text import stated_fields
from imgconv.values.frozen import record, replace

if TYPE_CHECKING:
    from imgconv.operations import Operation
    from imgconv.values.pixel_values import Pixels

ITSELF = "imgconv"
"""The name of imgconv's own ways."""
STEPS = ("filter", "pool", "maxpool", "avgpool", "minpool", "medianpool", "sumpool", "rangepool")


@record
class Cause:
    """One declared difference: what either tool has, and what turning it alone changes.

    `count` pixels change; `margin` is whether all of them have windows that look beyond the edge.
    """

    name: str
    first: str
    second: str
    count: int
    margin: bool


@record
class Comparison:
    """Two tools' results for one step.

    Attributes
    ----------
    step : str
        What both are asked for.
    tools : tuple of str
        The two.
    steps : tuple of str
        What it means for each.
    results : tuple of arrays, (H, W) or (H, W, C)
        What each gives.
    differing : array of bool, (H, W)
        Where any channel differs, over the rows and columns that both have.
    greatest : float
        The greatest difference; infinity where one has a NaN and the other has none.
    margin : bool
        Whether all that differ have windows that look beyond the edge.
    causes : tuple of Cause
        Each declared difference, the one that changes most first.
    """

    step: str
    tools: tuple[str, str]
    steps: tuple[str, str]
    results: tuple[Any, Any]
    differing: Any
    greatest: float
    margin: bool
    causes: tuple[Cause, ...]

    @property
    def count(self) -> int:
        """Pixels that differ."""
        return int(self.differing.sum())


def compare(image: Image, text: str, first: str, second: str) -> Comparison:
    """What two tools' ways give for a kernel or a step on the first frame of an image.

    Parameters
    ----------
    image : Image
    text : str
        A KERNEL, or the text of one filter or pool: ``"avgpool 3 pad=1 ceil"``.
    first, second : str
        Names of profiles, or ITSELF.

    Returns
    -------
    Comparison

    Raises
    ------
    UsageError
        For a text that is neither, a tool that does not pool, or one tool twice.
    WindowError
        Where the window does not fit.
    """
    if first == second:
        raise errors.UsageError(f"{first} and {second} are one tool; name two that differ")
    kind, stated = _stated(text)
    for tool in (first, second):
        if kind.word == "pool" and tool != ITSELF:
            require_pooling(tool)
    ways = tuple(OWN if tool == ITSELF else PROFILES[tool] for tool in (first, second))
    steps = [_step(kind, way, stated) for way in ways]
    results = [_result(image, step, way) for step, way in zip(steps, ways, strict=True)]
    differing = _differing(results[0], results[1])
    inner = _inner(steps, differing.shape, image.pixels.shape)
    causes = [
        _cause(name, ways, kind, stated, image, results[0], inner)
        for name in DIFFERENCES
        if _differ(name, ways, kind, stated)
    ]
    return Comparison(
        step=str(Pipeline((kind(**stated),))),
        tools=(first, second),
        steps=(str(Pipeline((steps[0],))), str(Pipeline((steps[1],)))),
        results=(results[0], results[1]),
        differing=differing,
        greatest=_greatest(results[0], results[1], differing),
        margin=not (differing & inner).any(),
        causes=tuple(sorted(causes, key=lambda cause: -cause.count)),
    )


def _stated(text: str) -> tuple[type[Operation], dict[str, Any]]:
    """The operation, and its fields as far as they are stated."""
    if text.split(maxsplit=1)[:1] and text.split(maxsplit=1)[0].lower() in STEPS:
        kind, fields = stated_fields(text)
        if kind.tools:
            return kind, fields
    from imgconv.kernels.catalog import kernel
    from imgconv.operations import Filter

    return Filter, {"kernel": kernel(text)}


def _step(kind: type[Operation], way: Profile, stated: dict[str, Any]) -> Operation:
    return kind(**(filter_fields if kind.word == "filter" else pool_fields)(way, stated))


def _result(image: Image, step: Operation, way: Profile) -> Pixels:
    pixels: Pixels = image.through(step, rounding=way.rounding).pixels  # type: ignore[arg-type]
    return pixels


def _differ(name: str, ways: tuple[Profile, ...], kind: type[Operation], stated: dict[str, Any]) -> bool:
    """Whether two profiles differ in something that this step has."""
    pools = name in ("ceil", "count-padding")
    if name != "rounding" and pools != (kind.word == "pool"):
        return False
    if name in ("border", "divisor", "gaussian"):
        return _words(name, ways[0], stated) != _words(name, ways[1], stated)
    return any(getattr(ways[0], attribute) != getattr(ways[1], attribute) for attribute in DIFFERENCES[name])


def _cause(
    name: str,
    ways: tuple[Profile, ...],
    kind: type[Operation],
    stated: dict[str, Any],
    image: Image,
    before: Pixels,
    inner: Pixels,
) -> Cause:
    """What changes if the first tool's way takes this one difference from the second."""
    turned = replace(ways[0], **{attribute: getattr(ways[1], attribute) for attribute in DIFFERENCES[name]})
    step = _step(kind, turned, stated)
    words = [_words(name, way, stated) for way in ways]
    changed = _differing(before, _result(image, step, turned))
    common = tuple(map(min, changed.shape, inner.shape))
    within = changed[: common[0], : common[1]] & inner[: common[0], : common[1]]
    return Cause(name, words[0], words[1], int(changed.sum()), not within.any())


def _words(name: str, way: Profile, stated: dict[str, Any]) -> str:
    """What a profile has, in a word or two."""
    if name == "flip":
        return "180 degrees" if way.convolve else "rows" if way.mirrored else "none"
    if name == "border":
        return str(filter_fields(way, stated)["border"])
    if name == "centre":
        return {LOW: "lower middle", HIGH: "upper middle"}.get(way.centre, "by the padding")
    if name == "divisor":
        return str(filter_fields(way, stated).get("divisor") or "the kernel's own")
    if name == "gaussian":
        rows, columns = filter_fields(way, stated)["kernel"].shape
        return f"{rows}x{columns}"
    value = getattr(way, DIFFERENCES[name][0])
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _common(one: Pixels, other: Pixels) -> tuple[Pixels, Pixels]:
    """The rows and columns that both results have, (H, W, C)."""
    height, width = map(min, one.shape[:2], other.shape[:2])
    parts = [each[:height, :width].reshape(height, width, -1) for each in (one, other)]
    return parts[0], parts[1]


def _differing(one: Pixels, other: Pixels) -> Pixels:
    """Where any channel differs; NaN equals NaN."""
    one, other = _common(one, other)
    both = np.isnan(one) & np.isnan(other) if one.dtype.kind == "f" else np.zeros(1, bool)
    where: Pixels = ((one != other) & ~both).any(axis=2)
    return where


def _greatest(one: Pixels, other: Pixels, differing: Pixels) -> float:
    if not differing.any():
        return 0.0
    one, other = _common(one, other)
    distance = np.abs(one[differing].astype("float64") - other[differing])
    return float(np.where(np.isnan(distance), np.inf, distance).max())


def _inner(steps: list[Operation], shape: tuple[int, ...], before: tuple[int, ...]) -> Pixels:
    """Where no window of either step looks beyond the edge of an image of `before`."""
    inner = np.ones(shape, bool)
    for step in steps:
        windows = step.windows if step.word == "filter" else [step.window(*before[:2])]  # type: ignore[attr-defined]
        for window in windows:
            for axis, (placed, length) in enumerate(zip(window.over(*before[:2]), before[:2], strict=True)):
                starts = np.arange(shape[axis]) * placed.stride - placed.before
                whole = (starts >= 0) & (starts + placed.effective <= length)
                inner &= whole[:, None] if axis == 0 else whole
    return inner


def drawn(comparison: Comparison) -> Image:
    """The first tool's result, faint, and on it in red what differs: the brighter, the more."""
    one, other = _common(*comparison.results)
    gray = one.astype("float64").mean(axis=2)
    finite = gray[np.isfinite(gray)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    faint = np.clip(np.nan_to_num(gray, nan=low) - low, 0, high - low) / ((high - low) or 1) * 96
    with np.errstate(invalid="ignore"):  # infinity against infinity
        distance = np.nan_to_num(np.abs(one.astype("float64") - other).max(axis=2), nan=np.inf)
        share = np.nan_to_num(np.minimum(distance, comparison.greatest) / (comparison.greatest or 1), nan=1.0)
    marked = np.where(comparison.differing, 160 + 95 * share, faint)
    rest = np.where(comparison.differing, 140 * share, faint)
    return Image(np.stack([marked, rest, np.where(comparison.differing, 0, faint)], axis=2).round().astype("uint8"))
