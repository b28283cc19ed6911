"""What each step of a pipeline is applied to, and the alpha that weights it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv import errors
from imgconv.operations.pipeline import Pipeline

if TYPE_CHECKING:
    from imgconv.api.pixel.weighting import AlphaPlane
    from imgconv.values.pixel_values import Pixels, Values


def weights_of(plane: Pixels | None, policy: str) -> Pixels | None:
    """The alpha (H, W) that weights colours, if it does."""
    from imgconv.engine.alpha.plane import is_opaque

    if plane is None or policy in ("keep", "filter", "drop") or is_opaque(plane):
        return None
    if policy == "auto":
        return plane
    raise errors.PixelError(
        f"--alpha {policy} is not explained; explain the colours: --alpha keep, weighted by alpha: --alpha auto, or"
        " laid over a colour: --flatten white"
    )


def between(pipeline: Pipeline, first: Values, threads: int | None) -> list[Values]:
    """What each step but the first is applied to: the wide result of those before it."""
    from imgconv.api.apply.pipeline import apply

    found = []
    for count in range(1, len(pipeline.steps)):
        before, _ = apply(Pipeline(pipeline.steps[:count]), first, None, threads)
        found.append(before)
    return found


def weighted_between(
    pipeline: Pipeline, first: Values, alpha: Pixels, threads: int | None
) -> list[tuple[Values, AlphaPlane | None]]:
    """The same of colours that alpha (H, W) weights, and of alpha."""
    import numpy as np

    from imgconv.api.apply.pipeline import apply_weighted
    from imgconv.api.pixel.weighting import AlphaPlane
    from imgconv.engine.alpha.weighted import WeightedColours

    colours = WeightedColours.of_frame(first, np.ascontiguousarray(alpha))
    found: list[tuple[Values, AlphaPlane | None]] = [(first, AlphaPlane(colours.alpha_plane, colours.opaque))]
    for step in pipeline.steps[:-1]:
        colours, _ = apply_weighted(Pipeline((step,)), colours, None, threads)
        found.append((colours.colour, AlphaPlane(colours.alpha_plane, colours.opaque)))
    return found
