"""Bank: many kernels on the same image, each response a picture of its own."""

from __future__ import annotations

import math
from functools import cached_property

from imgconv import errors
from imgconv.kernels.kernel import Kernel, require_total
from imgconv.kernels.named import find
from imgconv.kernels.remarks import remarks
from imgconv.kernels.sweeps import (
    FAMILIES,
    FAMILY,
    MOST_KERNELS,
    SETTINGS,
    VALUE,
    families,
    kernels,
    swept,
    too_long,
    with_arguments,
)
from imgconv.operations.base import BORDER_BRIEF, Operation, option
from imgconv.operations.filter import Filter
from imgconv.values.borders import BORDER, Border
from imgconv.values.frozen import record
from imgconv.values.groups import GEOMETRY
from imgconv.values.parameters import COUNT, DILATION, FLAG, PAD, STRIDE, Pad


@record
class Bank(Operation):
    """Each kernel's response, as `filter` would give it: as more channels (all of the first kernel's, then all of the
    second's), or as tiles of one sheet."""

    word = "bank"
    summary = "Apply many kernels to one image: their responses become channels, or tiles of a sheet."
    brief = "Many kernels, one image: a channel or a tile for each"
    examples = (
        "imgconv bank gabor:8 --theta 0:180:22.5 --sheet in.png --range stretch -o sheet.png",
        "imgconv bank gabor:8 --theta 0:180:22.5 in.png --dtype float32 -o responses.npy",
        "imgconv bank gaussian:1:9:2 --with sobel-x --with sobel-y --sheet --columns 3 in.png -o sheet.png",
    )

    kernel: str = option(
        FAMILY,
        "A kernel whose arguments may be ranges A:B:STEP (B is left out), or a list of kernels.",
        argument=True,
        forms=(
            ("gabor:8,0:180:22.5", "angles 0, 22.5 … 157.5"),
            ("im:Sobel:@", "a list of another tool"),
            ("bank.npy", "a file of several kernels"),
        ),
    )
    border: Border = option(
        BORDER, "The values beyond the edge of the image.", Border("edge"), group=GEOMETRY, brief=BORDER_BRIEF
    )
    stride: tuple[int, int] = option(STRIDE, "Pixels from one window to the next.", (1, 1), group=GEOMETRY)
    dilation: tuple[int, int] = option(DILATION, "Pixels from one tap to the next.", (1, 1), group=GEOMETRY)
    pad: Pad = option(PAD, "Pixels added around the image before windows are placed.", "same", group=GEOMETRY)
    convolve: bool = option(FLAG, "Turn the kernels by 180 degrees first.", False)
    with_: tuple[str, ...] = option(
        FAMILIES, "More kernels, as often as needed.", (), brief="More kernels, as often as needed."
    )
    theta: str | None = option(
        VALUE,
        "The kernels' argument THETA: one value, or a range.",
        None,
        brief="The kernels' angles, as in 0:180:22.5.",
    )
    vary: tuple[str, ...] = option(
        SETTINGS,
        "Any argument of the kernels by its name, as often as needed.",
        (),
        brief="Another argument of the kernels, by its name.",
    )
    sheet: bool = option(
        FLAG,
        "One picture of tiles in reading order instead of channels; unused places are 0.",
        False,
        brief="One picture of tiles instead of channels.",
    )
    columns: int | None = option(
        COUNT,
        "Tiles in a row of the sheet.",
        None,
        brief="Tiles in a row of the sheet.",
        show="as many as give a square",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        settings = [(name, value) for name, _, value in (setting.partition("=") for setting in self.vary)]
        settings += [("theta", self.theta)] if self.theta is not None else []
        used, texts = set[str](), list[str]()
        for text in (self.kernel, *self.with_):
            full, names = with_arguments(text, settings)
            used |= names
            texts += families(full)
        if missing := {name for name, _ in settings} - used:
            raise errors.UsageError(
                f"none of the kernels has an argument {min(missing)} ('imgconv kernels' lists kernels with their"
                " arguments)"
            )
        if self.columns is not None and not self.sheet:
            raise errors.UsageError("columns are those of a sheet; add --sheet")
        typed = {"kernel": self.kernel, "with_": self.with_, "theta": self.theta, "vary": self.vary}
        if any(find(text) is None and not swept(text) for text in texts):  # a file's: its numbers stand for it
            object.__setattr__(self, "as_typed", typed)
        for name, value in (("kernel", texts[0]), ("with_", tuple(texts[1:])), ("theta", None), ("vary", ())):
            object.__setattr__(self, name, value)
        self.filters  # noqa: B018 (arguments out of their bounds end here)

    @cached_property
    def filters(self) -> tuple[Filter, ...]:
        """One filter per kernel."""
        slid: list[Kernel] = []
        weights = 0
        for kernel in (kernel for text in (self.kernel, *self.with_) for kernel in kernels(text)):
            slid.append(kernel)
            weights += kernel.shape[0] * kernel.shape[1]
            require_total(weights)
            if len(slid) > MOST_KERNELS:
                raise too_long(self.kernel)
        options = {
            "border": self.border,
            "stride": self.stride,
            "dilation": self.dilation,
            "pad": self.pad,
            "convolve": self.convolve,
        }
        return tuple(Filter(kernel, **options) for kernel in slid)  # type: ignore[arg-type]

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of tiles; (1, 1) where there is no sheet."""
        if not self.sheet:
            return 1, 1
        columns = self.columns or math.ceil(math.sqrt(len(self.filters)))
        return -(-len(self.filters) // columns), columns

    @property
    def remarks(self) -> tuple[str, ...]:
        return remarks(step.kernel for step in self.filters)

    @property
    def scratch(self) -> int:
        return 1

    def channels(self, count: int) -> int:
        return count if self.sheet else count * len(self.filters)

    def shape(self, height: int, width: int) -> tuple[int, int]:
        first, *others = [step.shape(height, width) for step in self.filters]
        if other := next((shape for shape in others if shape != first), None):
            raise errors.combine_shapes(first, other)
        return first[0] * self.grid[0], first[1] * self.grid[1]

    def for_alpha(self) -> None:
        return None
