"""An .onnx file opened: nodes, constants and input, checked before any tensor is made."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from imgconv import errors
from imgconv.engine.memory import granted
from imgconv.networks.formats.stored import as_weights, check_size
from imgconv.values.frozen import record
from imgconv.values.numbers import Number, number
from imgconv.values.pixel_values import Pixels

_LARGEST_FILE = 2**31  # of Protocol Buffers
_PIECE = 2**22
_OLDEST = 7
_WIDEST = 16  # bytes of the widest number
_ONNX = ("", "ai.onnx")
FOREIGN = (TypeError, ValueError, IndexError, KeyError, AttributeError, ArithmeticError, RuntimeError, MemoryError)
"""What a broken file makes its library, and what handles its parts, raise."""


@record(eq=False)
class Node:
    """One operator: its number from 1, its attributes, the names of what goes in and comes out; `joined` if it stands
    for several nodes."""

    number: int
    operator: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    joined: bool = False

    def __str__(self) -> str:
        operator = self.operator if self.operator.isidentifier() else errors.shown(self.operator)
        return f"node {self.number} ({errors.cut(operator)}{f' {errors.shown(self.name)}' if self.name else ''})"

    def get(self, name: str, default: Any) -> Any:
        """An attribute, or the default that ONNX states for it; text as such."""
        value = self.attributes.get(name, default)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

    def number_of(self, name: str, default: float) -> Number:
        """An attribute as a number of ours."""
        return short(self.get(name, default))


def short(value: Any) -> Number:
    """The shortest decimal that is the same number in float32: 0.01, where the file has 0.009999999776."""
    return number(str(np.float32(value)))


@record(eq=False)
class Model:
    """The nodes of a file, its constants by name, the name and dimensions of its input, the name of its output."""

    path: str
    opset: int
    nodes: tuple[Node, ...]
    constants: dict[str, Any]
    input: str
    dimensions: tuple[int | None, ...]
    output: str

    def weights(self, node: Node, place: int, what: str) -> Pixels:
        """An input of a node that is a constant, in float32; UsageError where it is none."""
        found = self.constant(node, place)
        if found is None:
            raise errors.UsageError(f"expected constant {what}")
        return as_weights(self.path, node.inputs[place], found)

    def constant(self, node: Node, place: int) -> Any:
        """An input of a node as an array; None where it has none. UsageError where it is computed."""
        if place >= len(node.inputs) or not node.inputs[place]:
            return None
        if node.inputs[place] not in self.constants:
            raise errors.UsageError(f"input {place + 1} is computed; expected a constant")
        return self.constants[node.inputs[place]]


@record(eq=False)
class _Graph:
    """A graph as the library gives it."""

    path: str
    graph: Any

    def fail(self, reason: str) -> errors.FileError:
        return errors.FileError(f"{self.path}: {reason}")

    @cached_property
    def tensors(self) -> dict[str, Any]:
        """Constants by name: initialisers and the values of nodes."""
        found = {tensor.name: tensor for tensor in self.graph.initializer}
        for node in self.graph.node:
            if node.op_type == "Constant" and len(node.output) == 1:
                found.update((node.output[0], one.t) for one in node.attribute if one.name == "value")
        return found

    def check_tensors(self) -> None:
        """FileError where tensors lie in other files, or are too large."""
        from onnx import TensorProto

        if self.graph.sparse_initializer:
            raise self.fail("has sparse tensors, which are not read; save it with dense ones")
        for name, tensor in self.tensors.items():
            if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
                raise self.fail(
                    f"tensor {errors.shown(name)} lies in another file, which is not opened; save the model in one"
                    " file by onnx.save(model, 'model.onnx', save_as_external_data=False)"
                )
            if tensor.data_type in (
                TensorProto.STRING,
                TensorProto.UNDEFINED,
                TensorProto.COMPLEX64,
                TensorProto.COMPLEX128,
            ):
                raise self.fail(f"tensor {errors.shown(name)} is no array of numbers")
            if any(size < 0 for size in tensor.dims):
                raise self.fail(f"tensor {errors.shown(name)} is broken: a size of {min(tensor.dims)}")
        # one width for all: a bound, before numbers of any type are looked at
        sizes = {name: (tuple(tensor.dims), 4) for name, tensor in self.tensors.items()}
        check_size(self.path, sizes)
        for name, tensor in self.tensors.items():
            if tensor.raw_data and len(tensor.raw_data) > _WIDEST * max(1, math.prod(tensor.dims)):
                raise self.fail(f"tensor {errors.shown(name)} is broken: more bytes than numbers")

    def constants(self) -> dict[str, Any]:
        """All constants as arrays."""
        found = {}
        for name, tensor in self.tensors.items():
            try:
                found[name] = _array(tensor)
            except FOREIGN as error:
                raise self.fail(f"tensor {errors.shown(name)} is broken ({errors.cut(str(error))})") from error
        return found

    def nodes(self) -> Iterator[Node]:
        """Its nodes but those whose value is among the constants. FileError for operators of others."""
        from onnx import helper

        for place, node in enumerate(self.graph.node, 1):
            if node.op_type == "Constant" and all(name in self.tensors for name in node.output):
                continue
            made = Node(
                place,
                node.op_type,
                node.name,
                tuple(node.input),
                tuple(node.output),
                {one.name: helper.get_attribute_value(one) for one in node.attribute},
            )
            if node.domain not in _ONNX:
                raise self.fail(f"{made}: is an operator of {errors.shown(node.domain)}, not of ONNX, and is not read")
            yield made

    def input(self) -> tuple[str, tuple[int | None, ...]]:
        """The name of what goes in, and its dimensions; None where they are symbols."""
        real = [one for one in self.graph.input if one.name not in self.tensors]
        if len(real) != 1:
            raise self.fail(f"has {len(real)} inputs; a network that is read has one")
        kind = real[0].type
        if not kind.HasField("tensor_type") or not kind.tensor_type.HasField("shape"):
            raise self.fail("does not tell the shape of its input; run onnx.shape_inference, or export it again")
        sizes = [size.dim_value for size in kind.tensor_type.shape.dim]
        return real[0].name, tuple(size if size > 0 else None for size in sizes)

    def output(self) -> str:
        if len(self.graph.output) != 1:
            raise self.fail(f"has {len(self.graph.output)} outputs; a network that is read has one")
        return str(self.graph.output[0].name)


def opened(path: str) -> Model:
    """The model in a file; FileError where it is broken, or its operators are none of ONNX' own."""
    proto = _proto(path)
    graph = _Graph(path, proto.graph)
    try:
        if proto.functions:
            raise graph.fail("has functions of its own, which are not read; inline them by onnx.inliner")
        graph.check_tensors()
        name, dimensions = graph.input()
        opset = _opset(graph, proto.opset_import)
        nodes, constants = tuple(graph.nodes()), graph.constants()
        return Model(path, opset, nodes, constants, name, dimensions, graph.output())
    except errors.ImgconvError:
        raise
    except FOREIGN as error:
        raise graph.fail(f"broken ({errors.cut(str(error))})") from error


