"""Convolutions and dense layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv import errors
from imgconv.networks.formats.onnx.chain import NC, NCHW, Chain, biased, require_sizes
from imgconv.networks.formats.onnx.model import Node
from imgconv.networks.formats.onnx.windows import pads_of, pair_of
from imgconv.operations.layers import Conv, Dense


def conv(chain: Chain, node: Node) -> None:
    """Conv, of rows and columns."""
    chain.require(NCHW)
    weights = chain.model.weights(node, 1, "weights")
    if weights.ndim != 4:
        raise errors.UsageError(f"weights of {weights.ndim} dimensions; expected 4 (outputs, inputs, rows, columns)")
    outputs, inputs, *size = weights.shape
    groups = int(node.get("group", 1))
    chain.require_channels(inputs * groups)
    stride, dilation = pair_of(node, "strides"), pair_of(node, "dilations")
    step = Conv(
        filters=(outputs, *size),
        stride=stride,
        pad=pads_of(chain, node, tuple(size), stride, dilation),
        dilation=dilation,
        groups=1 if inputs == 1 else groups,
        depthwise=inputs == 1 and groups > 1,
        no_bias=len(node.inputs) < 3 or not node.inputs[2],
    )
    bias = {} if step.no_bias else {"bias": chain.model.weights(node, 2, "biases")}
    require_sizes(bias, (outputs,))
    chain.add(step, weight=np.ascontiguousarray(weights.transpose(2, 3, 1, 0)), **bias)


def gemm(chain: Chain, node: Node) -> None:
    """Gemm: a dense layer, with biases."""
    chain.require(NC)
    if node.get("transA", 0):
        raise errors.UsageError("transA is not read; expected rows that are images")
    weights = chain.model.weights(node, 1, "weights")
    _dense(chain, node, weights.T if node.get("transB", 0) else weights, float(node.get("alpha", 1.0)))
    if len(node.inputs) > 2 and node.inputs[2]:
        shift = chain.model.weights(node, 2, "biases") * np.float32(node.get("beta", 1.0))
        biased(chain, chain.per_channel(shift, "biases"))


def matmul(chain: Chain, node: Node) -> None:
    """MatMul by a constant: a dense layer; an Add behind it brings the biases."""
    chain.require(NC)
    if node.inputs[0] in chain.model.constants:
        raise errors.UsageError("its first factor is constant; expected the second, as in values @ weights")
    _dense(chain, node, chain.model.weights(node, 1, "weights"))


def _dense(chain: Chain, node: Node, weights: Any, factor: float = 1.0) -> None:
    """A dense layer of weights (inputs, outputs) in ONNX' order, still without biases."""
    if weights.ndim != 2:
        raise errors.UsageError(f"weights of {weights.ndim} dimensions; expected 2")
    chain.require_channels(weights.shape[0])
    ordered = chain.ordered(weights if factor == 1 else weights * np.float32(factor))
    chain.add(Dense(outputs=weights.shape[1], no_bias=True), weight=np.ascontiguousarray(ordered))
    chain.order = None
