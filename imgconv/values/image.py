"""The data of an image: frames, colour model, and the metadata of its file.

What runs pipelines on one is `imgconv.api.image.Image`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from imgconv import errors
from imgconv.values.frozen import field, record
from imgconv.values.layout import Layout
from imgconv.values.notes import Note
from imgconv.values.parameters import DTYPES
from imgconv.values.pixel_values import Pixels, Response, array_of, values

CURVE_FIELDS = ("icc_profile", "gamma", "srgb", "cicp")
"""The metadata that say how pixels stand for light."""
ENCODING = "encoding"
"""Where metadata keep the `CURVE_FIELDS` of a file whose metadata were left out: its pixels mean what they meant."""


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
            raise errors.PixelError(
                f"alpha {errors.shown(self.alpha)} does not go with pixels of {pixels.shape}; expected a numpy array of"
                " integers or floats of their height and width"
            )

    def __repr__(self) -> str:
        return f"<Frame {size_words(self.pixels)} {layout_of(self.pixels, self.alpha).words}>"


def size_words(pixels: Pixels) -> str:
    """Width x height."""
    return f"{pixels.shape[1]}x{pixels.shape[0]}"


def layout_of(pixels: Pixels, alpha: Pixels | None, colour: str = "") -> Layout:
    """Channels, alpha, pixel type and colour model."""
    return Layout(pixels.shape[2] if pixels.ndim == 3 else 1, alpha is not None, pixels.dtype.name, colour)


def frame_of(pixels: Any) -> Frame:
    """A frame of an array (H, W) or (H, W, C): of 2 and 4 channels the last one is alpha."""
    array = pixels if type(pixels) is np.ndarray else array_of(pixels)
    if array.ndim != 3 or array.shape[2] not in (2, 4) or array.size == 0:
        return Frame(array)
    if array.dtype.name not in DTYPES:
        array = values(array).pixels
    colours = array[..., 0] if array.shape[2] == 2 else array[..., :3]
    return Frame(np.ascontiguousarray(colours), np.ascontiguousarray(array[..., -1]))


@record(eq=False)
class ImageData:
    """What an image file holds: one or more frames, and its metadata. The fields are described at `imgconv.Image`."""

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

    def __reduce__(self) -> tuple[Any, ...]:
        own = {name: getattr(self, name) for name in self._record_names}  # type: ignore[attr-defined]
        return _copied, (type(self), own | {"metadata": dict(self.metadata)})

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
        return layout_of(self.pixels, self.alpha, self.colour)

    @property
    def mode(self) -> str:
        """Channels and pixel type in words: `RGB uint8`, `5 channels float32`."""
        return self.layout.words


def _copied(kind: type[ImageData], fields: dict[str, Any]) -> ImageData:
    """An image from the fields of another, as copies and pickles are made; a mapping proxy has neither."""
    return kind(**fields | {"metadata": MappingProxyType(fields["metadata"])})
