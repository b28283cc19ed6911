"""What speaks for a class of a picture: the products that the last layer sums, the maps without which less of it is
left, and the pixels without which less is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from imgconv import errors
from imgconv.api.weighted_layer import WeightedLayer
from imgconv.operations import Activate, Operation
from imgconv.operations.layers import Conv, Dense, Dropout, Flatten, Softmax
from imgconv.operations.text import step_text
from imgconv.values.frozen import record

if TYPE_CHECKING:
    from imgconv.networks.network import Network
    from imgconv.values.pixel_values import Pixels

MOST_MAPS = 256
"""Maps that are left out one by one, of the last layers first."""
_PART = 2**26  # bytes of values that go through the rest of a network together
_SIDES, _MOST_WINDOWS = 7, 4096


@record(eq=False)
class Contributions:
    """The sum of the last layer: its inputs (K,), the class's weights (K,), the bias, and the (rows, columns, maps)
    that the inputs were before they were flattened."""

    layer: str
    inputs: Pixels
    weights: Pixels
    bias: float
    shape: tuple[int, int, int]

    @property
    def products(self) -> Pixels:
        """Each input times its weight, exact for float32."""
        products: Pixels = self.inputs.astype(np.float64) * self.weights.astype(np.float64)
        return products

    @property
    def by_map(self) -> Pixels:
        """The sum of each map's products."""
        sums: Pixels = self.products.reshape(-1, self.shape[2]).sum(axis=0)
        return sums


@record(eq=False)
class Maps:
    """The maps of a layer (rows, columns, maps) and how much less each score is with a map of zeros (maps,)."""

    layer: str
    values: Pixels
    drops: Pixels


@record(eq=False)
class Occlusion:
    """A window over the picture, filled with one colour (C,): its size, where it begins along rows and columns, and
    what comes out (R, C): the score, and the output of the network."""

    size: tuple[int, int]
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    fill: Pixels
    scores: Pixels
    outputs: Pixels


@record(eq=False)
class Evidence:
    """What speaks for a class: its number and name, its output, its score (the output before the steps `behind`, such
    as softmax), the last layer's sum (None where that is no sum of weights), maps by layer, the last first, and
    occlusion. `left_out` are layers with too many maps."""

    index: int
    name: str
    output: float
    score: float
    behind: str
    picture: Pixels
    contributions: Contributions | None
    maps: tuple[Maps, ...]
    left_out: tuple[str, ...]
    occlusion: Occlusion


def evidence(
    network: Network,
    picture: Pixels,
    class_: str | None = None,
    *,
    size: tuple[int, int] | None = None,
    threads: int | None = None,
) -> Evidence:
    """What speaks for a class of a picture (H, W, C) as the network takes it.

    Parameters
    ----------
    class_ : str, optional
        A label, or the number of an output. None is the class that is predicted.
    size : (rows, columns), optional
        Of the window that covers pixels; a seventh of the picture's sides by default.

    Raises
    ------
    UsageError
        For a class that is not there, a window larger than the picture, and networks whose result is no row of classes.
    """
    from imgconv.api.apply.batches import run
    from imgconv.networks.forecast import images_together

    network.require_weights()
    images_together(network.pipeline, picture.shape, every=True)
    values = [one[0] for one in run(network.layers, picture[None], threads, every=True)]
    outputs = values[-1]
    if outputs.shape[:2] != (1, 1):
        raise errors.UsageError(
            f"the network's result is {outputs.shape[0]}x{outputs.shape[1]}x{outputs.shape[2]}, no row of classes"
        )
    index = _index(network, class_, outputs.ravel())
    last = _score_step(network.layers)
    maps, left_out = _maps(network, values, last, index, threads)
    return Evidence(
        index,
        network.label(index),
        float(outputs.ravel()[index]),
        float(values[last].ravel()[index]),
        " | ".join(step_text(step) for step in network.layers[last + 1 :]),
        picture,
        _contributions(network.layers, (picture, *values), last, index),
        maps,
        left_out,
        _occlusion(network, picture, (last, index), size, threads),
    )


def _index(network: Network, class_: str | None, outputs: Pixels) -> int:
    """The number of a class, by its label first."""
    if class_ is None:
        return int(np.argmax(outputs))
    if class_ in network.labels[: len(outputs)]:
        return network.labels.index(class_)
    if class_.isascii() and class_.isdigit() and int(class_) < len(outputs):
        return int(class_)
    known = ", ".join(network.labels[:12]) + (" ..." if len(network.labels) > 12 else "")
    raise errors.UsageError(
        f"there is no class {errors.shown(class_)}; the network has {len(outputs)}, counted from 0"
        f"{f': {known}' if known else ''}"
    )


def _score_step(layers: tuple[Operation, ...]) -> int:
    """The last step but those that turn scores into outputs one by one, or by softmax."""
    last = len(layers) - 1
    while last > 0 and isinstance(_declared(layers[last]), (Softmax, Dropout, Activate, Flatten)):
        last -= 1
    return last


def _declared(step: Operation) -> Operation:
    return step.layer if isinstance(step, WeightedLayer) else step


def _named(step: Operation) -> str:
    return step.name if isinstance(step, WeightedLayer) else step_text(step)


