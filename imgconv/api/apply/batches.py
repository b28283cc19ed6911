"""Pipelines with layers of networks, on batches: each step in turn, a convolution and its rectifier together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from imgconv.api.apply import layers
from imgconv.api.apply.application import application
from imgconv.api.weighted_layer import WeightedLayer
from imgconv.engine.bands import WHOLE_BAND, available_threads, run_bands
from imgconv.engine.layers import pointwise
from imgconv.engine.memory import allocate
from imgconv.engine.quantise import quantise
from imgconv.operations import Activate, Operation, Pool
from imgconv.operations.layers import Conv, Dense
from imgconv.operations.pool import ALL
from imgconv.values.pixel_values import Pixels, Response, Target, Values, values

_PART = 2**20
"""Values of the largest layer of the images that go through a network together: what a processor's cache holds."""


def run(steps: Sequence[Operation], batch: Pixels, threads: int | None = None, *, every: bool = False) -> list[Pixels]:
    """What comes out for a batch (N, H, W, C) as the last of a list; `every`: and what each step before it gives."""
    batch = np.ascontiguousarray(batch, np.float32)
    part = _images_of_part(steps, batch.shape, threads or available_threads())
    if every or part == len(batch):
        return _run(steps, batch, threads, every=every)
    return [_run_in_parts(steps, batch, part, threads)]


def _images_of_part(steps: Sequence[Operation], shape: tuple[int, ...], threads: int) -> int:
    """How many images go through the network together: as many parts for every thread, or all images where there is
    little to do."""
    images, height, width, channels = shape
    most = height * width * channels
    for step in steps:
        height, width, channels = step.result((height, width, channels))
        most = max(most, height * width * channels)
    turns = round(images * most / (_PART * threads))
    return max(1, -(-images // (threads * turns))) if turns else images


def _run_in_parts(steps: Sequence[Operation], batch: Pixels, part: int, threads: int | None) -> Pixels:
    """Parts of a batch, of so many images, each in one thread through all steps."""
    first = _run(steps, batch[:1], 1, every=False)[-1]  # by the caller, who imports and compiles
    result = allocate((len(batch), *first.shape[1:]), first.dtype.name, "the result of a network")

    def band(start: int, stop: int) -> None:
        for at in range(start * part, min(stop * part, len(batch)), part):
            result[at : at + part] = _run(steps, batch[at : at + part], 1, every=False)[-1]

    run_bands(-(-len(batch) // part), WHOLE_BAND, lambda: band, threads)
    return result


def _run(steps: Sequence[Operation], batch: Pixels, threads: int | None, *, every: bool) -> list[Pixels]:
    current, left = batch, list(steps)
    results: list[Pixels] = []
    while left:
        step = left.pop(0)
        rectified = bool(left) and isinstance(left[0], Activate) and left[0].function == "relu" and not every
        if rectified and isinstance(step, WeightedLayer) and isinstance(step.layer, (Conv, Dense)):
            left.pop(0)
            current = layers.summed(step, current, threads, 0.0)
        else:
            current = compute(step, current, threads)
        results = results if every else []
        results.append(current)
    return results


def compute(step: Operation, batch: Pixels, threads: int | None = None) -> Pixels:
    """One step on a batch (N, H, W, C) of float32."""
    if step.applied_in == "layers":
        return layers.compute(step, batch, threads)
    return _over_images(step, batch, threads)


def _over_images(step: Operation, batch: Pixels, threads: int | None) -> Pixels:
    """A step of pictures on each image of a batch; images one below the other where windows do not see that."""
    if isinstance(step, Activate) and step.function in pointwise.ACTIVATIONS:
        return pointwise.ACTIVATIONS[step.function](batch)
    images, height, width, channels = batch.shape
    if isinstance(step, Activate) or (isinstance(step, Pool) and _stackable(step, height, width)):
        tall = _applied(step, batch.reshape(images * height, width, channels), threads)
        return tall.reshape(images, -1, *tall.shape[1:])
    return np.stack([_applied(step, image, threads) for image in batch])


def _stackable(step: Pool, height: int, width: int) -> bool:
    """Whether windows of stacked images are those of each image: they tile each image's rows, without pads."""
    if step.size == ALL:
        return False
    window = step.window(height, width)
    no_pad = window.pad == (0, 0, 0, 0) and not window.ceil and step.to is None
    return no_pad and window.effective[0] <= window.stride[0] and height % window.stride[0] == 0


def _applied(step: Operation, image: Pixels, threads: int | None) -> Pixels:
    result, _ = application(step).apply(step, values(image), None, threads)
    return np.asarray(result.pixels, np.float32)


def apply(
    steps: Sequence[Operation],
    given: Values,
    target: Target | None,
    threads: int | None = None,
    out: Pixels | None = None,
) -> tuple[Values, Response | None]:
    """All steps on the values of one picture, converted to `target` (into `out`), or left wide where that is None."""
    result = values(run(steps, given.pixels[None], threads)[-1][0])
    if target is None:
        return result, None
    converted, response = quantise(result, target, threads=threads, out=out)
    return Values(converted, result.span), response
