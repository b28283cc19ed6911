"""Operators that change the order or the number of axes."""

from __future__ import annotations

import numpy as np

from imgconv import errors
from imgconv.networks.formats.onnx.chain import NC, NCHW, NHWC, Chain
from imgconv.networks.formats.onnx.constants import axes_of
from imgconv.networks.formats.onnx.model import Node
from imgconv.operations import Pool


def flatten(chain: Chain, node: Node) -> None:
    """Flatten from the first axis on."""
    axis = int(node.get("axis", 1))
    if axis not in (1, 1 - len(chain.axes)):
        raise errors.UsageError(f"axis is {axis}; expected 1")
    chain.flatten()


def reshape(chain: Chain, node: Node) -> None:
    """Reshape to one row, or from one row to one pixel."""
    target = [int(size) for size in (chain.model.constant(node, 1) if len(node.inputs) > 1 else node.get("shape", ()))]
    height, width, channels = chain.shape
    total = None if height is None or width is None or channels is None else height * width * channels
    keeps_batch = bool(target) and target[0] in (0, -1, 1, chain.batch)
    if keeps_batch and target.count(-1) <= 1 and len(target) == 2 and target[1] in (-1, total):
        chain.flatten()
    elif keeps_batch and chain.axes == NC and len(target) == 4 and target[1] in (-1, total) and target[2:] == [1, 1]:
        if chain.order is not None:
            raise errors.UsageError("of values that stand channel by channel; expected a dense layer before")
        chain.axes = NCHW
    elif (
        keeps_batch
        and len(chain.axes) == 4
        and channels == 1
        and target[1:] in ([1, height, width], [height, width, 1])
    ):
        chain.axes = NCHW if target[1:] == [1, height, width] else NHWC
    else:
        raise errors.UsageError(f"to {target}; expected (N, -1): all values of an image in one row")


def transpose(chain: Chain, node: Node) -> None:
    """Transpose behind the axis of images."""
    chain.transpose(tuple(node.get("perm", range(len(chain.axes))[::-1])))


def squeeze(chain: Chain, node: Node) -> None:
    """Squeeze of rows and columns, where there is one of each."""
    axes = {axis % len(chain.axes) for axis in axes_of(chain.model, node)}
    names = {chain.axes[axis] for axis in axes}
    if names != {"H", "W"} or chain.shape[:2] != (1, 1):
        raise errors.UsageError("expected the axes of rows and columns, of one pixel")
    chain.axes = chain.axes.replace("H", "").replace("W", "")


def mean(chain: Chain, node: Node) -> None:
    """ReduceMean over rows and columns: global pooling."""
    if {chain.axes[axis % len(chain.axes)] for axis in axes_of(chain.model, node)} != {"H", "W"}:
        raise errors.UsageError("expected the axes of rows and columns")
    chain.add(Pool(kind="avg", size="all"))
    if not node.get("keepdims", 1):
        chain.axes = chain.axes.replace("H", "").replace("W", "")


def identity(chain: Chain, node: Node) -> None:
    """Nothing. Dropout in training mode is refused."""
    if node.operator == "Dropout" and len(node.inputs) > 2 and np.any(chain.model.constant(node, 2)):
        raise errors.UsageError("is in training mode; export the model for inference")
