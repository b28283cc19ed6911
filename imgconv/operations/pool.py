"""Pool: a window reduced to its maximum, minimum or average."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from imgconv import errors
from imgconv.operations.base import STRIDE_BRIEF, AuxiliaryOutput, Operation, file_name, option
from imgconv.values.choices_with_numbers import choice_with_numbers, parts
from imgconv.values.frozen import record, replace
from imgconv.values.groups import GEOMETRY
from imgconv.values.numbers import number_text
from imgconv.values.parameters import DILATION, FLAG, PAD, SIZE, STRIDE, Kind, Pad, pair
from imgconv.values.windows import Window, largest_window

REDUCTIONS = {
    "max": ("maximum",),
    "avg": ("average", "mean"),
    "min": ("minimum",),
    "median": (),
    "percentile": (),
    "sum": (),
    "range": (),
    "lp": (),
}
"""Each reduction and its other names."""
PLAIN = ("max", "avg", "min")
"""Those by which alpha is pooled, too."""
WITHIN = (*PLAIN, "median", "percentile")
"""Those that give no value below the least or above the greatest pixel."""
NUMBERS = dict.fromkeys(REDUCTIONS, "") | {"percentile": "P", "lp": "P"}
"""What stands behind the colon of each."""
WORDS = tuple(kind for kind, numbers in NUMBERS.items() if not numbers)
_WRITTEN = choice_with_numbers(
    "kind", NUMBERS, {alias: kind for kind, aliases in REDUCTIONS.items() for alias in aliases}
)


def _kind(value: object) -> str:
    kind: str = _WRITTEN.read(value)
    word, numbers = parts(kind)
    if word == "percentile" and not 0 <= numbers[0] <= 100:
        raise errors.UsageError(f"a percentile lies in 0...100, not {number_text(numbers[0])}; 50 is the median")
    if word == "lp" and numbers[0] <= 0:
        raise errors.UsageError(
            f"the power of lp is above 0, not {number_text(numbers[0])}; lp:2 is the Euclidean norm"
        )
    return "median" if kind == "percentile:50" else kind  # one spelling for one thing


KIND = Kind(_WRITTEN.metavar, _kind, str, _WRITTEN.choices)

TO = pair("size of the result")
ALL = "all"
"""As a size: the whole image."""
WINDOW_SIZE = Kind(
    "N|RxC|all",
    lambda value: ALL if isinstance(value, str) and value.lower() == ALL else SIZE.read(value),
    lambda value: value if isinstance(value, str) else SIZE.text(value),
    (ALL,),
)


@record
class Pool(Operation):
    """The maximum, average, median or another reduction of each window's pixels; padding has no values."""

    word = "pool"
    summary = "Reduce each window to its maximum, average, minimum, median or another value."
    brief = "Reduce each window to its maximum, average, median …"
    examples = (
        "imgconv pool --size 2 --stride 2 < in.png > out.png",
        "imgconv pool --kind avg --size 3 --stride 2 --pad 1 in.png -o out.png",
        "imgconv pool --size 2x3 in.png -o out.png",
        "imgconv pool --kind median --size 3 --stride 1 --pad same noisy.png -o clean.png",
    )
    sees_all = "--ceil or --pad same keeps all"
    tools = True
    short_words = {f"global{kind}pool": {"kind": kind, "size": ALL} for kind in WORDS} | {
        f"{kind}pool": {"kind": kind} for kind in WORDS
    }
    short_arguments = {f"{kind}pool": "size" for kind in WORDS}
    auxiliary = (
        AuxiliaryOutput(
            "indices",
            "Where the maxima are (max pooling): row times width plus column, the first of equals, int32, per channel;"
            " npy or tiff.",
        ),
    )

    kind: str = option(
        KIND,
        "The reduction: max, avg, min, median, percentile:P (linear between two pixels), sum (of existing pixels),"
        " range (max less min), lp:P ((sum of |v|^P)^(1/P)).",
        "max",
        brief="The reduction: max, avg, min, median, sum, range …  [default: max]",
    )
    size: tuple[int, int] | str | None = option(
        WINDOW_SIZE,
        "Rows and columns of the window; all: the whole image.",
        (2, 2),
        group=GEOMETRY,
        brief="Rows and columns of the window.  [default: 2]",
    )
    stride: tuple[int, int] | None = option(
        STRIDE,
        "Pixels from one window to the next.",
        None,
        group=GEOMETRY,
        brief=f"{STRIDE_BRIEF}  [default: the size]",
        show="the size",
    )
    dilation: tuple[int, int] = option(DILATION, "Pixels from one tap to the next.", (1, 1), group=GEOMETRY)
    pad: Pad = option(
        PAD,
        "Pixels added around the image before windows are placed; they have no values.",
        (0, 0, 0, 0),
        group=GEOMETRY,
        brief="Pixels added around, without values.  [default: none]",
    )
    ceil: bool = option(
        FLAG,
        "Keep a last window that only partly fits.",
        False,
        group=GEOMETRY,
        brief="Keep a last window that only partly fits.",
    )
    count_padding: bool = option(FLAG, "Divide an average by all of the window's cells inside the padded image.", False)
    to: tuple[int, int] | None = option(
        TO,
        "Rows and columns of the result, whatever the size of the image (adaptive pooling).",
        None,
        group=GEOMETRY,
        brief="Rows and columns of the result instead.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stride == self.size:
            object.__setattr__(self, "stride", None)  # one spelling for one thing
        placed = (self.stride, self.dilation, self.pad, self.ceil) != (None, (1, 1), (0, 0, 0, 0), False)
        if self.size == ALL and placed:
            raise errors.UsageError("a window over the whole image has no stride, dilation, pad or ceil")
        if self.to is not None and (placed or self.count_padding or self.size not in (None, (2, 2))):
            raise errors.UsageError("to states the result, from which the windows follow; leave out all but the kind")
        if self.to is not None:
            object.__setattr__(self, "size", None)  # one spelling for one thing

    @classmethod
    def unnamed(cls, words: Sequence[str], preset: Collection[str] = ()) -> dict[str, str] | None:
        """`max`, `2`, `max 3 3`: the kind, then the size and the stride."""
        if "size" in preset:
            return None
        left, fields = list(words), dict[str, str]()
        if left and "kind" not in preset and not WINDOW_SIZE.reads(left[0]):
            fields["kind"] = left.pop(0)
        if len(left) > 2:
            raise errors.UsageError(
                f"{errors.shown(left[2])} is one value too many; a pool is written: pool [KIND] [SIZE [STRIDE]]"
            )
        if len(left) == 2 and left[0] != left[1] and left[0].isdecimal() and left[1].isdecimal():
            size, stride = left
            raise errors.UsageError(
                f"'{size} {stride}' has two readings: size={size} stride={stride} and size={size}x{stride}; name one of"
                " them"
            )
        return fields | dict(zip(("size", "stride"), left, strict=False))

    @classmethod
    def like(cls, tool: str, stated: dict[str, Any]) -> dict[str, Any]:
        from imgconv.operations.profiles import pool_fields, profile, require_pooling

        require_pooling(tool)
        return pool_fields(profile(tool), stated)

    def window(self, height: int, width: int) -> Window:
        """The window over an image of that size; of a pool to a stated size, the largest of its windows."""
        if self.to is not None:
            return largest_window((height, width), self.to)
        size = self.size if isinstance(self.size, tuple) else (height, width)
        return Window(size, self.stride or size, self.dilation, self.pad, ceil=self.ceil, sees=True)

    @property
    def label(self) -> str:
        """The kind and the window: `maxpool-2x2`, `avgpool-3x3-stride2`, `maxpool-to7x7`, `globalavgpool`,
        `percentile90pool-3x3`."""
        kind = file_name([self.kind.replace(":", "")])
        if self.to is not None:
            return f"{kind}pool-to{self.to[0]}x{self.to[1]}"
        if not isinstance(self.size, tuple):
            return f"global{kind}pool"
        stride = f"-stride{STRIDE.text(self.stride)}" if self.stride not in (None, self.size) else ""
        return f"{kind}pool-{self.size[0]}x{self.size[1]}{stride}"

    @property
    def keeps_bounds(self) -> bool:  # type: ignore[override]
        return parts(self.kind)[0] in WITHIN

    def for_alpha(self) -> Pool:
        """Alpha is averaged where colours are reduced to what is no colour among them."""
        return self if self.kind in PLAIN else replace(self, kind="avg")

    @property
    def scratch(self) -> int:
        if self.kind in PLAIN:
            return 0
        stride = self.stride or self.size
        cells = stride[0] * stride[1] if isinstance(stride, tuple) else 1
        return 2 + (2 * cells if self.kind.startswith("lp:") else 0)

    def shape(self, height: int, width: int) -> tuple[int, int]:
        if self.to is not None:
            if height < self.to[0] or width < self.to[1]:
                raise errors.WindowError(
                    f"an image of {errors.extent(height, width)} cannot be pooled to {errors.extent(*self.to)}, which"
                    " is larger"
                )
            return self.to
        rows, columns = self.window(height, width).over(height, width)
        return rows.out, columns.out

    def unseen(self, height: int, width: int) -> tuple[int, int]:
        if self.to is not None:
            return 0, 0
        rows, columns = self.window(height, width).over(height, width)
        return rows.unseen, columns.unseen
