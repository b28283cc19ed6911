"""Windows: where they lie, pooling, and pads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from imgconv import errors
from imgconv.networks.formats.onnx.chain import NCHW, Chain
from imgconv.networks.formats.onnx.model import Node, short
from imgconv.operations import Pool
from imgconv.operations.layers import Padding
from imgconv.values.borders import Border
from imgconv.values.parameters import Pad, pair


def pair_of(node: Node, name: str) -> Any:
    """Rows and columns of an attribute; 1 by default."""
    return pair(name).read(tuple(node.get(name, (1, 1))))


def pads_of(chain: Chain, node: Node, size: Any, stride: Any, dilation: Any) -> Pad:
    """top, bottom, left, right; or same."""
    rule = node.get("auto_pad", "NOTSET")
    if rule == "SAME_UPPER":
        return "same"
    if rule == "VALID":
        return (0, 0, 0, 0)
    if rule == "SAME_LOWER":
        sides = []
        for axis in (0, 1):
            length = chain.shape[axis]
            if length is None:
                raise errors.UsageError("auto_pad SAME_LOWER needs a model whose input has a fixed size")
            reach = (-(-length // stride[axis]) - 1) * stride[axis] + dilation[axis] * (size[axis] - 1) + 1
            total = max(0, reach - length)
            sides += [total - total // 2, total // 2]
        return sides[0], sides[1], sides[2], sides[3]
    if rule != "NOTSET":
        raise errors.UsageError(f"auto_pad is {errors.shown(rule)}; expected NOTSET, VALID, SAME_UPPER or SAME_LOWER")
    top, left, bottom, right = node.get("pads", (0, 0, 0, 0))
    return top, bottom, left, right


def pool(kind: str) -> Callable[[Chain, Node], None]:
    """What reads MaxPool or AveragePool."""

    def read_pool(chain: Chain, node: Node) -> None:
        chain.require(NCHW)
        if len(node.outputs) > 1 and node.outputs[1]:
            raise errors.UsageError("its second output (the places of maxima) is not read")
        size = tuple(node.get("kernel_shape", ()))
        stride, dilation = pair_of(node, "strides"), pair_of(node, "dilations")
        pad, ceil = pads_of(chain, node, size, stride, dilation), bool(node.get("ceil_mode", 0))
        counts = bool(node.get("count_include_pad", 0)) and (ceil or pad == "same" or any(pad))
        fields = {"kind": kind, "size": size, "stride": stride, "dilation": dilation, "pad": pad}
        chain.add(Pool(**fields, ceil=ceil, count_padding=counts))

    return read_pool


def global_pool(kind: str) -> Callable[[Chain, Node], None]:
    """What reads GlobalMaxPool or GlobalAveragePool."""

    def read_pool(chain: Chain, node: Node) -> None:
        chain.require(NCHW)
        chain.add(Pool(kind=kind, size="all"))

    return read_pool


BORDERS = {"constant": "constant", "reflect": "reflect101", "edge": "edge", "wrap": "wrap"}
"""Our border for each mode of Pad."""


def pad(chain: Chain, node: Node) -> None:
    """Pad, of rows and columns."""
    model, mode = chain.model, node.get("mode", "constant")
    if mode not in BORDERS:
        raise errors.UsageError(f"mode is {errors.shown(mode)}; expected {', '.join(BORDERS)}")
    if len(node.inputs) > 3:
        raise errors.UsageError("pads of chosen axes are not read; expected pads of all")
    given = model.constant(node, 1)
    pads = [int(size) for size in (node.get("pads", ()) if given is None else given)]
    if len(pads) != 2 * len(chain.axes):
        raise errors.UsageError(f"{len(pads)} pads; expected {2 * len(chain.axes)}")
    sides = dict(zip(chain.axes, zip(pads, pads[len(chain.axes) :], strict=False), strict=True))
    if any(sides.pop("N")) or any(sides.pop("C")):
        raise errors.UsageError("pads images or channels; expected pads of rows and columns")
    by = (*sides.get("H", (0, 0)), *sides.get("W", (0, 0)))
    value = model.constant(node, 2)
    level = node.get("value", 0.0) if value is None else np.asarray(value).item()
    if any(by):
        border = Border("constant", short(level)) if mode == "constant" else Border(BORDERS[mode])
        chain.add(Padding(by=by, border=border))
