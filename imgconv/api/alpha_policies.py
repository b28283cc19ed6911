"""POLICIES: how alpha takes part in a pipeline. A new policy is one row here and its word in `parameters.ALPHA`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from imgconv import errors
from imgconv.api.apply.pipeline import apply, apply_alpha, apply_weighted
from imgconv.engine.alpha.plane import is_opaque, opaque_of
from imgconv.engine.alpha.visible import visible_extremes
from imgconv.engine.quantise import quantise
from imgconv.operations.pipeline import Pipeline
from imgconv.values.borders import Border
from imgconv.values.frozen import replace
from imgconv.values.pixel_values import Pixels, Response, Target, Values, target, values

Result = tuple[Values, Pixels | None, Response | None]
"""Colours (wide or converted), alpha (H, W) in its own type, and the colours' response."""
Policy = Callable[[Pipeline, Values, Pixels, Target | None, int | None], Result]


def run_policy(
    policy: str, pipeline: Pipeline, colour: Values, alpha: Pixels | None, goal: Target | None, threads: int | None
) -> Result:
    """A pipeline on colours and alpha (H, W), by the policy of that name; colours are converted to `goal`, or left wide
    where that is None.

    `goal` does not stretch where alpha is not opaque: that needs the extremes of what is visible (see
    `visible_extremes`).
    """
    if alpha is None:
        result, response = apply(pipeline, colour, goal, threads)
        return result, None, response
    return POLICIES[policy](pipeline, colour, np.ascontiguousarray(alpha), goal, threads)


def run_policy_on_all(
    policy: str, pipeline: Pipeline, frames: Sequence[tuple[Values, Pixels | None]], goal: Target, threads: int | None
) -> list[Result]:
    """All frames through a pipeline, converted; where that stretches them, between the least and greatest value of all
    that is visible."""
    plain = goal.range != "stretch" or (len(frames) == 1 and (policy == "keep" or is_opaque(frames[0][1])))
    if plain:
        return [run_policy(policy, pipeline, colour, alpha, goal, threads) for colour, alpha in frames]
    wide = [run_policy(policy, pipeline, colour, alpha, None, threads) for colour, alpha in frames]
    return stretched([(colour, alpha) for colour, alpha, _ in wide], goal, threads)


def stretched(frames: Sequence[tuple[Values, Pixels | None]], goal: Target, threads: int | None) -> list[Result]:
    """Wide frames, all between the same ends; colours of transparent pixels are brought between them too."""
    ends = visible_extremes([(colour.pixels, alpha) for colour, alpha in frames])
    results: list[Result] = []
    for colour, alpha in frames:
        converted, response = quantise(colour, goal, ends=ends, threads=threads)
        if alpha is not None and not is_opaque(alpha):
            if goal.type.startswith("float"):
                np.clip(converted, 0, 1, out=converted)
            response = Response(*ends, missing=response.missing, count=response.count)
        results.append((Values(converted, colour.span, colour.notes), alpha, response))
    return results


# ---------------------------------------------------------------- the policies


def _auto(pipeline: Pipeline, colour: Values, alpha: Pixels, goal: Target | None, threads: int | None) -> Result:
    """Colours weighted by alpha. An opaque image is computed as one without alpha; windows see opaque pixels only, so
    it stays opaque."""
    if is_opaque(alpha):
        result, response = apply(pipeline, colour, goal, threads)
        shape = result.pixels.shape[:2]
        opaque = alpha if alpha.shape == shape else np.full(shape, opaque_of(alpha.dtype.name), alpha.dtype)
        return result, opaque, response
    from imgconv.engine.alpha.weighted import WeightedColours

    weighted, response = apply_weighted(pipeline, WeightedColours.of_frame(colour, alpha), goal, threads)
    return weighted.colour, weighted.final_alpha(), response


def _keep(pipeline: Pipeline, colour: Values, alpha: Pixels, goal: Target | None, threads: int | None) -> Result:
    """Colours as if there were no alpha; alpha is that under each window's centre, or pooled."""
    result, response = apply(pipeline, colour, goal, threads)
    return result, apply_alpha(pipeline, alpha, threads), response


def _filter(pipeline: Pipeline, colour: Values, alpha: Pixels, goal: Target | None, threads: int | None) -> Result:
    """Alpha is one channel more, converted by clamping to its own type."""
    result, response = apply(pipeline, colour, goal, threads)
    filtered, _ = apply(pipeline, values(alpha), target(alpha.dtype.name, None, "clamp"), threads)
    return result, filtered.pixels[..., 0], response


def _premultiply(pipeline: Pipeline, colour: Values, alpha: Pixels, goal: Target | None, threads: int | None) -> Result:
    """Colours times alpha, and alpha, each through all steps like any channel; divided at the end, whatever the kernels
    sum to."""
    from imgconv.engine.alpha.weighted import WeightedColours, divide, multiply

    weighted = WeightedColours.of_frame(colour, alpha)
    products, shares, _ = multiply(weighted, Border(), threads, whole=False)
    products, _ = apply(pipeline, products, None, threads)
    steps = tuple(step for one in pipeline.steps if (step := one.for_alpha()) is not None)
    if steps:
        shares, _ = apply(replace(pipeline, steps=steps), shares, None, threads)
    size, channels = products.pixels.shape[:2], products.pixels.shape[2]
    if shares.pixels.shape[:2] != size or channels > colour.pixels.shape[2]:  # a bank
        raise errors.UsageError(
            "alpha premultiply divides by one alpha, and each kernel of a bank has its own; use --alpha auto"
        )
    result, response = divide(products, shares, (weighted.opaque, weighted.type), goal, threads)
    return replace(result.colour, notes=products.notes), result.final_alpha(), response


POLICIES: dict[str, Policy] = {"auto": _auto, "keep": _keep, "filter": _filter, "premultiply": _premultiply}