def _proto(path: str) -> Any:
    """The file as the library reads it; no other file is opened."""
    try:
        from google.protobuf.message import DecodeError
        from onnx import ModelProto
    except ImportError:
        raise errors.FileError(f"{path}: reading .onnx needs the package onnx; pip install 'imgconv[onnx]'") from None
    content, most = bytearray(), min(_LARGEST_FILE, granted() / 2)  # besides what is made of it
    with open(path, "rb") as stream:
        while piece := stream.read(_PIECE):
            if not content and not piece.strip(b"\0"):
                raise errors.FileError(f"{path}: broken or no .onnx file (it begins with zeros)")
            content += piece
            if len(content) > most:
                raise errors.FileError(f"{path}: is larger than {errors.amount(most)}, too large for an .onnx file")
    try:
        proto = ModelProto.FromString(bytes(content))
    except (DecodeError, *FOREIGN) as error:
        raise errors.FileError(f"{path}: broken or no .onnx file ({errors.cut(str(error))})") from error
    if not proto.graph.node:
        raise errors.FileError(f"{path}: broken or no .onnx file (it has no nodes)")
    return proto


def _opset(graph: _Graph, imports: Sequence[Any]) -> int:
    """The version of ONNX' operators."""
    versions = [one.version for one in imports if one.domain in _ONNX]
    if not versions or max(versions) < _OLDEST:
        raise graph.fail(
            f"is of ONNX opset {max(versions, default=0)}, expected {_OLDEST} or later; convert it by"
            " onnx.version_converter"
        )
    return int(max(versions))


def _array(tensor: Any) -> Any:
    """A tensor of the file as an array; numbers that NumPy does not have, in float32."""
    from onnx import numpy_helper

    array = numpy_helper.to_array(tensor)
    return array.astype(np.float32) if array.dtype.kind not in "biuf" else array
