"""Alpha in parts of an image that come one after the other: the policies on a part, and what they need to know of the
whole image first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from imgconv.api.local_steps import LocalStep, Part, apply_all, placed_steps
from imgconv.engine.alpha import plane
from imgconv.engine.alpha.visible import ROWS, Mean
from imgconv.engine.alpha.weighted import Seen, WeightedColours, divide, multiply
from imgconv.files.by_rows import Regrouped
from imgconv.operations.pipeline import Pipeline
from imgconv.values.borders import Border
from imgconv.values.frozen import record, replace
from imgconv.values.pixel_values import Pixels, Response, Target, Values, target, values

Result = tuple[Values, Pixels, Response | None]
"""Colours (wide or converted), alpha (H, W) in its own type, and the colours' response."""


@record
class Whole:
    """What is known of the whole image: whether it is opaque, and what is seen of the colours that the last step
    gets."""

    opaque: bool = False
    seen: Seen | None = None


@record
class Steps:
    """Steps, and the rows and columns of a part that each of them needs."""

    steps: Sequence[LocalStep]
    rows: Sequence[Part]
    columns: Sequence[Part]
    threads: int | None

    @property
    def shape(self) -> tuple[int, int]:
        """Of the last one's result."""
        (top, bottom), (left, right) = self.rows[-1], self.columns[-1]
        return bottom - top, right - left

    @property
    def rows_of_result(self) -> slice:
        """Where the rows of the last one's result are among those of the first one's part; for images that keep their
        size."""
        first = self.rows[0][0]
        return slice(self.rows[-1][0] - first, self.rows[-1][1] - first)

    def apply(self, values: Values, goal: Target | None) -> tuple[Values, Response | None]:
        """All steps on values."""
        return apply_all(self.steps, values, self.rows, self.columns, goal, self.threads)


Policy = Callable[[Steps, Values, Pixels, Target | None, Whole], Result]


def refusal(policy: str, pipeline: Pipeline, stretched: bool) -> str:
    """Why a pipeline needs an image with alpha as a whole; empty if it does not."""
    if stretched and policy != "keep":
        return "--range stretch needs the extremes of all that is visible"
    if policy == "premultiply" and any(step.word == "bank" for step in pipeline.steps):
        return "--alpha premultiply has one alpha for all kernels of a bank"
    return ""


def run_policy(
    policy: str, steps: Steps, part: tuple[Values, Pixels | None], goal: Target | None, whole: Whole
) -> tuple[Values, Pixels | None, Response | None]:
    """A part of the result, from colours and their alpha, if there is any."""
    colour, alpha = part
    if alpha is None:
        result, response = steps.apply(colour, goal)
        return result, None, response
    return POLICIES[policy](steps, colour, alpha, goal, whole)


# ---------------------------------------------------------------- the policies


def _auto(steps: Steps, colour: Values, alpha: Pixels, goal: Target | None, whole: Whole) -> Result:
    """Colours weighted by alpha; an opaque image is computed as one without alpha."""
    if whole.opaque:
        result, response = steps.apply(colour, goal)
        return result, np.full(steps.shape, plane.opaque_of(alpha.dtype.name), alpha.dtype), response
    weighted, response = _weighted(steps, colour, alpha, goal, whole.seen)
    return weighted.colour, weighted.final_alpha(), response


def _weighted(
    steps: Steps, colour: Values, alpha: Pixels, goal: Target | None, seen: Seen | None
) -> tuple[WeightedColours, Response | None]:
    colours, response = WeightedColours.of_frame(colour, alpha), None
    notes = colour.notes
    for step, placed, last in placed_steps(steps.steps, steps.rows, steps.columns):
        colours = replace(colours, whole=seen if last else None)
        colours, response = step.with_alpha.weighted(colours, placed, goal if last else None, steps.threads)
        notes += colours.colour.notes
    return colours.with_colour(replace(colours.colour, notes=tuple(dict.fromkeys(notes)))), response


