"""POLICIES: how alpha takes part in a pipeline. A new policy is one row here and its word in `params.ALPHA`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from imgconv import engine, errors
from imgconv.engine import extremes, opaque_of, settle
from imgconv.values.borders import Border
from imgconv.values.frozen import replace
from imgconv.values.pixel_values import Pixels, Response, Target, Values, target, values

if TYPE_CHECKING:
    from imgconv.operations.pipeline import Pipeline

Made = tuple[Values, Pixels | None, Response | None]
"""Colours (wide or settled), alpha (H, W) in its own type, and the colours' response."""
Policy = Callable[["Pipeline", Values, Pixels, Target | None, int | None], Made]


def applied(
    policy: str, pipeline: Pipeline, colour: Values, alpha: Pixels | None, goal: Target | None, threads: int | None
) -> Made:
    """A pipeline on colours and alpha (H, W), by the policy of that name; colours are settled into `goal`, or left wide
    where that is None.

    `goal` does not stretch where alpha is not opaque: that needs the extremes of what is visible (see
    `visible_extremes`).
    """
    if alpha is None:
        made, response = pipeline.apply(colour, goal, threads)
        return made, None, response
    return POLICIES[policy](pipeline, colour, np.ascontiguousarray(alpha), goal, threads)


def is_opaque(alpha: Pixels | None) -> bool:
    """Whether nothing shines through anywhere."""
    return alpha is None or bool(alpha.min() >= opaque_of(alpha.dtype.name))


def visible_extremes(colour: Pixels, alpha: Pixels | None) -> tuple[float, float]:
    """The least and greatest finite value of colours with alpha above 0; of all where none has."""
    seen = colour[alpha > 0] if alpha is not None and not is_opaque(alpha) else colour
    return extremes(seen if seen.size else colour)


def _auto(pipeline: Pipeline, colour: Values, alpha: Pixels, goal: Target | None, threads: int | None) -> Made:
    """Colours weighed by alpha. An opaque image is computed as one without alpha; windows look at opaque pixels only,
    so it stays opaque."""
    if is_opaque(alpha):
        made, response = pipeline.apply(colour, goal, threads)
        shape = made.pixels.shape[:2]
        return (
            made,
            alpha if alpha.shape == shape else np.full(shape, opaque_of(alpha.dtype.name), alpha.dtype),
            response,
        )
    covered, response = pipeline.apply_covered(engine.Covered.made(colour, alpha), goal, threads)
    return covered.colour, covered.settled_alpha().pixels[..., 0], response


def _keep(pipeline: Pipeline, colour: Values, alpha: Pixels, goal: Target | None, threads: int | None) -> Made:
    """Colours as if there were no alpha, which goes along: under each window's centre, or pooled."""
    made, response = pipeline.apply(colour, goal, threads)
    return made, pipeline.apply_alpha(alpha, threads), response


def _filter(pipeline: Pipeline, colour: Values, alpha: Pixels, goal: Target | None, threads: int | None) -> Made:
    """Alpha is one channel more, settled by clamping into its own type."""
    made, response = pipeline.apply(colour, goal, threads)
    filtered, _ = pipeline.apply(values(alpha), target(alpha.dtype.name, None, "clamp"), threads)
    return made, filtered.pixels[..., 0], response


def _premultiply(pipeline: Pipeline, colour: Values, alpha: Pixels, goal: Target | None, threads: int | None) -> Made:
    """Colours times alpha, and alpha, each through all steps like any channel; divided at the end, whatever the kernels
    sum to."""
    given = engine.Covered.made(colour, alpha)
    products, shares, _ = engine.multiplied(given, Border(), threads, whole=False)
    products, _ = pipeline.apply(products, None, threads)
    steps = tuple(step for one in pipeline.steps if (step := one.for_alpha()) is not None)
    if steps:
        shares, _ = replace(pipeline, steps=steps).apply(shares, None, threads)
    if (
        pipeline.channels(1) != 1 or shares.pixels.shape[:2] != products.pixels.shape[:2]
    ):  # a bank, as channels or as tiles
        raise errors.premultiply_bank()
    made, response = engine.divided(products, shares, given.opaque, given.type, goal, threads)
    return replace(made.colour, notes=products.notes), made.settled_alpha().pixels[..., 0], response


POLICIES: dict[str, Policy] = {"auto": _auto, "keep": _keep, "filter": _filter, "premultiply": _premultiply}


def treated(
    policy: str, pipeline: Pipeline, frames: Sequence[tuple[Values, Pixels | None]], goal: Target, threads: int | None
) -> list[tuple[Values, Pixels | None, Response | None]]:
    """All frames through a pipeline, settled; where that is to stretch them, between the least and greatest value of
    all that is visible."""
    plain = goal.range != "stretch" or (len(frames) == 1 and (policy == "keep" or is_opaque(frames[0][1])))
    if plain:
        return [applied(policy, pipeline, colour, alpha, goal, threads) for colour, alpha in frames]
    wide = [applied(policy, pipeline, colour, alpha, None, threads) for colour, alpha in frames]
    return stretched([(colour, alpha) for colour, alpha, _ in wide], goal, threads)


def stretched(frames: Sequence[tuple[Values, Pixels | None]], goal: Target, threads: int | None) -> list[Made]:
    """Wide frames, all between the same ends; what is hidden is brought between them too."""
    found = [visible_extremes(colour.pixels, alpha) for colour, alpha in frames]
    ends = min(low for low, _ in found), max(high for _, high in found)
    results: list[Made] = []
    for colour, alpha in frames:
        pixels = colour.pixels
        if alpha is not None and not is_opaque(alpha):
            pixels = np.clip(pixels, *ends)
        settled, response = settle(Values(pixels, colour.span), goal, ends=ends, threads=threads)
        results.append((Values(settled, colour.span, colour.notes), alpha, response))
    return results
