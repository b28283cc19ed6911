"""Activate: a function of each value, as between the layers of a network."""

from __future__ import annotations

from fractions import Fraction

from imgconv import errors
from imgconv.operations.base import Operation, file_name, option
from imgconv.values.choices_with_numbers import choice_with_numbers, parts, usage
from imgconv.values.frozen import record
from imgconv.values.numbers import Number, magnitude, number, number_text
from imgconv.values.parameters import Kind


@record
class Function:
    """An activation: its formula in words, its bounds if results are that small, the default of its slope if it has
    one, and the names of the numbers that stand behind its own name."""

    formula: str
    bounds: str = ""
    slope: Number | None = None
    numbers: str = ""


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
    "threshold": Function("v above T, else 0", numbers="T"),
    "clip": Function("v within A…B", numbers="A,B"),
}
NUMBERS = {name: row.numbers or ("" if row.slope is None else "[SLOPE]") for name, row in FUNCTIONS.items()}
"""What may stand behind the colon of each."""
FUNCTION = choice_with_numbers("activation", NUMBERS, {})
SLOPE = Kind("N", lambda value: number(value, "slope"), number_text)


@record
class Activate(Operation):
    """A function of the wide value, before rounding and clamping.

    relu, elu, silu (also swish), gelu and threshold as in PyTorch, clip as in NumPy; hard-sigmoid and hard-swish as in
    Howard et al., Searching for MobileNetV3, 2019, section 5.2.
    """

    word = "activate"
    summary = "Apply an activation function to every value."
    brief = "Apply relu, sigmoid, tanh … to every value"
    examples = (
        "imgconv activate relu in.png -o out.png",
        "imgconv activate sigmoid values.npy --dtype float32 -o out.npy",
        "imgconv activate threshold:128 in.png -o out.png",
        'imgconv run "filter vertical | relu" in.png -o out.png',
    )
    short_words = {
        name: {"function": name} if row.slope is not None else {"function": name, "slope": None}
        for name, row in FUNCTIONS.items()
        if not row.numbers
    }
    short_calls = {name: "function" for name, row in FUNCTIONS.items() if row.numbers}
    short_arguments = {name: "slope" for name, row in FUNCTIONS.items() if row.slope is not None}
    keeps_bounds = True

    function: str = option(FUNCTION, f"One of {', '.join(usage(*one) for one in NUMBERS.items())}.", argument=True)
    slope: Number | None = option(
        SLOPE,
        "What leaky-relu and elu multiply negative values by.",
        None,
        brief="What leaky-relu and elu multiply negatives by.",
        show="0.01 of leaky-relu, 1 of elu",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        name, behind = parts(self.function)
        if behind and not FUNCTIONS[name].numbers:  # one spelling for one thing: leaky-relu:0.2 has a slope
            if self.slope is not None:
                raise errors.UsageError(
                    f"{name} has two slopes, {number_text(behind[0])} and {number_text(self.slope)}"
                )
            object.__setattr__(self, "function", name)
            object.__setattr__(self, "slope", behind[0])
        low_to_high = self.numbers if self.name == "clip" else ()
        if list(low_to_high) != sorted(low_to_high):
            raise errors.UsageError(f"{self.function} has its low end above its high end; clip is written clip:A,B")
        if self.slope is not None and self.row.slope is None:
            raise errors.UsageError(f"{self.function} has no slope; leaky-relu and elu have one")
        if self.slope == self.row.slope:
            object.__setattr__(self, "slope", None)  # one spelling for one thing

    @property
    def name(self) -> str:
        """The function's name, without numbers."""
        return parts(self.function)[0]

    @property
    def row(self) -> Function:
        """The function's row."""
        return FUNCTIONS[self.name]

    @property
    def label(self) -> str:
        return file_name([self.function])

    @property
    def bounds(self) -> str:
        numbers = self.numbers
        if self.name == "clip" and max(map(magnitude, numbers)) <= 1:
            return "…".join(number_text(one).replace("-", "\N{MINUS SIGN}") for one in numbers)
        return self.row.bounds

    @property
    def numbers(self) -> tuple[Number, ...]:
        """What the function is computed with: its slope, or the numbers behind its name."""
        return (self.used_slope,) if self.row.slope is not None else parts(self.function)[1]

    @property
    def used_slope(self) -> Number:
        """The slope of the function, its default or 0."""
        return self.slope if self.slope is not None else self.row.slope or 0

    def shape(self, height: int, width: int) -> tuple[int, int]:
        return height, width

    def for_alpha(self) -> None:
        return None