def _keep(steps: Steps, colour: Values, alpha: Pixels, goal: Target | None, whole: Whole) -> Result:
    """Colours as if there were no alpha; alpha is that under each window's centre, or pooled."""
    result, response = steps.apply(colour, goal)
    for step, placed, _ in placed_steps(steps.steps, steps.rows, steps.columns):
        alpha = step.with_alpha.kept(alpha, placed, steps.threads)
    return result, alpha, response


def _filter(steps: Steps, colour: Values, alpha: Pixels, goal: Target | None, whole: Whole) -> Result:
    """Alpha is one channel more, converted by clamping to its own type."""
    result, response = steps.apply(colour, goal)
    filtered, _ = steps.apply(values(alpha), target(alpha.dtype.name, None, "clamp"))
    return result, filtered.pixels[..., 0], response


def _premultiply(steps: Steps, colour: Values, alpha: Pixels, goal: Target | None, whole: Whole) -> Result:
    """Colours times alpha, and alpha, each through all steps like any channel; divided at the end."""
    weighted = WeightedColours.of_frame(colour, alpha)
    products, shares = _premultiplied(steps, colour, alpha)
    form = weighted.opaque, weighted.type
    result, response = divide(products, shares, form, goal, steps.threads, whole.seen)
    return replace(result.colour, notes=products.notes), result.final_alpha(), response


def _premultiplied(steps: Steps, colour: Values, alpha: Pixels) -> tuple[Values, Values]:
    """Colours times alpha, and alpha, behind all steps."""
    weighted = WeightedColours.of_frame(colour, alpha)
    products, shares, _ = multiply(weighted, Border(), steps.threads, whole=False)
    products, _ = steps.apply(products, None)
    for step, placed, _ in placed_steps(steps.steps, steps.rows, steps.columns):
        run, kept = step.with_alpha.shares, step.with_alpha.kept
        if run is not None:
            shares, _ = run(shares, placed, None, steps.threads)
        else:
            rest = kept(shares.pixels[..., 0], placed, steps.threads)
            shares = replace(shares, pixels=np.ascontiguousarray(rest)[..., None])
    return products, shares


POLICIES: dict[str, Policy] = {"auto": _auto, "keep": _keep, "filter": _filter, "premultiply": _premultiply}


# ---------------------------------------------------------------- what is known first


def weighs_mean(policy: str, steps: Sequence[LocalStep]) -> bool:
    """Whether the extremes of results depend on the mean of all colours."""
    return policy == "premultiply" or (policy == "auto" and steps[-1].with_alpha.mean)


def is_opaque(bands: Iterable[Pixels]) -> bool:
    """Whether rows are opaque, whose last channel is alpha. None is read behind the first that is not."""
    return all(plane.is_opaque(rows[..., -1]) for rows in bands)


def before_last(steps: Steps, colour: Values, alpha: Pixels) -> Pixels:
    """What the last step gets of a part, by "auto": float64, the last channel being alpha. `steps` are all others."""
    weighted, _ = _weighted(steps, colour, alpha, None, None)
    return np.concatenate([weighted.colour.pixels, weighted.alpha.pixels], axis=2, dtype=np.float64)


def products_of(steps: Steps, colour: Values, alpha: Pixels) -> Pixels:
    """What is divided of a part, by "premultiply": products, the last channel being alpha."""
    products, shares = _premultiplied(steps, colour, alpha)
    return np.concatenate([products.pixels, shares.pixels], axis=2, dtype=np.float64)


def seen_of_colours(bands: Iterable[Pixels]) -> Seen:
    """What is seen of colours whose last channel is alpha."""
    running, greatest = Mean(), -float("inf")
    for rows in Regrouped(bands, ROWS):
        running.add(rows[..., :-1], rows[..., -1])
        greatest = float(np.maximum(greatest, rows[..., -1].max()))
    return Seen(greatest, running.value)


def seen_of_products(bands: Iterable[Pixels]) -> Seen:
    """What is seen of products whose last channel is alpha."""
    products, shares, greatest = Mean(), Mean(), -float("inf")
    for rows in Regrouped(bands, ROWS):
        ones = np.ones(rows.shape[:2])
        products.add(rows[..., :-1], ones)
        shares.add(rows[..., -1:], ones)
        greatest = float(np.maximum(greatest, rows[..., -1].max()))
    return Seen(greatest, products.value, shares.value)
