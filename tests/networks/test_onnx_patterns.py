"""Operators that exporters write as several nodes of ONNX are read as one; what only looks like them is refused."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import imgconv
from imgconv import errors
from tests.networks.onnx_models import computed, noise, saved

SHAPE = (1, 6, 5, 4)
BATCH = noise(*SHAPE)


class Graph:
    """Nodes one after the other, constants by their values."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def __call__(self, operator: str, *inputs: Any, **attributes: Any) -> str:
        names = [one if isinstance(one, str) else self._constant(one) for one in inputs]
        output = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, names, [output], f"{operator.lower()}_{output}", **attributes))
        return output

    def _constant(self, value: Any) -> str:
        name = f"c{len(self.constants)}"
        array = np.asarray(value)
        kind = np.float32 if array.dtype.kind == "f" else np.int64
        self.constants.append(numpy_helper.from_array(array.astype(kind), name))
        return name

    def model(self, output: str, opset: int = 17) -> Any:
        graph = helper.make_graph(
            self.nodes,
            "test",
            [helper.make_tensor_value_info("in", TensorProto.FLOAT, SHAPE)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
            self.constants,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def network_of(made: Any, folder: Path) -> Any:
    """The network, which gives what ONNX gives."""
    network = imgconv.Network.load(saved(made, folder))
    expected = computed(made, BATCH).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(network.run(BATCH.transpose(0, 2, 3, 1)), expected, rtol=1e-5, atol=1e-6)
    return network


def gelu(order: str, divided: bool, half: float = 0.5, root: float = 2**0.5, one: float = 1.0) -> Any:
    graph = Graph()
    inner = graph("Relu", "in")
    scaled = graph("Div", inner, root) if divided else graph("Mul", inner, 1 / root)
    added = graph("Add", graph("Erf", scaled), one)
    if order == "value first":
        end = graph("Mul", graph("Mul", inner, added), half)
    elif order == "half first":
        end = graph("Mul", inner, graph("Mul", half, added))
    else:
        end = graph("Mul", graph("Mul", inner, half), added)
    return graph.model(end)


ORDERS = ("value first", "half first", "halved value")


@pytest.mark.parametrize(("order", "divided"), [*itertools.product(ORDERS, (True, False))])
def test_gelu(order: str, divided: bool, tmp_path: Path) -> None:
    assert str(network_of(gelu(order, divided), tmp_path)) == "relu | gelu"


@pytest.mark.parametrize("other", [{"half": 0.4}, {"root": 1.5}, {"one": 2.0}], ids=str)
def test_what_is_no_gelu_is_refused(other: dict[str, float], tmp_path: Path) -> None:
    with pytest.raises(errors.FileError, match=r"\(Erf"):
        imgconv.Network.load(saved(gelu("value first", True, **other), tmp_path))


def pads(graph: Graph, before: int, behind: int) -> str:
    """As PyTorch has them made: two texts of zeros, joined, turned and in another type."""
    zeros = graph("ConstantOfShape", [4], value=helper.make_tensor("value", TensorProto.INT64, [1], [0]))
    rows = graph("Reshape", graph("Concat", [0, 0, 0, 0, before, behind], zeros, axis=0), [-1, 2])
    turned = graph("Transpose", graph("Slice", rows, [-1], [-(2**63) + 1], [0], [-1]), perm=[1, 0])
    return graph("Cast", graph("Reshape", turned, [-1]), to=TensorProto.INT64)


def branch(graph: Graph, pooled: str) -> str:
    """As PyTorch squeezes: an axis that is one, or nothing."""
    axis = helper.make_node("Constant", [], ["axis"], value=numpy_helper.from_array(np.array([1])))
    info = [helper.make_tensor_value_info("squeezed", TensorProto.FLOAT, None)]
    same = [helper.make_tensor_value_info("same", TensorProto.FLOAT, None)]
    then = helper.make_graph([axis, helper.make_node("Squeeze", [pooled, "axis"], ["squeezed"])], "then", [], info)
    otherwise = helper.make_graph([helper.make_node("Identity", [pooled], ["same"])], "else", [], same)
    equal = graph("Equal", graph("Gather", graph("Shape", pooled), [1], axis=0), [1])
    return graph("If", equal, then_branch=then, else_branch=otherwise)


def local_response(size: int, exporter: str, *, shift: int = 0, channels: int = 6, of: str = "", power: int = 2) -> Any:
    graph = Graph()
    inner = graph("Relu", "in")
    squares = graph("Mul", inner, of or inner) if power == 2 else graph("Pow", inner, 3.0)
    before, behind = size // 2 + shift, (size - 1) // 2 - shift
    if exporter == "script":
        padded = graph("Pad", graph("Reshape", squares, [1, 1, channels, 5, -1]), pads(graph, before, behind))
    else:
        listed = [0, 0, before, 0, 0, 0, 0, behind, 0, 0]
        padded = graph("Pad", graph("Unsqueeze", squares, [1]), listed, 0.0)
    mean = graph("AveragePool", padded, kernel_shape=[size, 1, 1], strides=[1, 1, 1], count_include_pad=1)
    back = (branch(graph, mean), list(SHAPE)) if exporter == "script" else (mean, [1])
    mean = graph("Reshape" if exporter == "script" else "Squeeze", *back)
    below = graph("Pow", graph("Add", graph("Mul", mean, 0.5), 2.0), 0.6)
    return graph.model(graph("Div", inner, below))


@pytest.mark.parametrize(("size", "exporter"), [*itertools.product((5, 4, 1), ("script", "plain"))])
def test_local_response_of_pytorch(size: int, exporter: str, tmp_path: Path) -> None:
    network = network_of(local_response(size, exporter), tmp_path)
    assert str(network).startswith("relu | local-response")
    assert (network.layers[1].size, float(network.layers[1].alpha)) == (size, 0.5)


OTHERS: dict[str, Any] = {
    "pads to the other side": local_response(5, "plain", shift=1),
    "squares of something else": local_response(5, "plain", of="in"),
    "cubes": local_response(5, "plain", power=3),
    "rows for channels": local_response(5, "script", channels=5),
}


@pytest.mark.parametrize("made", OTHERS.values(), ids=OTHERS)
def test_what_is_no_local_response_is_refused(made: Any, tmp_path: Path) -> None:
    with pytest.raises(errors.FileError):
        imgconv.Network.load(saved(made, tmp_path))


def test_names_of_ours_are_no_operators(tmp_path: Path) -> None:
    graph = Graph()
    with pytest.raises(errors.FileError, match="this operator is not read"):
        imgconv.Network.load(saved(graph.model(graph("LocalResponse", "in", size=3)), tmp_path))


def test_numbers_in_other_files_are_not_opened(tmp_path: Path) -> None:
    number = helper.make_tensor("value", TensorProto.INT64, [1], [0])
    number.data_location = onnx.TensorProto.EXTERNAL
    number.external_data.add(key="location", value="elsewhere")
    graph = Graph()
    padded = graph("Pad", "in", graph("ConstantOfShape", [8], value=number))
    with pytest.raises(errors.FileError, match="expected one number"):
        imgconv.Network.load(saved(graph.model(padded), tmp_path))
