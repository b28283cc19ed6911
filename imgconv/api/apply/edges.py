"""Edge detection applied: strengths, and the auxiliary pictures of where edges point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from imgconv.api.apply import filter as filters
from imgconv.engine import edges
from imgconv.operations.detectors import COMPASS, PAIR, SHARE, SHARE_EDGES
from imgconv.values.frozen import replace
from imgconv.values.pixel_values import Pixels, Response, Target, Values

if TYPE_CHECKING:
    from imgconv.api.local_steps import LocalStep
    from imgconv.engine.alpha.weighted import WeightedColours
    from imgconv.engine.filter.parts import Placed
    from imgconv.operations import Edges

_WIDE = Target("float64")


def apply(
    step: Edges, values: Values, target: Target | None, threads: int | None = None, out: Pixels | None = None
) -> tuple[Values, Response | None]:
    """The strength of edges: converted to `target` (into `out`), or left wide where that is None."""
    slid = step.filter
    if step.row.kind in (PAIR, COMPASS):
        return filters.apply(slid, values, target, threads, out)
    if step.row.kind == SHARE:
        return edges.share(
            values, slid.kernels, slid.windows, step.border, SHARE_EDGES, target=target, threads=threads, out=out
        )
    return edges.canny(
        _smoothed(step, values, threads),
        slid.kernels,
        slid.windows,
        step.border,
        step.way,
        step.thresholds,
        joined=step.joins_channels,
        target=target,
        threads=threads,
        out=out,
    )


def local(step: Edges, height: int, width: int) -> list[LocalStep] | str:
    """The detector as a step on parts of an image; or why it has none."""
    if step.row.kind in (PAIR, COMPASS):
        found = filters.local(step.filter, height, width)
        return found if isinstance(found, str) else [_alpha_stays(one) for one in found]
    if step.row.kind != SHARE:
        return "its lines are followed through the image"
    if step.border.name == "wrap":
        return "its border continues at the opposite edge"
    from imgconv.api.local_steps import LocalStep, WithAlpha
    from imgconv.engine.alpha.plane import under_centres
    from imgconv.engine.alpha.weighted import multiply

    slid, border = step.filter, step.border
    placed = tuple(window.over(height, width) for window in slid.windows)

    def run(
        values: Values, parts: Sequence[Placed], target: Target | None, threads: int | None
    ) -> tuple[Values, Response | None]:
        windows = [part.window for part in parts]
        how: dict[str, Any] = {"target": target, "threads": threads, "out": None, "parts": parts}
        return edges.share(values, slid.kernels, windows, border, SHARE_EDGES, **how)

    def weighted(
        colours: WeightedColours, parts: Sequence[Placed], target: Target | None, threads: int | None
    ) -> tuple[WeightedColours, Response | None]:
        products, _, _ = multiply(colours, border, threads, whole=False)
        strength, response = run(products, parts, target, threads)
        return colours.under(parts[0]).with_alpha_under(parts[0].window, border, strength), response

    def kept(alpha: Pixels, parts: Sequence[Placed], threads: int | None) -> Pixels:
        """Alpha stays, so it is that under the windows' centres."""
        return under_centres(parts[0].plane(alpha), parts[0].window, border)

    return [LocalStep(placed, run, WithAlpha(weighted, kept), border.name.startswith("reflect"))]


def _alpha_stays(step: LocalStep) -> LocalStep:
    """The same step, through which the alpha of multiplied colours does not go."""
    return replace(step, with_alpha=replace(step.with_alpha, shares=None))


def _smoothed(step: Edges, values: Values, threads: int | None) -> Values:
    return values if step.smoothing is None else filters.apply(step.smoothing, values, _WIDE, threads)[0]


def apply_weighted(
    step: Edges, colours: WeightedColours, target: Target | None, threads: int | None = None
) -> tuple[WeightedColours, Response | None]:
    """Edges of colour times alpha, as of all kernels that sum to about 0; alpha stays."""
    if step.row.kind in (PAIR, COMPASS):
        return filters.apply_weighted(step.filter, colours, target, threads)
    from imgconv.engine.alpha.weighted import multiply

    products, _, _ = multiply(colours, step.border, threads, whole=False)
    strength, response = apply(step, products, target, threads)
    return colours.with_colour(strength), response


def apply_alpha(step: Edges, alpha: Pixels, threads: int | None = None) -> Pixels:
    """Alpha stays."""
    return alpha


def auxiliary(step: Edges, name: str, values: Values, threads: int | None = None, *, floats: bool = True) -> Pixels:
    """One of the operation's auxiliary outputs.

    `angle` (H, W) float32, or uint8 where there is no place for `floats`; `which` (H, W) uint8; `hue` (H, W, 3) uint8;
    of the channel with the greatest strength, the first of equals.
    """
    picture = _which(step, values, threads) if name == "which" else _angles(step, values, threads)
    if step.joins_channels and picture.shape[2] > 1:
        gradient = filters.apply(step.filter, _smoothed(step, values, threads), _WIDE, threads)[0].pixels
        picture = edges.strongest(picture, gradient)[0][..., None]
    if name == "hue" or picture.shape[2] > 1:
        strength = apply(step, values, _WIDE, threads)[0].pixels
        if name == "hue":
            return edges.hue(picture, strength, threads=threads)
        picture = edges.strongest(picture, strength)[0][..., None]
    plane = picture[..., 0]
    return edges.angle_bytes(plane) if name == "angle" and not floats else plane


def _which(step: Edges, values: Values, threads: int | None) -> Pixels:
    """The number of the kernel with the greatest response."""
    kernels, windows = step.filter.kernels, step.filter.windows
    voters = kernels[:SHARE_EDGES] if step.row.kind == SHARE else kernels
    smoothed = _smoothed(step, values, threads)
    magnitudes = step.row.kind != COMPASS
    return edges.winner(smoothed, voters, windows, step.border, magnitudes=magnitudes, threads=threads)


def _angles(step: Edges, values: Values, threads: int | None) -> Pixels:
    """Where edges point, in degrees."""
    if step.row.kind == COMPASS:
        return edges.looked_up(_which(step, values, threads), step.row.directions)
    kernels, windows = step.filter.kernels, step.filter.windows
    smoothed = _smoothed(step, values, threads)
    return edges.angle(smoothed, kernels[:2], windows, step.border, step.row.directions, threads=threads)
