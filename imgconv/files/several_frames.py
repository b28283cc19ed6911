"""Several frames of an image that Pillow opened: animations in one layout, or pages, each with its own size, layout and
orientation; all at once, or one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from types import MappingProxyType
from typing import Any

from imgconv.files import bounded_reads, frames, limits, pillow_frames, sequences, trailers
from imgconv.files.by_frames import FrameReader
from imgconv.files.header import parsed
from imgconv.files.metadata.orientation import described, oriented, turned
from imgconv.files.pillow_settings import listening, raised_limits
from imgconv.files.source import Source
from imgconv.values.frozen import replace
from imgconv.values.image import Frame, ImageData
from imgconv.values.layout import Layout

_ONE_BY_ONE = ("WEBP", "AVIF")
"""Formats whose frames Pillow composes, one after the other, all in one layout."""


def several_of(source: Source, image: Any, places: Sequence[int], layout: Layout, *, composed: bool) -> Several:
    """The frames at these places."""
    if image.format == "TIFF":
        return _Pages(source, image, places, layout)
    return (_Composed if composed else _Decoded)(source, image, places, layout)


class Several:
    """Frames of an opened image, the first of which has this layout. They are read as `pictures` gives them, and `fit`
    to each other; `values` and `colour` are metadata and colour model once the first is there."""

    alone = True
    """Whether a frame can be fitted before the others are read."""

    def __init__(self, source: Source, image: Any, places: Sequence[int], layout: Layout) -> None:
        self.source, self.image, self.places, self.layout = source, image, places, layout
        self.colour, self.values = layout.colour, dict[str, Any]()

    def pictures(self, *, held: bool) -> Iterator[Frame]:
        """The frames as they are decoded; `held`: they are kept, and take memory together."""
        raise NotImplementedError

    def all(self) -> list[Frame]:
        """All frames, fitted to each other."""
        return list(self.pictures(held=True))

    def begun(self) -> Callable[[Frame], Frame]:
        """What fits a frame to all others before these are read."""
        return lambda frame: frame

    def load(self) -> ImageData:
        """All frames at once."""
        with listening(self.source):
            shown = tuple(self.all())
            trailers.note_trailer(self.source, self.image)
        return self._image(shown)

    @property
    def reader(self) -> Callable[[], FrameReader | None] | None:
        """What begins to read frame by frame; None where all are read at once."""
        if not self.alone or len(self.places) == 1 or self.source.options.allow_truncated:
            return None
        return self._reader

    def _reader(self) -> FrameReader:
        with listening(self.source):
            fit = parsed(self.source.name, self.begun)
        waiting = [map(fit, self._decoded())]
        first = next(waiting[0])

        def each() -> Iterator[Frame]:
            return chain([first], waiting.pop()) if waiting else map(fit, self._decoded())

        return FrameReader(self._image((first,)), each, partial(self._finished, first))

    def _decoded(self) -> Iterator[Frame]:
        """The frames as they are decoded, each within the limits of reading pixels."""
        source, pictures, png = self.source, self.pictures(held=False), self.image.format == "PNG"
        while True:
            with listening(source), raised_limits(source.options, png=png), bounded_reads.for_pixels(source):
                frame = parsed(source.name, lambda: next(pictures, None))
            if frame is None:
                return
            yield frame

    def _finished(self, first: Frame) -> ImageData:
        with listening(self.source):
            trailers.note_trailer(self.source, self.image)
        self.source.refuse_shortage(pillow_frames.format_name(self.image))
        return self._image((first,))

    def _image(self, shown: tuple[Frame, ...]) -> ImageData:
        form, values = pillow_frames.format_name(self.image), MappingProxyType(self.values)
        return ImageData(shown, form, values, notes=tuple(self.source.notes), colour=self.colour)


class _Pages(Several):
    """The pages of a TIFF; the metadata are the first one's."""

    def pictures(self, *, held: bool) -> Iterator[Frame]:
        source, spent = self.source, 0
        for place in self.places:
            page = pillow_frames.at(source, self.image, place)
            layout, pixels = pillow_frames.described(source, page)
            spent = limits.page(source, spent if held else 0, page.height, page.width, layout)
            (frame,), own = oriented(source, page, [pixels()])
            if place == self.places[0]:
                self.values, self.colour = own, layout.colour
            elif own != self.values:
                source.note("metadata-dropped", "metadata of pages after the first dropped")
            yield replace(frame, duration=None)


class _Animation(Several):
    """The frames of an animation, in one layout."""

    def all(self) -> list[Frame]:
        pictures, self.values = oriented(self.source, self.image, self._together())
        shown = list(frames.alike(pictures))
        if len(shown) == 1:
            return [replace(shown[0], duration=None)]
        self._take_timing()
        return shown

    def _together(self) -> list[Frame]:
        """All frames as they are decoded."""
        return list(self.pictures(held=True))

    def begun(self) -> Callable[[Frame], Frame]:
        turn, self.values = described(self.source, self.image)
        self._take_timing()
        colour, alpha = self.layout.channels > 1, self._has_alpha()

        def fit(frame: Frame) -> Frame:
            (frame,) = turned([frame if alpha else replace(frame, alpha=None)], turn)
            return frames.laid_out(frame, colour=colour, alpha=alpha)

        return fit

    def _has_alpha(self) -> bool:
        """Whether any frame has alpha."""
        return self.layout.alpha

    def _take_timing(self) -> None:
        """Adds to the metadata how often the animation is played, and whether its first picture is no part of it."""
        if self.image.format in sequences.TIMED:
            self.values |= {"loop": sequences.plays(self.image)}
            if self.image.info.get("default_image") and not self.places[0]:
                self.values |= {"default_image": True}


class _Composed(_Animation):
    """Frames that are composed here."""

    def pictures(self, *, held: bool) -> Iterator[Frame]:
        return sequences.shown(self.source, self.image, self.places, partial(pillow_frames.inside, self.source))

    def _together(self) -> list[Frame]:
        return sequences.composed(self.source, self.pictures(held=True), alpha=self.layout.alpha)

    def _has_alpha(self) -> bool:
        return self.layout.alpha or any(map(sequences.hides, self._decoded()))


class _Decoded(_Animation):
    """Frames that Pillow composes."""

    @property
    def alone(self) -> bool:  # type: ignore[override]
        return self.image.format in _ONE_BY_ONE and self.layout.type == "uint8"

    def pictures(self, *, held: bool) -> Iterator[Frame]:
        source, image, spent = self.source, self.image, 0
        for place in self.places:
            at_hand = pillow_frames.at(source, image, place)
            layout, pixels = pillow_frames.described(source, at_hand)
            spent = limits.page(source, spent if held else 0, at_hand.height, at_hand.width, layout)
            if place == self.places[0]:
                self.colour = layout.colour
            frame = pixels()
            duration = image.info.get("duration") if image.format in sequences.TIMED else None
            yield replace(frame, duration=duration)
