"""Images: read from files, turned gray, run through pipelines."""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from imgconv import errors
from imgconv.api import few_levels
from imgconv.api.colour_pipeline import ColourPipeline
from imgconv.api.stated_regions import run_within, stated_region
from imgconv.engine.alpha.plane import beside, is_opaque
from imgconv.engine.colour.channels import choose
from imgconv.files import pictures
from imgconv.files.metadata.recipes import without
from imgconv.files.modes import joined
from imgconv.files.options import CHOICE_OF_FRAMES, MOST_FRAMES, MOST_PIXELS, Reading
from imgconv.files.read import header
from imgconv.operations.pipeline import Pipeline
from imgconv.operations.pipeline import pipeline as as_pipeline
from imgconv.values.arguments import path_text
from imgconv.values.frozen import record, replace
from imgconv.values.image import ENCODING, Frame, ImageData, size_words
from imgconv.values.notes import Note
from imgconv.values.parameters import (
    ALL_CHANNELS,
    ALPHA,
    CHANNELS,
    FLAG,
    FRAMES,
    MEMORY,
    PIXELS,
    RANGE,
    ROUNDING,
    THREADS,
)
from imgconv.values.pixel_values import Pixels, Target, merged, target, values, widened_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike
    from PIL.Image import Image as PillowImage

    from imgconv.api.annotations import Alpha, DtypeLike, Range, Rounding
    from imgconv.api.regions import Region
    from imgconv.engine.colour.linear_light import Curves
    from imgconv.operations import Operation
    from imgconv.values.pixel_values import Response


