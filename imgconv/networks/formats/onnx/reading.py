"""The nodes of a model, one after the other, as layers."""

from __future__ import annotations

from imgconv import errors
from imgconv.networks.formats.onnx.chain import Chain
from imgconv.networks.formats.onnx.constants import FOLDED, folded
from imgconv.networks.formats.onnx.model import FOREIGN, Model, Node, opened
from imgconv.networks.formats.onnx.operators import JOINED, OPERATORS
from imgconv.networks.formats.onnx.patterns import joined
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
        for node in joined(_left_by_folding(model), model.constants):
            place = f"{node}: "
            if _is_constant(model, node):  # by the shape of the network's values
                model.constants[node.outputs[0]] = folded(model, node)
                continue
            _check_chain(node, current, gone, model)
            if node.operator == "Shape":  # the network does not go on from it, but goes by it
                model.constants[node.outputs[0]] = chain.sizes()
                continue
            read_node = (JOINED if node.joined else OPERATORS).get(node.operator) or OPERATORS.get(node.operator)
            if read_node is None:
                raise errors.UsageError("this operator is not read; docs/networks.md lists those that are")
            read_node(chain, node)
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


def _left_by_folding(model: Model) -> tuple[Node, ...]:
    """The nodes that take values of the network; what the others make are constants then. What cannot be folded now is
    left."""
    left = []
    for node in model.nodes:
        if _is_constant(model, node) and (node.operator == "Constant" or node.operator in FOLDED):
            try:
                model.constants[node.outputs[0]] = folded(model, node)
                continue
            except (errors.UsageError, *FOREIGN):
                pass  # said where its turn comes
        left.append(node)
    return tuple(left)


def _is_constant(model: Model, node: Node) -> bool:
    """Whether all that a node takes is constant."""
    return all(name in model.constants for name in node.inputs if name)


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
