"""Activate: a function of each value, as between the layers of a network."""

from __future__ import annotations

from fractions import Fraction

from imgconv import errors
from imgconv.operations.base import Operation, option
from imgconv.values.frozen import record
from imgconv.values.numbers import Number, number, number_text
from imgconv.values.parameters import Kind, choice


@record
class Function:
    """An activation: its formula in words, its bounds if results are that small, and the default of its slope, if it
    has one."""

    formula: str
    bounds: str = ""
    slope: Number | None = None


FUNCTIONS = {
    "relu": Function("max(v, 0)"),
    "abs": Function("|v|"),
    "sigmoid": Function("1/(1+e^-v)", "0…1"),
    "tanh": Function("tanh v", "−1…1"),
    "identity": Function("v"),
    "leaky-relu": Function("v above 0, slope*v below", slope=Fraction(1, 100)),
    "elu": Function("v above 0, slope*(e^v - 1) below", slope=1),
    "silu": Function("v/(1+e^-v)"),
    "gelu": Function("v*P(N < v), N normal"),
    "softplus": Function("log(1+e^v)"),
    "hard-sigmoid": Function("v/6 + 1/2 within 0…1", "0…1"),
    "hard-swish": Function("v*(v/6 + 1/2 within 0…1)"),
    "hard-tanh": Function("v within −1…1", "−1…1"),
}
FUNCTION = choice("activation", tuple(FUNCTIONS))
SLOPE = Kind("N", lambda value: number(value, "slope"), number_text)


@record
class Activate(Operation):
    """A function of the wide value, before rounding and clamping.

    relu, elu, silu (also swish) and gelu as in PyTorch; hard-sigmoid and hard-swish as in Howard et al., Searching for
    MobileNetV3, 2019, section 5.2.
    """

    word = "activate"
    summary = "Apply an activation function to every value."
    brief = "Apply relu, sigmoid, tanh … to every value"
    examples = (
        "imgconv activate relu in.png -o out.png",
        "imgconv activate sigmoid values.npy --dtype float32 -o out.npy",
        'imgconv run "filter vertical | relu" in.png -o out.png',
    )
    short_words = {
        name: {"function": name} if row.slope is not None else {"function": name, "slope": None}
        for name, row in FUNCTIONS.items()
    }
    short_arguments = {name: "slope" for name, row in FUNCTIONS.items() if row.slope is not None}
    keeps_bounds = True

    function: str = option(FUNCTION, f"One of {', '.join(FUNCTIONS)}.", argument=True)
    slope: Number | None = option(
        SLOPE,
        "What leaky-relu and elu multiply negative values by.",
        None,
        brief="What leaky-relu and elu multiply negatives by.",
        show="0.01 of leaky-relu, 1 of elu",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.slope is not None and self.row.slope is None:
            raise errors.UsageError(f"{self.function} has no slope; leaky-relu and elu have one")
        if self.slope == self.row.slope:
            object.__setattr__(self, "slope", None)  # one spelling for one thing

    @property
    def row(self) -> Function:
        """The function's row."""
        return FUNCTIONS[self.function]

    @property
    def label(self) -> str:
        return self.function

    @property
    def bounds(self) -> str:
        return self.row.bounds

    @property
    def used_slope(self) -> Number:
        """The slope of the function, its default or 0."""
        return self.slope if self.slope is not None else self.row.slope or 0

    def shape(self, height: int, width: int) -> tuple[int, int]:
        return height, width

    def for_alpha(self) -> None:
        return None
