"""A layer with its tensors: a step of a pipeline like any other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from imgconv.engine.layers.conv import Filters, packed
from imgconv.operations import Operation
from imgconv.operations.base import Shape
from imgconv.operations.layers import Conv, Dense, Layer
from imgconv.operations.layers.base import check_tensors
from imgconv.values.frozen import record
from imgconv.values.pixel_values import Pixels


@record(eq=False)
class WeightedLayer(Operation):
    """A layer and its tensors, float32, by what they are: weight, bias, mean ...

    `name` is what errors and summaries call it.
    """

    word = "weighted"
    applied_in = "layers"
    result_type = "float32"

    layer: Layer
    name: str
    tensors: Mapping[str, Pixels]

    def __post_init__(self) -> None:
        """Nothing to read: fields are values, not options."""

    @property
    def declared(self) -> Layer:
        """The step as a pipeline's text has it."""
        return self.layer

    @property
    def label(self) -> str:
        return self.layer.label

    def shape(self, height: int, width: int) -> tuple[int, int]:
        return self.layer.shape(height, width)

    def channels(self, count: int) -> int:
        return self.layer.channels(count)

    @property
    def scratch(self) -> int:
        return self.layer.scratch

    def unseen(self, height: int, width: int) -> tuple[int, int]:
        return self.layer.unseen(height, width)

    def result(self, shape: Shape) -> Shape:
        result = self.layer.result(shape)
        check_tensors(self.layer, self.name, self.tensors, shape)
        return result

    @cached_property
    def filters(self) -> Filters:
        """The weights of a convolutional or dense layer, as its loop reads them."""
        weight, bias = self.tensors["weight"], self.tensors.get("bias")
        if isinstance(self.layer, Dense):
            return packed(weight[None, None], bias)
        assert isinstance(self.layer, Conv)
        return packed(weight, bias, weight.shape[3] if self.layer.depthwise else self.layer.groups)
