"""Activate: a function of each value, as between the layers of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.operations.base import Foretold, Operation, option
from imgconv.values.frozen import record, replace
from imgconv.values.parameters import choice

if TYPE_CHECKING:
    from imgconv.values.pixel_values import Pixels, Response, Target, Values

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

    def explain(self, given: Foretold, result: str) -> tuple[str, Foretold]:
        from imgconv.engine.activate import span_of
        from imgconv.values.pixel_values import wide_type

        span = span_of(self.function, given.span)
        type_ = (
            result
            if result != "wide"
            else given.type
            if given.type.startswith("float")
            else wide_type(given.type, span, divided=bool(self.bounds), last=False)
        )
        return f"{self.function} of each value", replace(given, type=type_, span=span)

    def apply(
        self, given: Values, target: Target | None, threads: int | None = None, out: Pixels | None = None
    ) -> tuple[Values, Response | None]:
        from imgconv import engine

        return engine.activate(given, self.function, target=target, threads=threads, out=out)

    def apply_alpha(self, alpha: Pixels, threads: int | None = None) -> Pixels:
        return alpha

    def for_alpha(self) -> None:
        return None
