"""Operators that exporters write as several nodes: silu, gelu, local response normalisation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from imgconv.networks.formats.onnx.model import Node
from imgconv.values.frozen import record

LOCAL_RESPONSE = "LocalResponse"
"""What such nodes are joined to, of PyTorch's LocalResponseNorm; ONNX' LRN shifts even sizes to the other side."""
_CLOSE = 1e-6


def joined(nodes: tuple[Node, ...], constants: Mapping[str, Any]) -> list[Node]:
    """The nodes, those that are one operator together as one, in the place of their last."""
    graph = _Graph(nodes, constants)
    found = {end.number: (whole, parts) for node in nodes for whole, end, parts in _matches(graph, node)}
    gone = {part.number for _, parts in found.values() for part in parts}
    return [
        found[node.number][0] if node.number in found else node
        for node in nodes
        if node.number in found or node.number not in gone
    ]


_Match = tuple[Node, Node, tuple[Node, ...]]
"""The node that stands for several, the last of them, and all of them."""


@record(eq=False)
class _Graph:
    """Nodes with what makes each value, what takes it, and which values are constant."""

    nodes: tuple[Node, ...]
    constants: Mapping[str, Any]

    @cached_property
    def makers(self) -> dict[str, Node]:
        return {node.outputs[0]: node for node in self.nodes if node.outputs}

    @cached_property
    def takers(self) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in set(node.inputs):
                found.setdefault(name, []).append(node)
        return found

    def maker(self, value: str, *operators: str) -> Node | None:
        """The node that makes a value, if it is one of these operators."""
        node = self.makers.get(value)
        return node if node is not None and node.operator in operators else None

    def taker(self, node: Node, *operators: str) -> Node | None:
        """The only node that takes what a node makes, if it is one of these operators."""
        takers = self.takers.get(node.outputs[0], [])
        return takers[0] if len(takers) == 1 and takers[0].operator in operators else None

    def number(self, value: str) -> float | None:
        """A constant of one number; None for anything else."""
        array = np.asarray(self.constants.get(value, ()))
        return float(array.ravel()[0]) if array.size == 1 and array.dtype.kind in "fiu" else None

    def is_number(self, value: str, expected: float) -> bool:
        found = self.number(value)
        return found is not None and math.isclose(found, expected, rel_tol=_CLOSE)

    def with_number(self, node: Node | None) -> tuple[str, float] | None:
        """The other operand of a node that takes a constant number, and the number."""
        if node is None or len(node.inputs) != 2:
            return None
        for value, constant in (node.inputs, node.inputs[::-1]) if node.operator in ("Add", "Mul") else (node.inputs,):
            number = self.number(constant)
            if number is not None:
                return value, number
        return None


def _matches(graph: _Graph, node: Node) -> Iterator[_Match]:
    """What begins, or ends, with a node."""
    match = {"Sigmoid": _silu, "Erf": _gelu, "Div": _local_response}.get(node.operator)
    if match is not None and node.outputs and (found := match(graph, node)) is not None:
        yield found


def _silu(graph: _Graph, sigmoid: Node) -> _Match | None:
    """v * sigmoid(v): ONNX had no silu before opset 24."""
    end = graph.taker(sigmoid, "Mul")
    if end is None or len(sigmoid.inputs) != 1 or set(end.inputs) != {sigmoid.inputs[0], sigmoid.outputs[0]}:
        return None
    return _whole("Swish", sigmoid.inputs[0], end), end, (sigmoid, end)


def _gelu(graph: _Graph, erf: Node) -> _Match | None:
    """v * (1 + erf(v / sqrt(2))) / 2, whichever is multiplied first: ONNX had no gelu before opset 20."""
    scaled, added = graph.maker(erf.inputs[0], "Div", "Mul"), graph.taker(erf, "Add")
    factor, shift = graph.with_number(scaled), graph.with_number(added)
    if scaled is None or added is None or factor is None or shift is None or shift[1] != 1:
        return None
    value, root = factor[0], math.sqrt(2 if scaled.operator == "Div" else 0.5)
    products = _products(graph, added, value) if math.isclose(factor[1], root, rel_tol=_CLOSE) else ()
    return (_whole("Gelu", value, products[-1]), products[-1], (scaled, erf, added, *products)) if products else None


def _products(graph: _Graph, node: Node, value: str) -> tuple[Node, ...]:
    """The nodes that multiply what a node makes by a value and by 1/2, in any order; none where others do."""
    left, products = {value, "1/2"}, list[Node]()
    while left:
        product = graph.taker(node, "Mul")
        other = next((name for name in product.inputs if name != node.outputs[0]), "") if product else ""
        halved = graph.maker(other, "Mul")
        if other == value or graph.is_number(other, 0.5):
            taken = {value if other == value else "1/2"}
        elif halved is not None and graph.with_number(halved) == (value, 0.5):
            taken = {value, "1/2"}
            products.append(halved)
        else:
            return ()
        if product is None or not taken <= left:
            return ()
        left, node = left - taken, product
        products.append(product)
    return tuple(products)


def _local_response(graph: _Graph, end: Node) -> _Match | None:
    """v / (k + alpha * mean of v * v over neighbouring channels) ** beta, as PyTorch writes it: the mean by a pool of
    three dimensions."""
    power = graph.maker(end.inputs[-1], "Pow")
    added = graph.maker(power.inputs[0], "Add") if power else None
    sides = [graph.with_number(node) for node in (power, added)]
    scaled = graph.maker(sides[1][0], "Mul") if sides[1] else None
    weight = graph.with_number(scaled)
    if power is None or added is None or scaled is None or sides[0] is None or sides[1] is None or weight is None:
        return None
    mean = _mean_of_squares(graph, weight[0], end.inputs[0])
    if mean is None:
        return None
    size, channels, parts = mean
    numbers = {"size": size, "alpha": weight[1], "beta": sides[0][1], "bias": sides[1][1], "channels": channels}
    whole = _whole(LOCAL_RESPONSE, end.inputs[0], end, numbers)
    return whole, end, (*parts, scaled, added, power, end)


_SHAPING = ("Reshape", "If", "Squeeze", "Unsqueeze", "Pad", "AveragePool")
_MOST_STEPS = 8


def _mean_of_squares(graph: _Graph, value: str, of: str) -> tuple[int, int | None, tuple[Node, ...]] | None:
    """The size of a mean over neighbouring channels of the squares of a value, the number of channels where it is
    told, and the nodes. PyTorch pads size // 2 before, (size - 1) // 2 behind."""
    steps, condition, before = list[Node](), tuple[Node, ...](), value
    while len(steps) < _MOST_STEPS and (node := graph.maker(before, *_SHAPING)) is not None:
        if node.operator == "If":  # whether an axis of one is squeezed away; the reshape behind it decides
            found = _conditional(graph, node)
            if found is None:
                return None
            before, condition = found
        else:
            before = node.inputs[0]
        steps.insert(0, node)
    names, squares = [step.operator for step in steps], graph.maker(before, "Mul", "Pow")
    if names[1:3] != ["Pad", "AveragePool"] or not set(names[3:]) <= set(_BACK):
        return None
    size, channels = _size(graph, steps[1], steps[2]), _deepened(graph, steps[0])
    if squares is None or not _squares(graph, squares, of) or not size or channels is None:
        return None
    return size, channels or None, (squares, *steps, *condition)


