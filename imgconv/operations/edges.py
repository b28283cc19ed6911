"""Edges: how strong an edge each pixel is on, by a named detector."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from imgconv import errors
from imgconv.kernels.catalog import kernel
from imgconv.operations.base import BORDER_BRIEF, AuxiliaryOutput, Operation, file_name, option
from imgconv.operations.detectors import CANNY, COMPASS, DETECTORS, NORMS, PAIR, SHARE, Detector
from imgconv.operations.filter import Filter
from imgconv.values.borders import BORDER, Border
from imgconv.values.frozen import record
from imgconv.values.groups import GEOMETRY
from imgconv.values.numbers import Number, number, number_text
from imgconv.values.parameters import FLAG, Kind, choice

_NAMED = ("norm", "sigma", "low", "high")
"""Options that a derived file name shows."""
SIGMA_DEFAULT, LOW_DEFAULT, HIGH_DEFAULT = 1, "10%", "20%"


def _sigma(value: Any) -> Number:
    sigma = number(value, "sigma")
    if sigma < 0:
        raise errors.not_a("sigma", value, "a number from 0 (0 does not smooth)")
    return sigma


def _threshold(value: Any) -> Number | str:
    """A gradient's magnitude in pixel units, or `N%` of the greatest in the channel."""
    share = isinstance(value, str) and value.strip().endswith("%")
    amount = number(value.strip()[:-1] if share else value, "threshold")
    if amount < 0 or (share and amount > 100):
        raise errors.not_a("threshold", value, "a number from 0, or a percentage of the greatest magnitude such as 10%")
    return f"{number_text(amount)}%" if share else amount


THRESHOLD = Kind("N|N%", _threshold, lambda value: value if isinstance(value, str) else number_text(value))


