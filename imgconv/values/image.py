"""Image: frames, pixel mode, and metadata that is carried and not understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from imgconv import errors
from imgconv.engine.colour.alpha import is_opaque
from imgconv.engine.colour.channels import chosen
from imgconv.engine.colour.linear_light import Curves, white_of
from imgconv.engine.colour.luma import luma
from imgconv.engine.colour.pipeline import Treatment, treat
from imgconv.engine.colour.profile import ENCODING, curves_of
from imgconv.values.frozen import field, record, replace
from imgconv.values.layout import Layout
from imgconv.values.notes import Note
from imgconv.values.parameters import ALL_CHANNELS, ALPHA, CHANNELS, FLAG, RANGE, THREADS
from imgconv.values.pixel_values import Pixels, Response, Values, array_of, merged, target, values, widened_type

if TYPE_CHECKING:
    from imgconv.operations.pipeline import Pipeline


@record(eq=False)
class Frame:
    """One picture of an image.

    Parameters
    ----------
    pixels : numpy.ndarray, (H, W) or (H, W, C)
        The colours, without alpha.
    alpha : numpy.ndarray (H, W), optional
    duration : float, optional
        Milliseconds for which an animation shows it.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    duration: float | None = None

    def __post_init__(self) -> None:
        pixels = self.pixels if type(self.pixels) is np.ndarray else array_of(self.pixels)
        if pixels.ndim not in (2, 3):
            raise errors.pixel_shape(pixels.shape)
        if pixels.size == 0:
            raise errors.pixel_none(pixels.shape)
        object.__setattr__(self, "pixels", pixels)
        if self.alpha is not None and (
            not isinstance(self.alpha, np.ndarray)
            or self.alpha.shape != pixels.shape[:2]
            or self.alpha.dtype.kind not in "iuf"
        ):
            raise errors.alpha_array(self.alpha, pixels.shape)


