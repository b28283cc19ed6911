"""Other tools' ways: what each does differently, declared once. A new tool is one row of PROFILES.

A profile states what its tool does where nothing is asked for. `filter_fields` and `pool_fields` turn that into fields
of a step; what is stated there wins.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from imgconv import errors
from imgconv.kernels.catalog import kernel as read_kernel
from imgconv.kernels.kernel import Kernel
from imgconv.values.frozen import field, record
from imgconv.values.parameters import HALF_EVEN, HALF_UP, TOWARD_ZERO

LOW, HIGH = "(k-1)//2", "k//2"
"""The cell of a kernel of even size that lies over the output pixel."""


DIFFERENCES = {
    "flip": ("convolve", "mirrored"),
    "border": ("border", "borders"),
    "centre": ("centre",),
    "rounding": ("rounding",),
    "divisor": ("divisor", "divisors"),
    "gaussian": ("sizes", "gaussian"),
    "ceil": ("ceil",),
    "count-padding": ("count_padding",),
}
"""What profiles differ in, and the attributes that say it."""


@record
class Profile:
    """How a tool filters and pools.

    Attributes
    ----------
    function, pooling : str
        What is imitated; no pooling is an empty text.
    convolve : bool
        Whether the kernel is turned by 180 degrees.
    mirrored : bool
        Whether the kernel's rows are laid on the image from the last to the first.
    border : str
        What lies beyond the edge, unless `borders` has another for a size of the kernel or its name.
    centre : str
        LOW or HIGH; empty where the padding places the kernel, as under `same`.
    rounding : str
        How results become whole numbers.
    divisor : str
        `auto` where sums are divided by the weights' sum; empty where they are not.
    divisors : dict
        Named kernels that are divided by a number there.
    sizes : str
        The size that follows from a Gaussian's sigma, in words; empty where it is imgconv's own.
    gaussian : function
        The kernel of a sigma; None is imgconv's own.
    ceil, count_padding : bool
        Of pooling: whether a partial last window counts, and whether averages count padding.
    remarks : tuple of str
        What is not imitated.
    """

    function: str
    pooling: str = ""
    convolve: bool = False
    mirrored: bool = False
    border: str = "edge"
    borders: dict[Any, str] = field(default_factory=dict)
    centre: str = ""
    rounding: str = HALF_UP
    divisor: str = ""
    divisors: dict[str, int] = field(default_factory=dict)
    sizes: str = ""
    gaussian: Callable[[float], Kernel] | None = None
    ceil: bool = False
    count_padding: bool = False
    remarks: tuple[str, ...] = ()


# ---------------------------------------------------------------- sizes of Gaussians


def _opencv(sigma: float) -> Kernel:
    return read_kernel(f"gaussian:{sigma:.17g},{math.floor(6 * sigma + 1 + 0.5) | 1}")


def _imagemagick(sigma: float) -> Kernel:
    return read_kernel(f"im:Gaussian:0x{sigma:.17g}")


def _vips(sigma: float) -> Kernel:
    """Whole numbers of 20 at the centre, down to a fifth of it."""
    line = [20]
    for x in range(1, 5000):
        share = math.exp(-x * x / (2 * sigma * sigma))
        if share < 0.2 or x >= 8 * sigma:
            break
        line.append(int(20 * share + 0.5))
    line = line[:0:-1] + line
    return Kernel([[one * other for other in line] for one in line], divisor=sum(line) ** 2)


# ---------------------------------------------------------------- the table

_SIMPLE = "results are floats there; an integer type is imgconv's to round to"

OWN = Profile("imgconv itself")
"""Nothing taken over."""

PROFILES = {
    "torch": Profile(
        "torch.nn.functional.conv2d",
        "torch.nn.functional.max_pool2d, avg_pool2d",
        border="zero",
        count_padding=True,
        remarks=("conv2d pads nothing unless told to: --pad valid", _SIMPLE),
    ),
    "keras": Profile(
        "keras.layers.Conv2D",
        "keras.layers.MaxPooling2D, AveragePooling2D",
        border="zero",
        remarks=(
            "Conv2D pads nothing unless told to: --pad valid",
            "on PyTorch, averages under padding same repeat the pixels at the edge; here, as on TensorFlow, padding has"
            " no values",
            _SIMPLE,
        ),
    ),
    "onnx": Profile(
        "Conv (auto_pad SAME_UPPER)",
        "MaxPool, AveragePool (count_include_pad 0)",
        border="zero",
        remarks=("Conv pads nothing unless told to: --pad valid", _SIMPLE),
    ),
    "opencv": Profile(
        "cv2.filter2D",
        border="reflect101",
        centre=HIGH,
        rounding=HALF_EVEN,
        sizes="round(6*sigma + 1) | 1, as for 8 bits",
        gaussian=_opencv,
        remarks=("GaussianBlur of 8 bits rounds its weights to 1/256: up to two levels apart",),
    ),
    "scipy": Profile(
        "scipy.ndimage.convolve",
        convolve=True,
        border="reflect",
        centre=HIGH,
        rounding=TOWARD_ZERO,
        sizes="2*int(4*sigma + 0.5) + 1, as here",
        remarks=(
            "ndimage.correlate does not turn the kernel: add --rotate 180",
            "integers out of range wrap around there and are clamped here",
        ),
    ),
    "skimage": Profile(
        "skimage.filters.gaussian, sobel_h, sobel_v, prewitt_h, ..., laplace",
        "skimage.measure.block_reduce",
        border="reflect",
        borders={"gaussian": "edge"},
        centre=HIGH,
        divisors={
            "sobel-x": 4,
            "sobel-y": 4,
            "prewitt-x": 3,
            "prewitt-y": 3,
            "scharr-x": 16,
            "scharr-y": 16,
            "laplacian": -1,
        },
        sizes="2*int(4*sigma + 0.5) + 1, as here",
        ceil=True,
        remarks=(
            "pixels become floats from 0 to 1 there and keep their scale here",
            "block_reduce fills a last partial block with zeros, which take part; here it has the pixels that exist",
        ),
    ),
    "imagemagick": Profile(
        "-morphology Convolve",
        convolve=True,
        centre=LOW,
        sizes="until the weights' tails are below 1/65535 of their sum",
        gaussian=_imagemagick,
        remarks=("version 6 rounds toward zero where it writes PNG or is told -depth 8",),
    ),
    "vips": Profile(
        "vips conv, then a cast to the image's type",
        centre=HIGH,
        rounding=TOWARD_ZERO,
        sizes="while weights are at least a fifth of the greatest; they are whole numbers up to 20",
        gaussian=_vips,
        remarks=("gaussblur rounds after each of its two passes: up to two levels apart",),
    ),
    "pillow": Profile(
        "PIL.ImageFilter.Kernel",
        "PIL.Image.Image.reduce (an average)",
        mirrored=True,
        divisor="auto",
        ceil=True,
        remarks=(
            "pixels nearer to the edge than half the kernel stay as they were there; here they are filtered",
            "kernels are 3x3 or 5x5 there, and GaussianBlur is none",
            "reduce rounds down where the sum plus half the count is a multiple of the count",
        ),
    ),
    "ffmpeg": Profile(
        "convolution",
        border="reflect101",
        borders={(3, 3): "reflect101-reflect"},
        divisor="auto",
        remarks=(
            "weights are whole numbers, and kernels 3x3, 5x5, 7x7 or one odd line there",
            "3x3 kernels repeat the last row and column but not the first, hence a border of their own",
        ),
    ),
}


def profile(tool: str) -> Profile:
    """The profile of a tool's canonical name."""
    return PROFILES[tool]


