"""Activate: a function of each value, as between the layers of a network."""

from __future__ import annotations

from imgconv.operations.base import Operation, option
from imgconv.values.frozen import record
from imgconv.values.parameters import choice

FUNCTIONS = {"relu": "", "abs": "", "sigmoid": "0…1", "tanh": "−1…1", "identity": ""}
"""Each function and, if its results are that small, their bounds."""
FUNCTION = choice("activation", tuple(FUNCTIONS))


@record
class Activate(Operation):
    """relu: max(v, 0) · abs: |v| · sigmoid: 1/(1+e^-v) · tanh · identity; of the wide value, before rounding and
    clamping."""

    word = "activate"
    summary = "Apply an activation function to every value."
    examples = (
        "imgconv activate relu in.png -o out.png",
        "imgconv activate sigmoid values.npy --dtype float32 -o out.npy",
        'imgconv run "filter vertical | relu" in.png -o out.png',
    )
    short_words = {name: {"function": name} for name in FUNCTIONS}
    keeps_bounds = True

    function: str = option(FUNCTION, "relu, abs, sigmoid, tanh or identity.", argument=True)

    @property
    def label(self) -> str:
        return self.function

    @property
    def bounds(self) -> str:
        return FUNCTIONS[self.function]

    def shape(self, height: int, width: int) -> tuple[int, int]:
        return height, width

    def for_alpha(self) -> None:
        return None
