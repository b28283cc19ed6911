"""Image: frames, pixel mode, and metadata that is carried and not understood."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from imgconv import errors
from imgconv.engine import extremes, settle
from imgconv.layouts import Layout
from imgconv.numerics import Pixels, Response, Target, Values, target, values, widened_type
from imgconv.records import field, record, replace
from imgconv.report import Note

if TYPE_CHECKING:
    from imgconv.pipeline import Pipeline


@record(eq=False)
class Frame:
    """Pixels (H, W) or (H, W, C) without alpha, alpha (H, W) where the image has one, and for how many milliseconds it is shown."""

    pixels: Pixels
    alpha: Pixels | None = None
    duration: float | None = None


@record(eq=False)
class Image:
    """A picture as loaded or made: one or more frames and what its file said.

    Attributes
    ----------
    frames : tuple of Frame
    format : str
        The name of the format it was read from, such as "png"; empty for an image made here.
    metadata : mapping
        What the file said beside its pixels (colour profile, EXIF, resolution), passed on as it is.
    response : Response or None
        For a result: its least and greatest value before settling, and how many were clamped.
    notes : tuple of Note
        What must be said of it: losses, conversions.
    colour : str
        What the channels mean where their number does not say it: "CMYK" or "LAB". Empty means gray for one channel,
        RGB for three, and nothing known for other numbers.
    """

    frames: tuple[Frame, ...]
    format: str = ""
    metadata: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    response: Response | None = None
    notes: tuple[Note, ...] = ()
    colour: str = ""

    @property
    def pixels(self) -> Pixels:
        """The first frame's pixels, without alpha."""
        return self.frames[0].pixels

    @property
    def alpha(self) -> Pixels | None:
        """The first frame's alpha (H, W), or None."""
        return self.frames[0].alpha

    @property
    def layout(self) -> Layout:
        """Channels, alpha, pixel type and colour model: what decides which formats can hold it."""
        channels = self.pixels.shape[2] if self.pixels.ndim == 3 else 1
        return Layout(channels, self.alpha is not None, self.pixels.dtype.name, self.colour)

    @property
    def mode(self) -> str:
        """Channels and pixel type in words: `RGB uint8`, `5 channels float32`."""
        return self.layout.words

    def gray(self) -> Image:
        """Luma by Rec. 601 as Pillow computes it, (19595 R + 38470 G + 7471 B + 32768) >> 16 for integers; alpha is kept, a profile for RGB is not.

        Raises
        ------
        PixelError
            For other than 1 or 3 channels, and for a colour model other than RGB.
        """
        if self.colour:
            raise errors.no_gray(self.colour)
        frames = tuple(replace(frame, pixels=_luma(frame.pixels)) for frame in self.frames)
        colour = self.pixels.ndim == 3 and self.pixels.shape[2] == 3
        if not colour or "icc_profile" not in self.metadata:
            return replace(self, frames=frames)
        kept = {key: value for key, value in self.metadata.items() if key != "icc_profile"}
        note = Note("profile-dropped", "colour profile dropped (it is for RGB, the pixels are gray)")
        return replace(self, frames=frames, metadata=MappingProxyType(kept), notes=(*self.notes, note))

    def through(self, pipeline: Pipeline, *, dtype: Any = None, range: str = "clamp", threads: int | None = None) -> Image:
        """The image after all steps of a pipeline, settled once.

        Parameters
        ----------
        pipeline : Pipeline
        dtype : str or numpy dtype, optional
            The result's pixel type; None or "same" keeps the input's.
        range : {"clamp", "abs", "shift", "stretch"}
        threads : int, optional
            None uses all processors.

        Raises
        ------
        WindowError, PixelError, UsageError
        """
        goal = target(widened_type(self.pixels.dtype), dtype, range)
        notes = self.notes + pipeline.dropped(*self.pixels.shape[:2]) + pipeline.notes(goal.type, goal.range)
        if len(self.frames) > 1 and goal.range == "stretch":
            results = self._stretched(pipeline, goal, threads)
        else:
            results = [pipeline.apply(values(frame.pixels), goal, threads) for frame in self.frames]
        frames = tuple(
            replace(frame, pixels=_like(result.pixels, frame.pixels), alpha=None if frame.alpha is None else pipeline.apply_alpha(frame.alpha, threads))
            for frame, (result, _) in zip(self.frames, results, strict=True)
        )
        return replace(self, frames=frames, response=_merged([response for _, response in results]), notes=_all_notes(notes, results))

    def _stretched(self, pipeline: Pipeline, goal: Target, threads: int | None) -> list[tuple[Values, Response | None]]:
        """All frames stretched between the least and greatest value of them all."""
        wide = [pipeline.apply(values(frame.pixels), Target("float64"), threads)[0] for frame in self.frames]
        found = [extremes(frame.pixels) for frame in wide]
        ends = min(low for low, _ in found), max(high for _, high in found)
        settled = [settle(frame, goal, ends=ends, threads=threads) for frame in wide]
        return [(Values(pixels, frame.span, frame.notes), response) for frame, (pixels, response) in zip(wide, settled, strict=True)]


def _all_notes(known: tuple[Note, ...], results: list[tuple[Values, Response | None]]) -> tuple[Note, ...]:
    """What was to be said anyway, and what the frames' results have to say, each thing once."""
    return tuple(dict.fromkeys((*known, *(note for result, _ in results for note in result.notes))))


def _like(result: Pixels, given: Pixels) -> Pixels:
    """(H, W, 1) back to (H, W) where the input was so."""
    return result[..., 0] if given.ndim == 2 else result


def _luma(pixels: Pixels) -> Pixels:
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return pixels.reshape(pixels.shape[:2])
    if pixels.shape[2] != 3:
        raise errors.no_gray(f"{pixels.shape[2]} channels")
    wide = values(pixels).pixels
    if wide.dtype.kind == "f":
        luma: Pixels = wide @ np.array([0.299, 0.587, 0.114], wide.dtype)
        return luma
    weighted: Pixels = wide.astype(np.int64) @ np.array([19595, 38470, 7471])
    return (weighted + 32768 >> 16).astype(wide.dtype)


def _merged(responses: list[Response | None]) -> Response | None:
    """One response for all frames."""
    found = [response for response in responses if response is not None]
    if not found:
        return None
    low, high = min(one.low for one in found), max(one.high for one in found)
    return Response(
        low, high, sum(one.below for one in found), sum(one.above for one in found), sum(one.missing for one in found), sum(one.count for one in found)
    )