# ---------------------------------------------------------------- profiles to fields


def filter_fields(own: Profile, stated: dict[str, Any]) -> dict[str, Any]:
    """The fields of a filter as a profile has them, where they are not stated.

    Raises
    ------
    UsageError
        For several kernels whose centres lie at different places there.
    """
    fields = {name: value for name, value in stated.items() if value is not None}
    kernels = [read_kernel(fields["kernel"]), *_read_all(fields.get("with_", ()))]
    names = [kernel.name for kernel in kernels]
    if own.gaussian is not None:
        kernels = [_gaussian(own.gaussian, kernel) for kernel in kernels]
    if turn := fields.pop("rotate", 0):
        kernels = [kernel.rotated(turn) for kernel in kernels]
    if own.mirrored:
        kernels = [mirrored(kernel) for kernel in kernels]
    if own.convolve:
        fields.setdefault("convolve", True)
    fields.setdefault("border", own.borders.get(_family(names[0])) or own.borders.get(kernels[0].shape) or own.border)
    _set_divisor(own, fields, kernels, names)
    if own.centre and "anchor" not in fields and fields.get("pad", "same") == "same":
        _set_anchor(own, fields, kernels)
    fields["kernel"] = kernels[0]
    if len(kernels) > 1:
        fields["with_"] = tuple(kernels[1:])
    return fields


