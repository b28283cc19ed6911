"""Networks as .onnx: a node or two for each step, values (N, C, H, W), weights in ONNX' order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from imgconv import errors
from imgconv.networks.formats.onnx.windows import BORDERS
from imgconv.networks.formats.stored import Stored
from imgconv.networks.naming import layer_names
from imgconv.operations import Activate, Operation, Pool
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
from imgconv.operations.pipeline import Pipeline
from imgconv.values.borders import Border
from imgconv.values.numbers import double
from imgconv.values.pixel_values import Pixels

OPSET, _IR = 20, 9
_IN, _OUT = "input", "output"


class _Graph:
    """Nodes and constants so far; `rank` is the number of axes of the values: 4, or 2 behind flatten."""

    def __init__(self) -> None:
        from onnx import helper, numpy_helper

        self.helper, self.from_array = helper, numpy_helper.from_array
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.value, self.rank = _IN, 4

    def node(self, operator: str, *constants: str, **attributes: Any) -> None:
        """One node more, on the values so far and named constants."""
        result = f"value{len(self.nodes) + 1}"
        name = f"{operator.lower()}{len(self.nodes) + 1}"
        inputs = [self.value, *constants]
        self.nodes.append(self.helper.make_node(operator, inputs, [result], name, **attributes))
        self.value = result

    def constant(self, name: str, array: Any, kind: Any = np.float32) -> str:
        self.constants.append(self.from_array(np.ascontiguousarray(array, kind), name))
        return name

    def ranked(self, rank: int, shape: Shape) -> None:
        """Values of that many axes from now on; in a row they stand pixel by pixel, as ours do."""
        if rank == self.rank:
            return
        if rank == 4:
            target = self.constant(f"axes{len(self.nodes) + 1}", [0, -1, 1, 1], np.int64)
            self.node("Reshape", target)
        else:
            if shape[2] > 1 and shape[:2] != (1, 1):
                self.node("Transpose", perm=[0, 2, 3, 1])
            self.node("Flatten", axis=1)
        self.rank = rank


def encoded(stored: Stored) -> bytes:
    """A network, whose input is known, as the content of an .onnx file; labels have no place there.

    UsageError, naming the step, for what ONNX cannot say; FileError where its package is missing.
    """
    try:
        from onnx import TensorProto, checker, helper
    except ImportError:
        raise errors.FileError("writing .onnx needs the package onnx; pip install 'imgconv[onnx]'") from None
    graph, pipeline = _Graph(), Pipeline.parse(stored.pipeline)
    if stored.input is None:
        raise errors.UsageError("the size of the input is not known; give it, such as 28x28x1")
    shape = at = stored.input
    for number, (step, name) in enumerate(zip(pipeline.steps, layer_names(pipeline.steps), strict=True), 1):
        write = WRITERS.get(type(step))
        reason = (
            "ONNX has no such operator" if write is None else write(graph, step, at, _Tensors(stored.tensors, name))
        )
        if reason:
            raise errors.UsageError(f"step {number} ({Pipeline((step,))}): {reason}")
        at = pipeline.step_result(number, at)
    if not graph.nodes:
        graph.node("Identity")
    graph.nodes[-1].output[0] = _OUT
    end = ("N", at[2]) if graph.rank == 2 else ("N", at[2], *at[:2])
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, list(sizes))
        for name, sizes in ((_IN, ("N", shape[2], *shape[:2])), (_OUT, end))
    ]
    made = helper.make_graph(graph.nodes, "network", values[:1], values[1:], graph.constants)
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(made, producer_name="imgconv", opset_imports=opsets, ir_version=_IR)
    checker.check_model(model)
    return bytes(model.SerializeToString())


class _Tensors:
    """The tensors of one layer, by role."""

    def __init__(self, tensors: Mapping[str, Pixels], name: str) -> None:
        self.tensors, self.name = tensors, name

    def __getitem__(self, role: str) -> Pixels:
        return self.tensors[self.key(role)]

    def key(self, role: str) -> str:
        return f"{self.name}.{role}"


# ---------------------------------------------------------------- each gives the reason why it cannot, or nothing


def _conv(graph: _Graph, step: Conv, shape: Shape, tensors: _Tensors) -> str:
    graph.ranked(4, shape)
    rows, columns = step.window.over(*shape[:2])
    pads = [rows.before, columns.before, rows.after, columns.after]
    if step.border != Border("constant"):
        if refused := _padded(graph, (pads[0], pads[2], pads[1], pads[3]), step.border):
            return refused
        pads = [0, 0, 0, 0]
    constants = [graph.constant(tensors.key("weight"), tensors["weight"].transpose(3, 2, 0, 1))]
    constants += [] if step.no_bias else [graph.constant(tensors.key("bias"), tensors["bias"])]
    graph.node(
        "Conv",
        *constants,
        kernel_shape=list(step.filters[1:]),
        strides=list(step.stride),
        dilations=list(step.dilation),
        group=step.groups_of(shape[2]),
        pads=pads,
    )
    return ""


def _dense(graph: _Graph, step: Dense, shape: Shape, tensors: _Tensors) -> str:
    graph.ranked(2, shape)
    constants = [graph.constant(tensors.key("weight"), tensors["weight"])]
    constants += [] if step.no_bias else [graph.constant(tensors.key("bias"), tensors["bias"])]
    graph.node("Gemm", *constants)
    return ""


def _flatten(graph: _Graph, step: Flatten, shape: Shape, tensors: _Tensors) -> str:
    graph.ranked(2, shape)
    return ""


def _padded(graph: _Graph, by: tuple[int, ...], border: Border) -> str:
    modes = {ours: mode for mode, ours in BORDERS.items()}
    if border.name not in modes:
        return f"ONNX has no border {border.name}"
    top, bottom, left, right = by
    name = f"pad{len(graph.nodes) + 1}"
    constants = [graph.constant(f"{name}.by", [0, 0, top, left, 0, 0, bottom, right], np.int64)]
    if border.name == "constant":
        constants.append(graph.constant(f"{name}.value", double(border.value)))
    graph.node("Pad", *constants, mode=modes[border.name])
    return ""


def _padding(graph: _Graph, step: Padding, shape: Shape, tensors: _Tensors) -> str:
    graph.ranked(4, shape)
    return _padded(graph, tuple(int(side) for side in step.by), step.border)


def _pool(graph: _Graph, step: Pool, shape: Shape, tensors: _Tensors) -> str:
    graph.ranked(4, shape)
    if step.kind not in ("max", "avg"):
        return f"{step.kind} of windows is not written"
    word = "Max" if step.kind == "max" else "Average"
    if step.size == "all" or step.to == (1, 1):
        graph.node(f"Global{word}Pool")
        return ""
    if step.to is not None and (shape[0] % step.to[0] or shape[1] % step.to[1]):
        return f"ONNX has no windows of several sizes, as {errors.extent(*shape[:2])} of values need"
    window = step.window(*shape[:2])
    rows, columns = window.over(*shape[:2])
    attributes: dict[str, Any] = {"count_include_pad": int(step.count_padding)} if step.kind == "avg" else {}
    graph.node(
        f"{word}Pool",
        kernel_shape=list(window.size),
        strides=list(window.stride),
        dilations=list(window.dilation),
        pads=[rows.before, columns.before, rows.after, columns.after],
        ceil_mode=int(step.ceil and step.pad != "same"),
        **attributes,
    )
    return ""


def _batchnorm(graph: _Graph, step: BatchNorm, shape: Shape, tensors: _Tensors) -> str:
    names = [graph.constant(tensors.key(role), tensors[role]) for role in step.roles]
    graph.node("BatchNormalization", *names, epsilon=double(step.epsilon))
    return ""


def _normalize(graph: _Graph, step: Normalize, shape: Shape, tensors: _Tensors) -> str:
    axes = (1, -1, 1, 1)[: graph.rank]
    for operator, numbers, nothing in (("Mul", (step.scale,), 1), ("Sub", step.mean, 0), ("Div", step.std, 1)):
        if any(one != nothing for one in numbers):
            name = f"{operator.lower()}{len(graph.nodes) + 1}.by"
            graph.node(operator, graph.constant(name, np.reshape([double(one) for one in numbers], axes)))
    return ""


def _local_response(graph: _Graph, step: LocalResponse, shape: Shape, tensors: _Tensors) -> str:
    graph.ranked(4, shape)
    if step.size % 2 == 0:
        return "ONNX shifts an even number of channels to the other side; use an odd size"
    alpha, beta, bias = map(double, (step.alpha, step.beta, step.k))
    graph.node("LRN", size=step.size, alpha=alpha, beta=beta, bias=bias)
    return ""


def _prelu(graph: _Graph, step: PRelu, shape: Shape, tensors: _Tensors) -> str:
    slope = np.reshape(tensors["slope"], (-1, 1, 1) if graph.rank == 4 else (-1,))
    graph.node("PRelu", graph.constant(tensors.key("slope"), slope))
    return ""


def _softmax(graph: _Graph, step: Softmax, shape: Shape, tensors: _Tensors) -> str:
    graph.node("LogSoftmax" if step.log else "Softmax", axis=1)
    return ""


def _dropout(graph: _Graph, step: Dropout, shape: Shape, tensors: _Tensors) -> str:
    return ""


_FUNCTIONS = {
    "relu": "Relu",
    "abs": "Abs",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "identity": "Identity",
    "leaky-relu": "LeakyRelu",
    "elu": "Elu",
    "gelu": "Gelu",
    "softplus": "Softplus",
    "hard-swish": "HardSwish",
    "threshold": "ThresholdedRelu",
}


def _activate(graph: _Graph, step: Activate, shape: Shape, tensors: _Tensors) -> str:
    if step.function == "silu":
        before = graph.value
        graph.node("Sigmoid")
        graph.node("Mul", before)
    elif step.function == "hard-sigmoid":
        graph.node("HardSigmoid", alpha=1 / 6, beta=0.5)
    elif step.name in ("hard-tanh", "clip"):
        low, high = step.numbers or (-1, 1)
        name = f"clip{len(graph.nodes) + 1}"
        graph.node("Clip", graph.constant(f"{name}.min", double(low)), graph.constant(f"{name}.max", double(high)))
    else:
        alpha = {"alpha": double(step.numbers[0])} if step.numbers else {}
        graph.node(_FUNCTIONS[step.name], **alpha)
    return ""


WRITERS: dict[type[Operation], Callable[[_Graph, Any, Shape, _Tensors], str]] = {
    Activate: _activate,
    BatchNorm: _batchnorm,
    Conv: _conv,
    Dense: _dense,
    Dropout: _dropout,
    Flatten: _flatten,
    LocalResponse: _local_response,
    Normalize: _normalize,
    Padding: _padding,
    Pool: _pool,
    PRelu: _prelu,
    Softmax: _softmax,
}
"""What writes each step, and gives the reason where ONNX cannot say it."""
