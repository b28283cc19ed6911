"""Pool: a window reduced to its maximum, minimum or average."""

from __future__ import annotations

from functools import cached_property

from imgconv.operations.base import Operation, option
from imgconv.values.frozen import record
from imgconv.values.parameters import DILATION, FLAG, PAD, SIZE, STRIDE, Pad, choice
from imgconv.values.windows import Window

REDUCTIONS = {"max": ("maximum",), "avg": ("average", "mean"), "min": ("minimum",)}
"""Each reduction and its other names."""
KIND = choice("kind", tuple(REDUCTIONS), {alias: kind for kind, aliases in REDUCTIONS.items() for alias in aliases})


@record
class Pool(Operation):
    """The maximum, minimum or average of each window's pixels; padding has no values."""

    word = "pool"
    summary = "Reduce each window to its maximum, average or minimum."
    examples = (
        "imgconv pool --size 2 --stride 2 < in.png > out.png",
        "imgconv pool --kind avg --size 3 --stride 2 --pad 1 in.png -o out.png",
        "imgconv pool --size 2x3 in.png -o out.png",
    )
    sees_all = "--ceil or --pad same keeps all"
    short_words = {f"{kind}pool": {"kind": kind} for kind in REDUCTIONS}
    short_argument = "size"
    keeps_bounds = True

    kind: str = option(KIND, "The reduction.", "max")
    size: tuple[int, int] = option(SIZE, "Rows and columns of the window.", (2, 2))
    stride: tuple[int, int] | None = option(STRIDE, "Pixels from one window to the next.", None, show="the size")
    dilation: tuple[int, int] = option(DILATION, "Pixels from one tap to the next.", (1, 1))
    pad: Pad = option(
        PAD, "Pixels added around the image before windows are placed; they have no values.", (0, 0, 0, 0)
    )
    ceil: bool = option(FLAG, "Keep a last window that only partly fits.", False)
    count_padding: bool = option(FLAG, "Divide an average by all of the window's cells inside the padded image.", False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stride == self.size:
            object.__setattr__(self, "stride", None)  # one spelling for one thing

    @cached_property
    def window(self) -> Window:
        return Window(self.size, self.stride or self.size, self.dilation, self.pad, ceil=self.ceil, sees=True)

    @property
    def label(self) -> str:
        return f"{self.kind}pool"

    def shape(self, height: int, width: int) -> tuple[int, int]:
        rows, columns = self.window.over(height, width)
        return rows.out, columns.out

    def unseen(self, height: int, width: int) -> tuple[int, int]:
        rows, columns = self.window.over(height, width)
        return rows.unseen, columns.unseen
