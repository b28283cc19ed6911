"""What each operator of ONNX is among our layers. https://onnx.ai/onnx/operators/ defines them."""

from __future__ import annotations

from collections.abc import Callable

from imgconv.networks.formats.onnx import order, patterns, pointwise, scaling, sums, windows
from imgconv.networks.formats.onnx.chain import Chain
from imgconv.networks.formats.onnx.model import Node

OPERATORS: dict[str, Callable[[Chain, Node], None]] = {
    "Abs": pointwise.activation("abs"),
    "Add": scaling.scaled("Add"),
    "AveragePool": windows.pool("avg"),
    "BatchNormalization": pointwise.batchnorm,
    "Clip": pointwise.clip,
    "Conv": sums.conv,
    "Div": scaling.scaled("Div"),
    "Dropout": order.identity,
    "Elu": pointwise.activation("elu", ("alpha", 1.0)),
    "Flatten": order.flatten,
    "Gelu": pointwise.gelu,
    "Gemm": sums.gemm,
    "GlobalAveragePool": windows.global_pool("avg"),
    "GlobalMaxPool": windows.global_pool("max"),
    "HardSigmoid": pointwise.hard_sigmoid,
    "HardSwish": pointwise.activation("hard-swish"),
    "Identity": order.identity,
    "LRN": pointwise.local_response,
    "LeakyRelu": pointwise.activation("leaky-relu", ("alpha", 0.01)),
    "LogSoftmax": pointwise.softmax(True),
    "MatMul": sums.matmul,
    "MaxPool": windows.pool("max"),
    "Mul": scaling.scaled("Mul"),
    "PRelu": pointwise.prelu,
    "Pad": windows.pad,
    "ReduceMean": order.mean,
    "Relu": pointwise.activation("relu"),
    "Reshape": order.reshape,
    "Sigmoid": pointwise.activation("sigmoid"),
    "Softmax": pointwise.softmax(False),
    "Softplus": pointwise.activation("softplus"),
    "Squeeze": order.squeeze,
    "Sub": scaling.scaled("Sub"),
    "Swish": pointwise.swish,
    "Tanh": pointwise.activation("tanh"),
    "ThresholdedRelu": pointwise.threshold,
    "Transpose": order.transpose,
}
"""What reads each operator."""

JOINED: dict[str, Callable[[Chain, Node], None]] = {patterns.LOCAL_RESPONSE: pointwise.local_response_of_pytorch}
"""What reads operators that are no operators of ONNX, but several of them together."""