@record(eq=False)
class Image(ImageData):
    """An image: one or more frames, and the metadata of its file.

    `imgconv.load` makes one of a file, ``Image(array)`` one of an array, ``Image((Frame(pixels, alpha),))`` one of
    colours and alpha. Images can be copied and pickled; a notebook shows them.

    Parameters
    ----------
    frames : array_like (H, W) or (H, W, C), an image of Pillow, or a tuple of Frame or arrays
        Of an array with 2 or 4 channels the last one is alpha.
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
    >>> import imgconv, numpy
    >>> image = imgconv.load("samples/logo.png")
    >>> image
    <Image 256x256 RGB + alpha uint8, png>
    >>> image.through("avgpool 2").shape
    (128, 128, 4)
    >>> imgconv.Image(numpy.zeros((2, 3, 4), "uint8")).alpha.shape
    (2, 3)
    """

    if TYPE_CHECKING:

        def __init__(
            self,
            frames: ArrayLike | PillowImage | Sequence[Frame | ArrayLike],
            format: str = "",
            metadata: Mapping[str, Any] = ...,
            response: Response | None = None,
            notes: tuple[Note, ...] = (),
            colour: str = "",
        ) -> None: ...

    def __post_init__(self) -> None:
        if not isinstance(self.frames, tuple):  # what readers and steps make is one
            frames, metadata, colour = pictures.frames_of(self.frames)
            object.__setattr__(self, "frames", frames)
            object.__setattr__(self, "metadata", MappingProxyType({**metadata, **self.metadata}))
            object.__setattr__(self, "colour", self.colour or colour)
        elif any(not isinstance(frame, Frame) for frame in self.frames):
            object.__setattr__(self, "frames", pictures.each_frame(self.frames))
        super().__post_init__()

    def __repr__(self) -> str:
        count = f"{len(self.frames)} frames of " if len(self.frames) > 1 else ""
        origin = f", {self.format}" if self.format else ""
        return f"<Image {count}{size_words(self.pixels)} {self.mode}{origin}>"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Pixels:
        """Colours and alpha as one array (H, W) or (H, W, C), several frames as (N, H, W, C)."""
        frames = [joined(frame) for frame in self.frames]
        if len({frame.shape for frame in frames}) > 1:
            raise errors.PixelError(f"{self!r} has frames of several sizes, which are no one array; take one frame")
        array = frames[0] if len(frames) == 1 else np.stack([_with_channels(frame) for frame in frames])
        if copy is False and (self.alpha is not None or len(frames) > 1):
            raise ValueError("colours and alpha, or several frames, are joined in a copy")
        return array.astype(array.dtype if dtype is None else dtype, copy=bool(copy))

    def _repr_png_(self) -> bytes:
        from imgconv.api import display

        return display.png(self)

    def _repr_html_(self) -> str:
        from imgconv.api import display

        return display.html(self)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array that NumPy makes of it: (H, W) or (H, W, C), alpha included; (N, H, W, C) of several
        frames; sizes are those of the first frame."""
        height, width = self.pixels.shape[:2]
        channels = self.layout.channels + self.layout.alpha
        one = (height, width, channels) if channels > 1 else (height, width)
        return one if len(self.frames) == 1 else (len(self.frames), height, width, channels)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the first frame's pixels."""
        return self.pixels.dtype

    @classmethod
    def of(cls, data: ImageData) -> Image:
        """The image of what was read from a file."""
        return cls(data.frames, data.format, data.metadata, data.response, data.notes, data.colour)

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
        from imgconv.engine.colour.luma import gray_plane

        frames = tuple(replace(frame, pixels=gray_plane(frame.pixels, self.colour)) for frame in self.frames)
        if self.layout.channels != 3:
            return replace(self, frames=frames, metadata=without(self.metadata))
        metadata, notes = _of_gray(self)
        return replace(self, frames=frames, metadata=metadata, notes=(*self.notes, *notes))

    def flatten(self, colour: str | tuple[int, int, int]) -> Image:
        """The image laid over a colour, without alpha.

        Parameters
        ----------
        colour : str or tuple of int
            "white", "#ff8000" and the like, or red, green and blue, 0 to 255. Gray images take its luma.

        Returns
        -------
        Image

        Raises
        ------
        PixelError
            For transparent pixels of other than 1 or 3 channels, or of a colour model other than RGB.
        UsageError
            For a colour that is not known.
        """
        from imgconv.engine.colour.flatten import laid_over
        from imgconv.values.colours import COLOUR

        below = COLOUR.read(colour)
        frames = tuple(
            frame
            if frame.alpha is None
            else replace(frame, pixels=laid_over(frame.pixels, frame.alpha, below, self.colour), alpha=None)
            for frame in self.frames
        )
        return replace(self, frames=frames, metadata=without(self.metadata))

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
        from imgconv.engine.colour.linear_light import white_of
        from imgconv.engine.colour.profile import curves_of

        layout = self.layout
        if self.colour or layout.channels not in (1, 3) or white_of(widened_type(self.pixels.dtype)) is None:
            raise errors.PixelError(
                f"{layout.words} has no agreed relation to light; --linear expects gray or RGB of unsigned integers or"
                " floats"
            )
        return curves_of(self.metadata, layout.channels)

    def through(
        self,
        pipeline: str | Pipeline | Operation,
        *,
        dtype: DtypeLike = None,
        range: Range = "clamp",
        rounding: Rounding = "half-up",
        threads: int | None = None,
        alpha: Alpha = "auto",
        channels: str | Sequence[str | int] = "all",
        linear: bool = False,
        roi: str | Sequence[int] | None = None,
        mask: ArrayLike | Image | PillowImage | None = None,
    ) -> Image:
        """Run a pipeline on every frame.

        Parameters
        ----------
        pipeline : str, Pipeline or operation
            Text such as ``"filter vertical | relu"``.
        dtype : str or numpy dtype, optional
            The pixel type of the result; None or "same" keeps the input's. Values are never rescaled.
        range : {"clamp", "abs", "shift", "stretch"}
            How results come back into the range of the type; see `imgconv.correlate`. "stretch" has one scale for all
            frames.
        rounding : {"half-up", "half-even", "zero"}
            How results become whole numbers; see `imgconv.correlate`.
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
        roi : str or (row, column, rows, columns), optional
            Replace only this box of pixels, ``"R,C,HxW"`` from row R and column C, counted from 0. What is outside
            passes unchanged, in the result's type; windows at the box's edges see their true neighbours.
        mask : array_like (H, W), Image, or an image of Pillow, optional
            Replace only pixels where it is neither 0 in all channels nor transparent; with `roi` those within both.
            One for all frames, or as many as there are.

        Returns
        -------
        Image
            With `response` and the `notes` of all steps.

        Raises
        ------
        WindowError
            Where a window or `roi` does not fit.
        PixelError
            For channels or light that the image does not have, a mask of another size, and a pipeline that changes the
            size under `roi` or `mask`.
        UsageError
            For an option that makes no sense.
        """
        steps: Any = pipeline if isinstance(getattr(pipeline, "steps", None), tuple) else as_pipeline(pipeline)
        linear, threads = FLAG.read(linear), None if threads is None else THREADS.read(threads)
        channels = CHANNELS.read(channels)
        region, conversion = stated_region(roi, mask), (dtype, range, rounding, threads)
        types, shapes = self._kinds_of_frames() if len(self.frames) > 1 else (1, 1)
        if (types > 1 and (linear or dtype in (None, "same"))) or (
            shapes > 1 and (linear or channels != ALL_CHANNELS)
        ):  # what must be the same for frames that are run together
            pages = [replace(self, frames=(frame,)) for frame in self.frames]
            return _joined(
                self,
                [
                    _through(
                        page,
                        steps,
                        conversion,
                        colour_pipeline(page, alpha, channels, linear),
                        region and region.of_frame(number, len(pages)),
                    )
                    for number, page in enumerate(pages)
                ],
            )
        return _through(self, steps, conversion, colour_pipeline(self, alpha, channels, linear), region)

    def _kinds_of_frames(self) -> tuple[int, int]:
        """The number of pixel types, and of combinations of channels with and without alpha, among the frames."""
        types = {frame.pixels.dtype for frame in self.frames}
        return len(types), len({(frame.pixels.shape[2:], frame.alpha is None) for frame in self.frames})