def _squares(graph: _Graph, node: Node, of: str) -> bool:
    """Whether a node makes the squares of a value."""
    return node.inputs == (of, of) or (node.operator == "Pow" and graph.with_number(node) == (of, 2))


_BACK = ("Reshape", "If", "Squeeze")


def _deepened(graph: _Graph, node: Node) -> int | None:
    """The number of channels that a node tells which makes (N, 1, C, H, W) of (N, C, H, W), 0 where it tells none; None
    for another node."""
    given = [int(size) for size in np.asarray(graph.constants.get(node.inputs[-1], ())).ravel()[:6]]
    if node.operator == "Unsqueeze":
        return 0 if (given or list(node.get("axes", ()))) == [1] else None
    return given[2] if node.operator == "Reshape" and len(given) == 5 and given[1] == 1 and given[2] > 0 else None


def _size(graph: _Graph, pad: Node, pool: Node) -> int | None:
    """The channels that a pool of one pixel sees, where pads keep their number."""
    given = graph.constants.get(pad.inputs[1]) if len(pad.inputs) > 1 else pad.get("pads", ())
    pads = [] if given is None else [int(size) for size in np.asarray(given).ravel()[:11]]
    filled = pad.inputs[2] if len(pad.inputs) > 2 else ""
    size, *flat = pool.get("kernel_shape", (0, 0, 0))
    expected = [0] * 10
    expected[2], expected[7] = size // 2, (size - 1) // 2
    plain = not any(pool.get("pads", ())) and set(pool.get("strides", (1,))) == {1} and not pool.get("ceil_mode", 0)
    zeros = pad.get("mode", "constant") == "constant" and (not filled or graph.number(filled) == 0)
    return size if size > 0 and flat == [1, 1] and pads == expected and plain and zeros else None


def _conditional(graph: _Graph, node: Node) -> tuple[str, tuple[Node, ...]] | None:
    """The value that both branches of an If give but for an axis of one, and the nodes that make its condition."""
    values = set()
    for branch in (node.get("then_branch", None), node.get("else_branch", None)):
        inner = [one for one in getattr(branch, "node", ()) if one.op_type != "Constant"]
        if len(inner) != 1 or inner[0].op_type not in ("Squeeze", "Identity"):
            return None
        values.add(inner[0].input[0])
    steps: list[Node] = []
    for operator in ("Equal", "Gather", "Shape"):
        maker = graph.maker((steps[-1] if steps else node).inputs[0], operator)
        if maker is None:
            return None
        steps.append(maker)
    return (steps[-1].inputs[0], tuple(steps)) if values == {steps[-1].inputs[0]} else None


def _whole(operator: str, value: str, end: Node, attributes: Mapping[str, Any] | None = None) -> Node:
    return Node(end.number, operator, end.name, (value,), end.outputs, attributes or {}, joined=True)
