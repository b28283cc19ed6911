"""Small .onnx models made by hand, and what ONNX' own tools make of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.networks import oracle

Node = tuple[Any, ...]
"""An operator, its constants as arrays, and its attributes: ("Conv", weights, bias, {"pads": [1, 1, 1, 1]})."""


def noise(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def chain(*nodes: Node, shape: Any = ("N", 2, 9, 8), opset: int = 20) -> Any:
    """A model of nodes one behind the other; None stands for the value of the node before, where it is not first."""
    value, made, constants = "in", [], []
    for number, (operator, *rest) in enumerate(nodes, 1):
        attributes = rest.pop() if rest and isinstance(rest[-1], dict) else {}
        inputs = [] if any(one is None for one in rest) else [value]
        for place, array in enumerate(rest):
            name = value if array is None else "" if isinstance(array, str) else f"c{number}.{place}"
            if not isinstance(array, str) and array is not None:
                constants.append(numpy_helper.from_array(np.asarray(array), name))
            inputs.append(name)
        made.append(helper.make_node(operator, inputs, [f"v{number}"], f"{operator.lower()}_{number}", **attributes))
        value = f"v{number}"
    return model(made, constants, shape, value, opset)


def model(nodes: Any, constants: Any, shape: Any, output: str, opset: int = 20) -> Any:
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("in", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


def saved(made: Any, folder: Path) -> str:
    path = folder / "model.onnx"
    path.write_bytes(made.SerializeToString())
    return str(path)


def computed(made: Any, batch: Any) -> Any:
    """What ONNX Runtime gives, or ONNX' own definitions where it is not installed."""
    try:
        import onnxruntime
    except ImportError:
        from onnx.reference import ReferenceEvaluator

        return ReferenceEvaluator(made, new_ops=[_local_response()]).run(None, {made.graph.input[0].name: batch})[0]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {made.graph.input[0].name: batch})[0]


def _local_response() -> Any:
    """LRN by its definition: onnx's own goes over as many channels as there are images."""
    from onnx.reference.op_run import OpRun

    class LRN(OpRun):
        op_domain = ""

        def _run(self, x: Any, alpha: float, beta: float, bias: float, size: int) -> tuple[Any]:
            pixels = np.moveaxis(x, 1, -1)
            rows = [oracle.local_response(one, size, alpha, beta, bias) for one in pixels.reshape(-1, x.shape[1])]
            return (np.moveaxis(np.array(rows, x.dtype).reshape(pixels.shape), -1, 1),)

    return LRN


def load(content: bytes) -> Any:
    return onnx.ModelProto.FromString(content)
