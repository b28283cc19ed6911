"""Frames and pages: which to read, what formats can hold them, and how they are fitted to one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from imgconv import errors
from imgconv.files.formats import FORMATS, Format
from imgconv.files.header import Header
from imgconv.files.options import CHOICE_OF_FRAMES, FrameChoice, Reading
from imgconv.values.frozen import replace
from imgconv.values.image import Frame, ImageData
from imgconv.values.notes import Note
from imgconv.values.pixel_values import Pixels

_MERGING = ("webp",)  # whose encoder does so unasked
UNTIMED = 1000.0
"""Milliseconds that a frame without a duration, such as a page, is shown in an animation."""


def chosen(choice: FrameChoice | None, count: int, name: str) -> Sequence[int]:
    """The numbers, from 0, of the frames that a choice takes of `count`. Raises FileError where there are none."""
    if choice is None or choice == "all":
        return range(count)
    if isinstance(choice, int):
        if not -count <= choice < count:
            known = f"its {count} frames are counted from 0 to {count - 1}" if count > 1 else "its only one is 0"
            raise errors.FileError(f"{name}: has no frame {choice}; {known}")
        return (choice % count,)
    assert isinstance(choice, tuple)
    numbers = range(count)[slice(*choice)]
    if not numbers:
        text = f"--frames {CHOICE_OF_FRAMES.text(choice)}"
        raise errors.FileError(f"{name}: {text} leaves none of its {count} frame{'s' * (count > 1)}, counted from 0")
    return numbers


def most(options: Reading) -> float:
    """The most frames to look for: where all are read, one more than may be is enough."""
    return options.max_frames if options.frames in (None, "all") else math.inf


def alike(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    """Frames of one canvas in one layout: gray becomes colour where one has colour, and alpha opaque where one has
    alpha."""
    colour = any(frame.pixels.ndim == 3 for frame in frames)
    alpha = any(frame.alpha is not None for frame in frames)
    return tuple(laid_out(frame, colour=colour, alpha=alpha) for frame in frames)


def laid_out(frame: Frame, *, colour: bool, alpha: bool) -> Frame:
    """A frame with colour if that is wanted, and alpha, opaque where it has none."""
    pixels, opaque = frame.pixels, frame.alpha
    if colour and pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    if alpha and opaque is None:
        opaque = np.full(
            pixels.shape[:2], 255 if pixels.dtype == np.uint8 else np.iinfo(pixels.dtype).max, pixels.dtype
        )
    return replace(frame, pixels=pixels, alpha=opaque)


def check_frames(form: Format, frames: Sequence[Frame], path: str) -> None:
    """Raises FileError if a format cannot hold several frames, or not these in one file."""
    _refuse(form, [_kind(frame) for frame in frames], path)


def check_sizes(form: Format, header: Header) -> None:
    """As `check_frames`, by the header alone."""
    _refuse(form, [f"{width}x{height}" for height, width in header.sizes] or [""] * header.frames, header.path)


def holds(form: Format, frames: Sequence[Frame]) -> bool:
    """Whether a format can hold these frames in one file."""
    return form.frames == "pages" or (bool(form.frames) and len({_kind(frame) for frame in frames}) == 1)


def _refuse(form: Format, kinds: Sequence[str], path: str) -> None:
    if len(kinds) == 1 or form.frames == "pages":
        return
    if not form.frames:
        raise errors.FileError(
            f"{path}: {form.name.upper()} holds one frame and there are {len(kinds)}; formats that hold several:"
            f" {', '.join(able())}; or --frames first"
        )
    other = next((kind for kind in kinds if kind != kinds[0]), None)
    if other:
        raise errors.FileError(
            f"{path}: frames of {form.name.upper()} must be alike, and these are {kinds[0]} and {other}; tiff holds"
            " pages of any size, --frames N takes one"
        )


def able() -> list[str]:
    """The formats that hold several frames."""
    return [row.name for row in FORMATS.values() if row.frames]


def check_alike(form: Format, first: Frame, frame: Frame, path: str) -> None:
    """As `check_frames`, of the first frame and another one."""
    _refuse(form, [_kind(first), _kind(frame)], path)


def _kind(frame: Frame) -> str:
    height, width = frame.pixels.shape[:2]
    channels = frame.pixels.shape[2] if frame.pixels.ndim == 3 else 1
    return f"{width}x{height} {channels + (frame.alpha is not None)}-channel {frame.pixels.dtype.name}"


def arrange(image: ImageData, form: Format) -> ImageData:
    """The image with frames as a format takes them, and notes of what that loses."""
    image, notes = _without_default_image(image, form)
    if len(image.frames) == 1:
        image = _without(image, "loop")
    arrangement = Arrangement(form, image.metadata)
    frames = tuple(map(arrangement.arranged, image.frames))
    notes = (*image.notes, *notes, *arrangement.notes)
    return replace(image, frames=frames, metadata=arrangement.metadata, notes=notes)


class Arrangement:
    """Makes frames such as a format takes them, one after the other, of an image with this metadata."""

    def __init__(self, form: Format, metadata: Mapping[str, Any]) -> None:
        self.form, self.step, self.timed = form, 10 if form.name == "gif" else 1, form.frames == "animation"
        self.metadata = metadata if self.timed else _less(metadata, "loop")
        self._before: Frame | None = None
        self._rounded = self._merged = 0
        self._timing = "loop" in metadata
        self._plays = form.name == "avif" and bool(metadata.get("loop"))

    def arranged(self, frame: Frame) -> Frame:
        """The next frame."""
        if not self.timed:
            self._timing |= frame.duration is not None
            return replace(frame, duration=None)
        self._rounded += self.form.name != "png" and bool(frame.duration and frame.duration % self.step)
        if self.form.name in _MERGING:
            self._merged += self._before is not None and _same(self._before, frame)
            self._before = frame
        return frame

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was lost so far."""
        form, notes = self.form.name.upper(), []
        if not self.timed and self._timing:
            text = f"durations and loop count dropped (no place for them in {form})"
            notes.append(Note("timing-dropped", text))
        if self._rounded:
            notes.append(Note("timing-dropped", f"durations rounded to {self.step} ms (no finer in {form})"))
        if self._plays:
            notes.append(Note("timing-dropped", f"number of plays dropped (no place for it in {form})"))
        if same := self._merged:
            text = f"{same} frame{'s' * (same > 1)} like the one before merged with it ({form} shows that one longer)"
            notes.append(Note("frames-merged", text, loss=False))
        return tuple(notes)


