"""Layers of networks applied: to batches (N, H, W, C) of float32, and as steps of pipelines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from imgconv import errors
from imgconv.api.weighted_layer import WeightedLayer
from imgconv.engine.layers import pointwise
from imgconv.engine.layers.conv import conv, dense
from imgconv.engine.quantise import quantise
from imgconv.operations import Operation
from imgconv.operations.layers import (
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Layer,
    LocalResponse,
    Normalize,
    Padding,
    PRelu,
    Softmax,
)
from imgconv.values.numbers import double
from imgconv.values.pixel_values import Pixels, Response, Target, Values, values

if TYPE_CHECKING:
    from imgconv.engine.alpha.weighted import WeightedColours


def compute(step: Operation, batch: Pixels, threads: int | None = None) -> Pixels:
    """A layer on a batch (N, H, W, C) of float32."""
    layer = step.layer if isinstance(step, WeightedLayer) else step
    if isinstance(layer, Layer) and layer.roles and layer is step:
        raise errors.UsageError(f"{layer.word} needs weights; name their file: --weights FILE")
    with np.errstate(all="ignore"):  # infinities go on, as in loops
        return COMPUTATIONS[type(layer)](step, batch, threads)


def summed(step: WeightedLayer, batch: Pixels, threads: int | None, least: float = -np.inf) -> Pixels:
    """A convolutional or dense layer, none of its results below `least`."""
    if isinstance(step.layer, Conv):
        return conv(batch, step.filters, step.layer.window, step.layer.border, least=least, threads=threads)
    return dense(batch, step.filters, least=least, threads=threads)


def _batchnorm(step: Any, batch: Pixels, threads: int | None) -> Pixels:
    return pointwise.batchnorm(batch, **step.tensors, epsilon=double(step.layer.epsilon))


COMPUTATIONS: dict[type[Operation], Callable[[Any, Pixels, int | None], Pixels]] = {
    Conv: summed,
    Dense: summed,
    BatchNorm: _batchnorm,
    PRelu: lambda step, batch, _: pointwise.prelu(batch, step.tensors["slope"]),
    Flatten: lambda step, batch, _: pointwise.flattened(batch),
    Dropout: lambda step, batch, _: batch,
    Padding: lambda step, batch, _: pointwise.padded(batch, step.by, step.border),
    Softmax: lambda step, batch, _: pointwise.softmax(batch, log=step.log),
    Normalize: lambda step, batch, _: pointwise.normalize(batch, step.scale, step.mean, step.std),
    LocalResponse: lambda step, batch, _: pointwise.local_response(
        batch, step.size, double(step.alpha), double(step.beta), double(step.k)
    ),
}
"""What computes each layer."""


def apply(
    step: Operation, given: Values, target: Target | None, threads: int | None = None, out: Pixels | None = None
) -> tuple[Values, Response | None]:
    """The layer on values, in float32: converted to `target` (into `out`), or left wide where that is None."""
    result = values(compute(step, np.asarray(given.pixels, np.float32)[None], threads)[0])
    if target is None:
        return result, None
    converted, response = quantise(result, target, threads=threads, out=out)
    return Values(converted, result.span), response


def apply_weighted(
    step: Operation, colours: WeightedColours, target: Target | None, threads: int | None = None
) -> tuple[WeightedColours, Response | None]:
    raise _no_alpha(step)


def apply_alpha(step: Operation, alpha: Pixels, threads: int | None = None) -> Pixels:
    raise _no_alpha(step)


def _no_alpha(step: Operation) -> errors.UsageError:
    return errors.UsageError(f"{step.label} takes no alpha; leave it out: --alpha drop")