def load(
    path: str | os.PathLike[str] | bytes | IO[bytes],
    *,
    frames: Any = None,
    orient: bool = True,
    strip: bool = False,
    allow_narrowing: bool = False,
    allow_truncated: bool = False,
    max_pixels: int = MOST_PIXELS,
    max_frames: int = MOST_FRAMES,
    max_memory: int | None = None,
) -> Image:
    """Read an image file; its format is recognised by content, never by suffix.

    Parameters
    ----------
    path : str, path-like, bytes or file object
        A file's path, its content, or a file opened for reading bytes: an image of any format and pixel mode that
        Pillow opens, PNG and TIFF of any depth, a binary PGM or PPM, a PFM, or an array in `.npy` or `.npz`
        (``"stack.npz:left"``) of shape (H, W), (H, W, C) or, for N frames, (N, H, W, C). "-" is standard input.
    frames : "first", "all", int, (start, stop) or slice, optional
        The frames or pages to take, counted from 0, negative ones from the end. None takes all.
    orient : bool
        Apply the orientation that EXIF or XMP states to the pixels; False leaves both alone.
    strip : bool
        Leave out EXIF, colour profile, resolution, XMP and text. Filters in linear light still know how the pixels
        were encoded.
    allow_narrowing : bool
        Read 8 bits per sample where the file has more and no reader for them is installed.
    allow_truncated : bool
        Read a file that is cut short or damaged as far as it goes; the rest is 0, and `Image.notes` says so.
    max_pixels : int
        The most pixels of one frame. A file that states more is refused before its pixels are read.
        The default is the size at which Pillow warns, 89,478,485.
    max_frames : int
        The most frames or pages, 10,000 by default.
    max_memory : int, optional
        The most bytes that reading may take. None is 80 % of the memory of the machine or its container.

    Returns
    -------
    Image

    Raises
    ------
    FileError
        For a file that is missing, broken or too large, that would lose depth, or that has no such frame.
    UsageError
        For `frames` or limits that make no sense.
    PixelError
        For an array that is no image.

    Examples
    --------
    >>> import imgconv
    >>> image = imgconv.load("samples/digit.png")
    >>> image.mode, image.pixels.shape
    ('gray uint8', (28, 28))
    """
    reading = Reading(
        frames=None if frames is None else CHOICE_OF_FRAMES.read(frames),
        no_orient=not FLAG.read(orient),
        strip=FLAG.read(strip),
        allow_narrowing=FLAG.read(allow_narrowing),
        allow_truncated=FLAG.read(allow_truncated),
        max_pixels=PIXELS.read(max_pixels),
        max_frames=FRAMES.read(max_frames),
        max_memory=None if max_memory is None else MEMORY.read(max_memory),
    )
    if isinstance(path, (bytes, bytearray, memoryview)) or hasattr(path, "read"):
        return Image.of(pictures.opened(path, reading).load())
    return Image.of(header(path_text(path), reading).load())