def _read_all(values: Any) -> tuple[Kernel, ...]:
    from imgconv.kernels.catalog import KERNELS

    kernels: tuple[Kernel, ...] = KERNELS.read(values)
    return kernels


def _family(name: str) -> str:
    return name.partition(":")[0]


def _gaussian(make: Callable[[float], Kernel], kernel: Kernel) -> Kernel:
    """The tool's Gaussian in the place of `gaussian:SIGMA`; a stated size stays."""
    word, _, arguments = kernel.name.partition(":")
    if word != "gaussian" or "," in arguments or not arguments:
        return kernel
    return make(float(arguments.removeprefix("sigma=")))


def mirrored(kernel: Kernel) -> Kernel:
    """The kernel with its rows from the last to the first; a symmetric one is itself."""
    rows = kernel.weights[::-1]
    if rows == kernel.weights:
        return kernel
    anchor = None if kernel.anchor is None else (len(rows) - 1 - kernel.anchor[0], kernel.anchor[1])
    return Kernel(rows, kernel.divisor, kernel.bias, anchor)


def _set_divisor(own: Profile, fields: dict[str, Any], kernels: list[Kernel], names: list[str]) -> None:
    if "divisor" in fields:
        return
    divisors = {own.divisors.get(name, 1) for name in names}
    if divisors != {1}:
        if len(divisors) > 1:
            raise errors.UsageError(
                "these kernels have different divisors in that tool; state one: --divisor 1, or filter them apart"
            )
        fields["divisor"] = divisors.pop()
    elif own.divisor and all(kernel.divisor == 1 for kernel in kernels):
        automatic = [kernel.using(divisor=own.divisor).divisor for kernel in kernels]
        if any(divisor != 1 for divisor in automatic):
            fields["divisor"] = own.divisor


def _set_anchor(own: Profile, fields: dict[str, Any], kernels: list[Kernel]) -> None:
    """States the anchor where imgconv's own would be another."""
    if any(kernel.anchor is not None for kernel in kernels):
        return
    strided = fields.get("stride", 1) not in (1, "1", (1, 1))
    if not strided and all(side % 2 for kernel in kernels for side in kernel.shape):
        return
    anchors = {
        tuple(side // 2 if own.centre == HIGH else (side - 1) // 2 for side in kernel.shape) for kernel in kernels
    }
    if len(anchors) > 1:
        raise errors.UsageError(
            "kernels of different sizes have different centres in that tool; state one: --anchor R,C, or filter them"
            " apart"
        )
    fields["anchor"] = anchors.pop()


def require_pooling(tool: str) -> None:
    """UsageError for a tool that does not pool."""
    if not PROFILES[tool].pooling:
        having = ", ".join(name for name, other in PROFILES.items() if other.pooling)
        raise errors.UsageError(f"{tool} has no pooling with a size and a stride; --like takes {having} here")


def pool_fields(own: Profile, stated: dict[str, Any]) -> dict[str, Any]:
    """The fields of a pool as a profile has them, where they are not stated."""
    fields = {name: value for name, value in stated.items() if value is not None}
    placed = fields.get("to") is None and fields.get("size") != "all"
    if own.ceil and placed:
        fields.setdefault("ceil", True)
    averages = fields.get("to") is None and fields.get("kind", "max") in ("avg", "average", "mean")
    if own.count_padding and averages:
        fields.setdefault("count_padding", True)
    return fields