def untimed(image: ImageData, form: Format) -> ImageData:
    """The image without durations and loop count, which a file for each frame has no place for."""
    arrangement = Arrangement(replace(form, frames=""), image.metadata)
    frames = tuple(map(arrangement.arranged, image.frames))
    return replace(image, frames=frames, metadata=arrangement.metadata, notes=(*image.notes, *arrangement.notes))


DEFAULT_IMAGE_DROPPED = Note("frames-dropped", "the picture for viewers without animation left out")


def drops_first(metadata: Mapping[str, Any], form: Format) -> bool:
    """Whether the first of several frames is a picture for viewers that show no animation, which only PNG has a place
    for."""
    return bool(metadata.get("default_image")) and form.name != "png"


def _without_default_image(image: ImageData, form: Format) -> tuple[ImageData, tuple[Note, ...]]:
    if len(image.frames) == 1 or not drops_first(image.metadata, form):
        return image, ()
    return replace(_without(image, "default_image"), frames=image.frames[1:]), (DEFAULT_IMAGE_DROPPED,)


def _less(metadata: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return {name: value for name, value in metadata.items() if name != key} if key in metadata else metadata


def _without(image: ImageData, key: str) -> ImageData:
    return replace(image, metadata=_less(image.metadata, key)) if key in image.metadata else image


def _same(one: Frame, other: Frame) -> bool:
    return np.array_equal(one.pixels, other.pixels) and (
        one.alpha is None or other.alpha is None or np.array_equal(one.alpha, other.alpha)
    )


def changed(before: Frame, now: Frame) -> tuple[slice, slice]:
    """The least box of rows and columns outside of which two frames are the same; one pixel where they are the same
    everywhere."""
    differs = _differing(before.pixels, now.pixels)
    if now.alpha is not None and before.alpha is not None:
        differs |= before.alpha != now.alpha
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not len(rows):
        return slice(0, 1), slice(0, 1)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _differing(one: Pixels, other: Pixels) -> Pixels:
    differs = np.asarray(one != other)
    return np.asarray(differs.any(axis=2)) if differs.ndim == 3 else differs


def cut(frame: Frame, box: tuple[slice, slice]) -> Frame:
    """The part of a frame in a box."""
    return replace(frame, pixels=frame.pixels[box], alpha=None if frame.alpha is None else frame.alpha[box])


def delay(duration: float | None, most: int = 65535) -> tuple[int, int]:
    """Milliseconds as numerator and denominator of seconds, each at most `most`."""
    seconds = Fraction((UNTIMED if duration is None else max(0.0, duration)) / 1000)
    if seconds >= most:
        return most, 1
    ratio = seconds.limit_denominator(most if seconds < 1 else int(most / seconds))
    return ratio.numerator, ratio.denominator
