"""The nodes of a model, one after the other, as layers."""

from __future__ import annotations

from imgconv import errors
from imgconv.networks.formats.onnx.chain import Chain
from imgconv.networks.formats.onnx.constants import folded
from imgconv.networks.formats.onnx.model import FOREIGN, Model, Node, opened
from imgconv.networks.formats.onnx.operators import OPERATORS
from imgconv.networks.formats.stored import Stored


def read(path: str) -> Stored:
    """The network in a file; FileError where it is broken, or no chain of layers of ours."""
    model = opened(path)
    return walked(model)


def walked(model: Model) -> Stored:
    """The layers that a model's nodes turn into, one after the other."""
    place, current = "", model.input
    gone: dict[str, Node] = {}
    try:
        chain = Chain(model)
        for node in _joined(model.nodes):
            place = f"{node}: "
            if all(name in model.constants for name in node.inputs if name):
                model.constants[node.outputs[0]] = folded(model, node)
                continue
            _check_chain(node, current, gone, model)
            if node.operator == "Shape":  # the network does not go on from it, but goes by it
                model.constants[node.outputs[0]] = chain.sizes()
                continue
            if node.operator not in OPERATORS:
                raise errors.UsageError("this operator is not read; docs/networks.md lists those that are")
            OPERATORS[node.operator](chain, node)
            gone[current], current = node, node.outputs[0]
        place = "output: "
        if current != model.output:
            raise errors.UsageError(f"{errors.shown(model.output)} is not what the last node gives")
        return chain.stored()
    except errors.FileError:
        raise
    except errors.ImgconvError as error:
        raise errors.FileError(f"{model.path}: {place}{error}") from None
    except FOREIGN as error:
        raise errors.FileError(f"{model.path}: {place}broken ({errors.cut(str(error))})") from error


def _check_chain(node: Node, current: str, gone: dict[str, Node], model: Model) -> None:
    """UsageError where a node does not go on from the one before it."""
    computed = [name for name in node.inputs if name and name not in model.constants]
    for name in computed:
        if name in gone:
            raise errors.UsageError(
                f"takes {errors.shown(name)}, from which {gone[name]} has gone on; a network that is read is a chain"
                " without branches"
            )
    if computed != [current]:
        raise errors.UsageError(
            f"takes {', '.join(map(errors.shown, computed)) or 'nothing'}; expected {errors.shown(current)} alone:"
            " a network that is read is a chain"
        )


def _joined(nodes: tuple[Node, ...]) -> list[Node]:
    """Nodes, with v * sigmoid(v) as one: ONNX had no silu before opset 24."""
    sigmoids = {node.outputs[0]: node for node in nodes if node.operator == "Sigmoid" and len(node.inputs) == 1}
    result, left = [], set()
    for node in nodes:
        for value, factor in (
            (node.inputs, node.inputs[::-1]) if node.operator == "Mul" and len(node.inputs) == 2 else ()
        ):
            if factor in sigmoids and sigmoids[factor].inputs == (value,):
                left.add(sigmoids[factor].number)
                node = Node(node.number, "Swish", node.name, (value,), node.outputs, {})  # noqa: PLW2901
                break
        result.append(node)
    return [node for node in result if node.number not in left]
