"""Dense: every output is a sum over all inputs. Flatten: values in one row before it."""

from __future__ import annotations

from imgconv import errors
from imgconv.operations.base import Shape, option
from imgconv.operations.layers.base import NAME, Layer, shape_text
from imgconv.values.frozen import record
from imgconv.values.parameters import COUNT, FLAG


@record
class Dense(Layer):
    """A fully connected layer on 1x1xC values."""

    word = "dense"
    roles = ("weight", "bias")
    summary = "Every output a sum over all inputs, plus a bias: a fully connected layer."

    outputs: int = option(COUNT, "How many outputs.", argument=True)
    no_bias: bool = option(FLAG, "Without biases.", False)
    name: str | None = option(NAME, "The name of its tensors.", None)

    def result(self, shape: Shape) -> Shape:
        if shape[:2] != (1, 1):
            raise errors.WindowError(f"dense takes 1x1xC values, not {shape_text(shape)}; put flatten before it")
        return 1, 1, self.outputs

    def channels(self, count: int) -> int:
        return self.outputs

    def tensors(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        return {"weight": (shape[2], self.outputs)} | ({} if self.no_bias else {"bias": (self.outputs,)})

    def multiply_adds(self, shape: Shape) -> int:
        return shape[2] * self.outputs


@record
class Flatten(Layer):
    """All values as the channels of one pixel: row after row, column after column, channel after channel."""

    word = "flatten"
    summary = "All values in one row: rows, then columns, then channels."

    def result(self, shape: Shape) -> Shape:
        height, width, channels = shape
        return 1, 1, height * width * channels

    def shape(self, height: int, width: int) -> tuple[int, int]:
        return 1, 1

    def channels(self, count: int) -> int:
        raise errors.UsageError("the channels behind flatten depend on rows and columns")