@record
class Edges(Operation):
    """The strength of the edge at each pixel. Kernels are those of the catalog, undivided; every channel is treated
    alike, and has a result of its own, but for Canny.

    Canny makes one map: the gradient at a pixel is that of the channel with the greatest magnitude (the first of
    equals), as in OpenCV; `each_channel` makes one of each. Smoothed by a Gaussian of `sigma` (0: not), Sobel's
    gradient, its magnitude by `norm`; a pixel stays if its magnitude is the greatest of the three along the
    gradient (of four directions the nearest; nothing lies outside the image); those from `high` are edges, and
    those from `low` that touch an edge, over eight neighbours, are too. An edge is the result type's greatest value
    (255, 65535, 1 for floats), 255 between steps. NaN is no edge.
    """

    word = "edges"
    summary = "Show edges: the strength of a gradient, of compass masks, of Frei-Chen's subspace, or Canny's lines."
    brief = "Show edges: Sobel, Scharr, Kirsch, Canny …"
    examples = (
        "imgconv edges sobel in.png -o edges.png",
        "imgconv edges scharr --norm l1 in.png --range stretch -o edges.png",
        "imgconv edges kirsch in.png --which directions.png -o edges.png",
        "imgconv edges sobel in.png --hue colours.png --angle angles.npy -o edges.png",
        "imgconv edges canny --sigma 1.4 --low 20 --high 60 in.png -o lines.png",
    )
    auxiliary = (
        AuxiliaryOutput(
            "angle",
            "The direction of the bright side: degrees clockwise from the right, 0 to 360; float32 in npy, tiff, pfm,"
            " elsewhere 256 steps to the circle.",
        ),
        AuxiliaryOutput("which", "The number of the winning kernel: 0 for x and 1 for y, or 0 to 7 for N, NE, E … NW."),
        AuxiliaryOutput("hue", "A picture: the angle as hue, the strength as brightness."),
    )

    detector: str = option(choice("edge detector", tuple(DETECTORS)), f"One of {', '.join(DETECTORS)}.", argument=True)
    norm: str | None = option(
        choice("norm", tuple(NORMS)),
        "Of the gradient, or of compass masks.",
        None,
        brief="How the gradient is measured.  [default: l2]",
        show="l2; max, the greatest response, for kirsch and robinson",
    )
    border: Border = option(
        BORDER, "The values beyond the edge of the image.", Border("edge"), group=GEOMETRY, brief=BORDER_BRIEF
    )
    sigma: Number | None = option(
        Kind("N", _sigma, number_text),
        "Canny: the Gaussian's standard deviation in pixels.",
        None,
        brief=f"Canny: the Gaussian's sigma.  [default: {SIGMA_DEFAULT}]",
        show=str(SIGMA_DEFAULT),
    )
    low: Number | str | None = option(
        THRESHOLD,
        "Canny: edges continue through magnitudes of at least this; % of the greatest.",
        None,
        brief=f"Canny: edges continue from here.  [default: {LOW_DEFAULT}]",
        show=LOW_DEFAULT,
    )
    high: Number | str | None = option(
        THRESHOLD,
        "Canny: edges begin at magnitudes of at least this; % of the greatest.",
        None,
        brief=f"Canny: edges begin from here.  [default: {HIGH_DEFAULT}]",
        show=HIGH_DEFAULT,
    )

    each_channel: bool = option(
        FLAG, "Canny: lines of each channel, instead of one map of the channels with the strongest gradient.", False
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        kind = self.row.kind
        for name, kinds in (
            ("norm", (PAIR, COMPASS, CANNY)),
            ("sigma", (CANNY,)),
            ("low", (CANNY,)),
            ("high", (CANNY,)),
            ("each_channel", (CANNY,)),
        ):
            if getattr(self, name) not in (None, False) and kind not in kinds:
                raise errors.UsageError(
                    f"{name.replace('_', '-')} has no meaning for {self.detector}; it is for"
                    f" {', '.join(word for word, row in DETECTORS.items() if row.kind in kinds)}"
                )
        if self.norm == ("max" if kind == COMPASS else "l2"):
            object.__setattr__(self, "norm", None)  # one spelling for one thing
        for name, default in (("sigma", SIGMA_DEFAULT), ("low", LOW_DEFAULT), ("high", HIGH_DEFAULT)):
            if getattr(self, name) == default:
                object.__setattr__(self, name, None)
        low, high = self.thresholds
        if isinstance(low, str) == isinstance(high, str) and _amount(low) > _amount(high):
            raise errors.UsageError(
                f"the low threshold {THRESHOLD.text(low)} is above the high one, {THRESHOLD.text(high)}; edges begin at"
                " the high one and continue down to the low one"
            )

    @property
    def row(self) -> Detector:
        """The detector's row of DETECTORS."""
        return DETECTORS[self.detector]

    @property
    def way(self) -> str:
        """How responses are combined, a row of COMBINES."""
        if self.row.kind == COMPASS and self.norm is None:
            return "max"
        return NORMS[self.norm or "l2"]

    @property
    def thresholds(self) -> tuple[Number | str, Number | str]:
        """Canny's low and high threshold."""
        return LOW_DEFAULT if self.low is None else self.low, HIGH_DEFAULT if self.high is None else self.high

    @cached_property
    def filter(self) -> Filter:
        """The kernels as one filter: all there is to gradients and compass masks."""
        first, *others = map(kernel, self.row.kernels)
        return Filter(first, border=self.border, with_=tuple(others), combine=self.way)

    @cached_property
    def smoothing(self) -> Filter | None:
        """Canny's first step."""
        sigma = SIGMA_DEFAULT if self.sigma is None else self.sigma
        return (
            Filter(kernel(f"gaussian:{number_text(sigma)}"), border=self.border)
            if self.row.kind == CANNY and sigma
            else None
        )

    @property
    def scratch(self) -> int:
        return {PAIR: 2, COMPASS: 2, SHARE: 3, CANNY: 15 if self.joins_channels else 5}[self.row.kind]

    @property
    def label(self) -> str:
        """The detector and what is not its default, but for the border: `canny-sigma2-high20percent`,
        `canny-each-channel`."""
        shown = [
            (name, option.kind.text(value))
            for option in self.options()
            if (name := option.name) in _NAMED and (value := getattr(self, name)) is not None
        ]
        return file_name(
            [
                self.detector,
                *(f"{'' if name == 'norm' else name}{text.replace('%', 'percent')}" for name, text in shown),
                *(["each-channel"] if self.each_channel else []),
            ]
        )

    @property
    def bounds(self) -> str:
        return "0…1" if self.row.kind == SHARE else ""

    @property
    def joins_channels(self) -> bool:
        """Whether all channels give one map."""
        return self.row.kind == CANNY and not self.each_channel

    def channels(self, count: int) -> int:
        return 1 if self.joins_channels else count

    def shape(self, height: int, width: int) -> tuple[int, int]:
        return height, width

    def for_alpha(self) -> None:
        return None


def _amount(threshold: Number | str) -> Number:
    return number(threshold.rstrip("%")) if isinstance(threshold, str) else threshold
