"""Regions as arguments state them: what reads and computes them is loaded where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgconv.api.colour_pipeline import ColourPipeline, run_rounded

if TYPE_CHECKING:
    from imgconv.api.alpha_policies import Result
    from imgconv.api.colour_pipeline import FrameValues
    from imgconv.api.regions import Region
    from imgconv.operations.pipeline import Pipeline
    from imgconv.values.pixel_values import Target


def stated_region(roi: object, mask: Any) -> Region | None:
    """The region that these arguments state; None for none."""
    if roi is None and mask is None:
        return None
    from imgconv.api.regions import region_of

    return region_of(roi, mask)


def run_within(
    region: Region | None,
    colours: ColourPipeline,
    pipeline: Pipeline,
    frames: FrameValues,
    goal: Target,
    threads: int | None,
) -> list[Result]:
    """What `run_rounded` gives, inside a region alone if there is one."""
    if region is None:
        return run_rounded(colours, pipeline, frames, goal, threads)
    from imgconv.api import region_pipeline

    return region_pipeline.run(region, colours, pipeline, frames, goal, threads)
