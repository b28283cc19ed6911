"""Operators that keep the shape: activations, normalisation over channels, softmax."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from imgconv import errors
from imgconv.networks.formats.onnx.chain import NC, NCHW, Chain, require_sizes
from imgconv.networks.formats.onnx.model import Node, short
from imgconv.operations import Activate
from imgconv.operations.layers import BatchNorm, LocalResponse, PRelu, Softmax
from imgconv.values.choices_with_numbers import text_of


def activation(function: str, slope: tuple[str, float] | None = None) -> Callable[[Chain, Node], None]:
    """What reads an activation, whose slope is an attribute with a default."""

    def read_activation(chain: Chain, node: Node) -> None:
        chain.add(Activate(function=function, slope=node.number_of(*slope) if slope else None))

    return read_activation


def hard_sigmoid(chain: Chain, node: Node) -> None:
    """HardSigmoid with the slope of ours."""
    found = node.number_of("alpha", 0.2), node.number_of("beta", 0.5)
    if found != (short(1 / 6), short(0.5)):
        raise errors.UsageError(f"alpha is {float(found[0]):g}, beta {float(found[1]):g}; expected 1/6 and 0.5")
    chain.add(Activate(function="hard-sigmoid"))


def gelu(chain: Chain, node: Node) -> None:
    """Gelu, exact."""
    if node.get("approximate", "none") != "none":
        raise errors.UsageError("an approximate gelu is not read; export the model with the exact one")
    chain.add(Activate(function="gelu"))


def swish(chain: Chain, node: Node) -> None:
    """Swish: silu."""
    if node.get("alpha", 1.0) != 1:
        raise errors.UsageError("alpha is not 1; expected v * sigmoid(v)")
    chain.add(Activate(function="silu"))


def clip(chain: Chain, node: Node) -> None:
    """Clip: between two numbers, or a relu."""
    low, high = (
        _bound(chain, node, place, name, default)
        for place, (name, default) in enumerate((("min", -np.inf), ("max", np.inf)), 1)
    )
    functions: dict[tuple[float, float], str] = {(-1, 1): "hard-tanh", (0, np.inf): "relu"}
    if (low, high) not in functions and not -np.inf < low <= high < np.inf:
        raise errors.UsageError(f"clips to {low:g}...{high:g}; expected two numbers, or 0 and no upper bound")
    chain.add(Activate(function=functions.get((low, high)) or text_of("clip", short(low), short(high))))


def threshold(chain: Chain, node: Node) -> None:
    """ThresholdedRelu."""
    chain.add(Activate(function=text_of("threshold", node.number_of("alpha", 1.0))))


def _bound(chain: Chain, node: Node, place: int, name: str, default: float) -> float:
    given = chain.model.constant(node, place)
    bound = float(node.get(name, default) if given is None else np.asarray(given).item())
    return np.copysign(np.inf, bound) if abs(bound) >= np.finfo(np.float32).max else bound  # "no bound" before opset 11


def prelu(chain: Chain, node: Node) -> None:
    """PRelu with a slope for each channel, or one."""
    slopes = chain.model.weights(node, 1, "slopes")
    chain.add(PRelu(), slope=chain.per_channel(slopes, "slopes"))


def batchnorm(chain: Chain, node: Node) -> None:
    """BatchNormalization for inference."""
    if chain.axes != NC:
        chain.require(NCHW)
    if node.get("training_mode", 0) or len([name for name in node.outputs if name]) > 1:
        raise errors.UsageError("is in training mode; export the model for inference")
    if node.get("spatial", 1) != 1:
        raise errors.UsageError("has statistics for each pixel; expected them for each channel")
    roles = ("gamma", "beta", "mean", "variance")
    tensors = {role: chain.model.weights(node, place, role) for place, role in enumerate(roles, 1)}
    chain.require_channels(tensors["gamma"].size)
    require_sizes(tensors, tensors["gamma"].shape[:1])
    ordered = {role: chain.ordered(tensor) for role, tensor in tensors.items()}
    chain.add(BatchNorm(epsilon=node.number_of("epsilon", 1e-5)), **ordered)


def local_response(chain: Chain, node: Node) -> None:
    """LRN; of an even size ONNX has one channel more behind, ours one before."""
    chain.require(NCHW)
    size = int(node.get("size", 0))
    if size % 2 == 0:
        raise errors.UsageError(f"size is {size}; expected an odd number of channels")
    alpha, beta, k = node.number_of("alpha", 1e-4), node.number_of("beta", 0.75), node.number_of("bias", 1.0)
    chain.add(LocalResponse(size=size, alpha=alpha, beta=beta, k=k))


def local_response_of_pytorch(chain: Chain, node: Node) -> None:
    """PyTorch's LocalResponseNorm, whose even sizes are ours."""
    chain.require(NCHW)
    if (channels := node.get("channels", None)) is not None:
        chain.require_channels(channels)
    alpha, beta, k = node.number_of("alpha", 1e-4), node.number_of("beta", 0.75), node.number_of("bias", 1.0)
    chain.add(LocalResponse(size=node.get("size", 0), alpha=alpha, beta=beta, k=k))


def softmax(log: bool) -> Callable[[Chain, Node], None]:
    """What reads Softmax or LogSoftmax over channels."""

    def read_softmax(chain: Chain, node: Node) -> None:
        opset = chain.model.opset
        axis = int(node.get("axis", -1 if opset >= 13 else 1)) % len(chain.axes)
        alone = chain.axes == NC or chain.shape[:2] == (1, 1)
        if opset < 13 and not alone:  # then it goes over all axes from that one
            raise errors.UsageError("goes over rows and columns too (ONNX before opset 13); expected channels alone")
        if chain.axes[axis] != "C" and not (opset < 13 and axis == 1):
            raise errors.UsageError(f"axis {axis} is not that of channels")
        chain.add(Softmax(log=log))

    return read_softmax