def _contributions(
    layers: tuple[Operation, ...], inputs: tuple[Pixels, ...], last: int, index: int
) -> Contributions | None:
    """The sum of a dense layer, or of a convolution with one window that is as large as its input."""
    step, values = layers[last], inputs[last]
    if not isinstance(step, WeightedLayer) or not isinstance(step.layer, (Dense, Conv)):
        return None
    weight = step.tensors["weight"]
    if isinstance(step.layer, Conv) and any(axis.before for axis in step.layer.window.over(*values.shape[:2])):
        return None
    if weight[..., index].size != values.size or inputs[last + 1].size != weight.shape[-1]:
        return None
    bias = step.tensors.get("bias")
    return Contributions(
        step.name,
        values.ravel(),
        weight[..., index].ravel(),
        0.0 if bias is None else float(bias[index]),
        _shape_before(layers, inputs, last),
    )


def _shape_before(layers: tuple[Operation, ...], inputs: tuple[Pixels, ...], last: int) -> tuple[int, int, int]:
    """Rows, columns and maps of a layer's inputs before `flatten`."""
    at = last
    while at > 0 and isinstance(_declared(layers[at - 1]), (Flatten, Dropout)):
        at -= 1
    height, width, count = inputs[at].shape
    return height, width, count


def _maps(
    network: Network, values: list[Pixels], last: int, index: int, threads: int | None
) -> tuple[tuple[Maps, ...], tuple[str, ...]]:
    """What is lost without each map of each convolutional layer, the last layer first."""
    found, left_out, count = [], [], 0
    for number in range(last - 1, -1, -1):
        step, maps = network.layers[number], values[number]
        if not isinstance(step, WeightedLayer) or not isinstance(step.layer, Conv):
            continue
        count += maps.shape[2]
        if count > MOST_MAPS:
            left_out.append(step.name)
            continue
        rest = network.layers[number + 1 : last + 1]
        score = values[last].ravel()[index]
        drops = [float(score) - one for one in _without(rest, maps, index, threads)]
        found.append(Maps(step.name, maps, np.array(drops)))
    return tuple(found), tuple(left_out)


def _without(rest: tuple[Operation, ...], maps: Pixels, index: int, threads: int | None) -> Iterator[float]:
    """The score that the rest of a network gives without each map in turn."""
    from imgconv.api.apply.batches import run

    count, part = maps.shape[2], max(1, _PART // (4 * maps.size))
    for first in range(0, count, part):
        numbers = range(first, min(first + part, count))
        batch = np.repeat(maps[None], len(numbers), axis=0)
        for place, number in enumerate(numbers):
            batch[place, ..., number] = 0
        yield from (float(one.ravel()[index]) for one in run(rest, batch, threads)[-1])


def _occlusion(
    network: Network, picture: Pixels, at: tuple[int, int], size: tuple[int, int] | None, threads: int | None
) -> Occlusion:
    """Windows that half overlap, each filled with the picture's median; at the far edges they end at the edge."""
    height, width, _ = picture.shape
    high, wide = size or (max(1, round(height / _SIDES)), max(1, round(width / _SIDES)))
    if high > height or wide > width:
        raise errors.UsageError(f"--patch {high}x{wide} is larger than the picture of {height}x{width}")
    rows, columns = _starts(height, high), _starts(width, wide)
    if len(rows) * len(columns) > _MOST_WINDOWS:
        raise errors.UsageError(
            f"--patch {high}x{wide} would cover the picture {len(rows) * len(columns)} times, more than"
            f" {_MOST_WINDOWS}; take a larger one"
        )
    fill = np.percentile(picture, 50, axis=(0, 1), method="lower").astype(picture.dtype)
    found = list(_covered(network, picture, [(r, c, high, wide) for r in rows for c in columns], fill, at, threads))
    scores, outputs = (np.array(one).reshape(len(rows), len(columns)) for one in zip(*found, strict=True))
    return Occlusion((high, wide), rows, columns, fill, scores, outputs)


def _starts(length: int, size: int) -> tuple[int, ...]:
    last = length - size
    return tuple(dict.fromkeys((*range(0, last, max(1, size // 2)), last)))


def _covered(
    network: Network,
    picture: Pixels,
    windows: list[tuple[int, int, int, int]],
    fill: Pixels,
    at: tuple[int, int],
    threads: int | None,
) -> Iterator[tuple[float, float]]:
    """The score and the output of a class (the number of the step that scores, that of the class) for each window."""
    from imgconv.api.apply.batches import run
    from imgconv.networks.forecast import images_together

    (last, index), layers = at, network.layers
    part = images_together(network.pipeline, picture.shape)
    for first in range(0, len(windows), part):
        some = windows[first : first + part]
        batch = np.repeat(picture[None], len(some), axis=0)
        for one, (row, column, high, wide) in zip(batch, some, strict=True):
            one[row : row + high, column : column + wide] = fill
        scores = run(layers[: last + 1], batch, threads)[-1]
        outputs = run(layers[last + 1 :], scores, threads)[-1] if last + 1 < len(layers) else scores
        for score, output in zip(scores, outputs, strict=True):
            yield float(score.ravel()[index]), float(output.ravel()[index])


def heat(occlusion: Occlusion, score: float, shape: tuple[int, int]) -> Pixels:
    """How much less the score is without each pixel (H, W): the mean over the windows that cover it."""
    total, count = np.zeros(shape), np.zeros(shape)
    high, wide = occlusion.size
    for row, scores in zip(occlusion.rows, occlusion.scores, strict=True):
        for column, one in zip(occlusion.columns, scores, strict=True):
            total[row : row + high, column : column + wide] += score - one
            count[row : row + high, column : column + wide] += 1
    spread: Pixels = total / np.maximum(count, 1)
    return spread
