"""Filter: a kernel's weights times neighbours, summed."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from imgconv import errors
from imgconv.kernels.catalog import KERNEL, KERNELS, is_named
from imgconv.kernels.kernel import Kernel
from imgconv.kernels.remarks import remarks
from imgconv.kernels.typed import typed, typed_as
from imgconv.operations.base import BORDER_BRIEF, PAD_BRIEF, STRIDE_BRIEF, Operation, file_name, option
from imgconv.planner.combining import COMBINES
from imgconv.values.borders import BORDER, Border
from imgconv.values.frozen import record, replace
from imgconv.values.groups import GEOMETRY
from imgconv.values.numbers import Number
from imgconv.values.parameters import ANCHOR, BIAS, COUNT, DILATION, DIVISOR, FLAG, PAD, ROTATION, STRIDE, Pad, choice
from imgconv.values.windows import Window


def _combines() -> str:
    """The ways to combine, in one sentence."""
    return ", ".join(f"{name} {row.summary}" for name, row in COMBINES.items())


COMBINE = choice("way to combine", tuple(COMBINES))
MOST_REPEATS = 1000  # of --until-stable without a number


@record
class Filter(Operation):
    """Weights times neighbours, summed, over the divisor, plus the bias. Weights are used as printed (no flip).

    With several kernels each is applied as it would be alone, under the same options, and the wide responses
    are combined. Repeated, it gives what that many steps of a pipeline give: values stay wide in between.
    """

    word = "filter"
    summary = "Multiply each neighbourhood by a kernel's weights and sum (convolution as CNNs do it: no flip)."
    brief = "Slide a kernel over an image (convolution)"
    examples = (
        "imgconv filter vertical in.png -o out.png",
        "imgconv filter gaussian:1.5 photo.jpg -o soft.jpg",
        'imgconv filter "-1,0,1;-2,0,2;-1,0,1" in.png --range abs -o edges.png',
        "imgconv filter ./my-kernel.txt --divisor auto --border reflect in.png -o out.png",
        "imgconv filter sobel-x --with sobel-y --combine l2 in.png -o edges.png",
        "imgconv filter gaussian:1 --with -1*gaussian:1.6 --combine sum in.png --range shift -o dog.png",
        "imgconv filter vertical < in.png | imgconv filter horizontal > out.png",
    )
    sees_all = "--pad same keeps all"
    tools = True

    kernel: Kernel = option(
        KERNEL,
        "The weights to slide, written as",
        argument=True,
        forms=(
            ("vertical, gaussian:1.5", "a name ('imgconv kernels' lists them)"),
            ('"-1 0 1;-2 0 2;-1 0 1"', "rows of weights, ; between rows"),
            ("./my-kernel.txt", "a file of rows, or .npy, .json, .csv …"),
            ("im:Sobel, vips:blur.mat", "another tool's text or file"),
        ),
    )
    border: Border = option(
        BORDER, "The values beyond the edge of the image.", Border("edge"), group=GEOMETRY, brief=BORDER_BRIEF
    )
    stride: tuple[int, int] = option(
        STRIDE, "Pixels from one window to the next.", (1, 1), group=GEOMETRY, brief=STRIDE_BRIEF
    )
    dilation: tuple[int, int] = option(DILATION, "Pixels from one tap to the next.", (1, 1), group=GEOMETRY)
    pad: Pad = option(
        PAD, "Pixels added around the image before windows are placed.", "same", group=GEOMETRY, brief=PAD_BRIEF
    )
    anchor: tuple[int, int] | None = option(
        ANCHOR,
        "The kernel cell that lies over the output pixel (only under --pad same).",
        None,
        group=GEOMETRY,
        show="the centre",
    )
    divisor: Number | str | None = option(
        DIVISOR,
        "Divides the sum; auto: the sum of the weights, or 1 if that is 0.",
        None,
        brief="What divides the sum (auto: the weights' sum).",
        show="the kernel's own, usually 1",
    )
    bias: Number | None = option(
        BIAS, "Added to the quotient, in pixel units.", None, show="the kernel's own, usually 0"
    )
    convolve: bool = option(FLAG, "Turn the kernel by 180 degrees first: convolution in the mathematical sense.", False)
    rotate: int = option(
        ROTATION,
        "Turn the kernel anticlockwise first: multiples of 90 degrees, for 3x3 kernels (round the ring) of 45.",
        0,
    )
    with_: tuple[Kernel, ...] = option(
        KERNELS,
        "One more kernel (or several: im:Sobel:@[1..7]), as often as needed; a factor may stand before it, as in"
        " 2*sobel-y.",
        (),
        brief="One more kernel; responses are combined (l2).",
    )
    combine: str | None = option(COMBINE, f"How the kernels' responses are combined: {_combines()}.", None, show="l2")
    repeat: int | None = option(
        COUNT,
        "Apply it so many times; values are not rounded in between.",
        None,
        show=f"1; at most {MOST_REPEATS} with --until-stable",
    )
    until_stable: bool = option(
        FLAG,
        "Apply it until nothing changes: no integer at all, no float by more than a millionth of the greatest.",
        False,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.with_:
            object.__setattr__(self, "kernel", self._term(self.kernel))
            object.__setattr__(self, "with_", tuple(map(self._term, self.with_)))
            object.__setattr__(
                self, "combine", None if self.combine == "l2" else self.combine
            )  # one spelling for one thing
        elif self.combine is not None:
            raise errors.UsageError(
                f"combine={self.combine} needs something to combine; add kernels, for instance: imgconv filter sobel-x"
                f" --with sobel-y --combine {self.combine} in.png"
            )
        elif not is_named(self.kernel):  # its text holds weights only: what else it has belongs to the step
            for name, neutral in (("divisor", 1), ("bias", 0), ("anchor", None)):
                if getattr(self, name) is None and getattr(self.kernel, name) != neutral:
                    object.__setattr__(self, name, getattr(self.kernel, name))
            object.__setattr__(self, "kernel", typed_as(Kernel(self.kernel.weights), typed(self.kernel)))
        if self.repeat == 1 and not self.until_stable:
            object.__setattr__(self, "repeat", None)
        self.kernels  # noqa: B018 (an anchor outside a kernel, or an angle it cannot be turned by, ends here)

    @classmethod
    def like(cls, tool: str, stated: dict[str, Any]) -> dict[str, Any]:
        from imgconv.operations.profiles import filter_fields, profile

        return filter_fields(profile(tool), stated)

    def _term(self, own: Kernel) -> Kernel:
        """One of several kernels, in a form that its text gives back: its divisor goes into the weights."""
        if is_named(own):
            return own
        for name, neutral in (("bias", 0), ("anchor", None)):
            if getattr(self, name) is None and getattr(own, name) != neutral:
                raise errors.combine_own(name)
        return typed_as(own.undivided() if self.divisor is None else Kernel(own.weights), typed(own))

    @cached_property
    def kernels(self) -> tuple[Kernel, ...]:
        """The kernels that are slid: each with the step's divisor, bias and anchor, turned by its options (the
        order does not matter)."""
        used = [
            kernel.using(self.divisor, self.bias, self.anchor).rotated(self.rotate)
            for kernel in (self.kernel, *self.with_)
        ]
        return tuple(kernel.turned() for kernel in used) if self.convolve else tuple(used)

    @property
    def effective_kernel(self) -> Kernel:
        """The first of `kernels`."""
        return self.kernels[0]

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """Each kernel's window."""
        return tuple(
            Window(kernel.shape, self.stride, self.dilation, self.pad, kernel.anchor) for kernel in self.kernels
        )

    @property
    def window(self) -> Window:
        """The first kernel's window."""
        return self.windows[0]

    @property
    def remarks(self) -> tuple[str, ...]:
        return remarks((self.kernel, *self.with_))

    @property
    def scratch(self) -> int:
        return 2 if self.with_ else 0

    @property
    def way(self) -> str:
        """How several responses are combined."""
        return self.combine or "l2"

    @property
    def times(self) -> int:
        """How often it is applied, or at most applied."""
        return self.repeat or (MOST_REPEATS if self.until_stable else 1)

    @property
    def label(self) -> str:
        """The kernels, and what is done to them: how they are turned and combined, and how often they are applied."""
        names = [
            kernel.name
            for kernel in (self.kernel, *self.with_)
            if is_named(kernel) and not any(c in kernel.name for c in "/\\")
        ]
        parts = names if len(names) == len(self.kernels) else [self.word]
        parts += [self.combine] if self.combine else []
        parts += [f"rotate{self.rotate}"] if self.rotate else []
        parts += ["convolve"] if self.convolve else []
        parts += [f"repeat{self.repeat}"] if self.repeat else []
        parts += ["stable"] if self.until_stable else []
        return file_name(parts)

    def shape(self, height: int, width: int) -> tuple[int, int]:
        done = 0
        while done < self.times:
            before = height, width
            height, width = self._shape_once(height, width)
            if (height, width) == before:
                break
            if self.until_stable:
                raise errors.WindowError(
                    f"an image of {errors.extent(*before)} becomes {errors.extent(height, width)}, so it never becomes"
                    " stable; use --pad same and stride 1"
                )
            done += 1
            skipped = self._equal_steps(before, (height, width), self.times - done)
            done += skipped
            height, width = height + skipped * (height - before[0]), width + skipped * (width - before[1])
        return height, width

    def _equal_steps(self, before: tuple[int, int], after: tuple[int, int], left: int) -> int:
        """How many of the `left` times that follow need not be tried, because each changes the size as this one did and
        surely fits.

        Under a stride of 1 windows add or take as many rows and columns each time; they fit while an image is as large
        as they are.
        """
        if self.stride != (1, 1):
            return 0
        effective = [max(sides) for sides in zip(*(window.effective for window in self.windows), strict=True)]
        room = [
            (side - most) // (old - side)
            for old, side, most in zip(before, after, effective, strict=True)
            if side < old
        ]
        return max(0, int(min([left - 1, *room])))

    def _shape_once(self, height: int, width: int) -> tuple[int, int]:
        first, *others = [tuple(axis.out for axis in window.over(height, width)) for window in self.windows]
        if other := next((shape for shape in others if shape != first), None):
            raise errors.combine_shapes(first, other)
        return first[0], first[1]

    def unseen(self, height: int, width: int) -> tuple[int, int]:
        rows, columns = self.window.over(height, width)
        return rows.unseen, columns.unseen

    def for_alpha(self) -> Operation:
        """Without a bias, which belongs to colour; a constant border is opaque."""
        border = self.border if self.border.constant is None else replace(self.border, value=1)
        return replace(self, border=border, bias=0)