def colour_pipeline(image: ImageData, alpha: str, channels: str | Sequence[str | int], linear: bool) -> ColourPipeline:
    """These options of `Image.through` for an image; PixelError for channels or light that it does not have."""
    policy, has_alpha = ALPHA.read(alpha), image.alpha is not None
    choice = choose(CHANNELS.read(channels), image.layout.channels, image.colour, has_alpha and policy != "drop")
    return ColourPipeline(policy, choice, Image.of(image).light() if linear else None)


def _through(
    image: Image,
    steps: Pipeline,
    conversion: tuple[DtypeLike, str, str, int | None],
    colours: ColourPipeline,
    region: Region | None,
) -> Image:
    """Frames of one type through a pipeline; with (dtype, range, rounding, threads)."""
    dtype, range_, rounding, threads = conversion
    goal = target(widened_type(image.pixels.dtype), steps.result_type(dtype), RANGE.read(range_))
    goal = replace(goal, rounding=ROUNDING.read(rounding))
    return _run(image, colours, steps, goal, threads, region)


def _run(
    image: Image, colours: ColourPipeline, pipeline: Pipeline, goal: Target, threads: int | None, region: Region | None
) -> Image:
    """All frames, whose results have one type and one scale."""
    notes = list(image.notes)
    for frame in image.frames:
        notes += pipeline.dropped(*frame.pixels.shape[:2])
    notes += pipeline.notes(goal.type, goal.range)
    drop = colours.alpha == "drop"
    if drop and not all(is_opaque(frame.alpha) for frame in image.frames):
        notes.append(Note("flattened", "alpha dropped, and some of it was not opaque"))
    inputs = [(values(frame.pixels), None if drop else frame.alpha) for frame in image.frames]
    results = run_within(region, colours, pipeline, inputs, goal, threads)
    frames = []
    for frame, (colour, alpha, _) in zip(image.frames, results, strict=True):
        frames.append(replace(frame, pixels=_like(colour.pixels, frame.pixels), alpha=beside(alpha, goal.type)))
        notes += colour.notes
    response = merged([response for _, _, response in results])
    notes += few_levels.notes(colours, pipeline, [frame.pixels for frame in image.frames], goal, response)
    before, after = inputs[0][0].pixels.shape[2], results[0][0].pixels.shape[2]
    same_channels, metadata = before == after, without(image.metadata)
    if after == 1 < before:
        metadata, more = _of_gray(image)
        notes += more
    return replace(
        image,
        frames=tuple(frames),
        metadata=metadata,
        response=response,
        notes=tuple(dict.fromkeys(notes)),
        colour=image.colour if same_channels else "",
    )


def _of_gray(image: Image) -> tuple[MappingProxyType[str, Any], tuple[Note, ...]]:
    """The metadata of an image that has become gray: without its colour profile, which is said."""
    metadata = {key: value for key, value in image.metadata.items() if key not in ("icc_profile", ENCODING, "recipe")}
    dropped = Note("profile-dropped", "colour profile dropped (it is for RGB, the pixels are gray)")
    return MappingProxyType(metadata), (dropped,) if "icc_profile" in image.metadata else ()


def _joined(image: Image, pages: Sequence[Image]) -> Image:
    """Pages of several pixel types, each converted to its own."""
    return replace(
        image,
        frames=tuple(frame for page in pages for frame in page.frames),
        response=merged([page.response for page in pages]),
        notes=tuple(dict.fromkeys(note for page in pages for note in page.notes)),
    )


def _with_channels(array: Pixels) -> Pixels:
    """(H, W) as (H, W, 1)."""
    return array[..., None] if array.ndim == 2 else array


def _like(result: Pixels, source: Pixels) -> Pixels:
    """(H, W, 1) as (H, W) where the input was so, or had more channels."""
    return result[..., 0] if result.shape[2] == 1 and source.shape[2:] != (1,) else result
