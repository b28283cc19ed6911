"""Filter: a kernel's weights times neighbours, summed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from imgconv.borders import BORDER, Border
from imgconv.catalog import KERNEL, is_named
from imgconv.exact import Number
from imgconv.kernels import Kernel
from imgconv.operations.base import Foretold, Operation, option
from imgconv.params import ANCHOR, BIAS, DILATION, DIVISOR, FLAG, PAD, ROTATION, STRIDE, Pad
from imgconv.planner import taps_of
from imgconv.records import record
from imgconv.shapes import Window

if TYPE_CHECKING:
    from imgconv.numerics import Pixels, Response, Target, Values


@record
class Filter(Operation):
    """Weights times neighbours, summed, over the divisor, plus the bias. Weights are used as printed (no flip)."""

    word = "filter"
    summary = "Multiply each neighbourhood by a kernel's weights and sum (convolution as CNNs do it: no flip)."
    examples = (
        "imgconv filter vertical in.png -o out.png",
        "imgconv filter gaussian:1.5 photo.jpg -o soft.jpg",
        'imgconv filter "-1,0,1;-2,0,2;-1,0,1" in.png --range abs -o edges.png',
        "imgconv filter ./my-kernel.txt --divisor auto --border reflect in.png -o out.png",
        "imgconv filter vertical < in.png | imgconv filter horizontal > out.png",
    )
    sees_all = "--pad same keeps all"

    kernel: Kernel = option(KERNEL, "A named kernel (see 'imgconv kernels'), rows such as \"-1 0 1;-2 0 2;-1 0 1\", or a text file.", argument=True)
    border: Border = option(BORDER, "What lies beyond the edge.", Border("edge"))
    stride: tuple[int, int] = option(STRIDE, "Pixels from one window to the next.", (1, 1))
    dilation: tuple[int, int] = option(DILATION, "Pixels from one tap to the next.", (1, 1))
    pad: Pad = option(PAD, "Pixels added around the image before windows are placed.", "same")
    anchor: tuple[int, int] | None = option(ANCHOR, "The kernel cell that lies over the output pixel (only under --pad same).", None, show="the centre")
    divisor: Number | str | None = option(
        DIVISOR, "Divides the sum; auto: the sum of the weights, or 1 if that is 0.", None, show="the kernel's own, usually 1"
    )
    bias: Number | None = option(BIAS, "Added to the quotient, in pixel units.", None, show="the kernel's own, usually 0")
    convolve: bool = option(FLAG, "Turn the kernel by 180 degrees first: convolution in the mathematical sense.", False)
    rotate: int = option(ROTATION, "Turn the kernel anticlockwise first: multiples of 90 degrees, for 3x3 kernels (round the ring) of 45.", 0)

    def __post_init__(self) -> None:
        super().__post_init__()
        own = self.kernel
        if not is_named(own):  # its text holds weights only: what else it has belongs to the step
            for name, neutral in (("divisor", 1), ("bias", 0), ("anchor", None)):
                if getattr(self, name) is None and getattr(own, name) != neutral:
                    object.__setattr__(self, name, getattr(own, name))
            object.__setattr__(self, "kernel", Kernel(own.weights))
        self.effective_kernel  # noqa: B018 (an anchor outside the kernel, or an angle it cannot be turned by, ends here)

    @cached_property
    def effective_kernel(self) -> Kernel:
        """The kernel that is slid: with the step's divisor, bias and anchor, turned as wanted (the order does not matter)."""
        kernel = self.kernel.using(self.divisor, self.bias, self.anchor).rotated(self.rotate)
        return kernel.turned() if self.convolve else kernel

    @cached_property
    def window(self) -> Window:
        kernel = self.effective_kernel
        return Window(kernel.shape, self.stride, self.dilation, self.pad, kernel.anchor)

    @property
    def label(self) -> str:
        name = self.kernel.name
        return "".join(c if c.isalnum() or c in "-.," else "-" for c in name) if is_named(self.kernel) and not any(c in name for c in "/\\") else self.word

    def shape(self, height: int, width: int) -> tuple[int, int]:
        rows, columns = self.window.over(height, width)
        return rows.out, columns.out

    def unseen(self, height: int, width: int) -> tuple[int, int]:
        rows, columns = self.window.over(height, width)
        return rows.unseen, columns.unseen

    def explain(self, given: Foretold, result: str) -> tuple[str, Foretold]:
        from imgconv.numerics import wide_type
        from imgconv.planner import Task, plan, response_span

        rows, columns = self.window.over(given.height, given.width)
        task = Task(given.type, given.span, self.border.constant, result, (rows.stride, columns.stride), (rows.dilation, columns.dilation))
        made = plan(self.effective_kernel, task)
        span = response_span(made, given.span, self.border.constant)
        type_ = wide_type(given.type, span, divided=made.denominator != 1, last=False) if result == "wide" else result
        taps = f"{rows.size}x{columns.size} kernel, {taps_of(made.weights)} weights that look"
        return f"{taps}: {made.reason}", Foretold(rows.out, columns.out, given.channels, type_, span)

    def apply(self, given: Values, target: Target | None, threads: int | None = None, out: Pixels | None = None) -> tuple[Values, Response | None]:
        from imgconv import engine

        return engine.correlate(given, self.effective_kernel, self.window, self.border, target=target, threads=threads, out=out)

    def apply_alpha(self, alpha: Pixels, threads: int | None = None) -> Pixels:
        """Alpha is not filtered: each output pixel takes the alpha under its window's centre."""
        from imgconv import engine

        return engine.follow(alpha, self.window, self.border)