@record(eq=False)
class Image:
    """An image: one or more frames, and the metadata of its file.

    `imgconv.load` makes one of a file; ``Image((Frame(pixels, alpha),))`` makes one of arrays.

    Parameters
    ----------
    frames : tuple of Frame
    format : str
        The format it was read from, such as "png"; empty for an image made of arrays.
    metadata : mapping
        Colour profile, EXIF, resolution and the like, passed on unchanged.
    response : Response, optional
        Of a result: the least and greatest value before range and rounding, and how many values were clamped.
    notes : tuple of Note
        Losses and conversions on the way: `code`, `text`, and whether it is a loss.
    colour : str
        "CMYK" or "LAB". Empty means gray for one channel, RGB for three, and unknown for other numbers.

    Examples
    --------
    >>> import imgconv
    >>> image = imgconv.load("samples/logo.png")
    >>> image.mode
    'RGB + alpha uint8'
    >>> image.through(imgconv.Pipeline.parse("avgpool 2")).pixels.shape
    (128, 128, 3)
    """

    frames: tuple[Frame, ...]
    format: str = ""
    metadata: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    response: Response | None = None
    notes: tuple[Note, ...] = ()
    colour: str = ""

    def __post_init__(self) -> None:
        if (
            not isinstance(self.frames, (tuple, list))
            or not self.frames
            or not all(isinstance(frame, Frame) for frame in self.frames)
        ):
            raise errors.not_a("frames", self.frames, "a tuple of Frame, with one of them or more")
        object.__setattr__(self, "frames", tuple(self.frames))

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
        """Channels, alpha, pixel type and colour model, which decide what formats can hold it."""
        channels = self.pixels.shape[2] if self.pixels.ndim == 3 else 1
        return Layout(channels, self.alpha is not None, self.pixels.dtype.name, self.colour)

    @property
    def mode(self) -> str:
        """Channels and pixel type in words: `RGB uint8`, `5 channels float32`."""
        return self.layout.words

    def gray(self) -> Image:
        """The image in gray: luma by Rec. 601, as Pillow computes it.

        Integers become ``(19595 R + 38470 G + 7471 B + 32768) >> 16``. Alpha stays; a profile for RGB is dropped.

        Returns
        -------
        Image

        Raises
        ------
        PixelError
            For other than 1 or 3 channels, and for a colour model other than RGB.
        """
        if self.colour:
            raise errors.no_gray(self.colour)
        frames = tuple(replace(frame, pixels=_luma(frame.pixels)) for frame in self.frames)
        colour = self.pixels.ndim == 3 and self.pixels.shape[2] == 3
        kept = {
            key: value for key, value in self.metadata.items() if not colour or key not in ("icc_profile", ENCODING)
        }
        if not colour or "icc_profile" not in self.metadata:
            return replace(self, frames=frames, metadata=MappingProxyType(kept))
        note = Note("profile-dropped", "colour profile dropped (it is for RGB, the pixels are gray)")
        return replace(self, frames=frames, metadata=MappingProxyType(kept), notes=(*self.notes, note))

    def light(self) -> Curves:
        """The curves from pixels to light, of the colour profile or sRGB's: one for all channels, or one for each.

        Returns
        -------
        tuple of curves

        Raises
        ------
        PixelError
            For other colours than gray and RGB, signed integers, and profiles that are broken or not made of curves.
        """
        layout = self.layout
        if self.colour or layout.channels not in (1, 3) or white_of(widened_type(self.pixels.dtype)) is None:
            raise errors.no_light(layout.words)
        return curves_of(self.metadata, layout.channels)

    def through(
        self,
        pipeline: Pipeline,
        *,
        dtype: Any = None,
        range: str = "clamp",
        threads: int | None = None,
        alpha: str = "auto",
        channels: str | Sequence[str | int] = "all",
        linear: bool = False,
    ) -> Image:
        """Run a pipeline on every frame.

        Parameters
        ----------
        pipeline : Pipeline
        dtype : str or numpy dtype, optional
            The pixel type of the result; None or "same" keeps the input's. Values are never rescaled.
        range : {"clamp", "abs", "shift", "stretch"}
            How results come back into the range of the type; see `imgconv.correlate`. "stretch" has one scale for all
            frames.
        threads : int, optional
            Processors to use; None uses all. The result does not depend on it.
        alpha : {"auto", "keep", "filter", "premultiply", "drop"}
            "auto" weights colours by alpha, which is filtered with them by kernels that average and copied by kernels
            that sum to about 0; an opaque image gives what it would give without alpha. "keep" treats colours as if
            there were no alpha, and copies it. "filter" treats alpha as one more channel. "premultiply" takes colours
            times alpha, and alpha, through all steps and divides at the end. "drop" leaves it out.
        channels : "all", "luma", or names or numbers of channels
            What is filtered. The rest passes unchanged, so the size must stay. "luma" filters brightness by Rec. 601
            and leaves chroma.
        linear : bool
            Filter light: decode pixels by the curves of their profile (sRGB's without one), filter floats, and encode
            again. Bias and constant borders are then light, on the scale of the pixels.

        Returns
        -------
        Image
            With `response` and the `notes` of all steps.

        Raises
        ------
        WindowError
            Where a window does not fit.
        PixelError
            For channels or light that the image does not have.
        UsageError
            For an option that makes no sense.
        """
        if not isinstance(getattr(pipeline, "steps", None), tuple):
            raise errors.not_steps(pipeline)
        linear, threads = FLAG.read(linear), None if threads is None else THREADS.read(threads)
        channels = CHANNELS.read(channels)
        types, kinds = (
            {one(frame) for frame in self.frames}
            for one in (lambda f: f.pixels.dtype, lambda f: (f.pixels.shape[2:], f.alpha is None))
        )
        if (len(types) > 1 and (linear or dtype in (None, "same"))) or (
            len(kinds) > 1 and (linear or channels != ALL_CHANNELS)
        ):
            alone = [replace(self, frames=(frame,)) for frame in self.frames]
            how: dict[str, Any] = {
                "range": range,
                "threads": threads,
                "alpha": alpha,
                "channels": channels,
                "linear": linear,
            }
            return self._one_by_one([one.through(pipeline, dtype=dtype, **how) for one in alone])
        goal = target(widened_type(self.pixels.dtype), dtype, RANGE.read(range))
        treatment = self.treatment(alpha, channels, linear)
        policy = treatment.alpha
        dropped = tuple(
            dict.fromkeys(note for frame in self.frames for note in pipeline.dropped(*frame.pixels.shape[:2]))
        )
        notes = self.notes + dropped + pipeline.notes(goal.type, goal.range)
        if policy == "drop" and not all(is_opaque(frame.alpha) for frame in self.frames):
            notes += (Note("flattened", "alpha dropped, and some of it was not opaque"),)
        given = [(values(frame.pixels), frame.alpha if policy != "drop" else None) for frame in self.frames]
        results = treat(treatment, pipeline, given, goal, threads)
        frames = tuple(
            replace(frame, pixels=_like(colour.pixels, frame.pixels), alpha=_alpha_for(veil, goal.type))
            for frame, (colour, veil, _) in zip(self.frames, results, strict=True)
        )
        made = [colour for colour, _, _ in results]
        colour = (
            self.colour if made[0].pixels.shape[2] == given[0][0].pixels.shape[2] else ""
        )  # other channels have no names
        return replace(
            self,
            frames=frames,
            response=merged([response for _, _, response in results]),
            notes=_all_notes(notes, made),
            colour=colour,
        )

    def treatment(self, alpha: str, channels: str | Sequence[str | int], linear: bool) -> Treatment:
        """What `through` says of these three, for this image; PixelError for channels or light that it has not."""
        policy, has_alpha = ALPHA.read(alpha), self.alpha is not None
        choice = chosen(CHANNELS.read(channels), self.layout.channels, self.colour, has_alpha and policy != "drop")
        return Treatment(policy, choice, self.light() if linear else None)

    def _one_by_one(self, results: Sequence[Image]) -> Image:
        """Pages of several pixel types, each settled into its own."""
        frames, notes = (
            (frame for one in results for frame in one.frames),
            (note for one in results for note in one.notes),
        )
        return replace(
            self,
            frames=tuple(frames),
            response=merged([one.response for one in results]),
            notes=tuple(dict.fromkeys(notes)),
        )


def _all_notes(known: tuple[Note, ...], results: Sequence[Values]) -> tuple[Note, ...]:
    """What was to be said anyway, and what the frames' results have to say, each thing once."""
    return tuple(dict.fromkeys((*known, *(note for result in results for note in result.notes))))


def _like(result: Pixels, given: Pixels) -> Pixels:
    """(H, W, 1) back to (H, W) where the input was so."""
    return result[..., 0] if given.ndim == 2 and result.shape[2] == 1 else result


def _alpha_for(alpha: Pixels | None, type_: str) -> Pixels | None:
    """Alpha beside pixels of a type: opaque stays opaque where both are unsigned and of different sizes; else it keeps
    its own type."""
    if alpha is None or alpha.dtype == type_ or not (type_.startswith("uint") and alpha.dtype.kind == "u"):
        return alpha
    if type_ == "uint16":
        return alpha.astype(np.uint16) * np.uint16(257)
    return ((alpha.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def _luma(pixels: Pixels) -> Pixels:
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return pixels.reshape(pixels.shape[:2])
    if pixels.shape[2] != 3:
        raise errors.no_gray(f"{pixels.shape[2]} channels")
    given = values(pixels)
    return luma(given, given.type).pixels[..., 0]
