"""What each step reads for one pixel of its result, as data for a page: windows, kernels, weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imgconv.api.weighted_layer import WeightedLayer
from imgconv.operations import Activate, Bank, Edges, Filter, Operation, Pool
from imgconv.operations.base import Shape
from imgconv.operations.layers import (
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    LocalResponse,
    Normalize,
    Padding,
    PRelu,
    Softmax,
)
from imgconv.pages.carried import MOST_WEIGHTS, tensor
from imgconv.pages.presets import kernel_data, weight_text
from imgconv.values.windows import seen_by

if TYPE_CHECKING:
    from imgconv.values.borders import Border
    from imgconv.values.windows import Axis, Window

Described = dict[str, Any]


def described(steps: tuple[Operation, ...], shapes: list[Shape]) -> list[Described]:
    """Each step, applied to values of a shape, with its weights as far as there is room for them."""
    found = [_described(step, shape) for step, shape in zip(steps, shapes, strict=True)]
    room = MOST_WEIGHTS
    weighted = [(one, step) for one, step in zip(found, steps, strict=True) if isinstance(step, WeightedLayer)]
    for one, step in sorted(weighted, key=lambda pair: sum(part.nbytes for part in pair[1].tensors.values())):
        size = sum(part.nbytes for part in step.tensors.values())
        if one["kind"] in ("conv", "dense") and size <= room:
            room -= size
            one |= {role: tensor(part) for role, part in step.tensors.items()}
    return found


def _described(step: Operation, shape: Shape) -> Described:
    """A step as data; "other" is one that is not explained pixel by pixel."""
    layer = step.layer if isinstance(step, WeightedLayer) else step
    describe = _DESCRIBED.get(type(layer))
    return {"kind": "other"} if describe is None else describe(layer, shape)


def _filter(step: Filter, shape: Shape) -> Described:
    if step.times > 1:
        return {"kind": "other"}
    pairs = zip(step.kernels, step.windows, strict=True)
    kernels = [kernel_data(kernel) | {"axes": _axes(window, shape)} for kernel, window in pairs]
    return {"kind": "filter", "kernels": kernels, "way": step.way if step.with_ else "", **_edge(step.border)}


def _windowed(step: Bank | Edges, shape: Shape) -> Described:
    """A step of which a page shows the window alone."""
    if isinstance(step, Bank):
        filters = () if step.sheet else step.filters
    else:
        filters = (step.filter,) if step.row.kind in ("pair", "compass") else ()
    windows = [window for one in filters for window in one.windows]
    if not windows:
        return {"kind": "other"}
    largest = max(windows, key=lambda window: window.size)
    return {"kind": "window", "axes": _axes(largest, shape)}


def _pool(step: Pool, shape: Shape) -> Described:
    found = {"kind": "pool", "reduction": step.kind, "countPadding": step.count_padding}
    if step.to is None:
        return found | {"axes": _axes(step.window(*shape[:2]), shape)}
    spans = [[seen_by(at, length, out) for at in range(out)] for length, out in zip(shape[:2], step.to, strict=True)]
    return found | {"spans": spans}


def _conv(layer: Conv, shape: Shape) -> Described:
    return {
        "kind": "conv",
        "axes": _axes(layer.window, shape),
        "groups": layer.groups_of(shape[2]),
        **_edge(layer.border),
    }


def _padding(layer: Padding, shape: Shape) -> Described:
    sides = [0, 0, 0, 0] if isinstance(layer.by, str) else [int(side) for side in layer.by]
    return {"kind": "shift", "by": [sides[0], sides[2]], **_edge(layer.border)}


def _edge(border: Border) -> Described:
    return {"border": border.name, "constant": weight_text(border.value)}


def _axes(window: Window, shape: Shape) -> list[Described]:
    return [_axis(one) for one in window.over(*shape[:2])]


def _axis(axis: Axis) -> Described:
    return {
        "n": axis.length,
        "size": axis.size,
        "stride": axis.stride,
        "dilation": axis.dilation,
        "effective": axis.effective,
        "before": axis.before,
        "after": axis.after,
        "out": axis.out,
    }


def _plain(kind: str) -> Callable[[Any, Shape], Described]:
    return lambda layer, shape: {"kind": kind}


_DESCRIBED: dict[type[Operation], Callable[[Any, Shape], Described]] = {
    Filter: _filter,
    Pool: _pool,
    Bank: _windowed,
    Edges: _windowed,
    Conv: _conv,
    Padding: _padding,
    Dense: _plain("dense"),
    Flatten: lambda layer, shape: {"kind": "flatten", "shape": list(shape)},
    Activate: _plain("each"),
    Normalize: _plain("each"),
    BatchNorm: _plain("each"),
    PRelu: _plain("each"),
    Dropout: _plain("each"),
    Softmax: _plain("across"),
    LocalResponse: _plain("across"),
}
"""How each operation reads: of itself and the shape of what it is applied to."""
