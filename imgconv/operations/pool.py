"""Pool: a window reduced to its maximum, minimum or average."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from imgconv.operations.base import Foretold, Operation, option
from imgconv.values.frozen import record, replace
from imgconv.values.parameters import DILATION, FLAG, PAD, SIZE, STRIDE, Pad, choice
from imgconv.values.windows import Window

if TYPE_CHECKING:
    from imgconv.engine import Covered
    from imgconv.values.pixel_values import Pixels, Response, Target, Values

REDUCTIONS = {"max": ("maximum",), "avg": ("average", "mean"), "min": ("minimum",)}
"""Each reduction and its other names."""
KIND = choice("kind", tuple(REDUCTIONS), {alias: kind for kind, aliases in REDUCTIONS.items() for alias in aliases})


@record
class Pool(Operation):
    """The maximum, minimum or average of each window's existing pixels; what lies beyond the image is never seen."""

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
        PAD, "Pixels added around the image before windows are placed; they are never seen.", (0, 0, 0, 0)
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

    def explain(self, given: Foretold, result: str) -> tuple[str, Foretold]:
        from imgconv.planner import plan_pool
        from imgconv.values.pixel_values import wide_type

        rows, columns = self.window.over(given.height, given.width)
        whole = given.span.whole and not given.type.startswith("float")
        way = plan_pool(self.kind, rows, columns, given.channels, whole=whole)
        type_ = (
            result
            if result != "wide"
            else wide_type(given.type, given.span, divided=True, last=False)
            if self.kind == "avg"
            else given.type
        )
        span = replace(given.span, whole=given.span.whole and self.kind != "avg")
        return f"{rows.size}x{columns.size} windows: {way}", Foretold(
            rows.out, columns.out, given.channels, type_, span
        )

    def apply(
        self, given: Values, target: Target | None, threads: int | None = None, out: Pixels | None = None
    ) -> tuple[Values, Response | None]:
        from imgconv import engine

        return engine.pool(
            given, self.kind, self.window, count_padding=self.count_padding, target=target, threads=threads, out=out
        )

    def apply_alpha(self, alpha: Pixels, threads: int | None = None) -> Pixels:
        """Alpha is pooled as the colour is."""
        from imgconv.values.pixel_values import target, values

        pooled, _ = self.apply(values(alpha), target(alpha.dtype.name, None, "clamp"), threads)
        return pooled.pixels[..., 0]

    def apply_covered(
        self, given: Covered, target: Target | None, threads: int | None = None
    ) -> tuple[Covered, Response | None]:
        """Averages weigh colours by alpha; max and min look at colours that are seen; alpha is pooled too."""
        from imgconv import engine

        return engine.pool_covered(
            given, self.kind, self.window, count_padding=self.count_padding, target=target, threads=threads
        )
